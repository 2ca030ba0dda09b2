using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using AutoGuard.Kafka;
using AutoGuard.Testing;
using Confluent.Kafka;

namespace AutoGuard.Tests.Kafka;

public sealed class EmbeddedKafkaTests
{
    [Fact]
    public async Task The_events_topic_has_the_configured_partitions()
    {
        await using var bench = new KafkaBench(partitions: 7);
        using IAdminClient admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = bench.Broker.BootstrapServers }).Build();

        Assert.Equal(7, Assert.Single(admin.GetMetadata(bench.Options.EventsTopic, Eventually.Deadline).Topics).Partitions.Count);
        Assert.Single(Assert.Single(admin.GetMetadata(bench.Options.DeadLetterTopic, Eventually.Deadline).Topics).Partitions);
    }

    [Fact]
    public void Creating_a_topic_twice_leaves_it_as_it_is()
    {
        using EmbeddedKafka broker = EmbeddedKafka.Start();
        broker.CreateTopic("t", 3);
        broker.CreateTopic("t", 5);
        using IAdminClient admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = broker.BootstrapServers }).Build();

        Assert.Equal(3, Assert.Single(admin.GetMetadata("t", Eventually.Deadline).Topics).Partitions.Count);
    }

    [Fact]
    public void A_stopped_broker_says_so()
    {
        EmbeddedKafka broker = EmbeddedKafka.Start();
        broker.Dispose();
        broker.Dispose();

        Assert.Throws<ObjectDisposedException>(() => broker.CreateTopic("t", 1));
    }

    [Fact]
    public async Task An_independent_client_writes_events_that_the_worker_reads()
    {
        await using var bench = new KafkaBench();
        await Kcat(string.Join('\n', Enumerable.Range(0, 500)), "-P", "-b", bench.Broker.BootstrapServers, "-t", bench.Options.EventsTopic);

        BatchReader reader = await BatchReader.Run(bench.Source(), commits: true, r => r.Events.Count >= 500, "500 events written by kcat");

        Assert.Equal(Enumerable.Range(0, 500).Select(number => (long)number), reader.Events.Select(seen => seen.Number).Order());
    }

    [Fact]
    public async Task An_independent_client_reads_the_decisions()
    {
        await using var bench = new KafkaBench();
        using var publisher = new KafkaDecisionPublisher(bench.Settings, new LogList<KafkaDecisionPublisher>(), TimeProvider.System);
        await Eventually.Ended(publisher.PublishAsync("jti-1", "{\"action\":\"flag\"}"u8.ToArray(), CancellationToken.None), "the delivery");

        string read = await Kcat("", "-C", "-e", "-b", bench.Broker.BootstrapServers, "-t", bench.Options.DecisionsTopic, "-o", "beginning", "-f", "%k %s\\n");

        Assert.Equal("jti-1 {\"action\":\"flag\"}\n", read);
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public async Task A_signal_does_not_end_the_broker()
    {
        // A process without a handler, and that is one without children, never hears of it.
        using PosixSignalRegistration handler = PosixSignalRegistration.Create(PosixSignal.SIGCHLD, static _ => { });
        EmbeddedKafka broker = EmbeddedKafka.Start();
        int[] threads = [];
        await Eventually.True(() => (threads = [.. BrokerThreads()]).Length > 0, "the broker's thread to have its name");

        foreach (int thread in threads)
        {
            Assert.Equal(0, tgkill(Environment.ProcessId, thread, ChildEnded));
        }

        // A broker that has ended never answers, and neither call returns.
        await Eventually.Ended(Task.Run(() => broker.CreateTopic("after", 1)), "the broker to create a topic after the signal");
        await Eventually.Ended(Task.Run(broker.Dispose), "the broker to stop");
    }

    private const int ChildEnded = 17;

    [DllImport("libc")]
    private static extern int tgkill(int process, int thread, int signal);

    /// <summary>Threads of all embedded brokers of this process.</summary>
    private static IEnumerable<int> BrokerThreads()
    {
        foreach (string folder in Directory.EnumerateDirectories("/proc/self/task"))
        {
            string name;
            try
            {
                name = File.ReadAllText(Path.Combine(folder, "comm")).Trim();
            }
            catch (IOException)
            {
                // It has ended since the folder was listed.
                continue;
            }
            if (name == "rdk:mock")
            {
                yield return int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture);
            }
        }
    }

    private static async Task<string> Kcat(string input, params string[] arguments)
    {
        var start = new ProcessStartInfo("kcat") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }
        Process kcat;
        try
        {
            kcat = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new InvalidOperationException("This test needs kcat (apt-get install kcat), which ./autoguard test installs where it may.", e);
        }
        using (kcat)
        {
            Task<string> output = kcat.StandardOutput.ReadToEndAsync();
            Task<string> error = kcat.StandardError.ReadToEndAsync();
            await kcat.StandardInput.WriteAsync(input);
            kcat.StandardInput.Close();
            await Eventually.True(() => kcat.HasExited, "kcat to end");
            Assert.True(kcat.ExitCode == 0, await error);
            return await output;
        }
    }
}
