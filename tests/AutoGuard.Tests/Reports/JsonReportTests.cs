using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;
using AutoGuard.Core.Reporting;
using AutoGuard.Reports;

namespace AutoGuard.Tests.Reports;

public sealed class JsonReportTests
{
    [Fact]
    public async Task A_report_survives_the_round_trip()
    {
        var report = new ReportFixture().Report() with { LeftOut = 3 };
        report = report with { Subjects = [report.Subjects[0] with { Organization = "acme" }, .. report.Subjects[1..]] };
        var text = await TextOf(report);

        var back = Read(text);

        Assert.Equal(text, await TextOf(back));
        Assert.Equal((report.From, report.To, report.TimeZone, report.Mode, report.Events, report.LeftOut), (back.From, back.To, back.TimeZone, back.Mode, back.Events, back.LeftOut));
        Assert.Equal(report.Subjects.Select(subject => subject.Subject), back.Subjects.Select(subject => subject.Subject));
        foreach (var (one, other) in report.Subjects.Zip(back.Subjects))
        {
            Assert.Equal(one.Timeline.AsEnumerable(), other.Timeline);
            Assert.Equal(one.UserAgents.AsEnumerable(), other.UserAgents);
            Assert.Equal(one.Decisions.Select(decision => decision with { Reasons = default }), other.Decisions.Select(decision => decision with { Reasons = default }));
            Assert.Equal(one.Decisions.SelectMany(decision => decision.Reasons), other.Decisions.SelectMany(decision => decision.Reasons));
            Assert.Equal((one.Claims?.Streams ?? []).AsEnumerable(), other.Claims?.Streams ?? []);
            Assert.Equal(one.Claims?.Expires, other.Claims?.Expires);
            Assert.Equal(
                (one.Organization, one.User, one.Score, one.DurationSum, one.MaxConcurrency, one.FirstStart, one.LastEnd, one.Allowlisted),
                (other.Organization, other.User, other.Score, other.DurationSum, other.MaxConcurrency, other.FirstStart, other.LastEnd, other.Allowlisted));
        }
    }

    [Fact]
    public async Task A_decision_has_exactly_the_shape_of_the_decision_feed()
    {
        var report = new ReportFixture().Report();
        var flood = report.Subjects.Single(subject => subject.Subject.Type == SubjectType.Ip);

        using var document = JsonDocument.Parse(await TextOf(report with { Subjects = [flood] }));

        var decision = document.RootElement.GetProperty("subjects")[0].GetProperty("decisions")[0];
        Assert.Equal(
            "{\"id\":\"01JCKX00067V3Q9ZB2M4T8WAR\",\"time\":\"2025-11-13T21:14:40.000Z\",\"action\":\"block\",\"mode\":\"enforce\"," +
            "\"subject\":{\"type\":\"ip\",\"value\":\"203.0.113.240\"},\"organization\":null,\"score\":0.94,\"reasons\":[" +
            "{\"indicator\":\"AddressReconnects\",\"grade\":1,\"value\":41.5,\"threshold\":6,\"contribution\":0.71,\"text\":\"41.5 sessions a minute ended within 15 seconds of their start (limit 6)\"}," +
            "{\"indicator\":\"AddressDataCentre\",\"grade\":1,\"value\":1,\"threshold\":0.5,\"contribution\":0.23,\"text\":\"All of its playback comes from a data centre (M247 Europe SRL)\"}]," +
            "\"harm\":{\"otherTokens\":2,\"otherUsers\":1,\"otherSessions\":3},\"expires\":\"2025-11-14T21:14:40.000Z\",\"policy\":\"" + ReportFixture.Policy +
            "\",\"source\":{\"topic\":\"playback.events\",\"partition\":3,\"offset\":116800}}",
            decision.GetRawText());
    }

    [Fact]
    public async Task Equal_reports_give_equal_bytes() =>
        Assert.Equal(await TextOf(new ReportFixture().Report()), await TextOf(new ReportFixture().Report()));

