using System.Buffers;
using System.Globalization;
using System.Text.Json;
using AutoGuard.Core.Features;

namespace AutoGuard.Models;

/// <summary>Writes models. Equal models give equal bytes: order, figures and line ends are fixed.</summary>
internal static class ModelWriter
{
    internal const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    /// <summary>The name of a trait in the file.</summary>
    internal static string NameOf(PopulationTrait trait) => JsonNamingPolicy.CamelCase.ConvertName(trait.ToString());

    public static byte[] Write(ModelDocument model)
    {
        ArrayBufferWriter<byte> bytes = new();
        using (Utf8JsonWriter json = new(bytes, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            json.WriteNumber("format", ModelDocument.Format);
            json.WriteString("name", model.Name);
            WriteSource(json, model.Source);
            WriteLevels(json, "everybody", model.Everybody);
            WriteTenants(json, model);
            WriteStarts(json, model);
            WriteOperators(json, model);
            WriteEvaluation(json, model.Evaluation);
            json.WriteEndObject();
        }
        bytes.Write("\n"u8);
        return bytes.WrittenSpan.ToArray();
    }

    private static void WriteSource(Utf8JsonWriter json, ModelSource source)
    {
        json.WriteStartObject("createdFrom");
        json.WriteStartArray("files");
        foreach (string file in source.Files)
        {
            json.WriteStringValue(file);
        }
        json.WriteEndArray();
        json.WriteString("from", TimeOf(source.From));
        json.WriteString("to", TimeOf(source.To));
        json.WriteNumber("events", source.Events);
        json.WriteNumber("sessions", source.Sessions);
        json.WriteNumber("tokens", source.Tokens);
        json.WriteNumber("addresses", source.Addresses);
        json.WriteString("window", source.Window.ToString("c", CultureInfo.InvariantCulture));
        json.WriteEndObject();
    }

    private static void WriteLevels(Utf8JsonWriter json, string name, ModelLevels levels)
    {
        json.WriteStartObject(name);
        WriteLevels(json, levels);
        json.WriteEndObject();
    }

    private static void WriteLevels(Utf8JsonWriter json, ModelLevels levels)
    {
        foreach ((string kind, PopulationLevels? one) in (ReadOnlySpan<(string, PopulationLevels?)>)[("bound", levels.Bound), ("unbound", levels.Unbound)])
        {
            if (one is null)
            {
                json.WriteNull(kind);
                continue;
            }
            json.WriteStartObject(kind);
            json.WriteNumber("tokens", one.Tokens);
            json.WriteNumber("epochs", one.Epochs);
            json.WriteStartObject("usual");
            for (int trait = 0; trait < one.Usual.Length; trait++)
            {
                json.WriteNumber(NameOf((PopulationTrait)trait), Rounded(one.Usual[trait]));
            }
            json.WriteEndObject();
            json.WriteEndObject();
        }
    }

    private static void WriteTenants(Utf8JsonWriter json, ModelDocument model)
    {
        json.WriteStartArray("tenants");
        foreach ((string name, ModelLevels levels) in model.Tenants)
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            WriteLevels(json, levels);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteStarts(Utf8JsonWriter json, ModelDocument model)
    {
        json.WriteStartArray("starts");
        foreach (HourStarts hour in model.Starts)
        {
            json.WriteStartObject();
            json.WriteNumber("hour", hour.Hour);
            json.WriteNumber("minutes", Rounded(hour.Minutes));
            json.WriteNumber("perMinute", Rounded(hour.PerMinute));
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteOperators(Utf8JsonWriter json, ModelDocument model)
    {
        json.WriteStartArray("operators");
        foreach (OperatorLevel one in model.Operators)
        {
            json.WriteStartObject();
            json.WriteNumber("asn", one.Asn);
            json.WriteNumber("tokens", one.Tokens);
            json.WriteNumber("networks", one.Networks);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteEvaluation(Utf8JsonWriter json, ModelEvaluation? evaluation)
    {
        if (evaluation is null)
        {
            json.WriteNull("evaluation");
            return;
        }
        json.WriteStartObject("evaluation");
        WriteQuality(json, "without", evaluation.Without);
        WriteQuality(json, "with", evaluation.With);
        json.WriteEndObject();
    }

    private static void WriteQuality(Utf8JsonWriter json, string name, ModelQuality quality)
    {
        json.WriteStartObject(name);
        json.WriteNumber("incidents", quality.Incidents);
        json.WriteNumber("caught", quality.Caught);
        json.WriteNumber("caughtAsExpected", quality.CaughtAsExpected);
        json.WriteNumber("flaggedRight", quality.FlaggedRight);
        json.WriteNumber("flaggedWrong", quality.FlaggedWrong);
        json.WriteNumber("blockedRight", quality.BlockedRight);
        json.WriteNumber("blockedWrong", quality.BlockedWrong);
        json.WriteNumber("honestSessions", quality.HonestSessions);
        json.WriteNumber("honestRefused", quality.HonestRefused);
        json.WriteNumber("misuseSessions", quality.MisuseSessions);
        json.WriteNumber("misusePrevented", quality.MisusePrevented);
        json.WriteStartArray("reliability");
        foreach (ScoreTenth tenth in quality.Reliability)
        {
            json.WriteStartObject();
            json.WriteNumber("tenth", tenth.Tenth);
            json.WriteNumber("subjects", tenth.Subjects);
            json.WriteNumber("guilty", tenth.Guilty);
            json.WriteNumber("meanScore", Rounded(tenth.MeanScore));
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static double Rounded(double value) => Math.Round(value, 3);

    private static string TimeOf(long milliseconds) =>
        DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).ToString(TimeFormat, CultureInfo.InvariantCulture);
}
