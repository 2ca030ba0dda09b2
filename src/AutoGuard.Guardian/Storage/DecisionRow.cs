using System.Buffers;
using System.Text;
using System.Text.Json;
using AutoGuard.Core.Guardian;
using AutoGuard.Core.Policy;
using Npgsql;
using NpgsqlTypes;

namespace AutoGuard.Guardian.Storage;

/// <summary>A decision as a row of the log.</summary>
internal sealed class DecisionRow
{
    public const string Columns = """
        d.id, d.time, d.action, d.mode, d.subject_type as SubjectType, d.subject_value as SubjectValue, d.organization, d.score,
        d.reasons::text as Reasons, d.harm::text as Harm, d.expires, d.policy, d.topic, d."partition", d."offset", d.follows, d.spared::text[] as Spared
        """;

    public const string Insert = """
        insert into decisions (id, time, action, mode, subject_type, subject_value, organization, score, reasons, harm, expires, policy, topic, "partition", "offset", follows, spared, recorded_at, published)
        select id, time, action, mode, subject_type, subject_value, organization, score, reasons::jsonb, harm::jsonb, expires, policy, topic, part, off, follows, spared::cidr[], @recorded, false
        from unnest(@ids, @times, @actions, @modes, @types, @values, @organizations, @scores, @reasons, @harms, @expires, @policies, @topics, @partitions, @offsets, @follows, @spared)
          with ordinality as u (id, time, action, mode, subject_type, subject_value, organization, score, reasons, harm, expires, policy, topic, part, off, follows, spared, n)
        order by n
        on conflict (id) do nothing
        """;

    public string Id { get; init; } = "";

    public DateTime Time { get; init; }

    public string Action { get; init; } = "";

    public string Mode { get; init; } = "";

    public string SubjectType { get; init; } = "";

    public string SubjectValue { get; init; } = "";

    public string? Organization { get; init; }

    public double Score { get; init; }

    public string Reasons { get; init; } = "";

    public string Harm { get; init; } = "";

    public DateTime? Expires { get; init; }

    public string Policy { get; init; } = "";

    public string Topic { get; init; } = "";

    public int Partition { get; init; }

    public long Offset { get; init; }

    public string? Follows { get; init; }

    public string[] Spared { get; init; } = [];

    public int Attempts { get; init; }

    public string? SupersededBy { get; init; }

    public Decision ToDecision()
    {
        using JsonDocument reasons = JsonDocument.Parse(Reasons);
        using JsonDocument harm = JsonDocument.Parse(Harm);
        if (!DecisionNames.TryParse(Action, out DecisionAction action) || !DecisionNames.TryParse(Mode, out EnforcementMode mode)
            || !DecisionNames.TryParse(SubjectType, out SubjectType type))
        {
            throw new InvalidOperationException($"Decision {Id} in the store has an action, mode or subject type that is not known.");
        }
        return new Decision
        {
            Id = Id,
            Time = ToMilliseconds(Time),
            Action = action,
            Mode = mode,
            Subject = new Subject(type, SubjectValue),
            Organization = Organization,
            Score = Score,
            Reasons = DecisionJson.ReadReasons(reasons.RootElement),
            Harm = DecisionJson.ReadHarm(harm.RootElement),
            Expires = Expires is DateTime expires ? ToMilliseconds(expires) : null,
            Follows = Follows,
            Except = SparedNetworks.Read(Spared),
            Policy = Policy,
            Source = new SourcePosition(Topic, Partition, Offset),
        };
    }

    public static void AddParameters(NpgsqlCommand command, IReadOnlyList<Decision> decisions, DateTimeOffset recorded)
    {
        void Texts(string name, Func<Decision, string?> value) => Add(command, name, NpgsqlDbType.Text, decisions, d => StorableText.OrNull(value(d)));
        void Times(string name, Func<Decision, DateTime?> value) => Add(command, name, NpgsqlDbType.TimestampTz, decisions, value);
        Texts("ids", static d => d.Id);
        Times("times", static d => FromMilliseconds(d.Time));
        Texts("actions", static d => DecisionNames.Of(d.Action));
        Texts("modes", static d => DecisionNames.Of(d.Mode));
        Texts("types", static d => d.Subject.TypeName);
        Texts("values", static d => d.Subject.Value);
        Texts("organizations", static d => d.Organization);
        Add(command, "scores", NpgsqlDbType.Double, decisions, static d => DecisionJson.Round(d.Score));
        Add(command, "reasons", NpgsqlDbType.Text, decisions, static d => ToJson(writer => DecisionJson.WriteReasons(writer, d.Reasons)));
        Add(command, "harms", NpgsqlDbType.Text, decisions, static d => ToJson(writer => DecisionJson.WriteHarm(writer, d.Harm)));
        Times("expires", static d => d.Expires is long expires ? FromMilliseconds(expires) : null);
        Texts("follows", static d => d.Follows);
        Texts("spared", static d => SparedNetworks.Write(d.Except));
        Texts("policies", static d => d.Policy);
        Texts("topics", static d => d.Source.Topic);
        Add(command, "partitions", NpgsqlDbType.Integer, decisions, static d => d.Source.Partition);
        Add(command, "offsets", NpgsqlDbType.Bigint, decisions, static d => d.Source.Offset);
        command.Parameters.Add(new NpgsqlParameter("recorded", NpgsqlDbType.TimestampTz) { Value = recorded.UtcDateTime });
    }

    public static void Add<TItem, TValue>(NpgsqlCommand command, string name, NpgsqlDbType type, IReadOnlyList<TItem> items, Func<TItem, TValue> value)
    {
        var values = new TValue[items.Count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = value(items[i]);
        }
        command.Parameters.Add(new NpgsqlParameter(name, NpgsqlDbType.Array | type) { Value = values });
    }

    public static DateTime FromMilliseconds(long unixMilliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(unixMilliseconds).UtcDateTime;

    public static long ToMilliseconds(DateTime utc) => new DateTimeOffset(utc, TimeSpan.Zero).ToUnixTimeMilliseconds();

    public static string NameOf(GuardianResult result) => result switch
    {
        GuardianResult.Applied => "applied",
        GuardianResult.AlreadyApplied => "already_applied",
        GuardianResult.Unsupported => "unsupported",
        GuardianResult.Rejected => "rejected",
        GuardianResult.Unavailable => "unavailable",
        GuardianResult.NotNeeded => "not_needed",
        _ => throw new ArgumentOutOfRangeException(nameof(result)),
    };

    public static GuardianResult ResultOf(string name) => name switch
    {
        "applied" => GuardianResult.Applied,
        "already_applied" => GuardianResult.AlreadyApplied,
        "unsupported" => GuardianResult.Unsupported,
        "rejected" => GuardianResult.Rejected,
        "unavailable" => GuardianResult.Unavailable,
        "not_needed" => GuardianResult.NotNeeded,
        _ => throw new InvalidOperationException($"The outcome '{name}' in the store is not known."),
    };

    private static string ToJson(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            write(writer);
        }
        return StorableText.OfJson(Encoding.UTF8.GetString(buffer.WrittenSpan));
    }
}
