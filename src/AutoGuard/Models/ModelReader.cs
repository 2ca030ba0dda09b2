using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using AutoGuard.Core.Events;
using AutoGuard.Core.Features;

namespace AutoGuard.Models;

/// <summary>A file that is no model that can be used.</summary>
/// <param name="errors">All that is wrong: field, value, and what is allowed.</param>
internal sealed class ModelException(IReadOnlyList<string> errors) : Exception(Describe(errors))
{
    private const int MostShown = 10;

    /// <summary>All that is wrong.</summary>
    public IReadOnlyList<string> Errors { get; } = errors;

    private static string Describe(IReadOnlyList<string> errors)
    {
        string text = string.Join("; ", errors.Take(MostShown));
        return errors.Count > MostShown ? string.Create(CultureInfo.InvariantCulture, $"{text}; and {errors.Count - MostShown} more") : text;
    }
}

/// <summary>Reads models and takes nothing for granted: a model can make detection blind.</summary>
internal sealed class ModelReader
{
    /// <summary>The largest level that is believed.</summary>
    public const double HighestLevel = 1_000_000;

    private const long Most = 1_000_000_000_000;
    private const int MostFiles = 100_000;
    private const int LongestName = 64;

    private static readonly string[] s_traits = [.. Enum.GetValues<PopulationTrait>().Select(ModelWriter.NameOf)];

    private readonly List<string> _errors = [];

    /// <summary>What a model's name must be.</summary>
    public const string NameForm = "1 to 64 letters, digits, dots, hyphens or underscores";

    /// <summary>Whether a text may be a model's name.</summary>
    public static bool IsName(string text) =>
        text.Length is > 0 and <= LongestName && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');

