using System.Buffers;
using System.Text;
using System.Text.Json;
using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.Profiles;
using AutoGuard.Simulation.Transport;
using AutoGuard.Simulation.World;

namespace AutoGuard.Simulation.Tests;

/// <summary>One event as a reader that knows nothing of the simulator sees it, and its label.</summary>
internal sealed record RecordedEvent(
    string Type, long Time, string Session, string Address, string? Token, string? Country, uint Asn, string? ReferrerHost, string Stream, long? Duration, SessionLabel Label)
{
    public string? User { get; init; }

    public string? Agent { get; init; }

    public string? Organization { get; init; }

    public string? Provider { get; init; }
}

/// <summary>One session put together from its events.</summary>
internal sealed record RecordedSession(RecordedEvent First, RecordedEvent Last, SessionLabel Label)
{
    public bool Ended => Last.Type == "end";
}

/// <summary>A whole simulation read back.</summary>
internal sealed class Recording
{
    private static readonly SimulatedNetwork[] Networks =
    [
        .. NetworkCatalogue.All, .. SharedNetworks.Relays, .. SharedNetworks.Proxies, .. SharedNetworks.Campuses, .. SharedNetworks.MobileV6, .. SharedNetworks.HostingV6,
    ];

    private Recording(TrafficSimulator simulator) => Simulator = simulator;

    public TrafficSimulator Simulator { get; }

    public SimulationTruth Truth => Simulator.Truth;

    public List<RecordedEvent> Events { get; } = [];

    public List<SimulatedLine> Lines { get; } = [];

    public Dictionary<string, RecordedSession> Sessions { get; } = [];

    public static Recording Of(SimulationProfile profile, ulong seed)
    {
        Recording recording = new(new TrafficSimulator(profile, seed));
        SessionLabels labels = new(seed);
        ArrayBufferWriter<byte> buffer = new();
        while (recording.Simulator.TryNext(buffer, out SimulatedLine line))
        {
            recording.Lines.Add(line);
            if (line.Kind == SimulatedLineKind.Event)
            {
                recording.Add(Read(buffer.WrittenSpan, labels));
            }

            buffer.ResetWrittenCount();
        }

        return recording;
    }

    public IEnumerable<RecordedSession> SessionsOf(int incident) => Sessions.Values.Where(s => s.Label.Incident == incident);

    /// <summary>Most sessions open at once, each from its first event to its last.</summary>
    public static int MostAtOnce(IEnumerable<RecordedSession> sessions)
    {
        int open = 0;
        int most = 0;
        foreach ((_, int step) in sessions.SelectMany(s => new[] { (s.First.Time, 1), (s.Last.Time, -1) }).Order())
        {
            open += step;
            most = Math.Max(most, open);
        }

        return most;
    }

    /// <summary>The /24 or /64 of an address.</summary>
    public static string NetworkOf(string address)
    {
        Assert.True(Core.Events.IpAddress.TryParse(address, out Core.Events.IpAddress parsed), address);
        return Core.Events.IpNetwork.Of(parsed, parsed.IsV4 ? 24 : 64).ToString();
    }

    /// <summary>What kind of operator has the address; by its range, since some operators have homes and phones.</summary>
    public static NetworkKind KindOf(string address)
    {
        Assert.True(Core.Events.IpAddress.TryParse(address, out Core.Events.IpAddress parsed), address);
        return Networks.First(n => parsed.IsV4 ? n.Prefix.Contains(parsed) : n.PrefixV6 != 0 && n.PrefixV6 == parsed.High >> 32).Kind;
    }

    /// <summary>Most networks at once among sessions, each from its first event to its last.</summary>
    public static int MostNetworksAtOnce(IEnumerable<RecordedSession> sessions)
    {
        Dictionary<string, int> open = [];
        int most = 0;
        foreach ((long _, int step, string network) in sessions
            .SelectMany(s => new[] { (s.First.Time, 1, NetworkOf(s.First.Address)), (s.Last.Time, -1, NetworkOf(s.First.Address)) }).Order())
        {
            open[network] = open.GetValueOrDefault(network) + step;
            most = Math.Max(most, open.Values.Count(n => n > 0));
        }

        return most;
    }

    public static SimulationProfile Profile(string name, int viewers, double hours) =>
        SimulationProfiles.TryMake(name, viewers, hours, out SimulationProfile? profile)
            ? profile with { Transport = TransportProfile.Perfect }
            : throw new ArgumentException($"There is no profile {name}.", nameof(name));

    public static RecordedEvent Read(ReadOnlySpan<byte> line, SessionLabels labels)
    {
        using JsonDocument json = JsonDocument.Parse(line.ToArray());
        JsonElement root = json.RootElement;
        string session = root.GetProperty("sessionId").GetString()!;
        Assert.True(labels.TryRead(Encoding.UTF8.GetBytes(session), out SessionLabel label), $"{session} has no label");
        JsonElement timestamp = root.GetProperty("timestamp");
        return new RecordedEvent(
            root.GetProperty("type").GetString()!,
            timestamp.ValueKind == JsonValueKind.Number ? timestamp.GetInt64() : timestamp.GetDateTimeOffset().ToUnixTimeMilliseconds(),
            session,
            root.GetProperty("ip").GetString()!,
            Text(root, "token"),
            Text(root, "country"),
            root.GetProperty("asn").GetUInt32(),
            Uri.TryCreate(Text(root, "referrer"), UriKind.Absolute, out Uri? page) ? page.Host : null,
            root.GetProperty("stream").GetString()!,
            root.TryGetProperty("duration", out JsonElement duration) ? duration.GetInt64() : null,
            label)
        {
            User = Text(root, "userId"),
            Agent = Text(root, "userAgent"),
            Organization = Text(root, "organization"),
            Provider = Text(root, "provider"),
        };
    }

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private void Add(RecordedEvent found)
    {
        Events.Add(found);
        Sessions[found.Session] = !Sessions.TryGetValue(found.Session, out RecordedSession? known)
            ? new RecordedSession(found, found, found.Label)
            : known with
            {
                First = found.Time < known.First.Time ? found : known.First,
                Last = found.Time >= known.Last.Time ? found : known.Last,
            };
    }
}
