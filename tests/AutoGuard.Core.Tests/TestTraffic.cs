using System.Text;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Enrichment;
using AutoGuard.Core.Events;
using AutoGuard.Core.Features;
using AutoGuard.Core.Pipeline;
using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Tests;

/// <summary>Builds events without JSON and runs them through a pipeline of its own.</summary>
internal sealed class TestTraffic
{
    public const long Noon = 1_763_121_600_000;

    /// <summary>Blocks for real, with one official page.</summary>
    public static readonly PipelineSettings Enforcing = new()
    {
        Policy = new PolicyOptions { Mode = EnforcementMode.Enforce },
        Referrers = new ReferrersOptions { Official = ["www.example.com"] },
    };

    private readonly KeyedHasher _hasher;
    private readonly List<(PlaybackEvent Event, byte[] Token, byte[] User)> _events = [];

    public TestTraffic(PipelineSettings? settings = null, ulong secret = 42)
    {
        _hasher = new KeyedHasher(secret, ~secret);
        Strings = new StringPool(_hasher);
        Claims = new ClaimsPool();
        Settings = (settings ?? new PipelineSettings()) with { Secret0 = secret, Secret1 = secret * 31 };
        Referrers = new ReferrerList(Settings.Referrers, Strings);
        Pipeline = new DetectionPipeline(Settings, Strings, Claims, Referrers);
    }

    public PipelineSettings Settings { get; }

    public StringPool Strings { get; }

    public ClaimsPool Claims { get; }

    public ReferrerList Referrers { get; }

    public DetectionPipeline Pipeline { get; }

    public DetectionOutput Output { get; } = new();

    public IReadOnlyList<Decision> Decisions => Output.Decisions;

    public int Count => _events.Count;

    /// <summary>The key of a token within a tenant.</summary>
    public Key128 TokenKey(string token, string? organization = null) => _hasher.Hash128(Encoding.UTF8.GetBytes(organization + token), 2);

    /// <summary>Explains a token as of an instant; null when it is not known.</summary>
    public Explanation? Explain(string token, long now, string? organization = null) => Pipeline.Explainer.Token(TokenKey(token, organization), now);

    /// <summary>Adds one event at <paramref name="second"/> seconds after noon.</summary>
    public TestTraffic Event(
        double second, string session, string ip, string? token = null, string? user = null, PlaybackEventType type = PlaybackEventType.Heartbeat,
        string? country = null, string? referrer = "www.example.com", bool dataCentre = false, uint asn = 0, int duration = -1, string? stream = "match",
        string? organization = null, string? agent = null, EventTraits traits = EventTraits.None, bool tool = false)
    {
        PlaybackEvent e = new()
        {
            Timestamp = Noon + (long)(second * 1000),
            Type = type,
            Session = _hasher.Hash128(Encoding.UTF8.GetBytes(organization + session), 1),
            Token = token is null ? default : TokenKey(token, organization),
            User = user is null ? default : _hasher.Hash128(Encoding.UTF8.GetBytes(organization + user), 3),
            Organization = Strings.Intern(organization ?? ""),
            Address = IpAddress.From(System.Net.IPAddress.Parse(ip)),
            OrderKey = Fold(session),
            Asn = asn,
            Duration = duration,
            Offset = _events.Count,
            Country = country is null ? (ushort)0 : CountryCode.Pack(Encoding.ASCII.GetBytes(country)),
            Stream = Strings.Intern(stream ?? "", StringKind.Label),
            Referrer = Strings.Intern(referrer ?? "", StringKind.Referrer),
            UserAgent = Strings.Intern(agent ?? "", StringKind.UserAgent),
            Topic = Strings.Intern("test"),
            Traits = traits | (dataCentre ? EventTraits.DataCentre : EventTraits.None) | (tool ? EventTraits.ToolAgent : EventTraits.None),
        };
        _events.Add((e, Encoding.UTF8.GetBytes(token ?? ""), Encoding.UTF8.GetBytes(user ?? "")));
        return this;
    }

    /// <summary>Adds a whole session: a start, heartbeats, and an end unless it is to go missing.</summary>
    public TestTraffic Session(
        double from, double to, string session, string ip, string? token = null, string? user = null, double heartbeat = 30, bool end = true,
        string? country = null, string? referrer = "www.example.com", bool dataCentre = false, string? stream = "match",
        uint asn = 0, string? organization = null, string? agent = null, EventTraits traits = EventTraits.None, bool tool = false)
    {
        TestTraffic At(double second, PlaybackEventType type) => Event(
            second, session, ip, token, user, type, country, referrer, dataCentre, asn, stream: stream, organization: organization, agent: agent, traits: traits, tool: tool);
        At(from, PlaybackEventType.Start);
        for (double t = from + heartbeat; t < to; t += heartbeat)
        {
            At(t, PlaybackEventType.Heartbeat);
        }
        return end ? At(to, PlaybackEventType.End) : this;
    }

