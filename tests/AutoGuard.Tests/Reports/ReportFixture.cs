using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;
using AutoGuard.Core.Reporting;

namespace AutoGuard.Tests.Reports;

/// <summary>A report like those of a real platform: a shared account, a relay in a data centre, a leaked token seen all over the world, a flooding address, its network, and a pirate page.</summary>
public sealed class ReportFixture(int seed = 7)
{
    public static readonly long From = Unix("2025-11-13T06:00:00Z");
    public static readonly long To = Unix("2025-11-14T06:00:00Z");
    public const string Policy = "9f2c41b7a05e8d3366c1f4a2b8e07d915c3a6f18d2e4b790115f8ac36d20be47";

    /// <summary>Networks that a revocation may leave alone.</summary>
    public static readonly ImmutableArray<IpNetwork> Home =
        [IpNetwork.Of(IpAddress.From(IPAddress.Parse("203.0.113.0")), 24), IpNetwork.Of(IpAddress.From(IPAddress.Parse("2001:db8:1:2::")), 64)];

    private const string Chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36";
    private const string Safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1";
    private const string Ffmpeg = "Lavf/58.76.100";

    private readonly Random _random = new(seed);
    private int _decisions;

    public static long Unix(string rfc3339) => DateTimeOffset.Parse(rfc3339, CultureInfo.InvariantCulture).ToUnixTimeMilliseconds();

    public FlaggedReport Report(EnforcementMode mode = EnforcementMode.Enforce, string timeZone = "Europe/Berlin") => new()
    {
        From = From,
        To = To,
        TimeZone = timeZone,
        Source = "playback.events",
        Policy = Policy,
        Mode = mode,
        Events = 18_402_771,
        Sessions = 412_960,
        Subjects = [Leaked(mode), SharedAccount(mode), Relay(mode), Partner(mode), Flood(mode), Network(mode), Pirate(mode)],
    };

    /// <summary>The same with what came of the decisions: engines that applied, wait and refuse, traffic that moved, stopped and went on.</summary>
    public FlaggedReport WithAftermath()
    {
        FlaggedReport report = Report();
        string[] effects = ["moved", "continued", "stopped", "waiting", "draining", "unknown"];
        return report with
        {
            Engines = [new EngineSummary("Local", 12, 0, 0), new EngineSummary("NanoStream", 7, 2, 1) { Problem = "refuses the credentials" }],
            Subjects =
            [
                .. report.Subjects.Select((subject, i) => subject with
                {
                    Aftermath =
                    [
                        new Aftermath
                        {
                            DecisionId = subject.Decisions[^1].Id,
                            Engines = [new EngineOutcome("Local", "applied", null, 1), new EngineOutcome("NanoStream", "unavailable", "It could not be used: status 503.", 3)],
                            Effect = effects[i % effects.Length],
                            NewSessions = i,
                            OpenSessions = 2,
                            EffectDetail = "2 sessions still run that should have ended.",
                            InPlaceOf = i == 4 ? report.Subjects[0].Decisions[^1].Id : null,
                            InPlaceBecause = i == 4 ? "The token was not created as revocable (2011)." : null,
                        },
                    ],
                }),
            ],
        };
    }

    public static FlaggedReport Empty(long? events = 18_402_771, long? sessions = 412_960) => new()
    {
        From = From,
        To = To,
        TimeZone = "UTC",
        Source = "playback.events",
        Policy = Policy,
        Mode = EnforcementMode.Observe,
        Events = events,
        Sessions = sessions,
        Subjects = [],
    };

