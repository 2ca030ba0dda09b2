using System.Collections.Immutable;
using System.Text.Json;
using AutoGuard.Core.Policy;
using AutoGuard.Simulation.Profiles;

namespace AutoGuard.Simulation.Labels;

/// <summary>Evaluations as JSON: rates from 0 to 1, times in seconds, names in kebab case.</summary>
public static class EvaluationJson
{
    /// <summary>Wrong subjects that are written one by one, unless the caller says otherwise; <c>flags</c> has the count of all.</summary>
    public const int MostWrongSubjects = 1_000;

    /// <summary>Writes one evaluation as an object.</summary>
    /// <param name="json">The caller's writer.</param>
    /// <param name="result">The evaluation.</param>
    /// <param name="mostWrong">Most wrong subjects that are written one by one, by time.</param>
    public static void Write(Utf8JsonWriter json, EvaluationResult result, int mostWrong = MostWrongSubjects)
    {
        ArgumentNullException.ThrowIfNull(json);
        ArgumentNullException.ThrowIfNull(result);
        json.WriteStartObject();
        WriteQuality(json, "flags", result.Flags);
        WriteQuality(json, "blocks", result.Blocks);
        json.WriteStartObject("caughtAsExpected");
        WriteCaught(json, "all", result.Expected(Difficulty.Easy, Difficulty.Slow, Difficulty.Hard));
        WriteCaught(json, "easyAndSlow", result.Expected(Difficulty.Easy, Difficulty.Slow));
        foreach (Difficulty difficulty in Enum.GetValues<Difficulty>())
        {
            WriteCaught(json, Kebab(difficulty), result.Expected(difficulty));
        }
        json.WriteEndObject();
        WriteTimes(json, result.MedianTimeToDetection, result.P90TimeToDetection);
        WriteImpact(json, result.Impact);
        WriteParts(json, "difficulties", result.Difficulties);
        WriteParts(json, "levels", result.Levels);
        json.WriteStartArray("families");
        foreach (FamilyResult family in result.Families)
        {
            WriteFamily(json, family);
        }
        json.WriteEndArray();
        json.WriteStartArray("wrongSubjects");
        foreach (FalseSubject subject in result.FalseSubjects.Take(mostWrong))
        {
            WriteWrong(json, subject);
        }
        json.WriteEndArray();
        json.WriteStartArray("missedIncidents");
        foreach (IncidentResult incident in result.Incidents.Where(i => !i.CaughtAsExpected))
        {
            json.WriteStartObject();
            json.WriteString("id", incident.Id);
            json.WriteString("difficulty", Kebab(incident.Difficulty));
            json.WriteString("expected", Kebab(incident.Expected));
            json.WriteString("action", incident.Action is { } action ? DecisionNames.Of(action) : null);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteParts(Utf8JsonWriter json, string name, ImmutableArray<PartResult> parts)
    {
        json.WriteStartArray(name);
        foreach (PartResult part in parts)
        {
            json.WriteStartObject();
            json.WriteString("name", part.Name);
            json.WriteNumber("incidents", part.Incidents);
            json.WriteNumber("caughtAsExpected", part.CaughtAsExpected);
            json.WriteNumber("sessions", part.Sessions);
            json.WriteNumber("prevented", part.Prevented);
            WriteTimes(json, part.MedianTimeToDetection, part.P90TimeToDetection);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteFamily(Utf8JsonWriter json, FamilyResult family)
    {
        json.WriteStartObject();
        json.WriteString("kind", Kebab(family.Kind));
        json.WriteString("difficulty", Kebab(family.Difficulty));
        json.WriteNumber("incidents", family.Incidents);
        json.WriteNumber("caughtAsExpected", family.CaughtAsExpected);
        WriteQuality(json, "flags", family.Flags);
        WriteQuality(json, "blocks", family.Blocks);
        json.WriteNumber("sessions", family.Sessions);
        json.WriteNumber("prevented", family.Prevented);
        WriteTimes(json, family.MedianTimeToDetection, family.P90TimeToDetection);
        json.WriteEndObject();
    }

    private static void WriteQuality(Utf8JsonWriter json, string name, DecisionQuality quality)
    {
        json.WriteStartObject(name);
        WriteNumber(json, "precision", quality.Precision);
        WriteNumber(json, "recall", quality.Recall);
        json.WriteNumber("rightSubjects", quality.TrueSubjects);
        json.WriteNumber("wrongSubjects", quality.FalseSubjects);
        json.WriteNumber("caught", quality.Caught);
        json.WriteNumber("incidents", quality.Incidents);
        json.WriteEndObject();
    }

    private static void WriteCaught(Utf8JsonWriter json, string name, (int Caught, int Incidents) rate)
    {
        json.WriteStartObject(name);
        json.WriteNumber("caught", rate.Caught);
        json.WriteNumber("incidents", rate.Incidents);
        json.WriteEndObject();
    }

    private static void WriteTimes(Utf8JsonWriter json, TimeSpan? median, TimeSpan? p90)
    {
        json.WriteStartObject("secondsToDetection");
        WriteNumber(json, "median", median?.TotalSeconds);
        WriteNumber(json, "p90", p90?.TotalSeconds);
        json.WriteEndObject();
    }

    private static void WriteImpact(Utf8JsonWriter json, SessionImpact? impact)
    {
        if (impact is null)
        {
            json.WriteNull("sessions");
            return;
        }
        json.WriteStartObject("sessions");
        json.WriteNumber("misuse", impact.MisuseSessions);
        json.WriteNumber("misusePrevented", impact.MisusePrevented);
        WriteNumber(json, "prevention", impact.Prevention);
        json.WriteNumber("honest", impact.HonestSessions);
        json.WriteNumber("honestRefused", impact.HonestRefused);
        WriteNumber(json, "honestRefusedPerMillion", impact.HonestRefusedPerMillion);
        json.WriteStartArray("honestKinds");
        foreach (HonestImpact honest in impact.Honest)
        {
            json.WriteStartObject();
            json.WriteString("kind", Kebab(honest.Kind));
            json.WriteNumber("sessions", honest.Sessions);
            json.WriteNumber("refused", honest.Refused);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteWrong(Utf8JsonWriter json, FalseSubject subject)
    {
        json.WriteStartObject();
        json.WritePropertyName("subject");
        DecisionJson.WriteSubject(json, subject.Subject);
        json.WriteString("action", DecisionNames.Of(subject.Action));
        json.WriteString("time", DateTimeOffset.FromUnixTimeMilliseconds(subject.Time).UtcDateTime);
        json.WriteBoolean("neverTouch", subject.NeverTouch);
        WriteNumber(json, "score", subject.Score);
        json.WriteString("reason", subject.Reason);
        json.WriteString("incident", subject.Incident);
        json.WriteNumber("misuseSessions", subject.MisuseSessions);
        json.WriteStartArray("honestSessions");
        foreach (HonestTally tally in subject.Honest)
        {
            json.WriteStartObject();
            json.WriteString("kind", Kebab(tally.Kind));
            json.WriteNumber("sessions", tally.Sessions);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static string Kebab<T>(T value)
        where T : struct, Enum =>
        JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());

    private static void WriteNumber(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, Math.Round(number, 6));
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