    /// <summary>Adds 240 people who watch from the first minutes on for two and a half hours, on home lines of four operators, 64500 to 64503.</summary>
    /// <param name="named">Whether each token names its user.</param>
    public TestTraffic Audience(bool named = true)
    {
        for (int i = 0; i < 240; i++)
        {
            Session(i, 9_000, $"h{i}", $"81.{i}.1.1", $"honest{i}", named ? $"v{i}" : null, asn: 64500 + (uint)(i % 4), agent: "Browser", heartbeat: 120);
        }
        return this;
    }

    /// <summary>What was decided on a token.</summary>
    public IEnumerable<Decision> Of(string token) => Decisions.Where(d => d.Subject.Type == SubjectType.Token && d.Subject.Value == token);

    /// <summary>Sorts the events by time, as a well-behaved source would deliver them.</summary>
    public TestTraffic InOrder()
    {
        _events.Sort(static (a, b) => a.Event.Timestamp.CompareTo(b.Event.Timestamp));
        return this;
    }

    /// <summary>Delivers events in an order shuffled within a number of seconds, duplicating some.</summary>
    public TestTraffic Disordered(int seed, double withinSeconds, double duplicateShare = 0)
    {
        Random random = new(seed);
        List<(PlaybackEvent Event, byte[] Token, byte[] User)> copies = [.. _events.Where(_ => random.NextDouble() < duplicateShare)];
        _events.AddRange(copies);
        var shuffled = _events
            .Select(e => (Arrival: e.Event.Timestamp + (random.NextDouble() * withinSeconds * 1000), Item: e))
            .OrderBy(pair => pair.Arrival)
            .Select(pair => pair.Item)
            .ToList();
        _events.Clear();
        _events.AddRange(shuffled);
        return this;
    }

    /// <summary>Runs all events added so far, in batches of <paramref name="batchSize"/>.</summary>
    public TestTraffic Run(int batchSize = 256, bool complete = true)
    {
        EventBatch batch = new(batchSize);
        foreach ((PlaybackEvent e, byte[] token, byte[] user) in _events)
        {
            Fill(batch, in e, token, user);
            if (batch.IsFull)
            {
                Pipeline.Process(batch, Output);
                batch.Clear();
            }
        }
        Pipeline.Process(batch, Output);
        _events.Clear();
        if (complete)
        {
            Pipeline.Complete(Output);
        }
        return this;
    }

    /// <summary>Runs what was added of the time before <paramref name="second"/> and measures a token then.</summary>
    public TokenFeatures Measure(string token, double second, bool alone = false)
    {
        long now = Noon + (long)(second * 1000);
        _events.RemoveAll(e => e.Event.Timestamp >= now);
        Run(16, complete: false).Pipeline.AdvanceTo(now + 500, Output);
        int index = Pipeline.State.Tokens.Find(TokenKey(token));
        FeatureWindows windows = FeatureWindows.From(Settings.Detection);
        new FeatureMeter(Pipeline.State, windows, Referrers, Settings.Detection.TokenWorkflow, new Population()).Measure(index, now, out TokenFeatures features, alone);
        return features;
    }

    /// <summary>The events as batches, for tests that run them themselves.</summary>
    public List<EventBatch> Batches(int batchSize)
    {
        List<EventBatch> batches = [];
        foreach ((PlaybackEvent e, byte[] token, byte[] user) in _events)
        {
            if (batches.Count == 0 || batches[^1].IsFull)
            {
                batches.Add(new EventBatch(batchSize));
            }
            Fill(batches[^1], in e, token, user);
        }
        _events.Clear();
        return batches;
    }

    private static void Fill(EventBatch batch, in PlaybackEvent e, byte[] token, byte[] user)
    {
        ref PlaybackEvent slot = ref batch.Next();
        slot = e;
        slot.TokenText = batch.AppendText(token);
        slot.UserText = batch.AppendText(user);
        batch.Commit();
    }

    private static ulong Fold(string text)
    {
        ulong hash = 14695981039346656037;
        foreach (char c in text)
        {
            hash = (hash ^ c) * 1099511628211;
        }
        return hash;
    }
}