    private FlaggedSubject Leaked(EnforcementMode mode)
    {
        var subject = new Subject(SubjectType.Token, "jti-7e32b1c0-4d55-4f0a-9a61-2f8c0d9e11a7");
        var start = Unix("2025-11-13T17:00:00Z");
        string[] countries = ["DE", "DE", "PL", "TR", "BR", "VN", "NL", "US", "GB", "EG"];
        string[] providers = ["Deutsche Telekom AG", "Vodafone GmbH", "Orange Polska", "Turk Telekom", "Claro NXT", "Viettel Group", "KPN B.V.", "Comcast Cable", "Sky UK Limited", "TE Data"];
        var spans = Spans(70, i =>
        {
            var k = _random.Next(i < 25 ? 3 : 10);
            return (start + (i * 150_000L) + _random.Next(60_000), _random.Next(4, 110), $"203.0.113.{(k * 3) + _random.Next(3)}", countries[k], providers[k], false, k > 2 ? "free-sports.example" : "shop.example.com", k % 2 == 0 ? Chrome : Safari);
        });
        return Gather(subject, 0.97, spans,
            [
                Decide(subject, DecisionAction.Flag, EnforcementMode.Enforce, "2025-11-13T17:42:10Z", 0.71, (4, 1, 2), Reason("GeographicSpread", 0.6, 3, 2, 0.44, "3 countries within an hour (limit 2)")),
                Decide(subject, DecisionAction.Revoke, mode, "2025-11-13T18:31:05Z", 0.97, (0, 0, 0),
                    Reason("GeographicSpread", 1, 10, 2, 0.42, "10 countries within an hour (limit 2)"),
                    Reason("DistinctNetworks", 0.91, 19, 6, 0.33, "Used from 19 networks within 3 hours (limit 6)"),
                    Reason("UnknownReferrer", 0.64, 0.58, 0.5, 0.14, "58 % of the sessions came from pages that are not listed, most from free-sports.example"),
                    Reason("TokenSpike", 0.8, 4.3, 3, 0.08, "Starts a minute rose far above the token's own past and the fleet's")),
            ],
            "Revoke the token and issue a new one to its user; the page free-sports.example publishes it.",
            user: null,
            claims: new TokenClaims
            {
                Streams = ["league-main", "league-second"],
                Domains = ["shop.example.com"],
                Revocable = true,
                OrganizationWide = false,
                Tag = "matchday-12",
                IssuedAt = start / 1000,
                Expires = Unix("2025-11-14T05:00:00Z") / 1000,
            });
    }

    private FlaggedSubject SharedAccount(EnforcementMode mode)
    {
        var subject = new Subject(SubjectType.Token, "sub-441902-a1");
        var start = Unix("2025-11-13T18:25:00Z");
        (string, string, string)[] homes = [("198.51.100.23", "DE", "Deutsche Telekom AG"), ("198.51.100.87", "DE", "1&1 Versatel"), ("192.0.2.14", "AT", "A1 Telekom Austria"), ("2001:db8:4f:1::9", "DE", "Vodafone GmbH"), ("192.0.2.77", "CH", "Swisscom")];
        var spans = Spans(11, i =>
        {
            var home = homes[i % 5];
            return (start + (i * 540_000L) + _random.Next(120_000), _random.Next(25, 95), home.Item1, home.Item2, home.Item3, false, "shop.example.com", i % 2 == 0 ? Chrome : Safari);
        }, running: 2);
        return Gather(subject, 0.86, spans,
            [
                Decide(subject, DecisionAction.Flag, mode, "2025-11-13T19:03:21Z", 0.86, (0, 0, 0),
                    Reason("ConcurrentSessions", 0.88, 5, 2, 0.61, "5 sessions at once for one user (limit 2)"),
                    Reason("GeographicSpread", 0.55, 3, 2, 0.25, "3 countries within an hour (limit 2)")),
            ],
            "Ask the user to change the password; revoke the token if it goes on.",
            user: "user-441902",
            claims: new TokenClaims { Streams = ["league-main"], Revocable = false, Expires = Unix("2025-11-20T00:00:00Z") / 1000 });
    }

