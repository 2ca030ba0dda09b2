using System.Collections.Immutable;
using System.Text.Json;
using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;
using AutoGuard.Core.Reporting;

namespace AutoGuard.Reports;

/// <summary>
/// The full report for programs: names in camel case, times in RFC 3339 (UTC), subject types in lower case, decisions in
/// the shape of the decision feed. A measure that is not a number is null. Equal reports give equal bytes.
/// </summary>
internal sealed class JsonReportWriter : IReportWriter
{
    public async Task WriteAsync(FlaggedReport report, Stream stream, CancellationToken cancellationToken)
    {
        await using var json = new Utf8JsonWriter(stream);
        json.WriteStartObject();
        json.WriteString("from", ReportClock.Machine(report.From));
        json.WriteString("to", ReportClock.Machine(report.To));
        json.WriteString("timeZone", report.TimeZone);
        json.WriteString("source", report.Source);
        json.WriteString("policy", report.Policy);
        json.WriteString("mode", ReportWords.Name(report.Mode));
        Optional(json, "events", report.Events);
        Optional(json, "sessions", report.Sessions);
        json.WriteNumber("leftOut", report.LeftOut);
        json.WriteStartArray("notices");
        foreach (var notice in report.Notices)
        {
            json.WriteStartObject();
            json.WriteString("time", ReportClock.Machine(notice.Time));
            json.WriteString("kind", JsonNamingPolicy.CamelCase.ConvertName(notice.Kind.ToString()));
            json.WriteString("organization", notice.Organization);
            json.WriteString("text", notice.Text);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("engines");
        foreach (var engine in report.Engines)
        {
            json.WriteStartObject();
            json.WriteString("engine", engine.Engine);
            json.WriteNumber("applied", engine.Applied);
            json.WriteNumber("waiting", engine.Waiting);
            json.WriteNumber("refused", engine.Refused);
            json.WriteString("problem", engine.Problem);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("subjects");
        foreach (var subject in report.Subjects)
        {
            WriteSubject(json, subject);
            await json.FlushAsync(cancellationToken);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        await json.FlushAsync(cancellationToken);
    }

    private static void WriteSubject(Utf8JsonWriter json, FlaggedSubject subject)
    {
        json.WriteStartObject();
        WriteIdentity(json, subject.Subject);
        json.WriteString("organization", subject.Organization);
        json.WriteString("user", subject.User);
        json.WriteNumber("users", subject.Users);
        Number(json, "score", subject.Score);
        json.WriteStartArray("decisions");
        foreach (var decision in subject.Decisions)
        {
            DecisionJson.Write(json, decision);
        }

        json.WriteEndArray();
        json.WriteStartArray("aftermath");
        foreach (var aftermath in subject.Aftermath.IsDefault ? [] : subject.Aftermath)
        {
            WriteAftermath(json, aftermath);
        }

        json.WriteEndArray();
        Number(json, "durationSum", subject.DurationSum);
        Number(json, "durationAverage", subject.DurationAverage);
        json.WriteNumber("sessions", subject.Sessions);
        json.WriteNumber("addresses", subject.Addresses);
        json.WriteNumber("tokens", subject.Tokens);
        json.WriteNumber("maxConcurrency", subject.MaxConcurrency);
        json.WriteString("firstStart", ReportClock.Machine(subject.FirstStart));
        json.WriteString("lastEnd", ReportClock.Machine(subject.LastEnd));
        Tallies(json, "streams", subject.Streams);
        Tallies(json, "providers", subject.Providers);
        Tallies(json, "countries", subject.Countries);
        Tallies(json, "referrers", subject.Referrers);
        Tallies(json, "userAgents", subject.UserAgents);
        json.WriteStartArray("timeline");
        foreach (var span in subject.Timeline)
        {
            WriteSpan(json, span);
        }

        json.WriteEndArray();
        WriteClaims(json, subject.Claims);
        json.WriteString("allowlisted", subject.Allowlisted);
        json.WriteString("recommendation", subject.Recommendation);
        json.WriteEndObject();
    }

    private static void WriteAftermath(Utf8JsonWriter json, Aftermath aftermath)
    {
        json.WriteStartObject();
        json.WriteString("decision", aftermath.DecisionId);
        json.WriteStartArray("engines");
        foreach (var outcome in aftermath.Engines)
        {
            json.WriteStartObject();
            json.WriteString("engine", outcome.Engine);
            json.WriteString("result", outcome.Result);
            json.WriteString("detail", outcome.Detail);
            json.WriteNumber("attempts", outcome.Attempts);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("effect", aftermath.Effect);
        Optional(json, "newSessions", aftermath.NewSessions);
        Optional(json, "openSessions", aftermath.OpenSessions);
        json.WriteString("effectDetail", aftermath.EffectDetail);
        json.WriteString("inPlaceOf", aftermath.InPlaceOf);
        json.WriteString("inPlaceBecause", aftermath.InPlaceBecause);
        json.WriteEndObject();
    }

    private static void WriteIdentity(Utf8JsonWriter json, Subject subject)
    {
        json.WriteStartObject("subject");
        json.WriteString("type", subject.TypeName);
        json.WriteString("value", subject.Value);
        json.WriteEndObject();
    }

    private static void WriteSpan(Utf8JsonWriter json, SessionSpan span)
    {
        json.WriteStartObject();
        json.WriteString("start", ReportClock.Machine(span.Start));
        json.WriteString("end", ReportClock.Machine(span.End));
        json.WriteBoolean("running", span.Running);
        json.WriteString("address", span.Address);
        json.WriteString("country", span.Country);
        json.WriteString("provider", span.Provider);
        json.WriteBoolean("dataCentre", span.DataCentre);
        json.WriteString("stream", span.Stream);
        json.WriteString("referrer", span.Referrer);
        json.WriteString("userAgent", span.UserAgent);
        json.WriteEndObject();
    }

    private static void WriteClaims(Utf8JsonWriter json, TokenClaims? claims)
    {
        if (claims is null)
        {
            json.WriteNull("claims");
            return;
        }

        json.WriteStartObject("claims");
        Texts(json, "streams", claims.Streams);
        Texts(json, "domains", claims.Domains);
        Texts(json, "addresses", claims.Addresses);
        Optional(json, "revocable", claims.Revocable);
        Optional(json, "organizationWide", claims.OrganizationWide);
        Optional(json, "forceDisconnect", claims.ForceDisconnect);
        json.WriteString("tag", claims.Tag);
        Instant(json, "issuedAt", ReportClock.FromSeconds(claims.IssuedAt));
        Instant(json, "notBefore", ReportClock.FromSeconds(claims.NotBefore));
        Instant(json, "expires", ReportClock.FromSeconds(claims.Expires));
        json.WriteEndObject();
    }

    private static void Texts(Utf8JsonWriter json, string name, ImmutableArray<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }

    private static void Tallies(Utf8JsonWriter json, string name, ImmutableArray<Tally> tallies)
    {
        json.WriteStartArray(name);
        foreach (var tally in tallies)
        {
            json.WriteStartObject();
            json.WriteString("name", tally.Name);
            json.WriteNumber("sessions", tally.Sessions);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Number(Utf8JsonWriter json, string name, double value)
    {
        if (double.IsFinite(value))
        {
            json.WriteNumber(name, value);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static void Optional(Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } known)
        {
            json.WriteNumber(name, known);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static void Optional(Utf8JsonWriter json, string name, bool? value)
    {
        if (value is { } known)
        {
            json.WriteBoolean(name, known);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static void Instant(Utf8JsonWriter json, string name, long? milliseconds) =>
        json.WriteString(name, milliseconds is { } known ? ReportClock.Machine(known) : null);
}
