using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AutoGuard.Core.Events;
using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.Profiles;
using AutoGuard.Simulation.Transport;

namespace AutoGuard.Simulation.Tests.Transport;

public sealed class MessyTransportTests
{
    private static readonly TransportProfile Messy = new()
    {
        JitterMilliseconds = 700, Late = 0.03, VeryLate = 0.01, Duplicate = 0.05, MissingEnd = 0.25, Malformed = 0.02, NumericTimestamp = 0.3, UnknownField = 0.1,
    };

    [Fact]
    public void A_perfect_transport_delivers_in_event_time_order()
    {
        Recording recording = Recording.Of(SimulationProfiles.Small with { Transport = TransportProfile.Perfect }, 3);

        Assert.Equal(recording.Lines.Select(l => l.EventTime).Order(), recording.Lines.Select(l => l.EventTime));
        Assert.All(recording.Lines, l => Assert.Equal(l.EventTime, l.ArrivalTime));
        Assert.Equal(recording.Events.Select(e => e.Time), recording.Lines.Select(l => l.EventTime));
    }

    [Fact]
    public void Lines_come_in_order_of_arrival_and_not_of_event_time()
    {
        Recording recording = Recording.Of(SimulationProfiles.Small with { Transport = Messy }, 3);

        Assert.Equal(recording.Lines.Select(l => l.ArrivalTime).Order(), recording.Lines.Select(l => l.ArrivalTime));
        Assert.All(recording.Lines, l => Assert.True(l.ArrivalTime >= l.EventTime));
        int reordered = recording.Events.Zip(recording.Events.Skip(1)).Count(p => p.Second.Time < p.First.Time);
        Assert.InRange(reordered, recording.Events.Count / 10, recording.Events.Count);
    }

    [Fact]
    public void Shares_are_near_the_profile()
    {
        Recording recording = Recording.Of(SimulationProfiles.Small with { Transport = Messy }, 5);
        TrafficCounts counts = recording.Simulator.Counts;
        double events = counts.Events;
        SimulatedLine[] first = [.. recording.Lines.Where(l => l.Kind == SimulatedLineKind.Event)];

        Assert.Equal(recording.Lines.Count, counts.Lines);
        Assert.Equal(first.Length, counts.Events);
        Assert.Equal(counts.Lines, counts.Events + counts.Duplicates + counts.Malformed.Values.Sum());
        Assert.InRange(counts.Duplicates / events, 0.045, 0.055);
        Assert.InRange(counts.Malformed.Values.Sum() / events, 0.017, 0.023);
        Assert.InRange(first.Count(l => l.ArrivalTime - l.EventTime is >= 1_000 and <= 9_000) / events, 0.025, 0.035);
        Assert.InRange(first.Count(l => l.ArrivalTime - l.EventTime > 10_000) / events, 0.008, 0.012);
        Assert.InRange(counts.MissingEnds / (double)(counts.MissingEnds + recording.Events.Count(e => e.Type == "end")), 0.2, 0.3);
    }

    [Fact]
    public void Every_reason_for_refusal_occurs()
    {
        TrafficCounts counts = Recording.Of(SimulationProfiles.Small with { Transport = Messy }, 5).Simulator.Counts;

        Assert.Equal(MalformedLines.Reasons.Order(), counts.Malformed.Keys);
        Assert.All(counts.Malformed.Values, c => Assert.InRange(c, 20, 200));
    }

    [Fact]
    public void Duplicates_repeat_an_earlier_line_to_the_byte()
    {
        TrafficSimulator simulator = new(SimulationProfiles.Small with { Transport = Messy }, 6);
        HashSet<string> seen = [];
        int duplicates = 0;
        ArrayBufferWriter<byte> buffer = new();
        while (simulator.TryNext(buffer, out SimulatedLine line))
        {
            string text = Encoding.UTF8.GetString(buffer.WrittenSpan);
            bool isNew = seen.Add(text);
            if (line.Kind == SimulatedLineKind.Duplicate)
            {
                Assert.False(isNew, text);
                duplicates++;
            }
            else if (line.Kind == SimulatedLineKind.Event)
            {
                Assert.True(isNew, text);
            }

            buffer.ResetWrittenCount();
        }

        Assert.Equal(simulator.Counts.Duplicates, duplicates);
        Assert.True(duplicates > 100);
    }

    [Fact]
    public void Broken_lines_are_broken_and_the_others_are_objects_with_a_flaw()
    {
        DeterministicRandomLines(EventRejection.InvalidJson, line => Assert.False(IsSingleObject(line), line));
        foreach (EventRejection reason in MalformedLines.Reasons.Where(r => r != EventRejection.InvalidJson))
        {
            DeterministicRandomLines(reason, line => Assert.True(IsSingleObject(line), line));
        }
    }

    [Fact]
    public void Invalid_addresses_are_none() => DeterministicRandomLines(EventRejection.InvalidAddress, line =>
    {
        using JsonDocument json = JsonDocument.Parse(line);
        Assert.False(IpAddress.TryParse(json.RootElement.GetProperty("ip").GetString(), out _), line);
    });

    [Fact]
    public void Encoded_tokens_carry_the_identity_that_decisions_will_name()
    {
        SimulationProfile profile = SimulationProfiles.Small with { Tokens = new TokenProfile { Jwt = 1 } };
        Recording recording = Recording.Of(profile, 8);
        HashSet<string> named = [];
        foreach (string encoded in recording.Events.Select(e => e.Token!).Distinct())
        {
            string[] parts = encoded.Split('.');
            Assert.Equal(3, parts.Length);
            Assert.Contains("EdDSA", Encoding.UTF8.GetString(Base64Url.DecodeFromChars(parts[0])), StringComparison.Ordinal);
            using JsonDocument payload = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1]));
            Assert.True(payload.RootElement.GetProperty("exp").GetInt64() > payload.RootElement.GetProperty("iat").GetInt64());
            Assert.Equal(64, Base64Url.DecodeFromChars(parts[2]).Length);
            named.Add(payload.RootElement.TryGetProperty("jti", out JsonElement jti)
                ? jti.GetString()!
                : "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(encoded))));
        }

        Assert.Contains(named, n => n.StartsWith("sha256:", StringComparison.Ordinal));
        Assert.Subset(named, recording.Lines.Where(l => l.Kind == SimulatedLineKind.Event).Select(l => Encoding.ASCII.GetString(l.Key.Span)).ToHashSet());
        Assert.Subset(
            named,
            recording.Truth.Incidents.SelectMany(i => i.Catch).Where(s => s.Type == Core.Policy.SubjectType.Token).Select(s => s.Value).ToHashSet());
    }

    private static void DeterministicRandomLines(EventRejection reason, Action<string> check)
    {
        AutoGuard.Simulation.World.DeterministicRandom random = new(1, AutoGuard.Simulation.World.RandomDomain.Transport);
        for (int i = 0; i < 50; i++)
        {
            ArrayBufferWriter<byte> buffer = new();
            MalformedLines.Write(buffer, reason, 1_763_139_600_000, random);
            check(Encoding.UTF8.GetString(buffer.WrittenSpan));
        }
    }

    private static bool IsSingleObject(string line)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(line);
            return json.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