    private FlaggedSubject Relay(EnforcementMode mode)
    {
        var subject = new Subject(SubjectType.Token, "sha256:5f0c8a7be1d24c9930aa6e1b7f8d42c5e9613f70b2ad84c15e6f90a3d7b8c241");
        var start = Unix("2025-11-13T08:10:00Z");
        var spans = Spans(4, i => (start + (i * 18_000_000L), 296, i < 3 ? "198.18.7.4" : "198.18.9.120", i < 3 ? "US" : "IE", "Amazon.com, Inc.", true, "", Ffmpeg));
        return Gather(subject, 0.92, spans,
            [
                Decide(subject, DecisionAction.Flag, mode, "2025-11-13T16:12:00Z", 0.66, (0, 0, 0), Reason("DataCentre", 1, 1, 0.5, 0.45, "All playback runs from a data centre (Amazon.com, Inc.)")),
                Decide(subject, DecisionAction.Revoke, mode, "2025-11-13T20:41:30Z", 0.92, (0, 0, 0),
                    Reason("DataCentre", 1, 1, 0.5, 0.40, "All playback runs from a data centre (Amazon.com, Inc.)"),
                    Reason("LongPlayback", 0.77, 14.8, 8, 0.30, "One session has been playing for 14 h 48 min (limit 8 h)"),
                    Reason("MissingReferrer", 1, 1, 0.5, 0.22, "No session has a referrer; the organization's traffic has one in 94 of 100")),
            ],
            "Typical of a restream: one server, one player (ffmpeg), no page. Revoke, then look for the restream.",
            user: "user-77120",
            claims: new TokenClaims { Revocable = true, OrganizationWide = true });
    }

    private FlaggedSubject Partner(EnforcementMode mode)
    {
        var subject = new Subject(SubjectType.Token, "partner-monitoring");
        var start = Unix("2025-11-13T06:05:00Z");
        var spans = Spans(40, i => (start + (i * 2_100_000L), 2, $"192.0.2.{200 + (i % 3)}", "NL", "Hetzner Online", true, "", "uptime-probe/2.1"));
        return Gather(subject, 0.62, spans,
            [Decide(subject, DecisionAction.Flag, mode, "2025-11-13T09:00:00Z", 0.62, (0, 0, 0), Reason("DataCentre", 0.9, 0.98, 0.5, 0.62, "98 % of the playback runs from a data centre (Hetzner Online)"))],
            "Known monitoring; nothing to do.",
            user: null) with
        { Allowlisted = "Our own probes (ticket OPS-1180), until 31 Jan 2026" };
    }

    private FlaggedSubject Flood(EnforcementMode mode)
    {
        var subject = new Subject(SubjectType.Ip, "203.0.113.240");
        var start = Unix("2025-11-13T21:00:00Z");
        var spans = Spans(180, i => (start + (i * 6_000L), 0.15, "203.0.113.240", "RO", "M247 Europe SRL", true, i % 4 == 0 ? "" : "shop.example.com", "python-requests/2.32"));
        return Gather(subject, 0.94, spans,
            [
                Decide(subject, DecisionAction.Block, mode, "2025-11-13T21:14:40Z", 0.94, (2, 1, 3),
                    Reason("AddressReconnects", 1, 41.5, 6, 0.71, "41.5 sessions a minute ended within 15 seconds of their start (limit 6)"),
                    Reason("AddressDataCentre", 1, 1, 0.5, 0.23, "All of its playback comes from a data centre (M247 Europe SRL)")) with
                { Expires = Unix("2025-11-14T21:14:40Z") },
            ],
            "Leave the block in place for its 24 hours.",
            user: null) with
        { Users = 2, Tokens = 3 };
    }

    private FlaggedSubject Network(EnforcementMode mode)
    {
        var subject = new Subject(SubjectType.Cidr, "203.0.113.0/24");
        var start = Unix("2025-11-13T21:05:00Z");
        var spans = Spans(120, i => (start + (i * 20_000L) + _random.Next(9000), _random.Next(1, 6), $"203.0.113.{230 + (i % 16)}", "RO", "M247 Europe SRL", i % 3 != 0, "shop.example.com", "python-requests/2.32"));
        return Gather(subject, 0.91, spans,
            [
                Decide(subject, DecisionAction.Block, mode, "2025-11-13T21:31:00Z", 0.91, (3, 2, 4), Reason("SubnetOffenders", 0.95, 7, 3, 0.91, "7 addresses of the network were found offending within 3 hours (limit 3)")) with { Expires = Unix("2025-11-14T21:31:00Z") },
                Decide(subject, DecisionAction.Release, mode, "2025-11-14T04:10:00Z", 0.4, (3, 2, 4), Reason("SubnetOffenders", 0, 1, 3, 0, "Released: the network was put on the allowlist")),
            ],
            "Released by the operator; watch whether the flood comes back.",
            user: null) with
        { Users = 9, Tokens = 14 };
    }