    [Theory]
    [InlineData(41)]
    [InlineData(42)]
    public async Task Hostile_texts_and_numbers_give_valid_json_without_markup(int seed)
    {
        var random = new Random(seed);
        for (var step = 0; step < 60; step++)
        {
            var report = WithDecisionsThatCanBe(HostileText.Report(random, () => HostileText.Next(random)));

            var text = await TextOf(report);

            using var document = JsonDocument.Parse(text);
            Assert.True(report.Subjects.Length == document.RootElement.GetProperty("subjects").GetArrayLength(), $"seed {seed}, step {step}");
            Assert.False(text.AsSpan().ContainsAny("<>&\u202E\u2028"), $"seed {seed}, step {step}");
            Assert.All(NamesIn(document.RootElement), name => Assert.True(char.IsAsciiLetterLower(name[0]), name));
        }
    }

    /// <summary>
    /// Decisions have one form everywhere, and its writer refuses what no decision can hold; only the texts stay hostile here.
    /// </summary>
    private static FlaggedReport WithDecisionsThatCanBe(FlaggedReport report) => report with
    {
        Subjects =
        [
            .. report.Subjects.Select(subject => subject with
            {
                Decisions =
                [
                    .. subject.Decisions.Select(decision => decision with
                    {
                        Time = ReportFixture.From,
                        Expires = ReportFixture.To,
                        Score = 0.5,
                        Reasons = [.. decision.Reasons.Select(reason => new DecisionReason(reason.Indicator, 0.5, 2, 1, 0.5, reason.Text))],
                    }),
                ],
            }),
        ],
    };

    private static IEnumerable<string> NamesIn(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => json.EnumerateObject().SelectMany(property => NamesIn(property.Value).Prepend(property.Name)),
        JsonValueKind.Array => json.EnumerateArray().SelectMany(NamesIn),
        _ => [],
    };

