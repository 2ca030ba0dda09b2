using System.Text;
using AutoGuard.Simulation.Labels;
using AutoGuard.Testing;
using AutoGuard.Tests.Kafka;
using AutoGuard.Worker;
using Confluent.Kafka;

namespace AutoGuard.Tests.Worker;

/// <summary>An enforcing worker that has been through an address flood, messy token sharing and a few CloudEvents.</summary>
public sealed class RunningWorker : IAsyncLifetime
{
    private readonly PostgresFixture _postgres = new();

    internal WorkerBench Bench { get; private set; } = null!;

    internal WorkerHost Host { get; private set; } = null!;

    internal Traffic Flood { get; } = Traffic.Now("04-address-flood");

    internal Traffic Messy { get; } = Traffic.Now("07-messy-transport");

    internal long Produced => Flood.Lines.Count + Messy.Lines.Count + 4;

    internal string FloodAddress => Flood.Truth.Incidents[0].Catch[0].Value;

    internal string SharedToken => Messy.Truth.Incidents[0].Catch[0].Value;

    public async Task InitializeAsync()
    {
        await _postgres.InitializeAsync();
        AllowedSubject[] allowed = [.. Flood.Truth.Allowlist, .. Messy.Truth.Allowlist];
        Bench = await WorkerBench.OpenAsync(_postgres, [
            "Policy:Mode=Enforce",
            .. Flood.Truth.OfficialReferrers.Select((host, i) => $"Referrers:Official:{i}={host}"),
            .. allowed.Where(a => a.Subject.TypeName == "ip").Select((a, i) => $"Allowlist:Addresses:{i}:Value={a.Subject.Value}"),
            .. allowed.Where(a => a.Subject.TypeName == "token").Select((a, i) => $"Allowlist:Tokens:{i}:Value={a.Subject.Value}"),
        ]);
        // All is there before the worker reads: an hour that is produced in a second could leave one partition far behind the others.
        ProduceCloudEvents();
        Traffic.Produce(Bench.Kafka, [.. Flood.Lines, .. Messy.Lines]);
        Host = await Bench.StartAsync();
        await Bench.UntilSettledAsync(Host, Produced);
        await Eventually.True(() => Host.Figures.Applied >= 2, "the guardian to apply two decisions");
    }

    public async Task DisposeAsync() => await Bench.DisposeAsync();

    /// <summary>One session in binary mode, one in structured mode, both on the same token; and one of each of two tenants with one token id.</summary>
    private void ProduceCloudEvents()
    {
        string time = Flood.Truth.From.AddMinutes(1).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
        string data(string session) => $$"""{"type":"start","timestamp":"{{time}}","sessionId":"{{session}}","ip":"88.64.7.21","token":"cloud-token"}""";
        using IProducer<byte[]?, byte[]> producer = new ProducerBuilder<byte[]?, byte[]>(new ProducerConfig { BootstrapServers = Bench.Broker.BootstrapServers }).Build();
        Headers binary = new();
        foreach ((string name, string value) in (ReadOnlySpan<(string, string)>)[
            ("ce_specversion", "1.0"), ("ce_id", "1"), ("ce_source", "/edge"), ("ce_type", "com.example.playback.session.started.v1"), ("content-type", "application/json")])
        {
            binary.Add(name, Encoding.UTF8.GetBytes(value));
        }
        producer.Produce(Bench.Options.EventsTopic, new Message<byte[]?, byte[]> { Headers = binary, Value = Encoding.UTF8.GetBytes(data("binary")) });
        producer.Produce(Bench.Options.EventsTopic, new Message<byte[]?, byte[]>
        {
            Headers = new Headers { { "content-type", "application/cloudevents+json; charset=UTF-8"u8.ToArray() } },
            Value = Encoding.UTF8.GetBytes($$"""{"specversion":"1.0","id":"2","source":"/edge","type":"com.example.playback.session.started.v1","data":{{data("structured")}}}"""),
        });
        foreach (string tenant in (string[])["red", "blue"])
        {
            string line = $$"""{"type":"start","timestamp":"{{time}}","sessionId":"of-{{tenant}}","ip":"88.64.7.22","token":"tenants-token","organization":"{{tenant}}"}""";
            producer.Produce(Bench.Options.EventsTopic, new Message<byte[]?, byte[]> { Value = Encoding.UTF8.GetBytes(line) });
        }
        Assert.Equal(0, producer.Flush(TimeSpan.FromSeconds(30)));
    }
}