    /// <summary>Reads a model.</summary>
    /// <exception cref="ModelException">It is none; holds everything that is wrong.</exception>
    public static ModelDocument Read(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = 16, AllowDuplicateProperties = false });
            ModelReader reader = new();
            ModelDocument model = reader.ReadDocument(document.RootElement);
            return reader._errors.Count == 0 ? model : throw new ModelException(reader._errors);
        }
        catch (JsonException error)
        {
            throw new ModelException([$"the file is no JSON: {error.Message}"]);
        }
    }

    private ModelDocument ReadDocument(JsonElement root)
    {
        ModelFields fields = new(root, "", _errors, "format", "name", "createdFrom", "everybody", "tenants", "starts", "operators", "evaluation");
        fields.Whole("format", ModelDocument.Format, ModelDocument.Format);
        return new ModelDocument
        {
            Name = fields.Text("name", IsName, NameForm),
            Source = ReadSource(fields.Object("createdFrom", false, "files", "from", "to", "events", "sessions", "tokens", "addresses", "window")),
            Everybody = ReadLevels(fields.Object("everybody", false, "bound", "unbound")),
            Tenants = ReadTenants(fields),
            Starts = ReadStarts(fields),
            Operators = ReadOperators(fields),
            Evaluation = ReadEvaluation(fields.Object("evaluation", true, "without", "with")),
        };
    }

    private ModelSource ReadSource(ModelFields? fields)
    {
        ImmutableArray<string>.Builder files = ImmutableArray.CreateBuilder<string>();
        foreach ((JsonElement value, string path) in fields?.Items("files", MostFiles) ?? [])
        {
            if (value.ValueKind != JsonValueKind.String)
            {
                _errors.Add($"{path}: {value.ValueKind} is not allowed; must be a text");
                continue;
            }
            files.Add(value.GetString()!);
        }
        long from = TimeOf(fields, "from");
        long to = TimeOf(fields, "to");
        if (to < from)
        {
            fields!.Refuse("to", "a time before createdFrom.from", "at least that");
        }
        TimeSpan window = default;
        fields?.Text("window", text => TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out window) && window > TimeSpan.Zero, "a time span as 03:00:00");
        return new ModelSource
        {
            Files = files.ToImmutable(),
            From = from,
            To = to,
            Events = fields?.Whole("events", 0, Most) ?? 0,
            Sessions = fields?.Whole("sessions", 0, Most) ?? 0,
            Tokens = fields?.Whole("tokens", 0, Most) ?? 0,
            Addresses = fields?.Whole("addresses", 0, Most) ?? 0,
            Window = window,
        };
    }

    private static long TimeOf(ModelFields? fields, string name)
    {
        DateTimeOffset time = default;
        string? text = fields?.Text(
            name,
            given => DateTimeOffset.TryParseExact(given, ModelWriter.TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time),
            "a time in UTC as 2026-05-16T18:00:00.000Z");
        return string.IsNullOrEmpty(text) ? 0 : time.ToUnixTimeMilliseconds();
    }

    private static ModelLevels ReadLevels(ModelFields? fields) => new(ReadKind(fields, "bound"), ReadKind(fields, "unbound"));

    private static PopulationLevels? ReadKind(ModelFields? levels, string name)
    {
        if (levels?.Object(name, true, "tokens", "epochs", "usual") is not { } fields)
        {
            return null;
        }
        ModelFields? usual = fields.Object("usual", false, s_traits);
        return new PopulationLevels(
            fields.Whole("tokens", Population.Few, Most),
            (int)fields.Whole("epochs", 1, int.MaxValue),
            [.. s_traits.Select(trait => usual?.Number(trait, 0, HighestLevel) ?? 0)]);
    }

    private ImmutableArray<(string, ModelLevels)> ReadTenants(ModelFields root)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        ImmutableArray<(string, ModelLevels)>.Builder tenants = ImmutableArray.CreateBuilder<(string, ModelLevels)>();
        foreach ((JsonElement value, string path) in root.Items("tenants", ModelDocument.MostTenants))
        {
            ModelFields fields = new(value, path, _errors, "name", "bound", "unbound");
            int before = _errors.Count;
            string name = fields.Text(
                "name", text => Encoding.UTF8.GetByteCount(text) <= StringPool.LongestText, FormattableString.Invariant($"a text of at most {StringPool.LongestText} bytes"));
            if (_errors.Count == before && !seen.Add(name))
            {
                fields.Refuse("name", Configuration.Secrets.Show(name, secret: false), "a tenant that is not named before");
            }
            tenants.Add((name, ReadLevels(fields)));
        }
        return tenants.ToImmutable();
    }

    private ImmutableArray<HourStarts> ReadStarts(ModelFields root)
    {
        ImmutableArray<HourStarts>.Builder starts = ImmutableArray.CreateBuilder<HourStarts>();
        int last = -1;
        foreach ((JsonElement value, string path) in root.Items("starts", 24))
        {
            ModelFields fields = new(value, path, _errors, "hour", "minutes", "perMinute");
            int hour = (int)fields.Whole("hour", Math.Min(last + 1, 23), 23);
            starts.Add(new HourStarts(hour, fields.Number("minutes", 0, Most), fields.Number("perMinute", 0, Most)));
            last = hour;
        }
        return starts.ToImmutable();
    }

    private ImmutableArray<OperatorLevel> ReadOperators(ModelFields root)
    {
        HashSet<uint> seen = [];
        ImmutableArray<OperatorLevel>.Builder operators = ImmutableArray.CreateBuilder<OperatorLevel>();
        foreach ((JsonElement value, string path) in root.Items("operators", ModelDocument.MostOperators))
        {
            ModelFields fields = new(value, path, _errors, "asn", "tokens", "networks");
            uint asn = (uint)fields.Whole("asn", 1, uint.MaxValue);
            if (asn > 0 && !seen.Add(asn))
            {
                fields.Refuse("asn", asn.ToString(CultureInfo.InvariantCulture), "an operator that is not named before");
            }
            operators.Add(new OperatorLevel(asn, (int)fields.Whole("tokens", 1, int.MaxValue), (int)fields.Whole("networks", 1, OperatorHabits.MostNetworks)));
        }
        return operators.ToImmutable();
    }

    private ModelEvaluation? ReadEvaluation(ModelFields? fields) =>
        fields is null ? null : new ModelEvaluation(ReadQuality(fields, "without"), ReadQuality(fields, "with"));

    private ModelQuality ReadQuality(ModelFields evaluation, string name)
    {
        ModelFields? fields = evaluation.Object(
            name, false, "incidents", "caught", "caughtAsExpected", "flaggedRight", "flaggedWrong", "blockedRight", "blockedWrong",
            "honestSessions", "honestRefused", "misuseSessions", "misusePrevented", "reliability");
        long Of(string count) => fields?.Whole(count, 0, int.MaxValue) ?? 0;
        return new ModelQuality
        {
            Incidents = (int)Of("incidents"),
            Caught = (int)Of("caught"),
            CaughtAsExpected = (int)Of("caughtAsExpected"),
            FlaggedRight = (int)Of("flaggedRight"),
            FlaggedWrong = (int)Of("flaggedWrong"),
            BlockedRight = (int)Of("blockedRight"),
            BlockedWrong = (int)Of("blockedWrong"),
            HonestSessions = Of("honestSessions"),
            HonestRefused = Of("honestRefused"),
            MisuseSessions = Of("misuseSessions"),
            MisusePrevented = Of("misusePrevented"),
            Reliability = ReadReliability(fields),
        };
    }

    private ImmutableArray<ScoreTenth> ReadReliability(ModelFields? quality)
    {
        ImmutableArray<ScoreTenth>.Builder tenths = ImmutableArray.CreateBuilder<ScoreTenth>();
        foreach ((JsonElement value, string path) in quality?.Items("reliability", 10) ?? [])
        {
            ModelFields fields = new(value, path, _errors, "tenth", "subjects", "guilty", "meanScore");
            tenths.Add(new ScoreTenth(
                (int)fields.Whole("tenth", 0, 9), (int)fields.Whole("subjects", 1, int.MaxValue), (int)fields.Whole("guilty", 0, int.MaxValue), fields.Number("meanScore", 0, 1)));
        }
        return tenths.ToImmutable();
    }
}