    private FlaggedSubject Pirate(EnforcementMode mode)
    {
        var subject = new Subject(SubjectType.Referrer, "free-sports.example");
        var start = Unix("2025-11-13T17:50:00Z");
        var spans = Spans(160, i => (start + (i * 30_000L), _random.Next(2, 80), $"198.51.100.{_random.Next(1, 90)}", i % 3 == 0 ? "EG" : "MA", "TE Data", false, "free-sports.example", Chrome));
        return Gather(subject, 0.95, spans,
            [Decide(subject, DecisionAction.Block, mode, "2025-11-13T18:20:00Z", 0.95, (12, 5, 61), Reason("UnofficialReferrer", 1, 160, 20, 0.95, "160 sessions started from a page that is not listed as official (limit 20)"))],
            "Keep the referrer blocked and send a takedown notice.",
            user: null) with
        { Users = 5, Tokens = 12 };
    }

    private static DecisionReason Reason(string indicator, double grade, double value, double threshold, double contribution, string text) =>
        new(indicator, grade, value, threshold, contribution, text);

    private Decision Decide(Subject subject, DecisionAction action, EnforcementMode mode, string time, double score, (int Tokens, int Users, int Sessions) harm, params DecisionReason[] reasons) => new()
    {
        Id = $"01JCKX{_decisions++:D4}7V3Q9ZB2M4T8WAR",
        Time = Unix(time),
        Action = action,
        Mode = mode,
        Subject = subject,
        Score = score,
        Reasons = [.. reasons],
        Harm = new HarmPreview(harm.Tokens, harm.Users, harm.Sessions),
        Policy = Policy,
        Source = new SourcePosition("playback.events", _decisions % 4, 81_723 + (_decisions * 5_011)),
    };

    private static ImmutableArray<SessionSpan> Spans(
        int count,
        Func<int, (long Start, double Minutes, string Address, string Country, string Provider, bool DataCentre, string Referrer, string Agent)> make,
        int running = 0) =>
    [
        .. Enumerable.Range(0, count).Select(make).OrderBy(span => span.Start).Select((span, i) => new SessionSpan
        {
            Start = span.Start,
            End = span.Start + (long)(span.Minutes * 60_000),
            Running = i >= count - running,
            Address = span.Address,
            Country = span.Country,
            Provider = span.Provider,
            DataCentre = span.DataCentre,
            Stream = i % 5 == 4 ? "league-second" : "league-main",
            Referrer = span.Referrer,
            UserAgent = span.Agent,
        }),
    ];

    private static FlaggedSubject Gather(
        Subject subject, double score, ImmutableArray<SessionSpan> spans, ImmutableArray<Decision> decisions, string recommendation, string? user, TokenClaims? claims = null)
    {
        var seconds = spans.Sum(span => (span.End - span.Start) / 1000.0);
        return new FlaggedSubject
        {
            Subject = subject,
            User = user,
            Users = user is null ? 0 : 1,
            Score = score,
            Decisions = decisions,
            DurationSum = seconds,
            DurationAverage = seconds / spans.Length,
            Sessions = spans.Length,
            Addresses = spans.Select(span => span.Address).Distinct().Count(),
            Tokens = 1,
            MaxConcurrency = spans.Max(at => spans.Count(span => span.Start <= at.Start && span.End > at.Start)),
            FirstStart = spans.Min(span => span.Start),
            LastEnd = spans.Max(span => span.End),
            Streams = Top(spans, span => span.Stream),
            Providers = Top(spans, span => span.Provider),
            Countries = Top(spans, span => span.Country),
            Referrers = Top(spans, span => span.Referrer.Length == 0 ? "-" : span.Referrer),
            UserAgents = Top(spans, span => span.UserAgent),
            Timeline = spans,
            Claims = claims,
            Recommendation = recommendation,
        };
    }

    private static ImmutableArray<Tally> Top(ImmutableArray<SessionSpan> spans, Func<SessionSpan, string> name) =>
        [.. spans.GroupBy(name).OrderByDescending(group => group.Count()).ThenBy(group => group.Key).Take(10).Select(group => new Tally(group.Key, group.Count()))];
}
