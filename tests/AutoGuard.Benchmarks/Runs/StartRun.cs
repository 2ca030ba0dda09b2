using System.Diagnostics;
using System.Globalization;
using AutoGuard.Kafka;
using AutoGuard.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace AutoGuard.Benchmarks.Runs;

/// <summary>
/// From the start of the process to the first event that detection was given, as the worker itself says in its metrics: on both
/// embedded servers, on its own broker with a database that runs already, and with both running elsewhere. Data folders are
/// set up beforehand.
/// </summary>
internal static class StartRun
{
    private const int Runs = 7;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public static async Task RunAsync()
    {
        string folder = Directory.CreateTempSubdirectory("ag-start-").FullName;
        await using EmbeddedPostgres postgres = await EmbeddedPostgres.StartAsync(
            Path.Combine(folder, "server"), NullLogger.Instance, TimeProvider.System, CancellationToken.None);
        KafkaOptions options = new();
        using EmbeddedKafka broker = EmbeddedKafka.Start(options);
        using (KafkaEventProducer producer = new(new KafkaSettings(options, broker.BootstrapServers, isEmbedded: true)))
        {
            string now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
            producer.Produce([], System.Text.Encoding.UTF8.GetBytes($$"""{"type":"start","timestamp":{{now}},"sessionId":"s","ip":"203.0.113.7"}"""), CancellationToken.None);
            producer.Flush(CancellationToken.None);
        }
        string[] common = ["--set", "Web:Address=http://127.0.0.1:0", "--set", $"DataDirectory={Path.Combine(folder, "worker")}"];
        await PrintAsync("demo, database embedded", ["demo", .. common]);
        string database = $"ConnectionStrings:AutoGuard={postgres.ConnectionString}";
        await PrintAsync("demo, database running", ["demo", .. common, "--set", database]);
        int run = 0;
        await PrintAsync("run, broker and database running", () =>
            ["run", .. common, "--set", database, "--set", $"Kafka:BootstrapServers={broker.BootstrapServers}", "--set", $"Kafka:GroupId=start-{run++}"]);
    }

    private static Task PrintAsync(string what, string[] arguments) => PrintAsync(what, () => arguments);

    private static async Task PrintAsync(string what, Func<string[]> arguments)
    {
        List<double> seconds = [];
        // The first one sets the data folder up.
        for (int i = 0; i <= Runs; i++)
        {
            double taken = await StartAsync(arguments());
            if (i > 0)
            {
                seconds.Add(taken);
            }
        }
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{what}: {PairedTimes.Median(seconds):0.00} s to the first event ({seconds.Min():0.00} to {seconds.Max():0.00} in {Runs} runs)"));
    }

    private static async Task<double> StartAsync(string[] arguments)
    {
        ProcessStartInfo start = new("dotnet") { RedirectStandardError = true, RedirectStandardOutput = true };
        // As the launcher does.
        start.Environment["DOTNET_TC_QuickJit"] = "1";
        start.ArgumentList.Add(typeof(Verbs.DemoVerb).Assembly.Location);
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }
        using Process process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        try
        {
            string address = await AddressAsync(process);
            _ = process.StandardError.ReadToEndAsync();
            using HttpClient http = new();
            using CancellationTokenSource limit = new(Limit);
            while (true)
            {
                string metrics = await http.GetStringAsync(new Uri(address + "/metrics"), limit.Token);
                string line = metrics.Split('\n').First(one => one.StartsWith("autoguard_start_seconds ", StringComparison.Ordinal));
                double seconds = double.Parse(line.AsSpan(line.IndexOf(' ') + 1), CultureInfo.InvariantCulture);
                if (seconds > 0)
                {
                    return seconds;
                }
                await Task.Delay(50, limit.Token);
            }
        }
        finally
        {
            using Process stop = Process.Start("kill", ["-INT", process.Id.ToString(CultureInfo.InvariantCulture)]);
            await process.WaitForExitAsync();
        }
    }

    private static async Task<string> AddressAsync(Process process)
    {
        const string Before = "dashboard and API ";
        while (await process.StandardError.ReadLineAsync() is { } line)
        {
            int at = line.IndexOf(Before, StringComparison.Ordinal);
            if (at >= 0)
            {
                return line[(at + Before.Length)..];
            }
        }
        throw new InvalidOperationException("The worker ended before it had started.");
    }
}