    private static async Task<string> TextOf(FlaggedReport report)
    {
        using var stream = new MemoryStream();
        await FlaggedReports.WriteAsync(report, stream, "json", CancellationToken.None);
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static FlaggedReport Read(string text)
    {
        using var document = JsonDocument.Parse(text);
        var root = document.RootElement;
        return new FlaggedReport
        {
            From = Time(root, "from")!.Value,
            To = Time(root, "to")!.Value,
            TimeZone = Text(root, "timeZone")!,
            Source = Text(root, "source")!,
            Policy = Text(root, "policy")!,
            Mode = Enum.Parse<EnforcementMode>(Text(root, "mode")!, ignoreCase: true),
            Events = root.GetProperty("events").GetInt64(),
            Sessions = root.GetProperty("sessions").GetInt64(),
            LeftOut = root.GetProperty("leftOut").GetInt32(),
            Subjects = Many(root, "subjects", ReadSubject),
        };
    }

    private static FlaggedSubject ReadSubject(JsonElement json) => new()
    {
        Subject = ReadIdentity(json),
        Organization = Text(json, "organization"),
        User = Text(json, "user"),
        Users = json.GetProperty("users").GetInt32(),
        Score = json.GetProperty("score").GetDouble(),
        Decisions = Many(json, "decisions", ReadDecision),
        DurationSum = json.GetProperty("durationSum").GetDouble(),
        DurationAverage = json.GetProperty("durationAverage").GetDouble(),
        Sessions = json.GetProperty("sessions").GetInt32(),
        Addresses = json.GetProperty("addresses").GetInt32(),
        Tokens = json.GetProperty("tokens").GetInt32(),
        MaxConcurrency = json.GetProperty("maxConcurrency").GetInt32(),
        FirstStart = Time(json, "firstStart")!.Value,
        LastEnd = Time(json, "lastEnd")!.Value,
        Streams = Many(json, "streams", ReadTally),
        Providers = Many(json, "providers", ReadTally),
        Countries = Many(json, "countries", ReadTally),
        Referrers = Many(json, "referrers", ReadTally),
        UserAgents = Many(json, "userAgents", ReadTally),
        Timeline = Many(json, "timeline", span => new SessionSpan
        {
            Start = Time(span, "start")!.Value,
            End = Time(span, "end")!.Value,
            Running = span.GetProperty("running").GetBoolean(),
            Address = Text(span, "address")!,
            Country = Text(span, "country")!,
            Provider = Text(span, "provider")!,
            DataCentre = span.GetProperty("dataCentre").GetBoolean(),
            Stream = Text(span, "stream")!,
            Referrer = Text(span, "referrer")!,
            UserAgent = Text(span, "userAgent")!,
        }),
        Claims = json.GetProperty("claims") is { ValueKind: JsonValueKind.Object } claims ? ReadClaims(claims) : null,
        Allowlisted = Text(json, "allowlisted"),
        Recommendation = Text(json, "recommendation")!,
    };

    private static TokenClaims ReadClaims(JsonElement json) => new()
    {
        Streams = Many(json, "streams", text => text.GetString()!),
        Domains = Many(json, "domains", text => text.GetString()!),
        Addresses = Many(json, "addresses", text => text.GetString()!),
        Revocable = Flag(json, "revocable"),
        OrganizationWide = Flag(json, "organizationWide"),
        ForceDisconnect = Flag(json, "forceDisconnect"),
        Tag = Text(json, "tag"),
        IssuedAt = Time(json, "issuedAt") / 1000,
        NotBefore = Time(json, "notBefore") / 1000,
        Expires = Time(json, "expires") / 1000,
    };

    private static Decision ReadDecision(JsonElement json) => new()
    {
        Id = Text(json, "id")!,
        Time = Time(json, "time")!.Value,
        Action = Enum.Parse<DecisionAction>(Text(json, "action")!, ignoreCase: true),
        Mode = Enum.Parse<EnforcementMode>(Text(json, "mode")!, ignoreCase: true),
        Subject = ReadIdentity(json),
        Organization = Text(json, "organization"),
        Score = json.GetProperty("score").GetDouble(),
        Reasons = Many(json, "reasons", reason => new DecisionReason(
            Text(reason, "indicator")!,
            reason.GetProperty("grade").GetDouble(),
            reason.GetProperty("value").GetDouble(),
            reason.GetProperty("threshold").GetDouble(),
            reason.GetProperty("contribution").GetDouble(),
            Text(reason, "text")!)),
        Harm = new HarmPreview(
            json.GetProperty("harm").GetProperty("otherTokens").GetInt32(),
            json.GetProperty("harm").GetProperty("otherUsers").GetInt32(),
            json.GetProperty("harm").GetProperty("otherSessions").GetInt32()),
        Expires = Time(json, "expires"),
        Policy = Text(json, "policy")!,
        Source = new SourcePosition(
            Text(json.GetProperty("source"), "topic")!,
            json.GetProperty("source").GetProperty("partition").GetInt32(),
            json.GetProperty("source").GetProperty("offset").GetInt64()),
    };

    private static Subject ReadIdentity(JsonElement json) => new(
        Text(json.GetProperty("subject"), "type") switch
        {
            "token" => SubjectType.Token,
            "ip" => SubjectType.Ip,
            "cidr" => SubjectType.Cidr,
            "referrer" => SubjectType.Referrer,
            var other => throw new FormatException(other),
        },
        Text(json.GetProperty("subject"), "value")!);

    private static Tally ReadTally(JsonElement json) => new(Text(json, "name")!, json.GetProperty("sessions").GetInt32());

    private static ImmutableArray<T> Many<T>(JsonElement json, string name, Func<JsonElement, T> read) =>
        [.. json.GetProperty(name).EnumerateArray().Select(read)];

    private static string? Text(JsonElement json, string name) => json.GetProperty(name).GetString();

    private static bool? Flag(JsonElement json, string name) =>
        json.GetProperty(name).ValueKind == JsonValueKind.Null ? null : json.GetProperty(name).GetBoolean();

    private static long? Time(JsonElement json, string name) => Text(json, name) is { } text ? ReportFixture.Unix(text) : null;
}
