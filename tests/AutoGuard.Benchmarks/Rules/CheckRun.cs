using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using AutoGuard.Benchmarks.Runs;
using AutoGuard.Core.Events;
using AutoGuard.Guardian;
using AutoGuard.Guardian.Api;
using AutoGuard.Guardian.Rules;
using AutoGuard.Guardian.Storage;
using AutoGuard.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace AutoGuard.Benchmarks.Rules;

/// <summary>
/// The rate of <c>/check</c> against that of an empty endpoint of the same Kestrel, asked by the same connections in turns:
/// keep-alive and pipelining as a proxy's pool would, so that the server and not the client is what is measured.
/// </summary>
internal static class CheckRun
{
    private const int Rules = 100_000;
    private const int Connections = 4;
    private const int Depth = 16;
    private const int Rounds = 7;
    private static readonly TimeSpan RoundLength = TimeSpan.FromSeconds(2);

    public static async Task RunAsync()
    {
        // Removed by the operating system's own care for temporary folders: the server still needs it while it stops.
        string folder = Directory.CreateTempSubdirectory("ag-check-").FullName;
        await using EmbeddedPostgres postgres = await EmbeddedPostgres.StartAsync(folder, NullLogger.Instance, TimeProvider.System, CancellationToken.None);
        await using NpgsqlDataSource database = NpgsqlDataSource.Create(postgres.ConnectionString);
        await MigrationRunner.ApplyAsync(database, NullLogger.Instance, TimeProvider.System, CancellationToken.None);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton(database);
        builder.Services.AddLocalGuardian(new AutoGuard.Guardian.LocalGuardianOptions());
        await using WebApplication app = builder.Build();
        app.MapGet("/empty", () => Results.Ok());
        app.MapGuardianApi();
        await app.StartAsync();
        RuleStore store = app.Services.GetRequiredService<RuleStore>();
        long start = Stopwatch.GetTimestamp();
        await store.AddAsync([.. Enumerable.Range(0, Rules).Select(Draft)], CancellationToken.None);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Rules:N0} rules stored in {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s"));
        string key = (await app.Services.GetRequiredService<ApiKeys>().CreateAsync(new ApiKey("bench", ApiRole.Bouncer, null), CancellationToken.None))!;
        int port = new Uri(app.Urls.First()).Port;
        string headers = $"Host: x\r\nX-Api-Key: {key}\r\nX-Real-IP: 203.0.113.7\r\nX-Original-URI: /live/seg.ts?token=jti-1\r\nReferer: https://www.good.example/page\r\n\r\n";
        byte[] check = Encoding.ASCII.GetBytes("GET /check HTTP/1.1\r\n" + headers);
        byte[] empty = Encoding.ASCII.GetBytes("GET /empty HTTP/1.1\r\n" + headers);
        await RateAsync(port, check);
        await RateAsync(port, empty);
        var times = new PairedTimes("µs a request");
        for (int round = 0; round < Rounds; round++)
        {
            times.Add(1e6 / await RateAsync(port, check), 1e6 / await RateAsync(port, empty));
        }
        Console.WriteLine($"/check: {times}");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"rate against an empty endpoint: {100 / times.Ratio:0} %"));
    }

    private static RuleDraft Draft(int number) => new()
    {
        Target = RuleTarget.Of(new IpNetwork(IpAddress.FromV4(0x2E00_0000u + (uint)(number * 97)), 32)),
        Type = RuleType.Deny,
        Origin = RuleOrigin.Import,
        Creator = "benchmark",
    };

    private static async Task<double> RateAsync(int port, byte[] request)
    {
        long start = Stopwatch.GetTimestamp();
        long[] counts = await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => AskAsync(port, request)));
        return counts.Sum() / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static async Task<long> AskAsync(int port, byte[] request)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync("127.0.0.1", port);
        byte[] batch = [.. Enumerable.Repeat(request, Depth).SelectMany(static bytes => bytes)];
        byte[] buffer = new byte[64 * 1024];
        long answered = 0;
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < RoundLength)
        {
            await socket.SendAsync(batch);
            // Every answer begins with its status line, which nothing else of it holds.
            for (int seen = 0; seen < Depth;)
            {
                int length = await socket.ReceiveAsync(buffer);
                if (length == 0)
                {
                    throw new InvalidOperationException("The server closed the connection.");
                }
                seen += buffer.AsSpan(0, length).Count("HTTP/1.1 200"u8);
            }
            answered += Depth;
        }
        return answered;
    }
}
