using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;
using Dapper;
using Npgsql;

namespace AutoGuard.Guardian.Planning;

/// <summary>What came of an action.</summary>
public enum Effect
{
    /// <summary>It is not felt yet, or is being watched.</summary>
    Waiting,

    /// <summary>The subject's traffic ended, and none of it turned up elsewhere.</summary>
    Stopped,

    /// <summary>It ended there, and those behind it went on under another token or from another address.</summary>
    Moved,

    /// <summary>It went on.</summary>
    Continued,

    /// <summary>Nothing new began, but what ran before still runs: the engines refuse new connections only.</summary>
    Draining,

    /// <summary>It could not be seen.</summary>
    Unknown,
}

/// <summary>Somebody whose traffic is watched beside the subject's, to see it move.</summary>
/// <param name="Type">Kind of subject, as in JSON.</param>
/// <param name="Value">Its value.</param>
/// <param name="Started">Its counter of sessions when the action bit; null before.</param>
public sealed record Companion(string Type, string Value, long? Started);

/// <summary>An action whose effect is watched, or was measured.</summary>
public sealed record WatchedEffect
{
    /// <summary>The decision.</summary>
    public required string DecisionId { get; init; }

    /// <summary>Whom it is about.</summary>
    public required Subject Subject { get; init; }

    /// <summary>Tenant, or null.</summary>
    public string? Organization { get; init; }

    /// <summary>Networks from which the subject may go on: what is done from there says nothing of the effect.</summary>
    public ImmutableArray<IpNetwork> Except { get; init; } = [];

    /// <summary>From when on it must be felt.</summary>
    public required DateTimeOffset EffectiveAt { get; init; }

    /// <summary>Whether running sessions must end as well.</summary>
    public required bool EndsSessions { get; init; }

    /// <summary>Who else is watched.</summary>
    public required IReadOnlyList<Companion> Companions { get; init; }

    /// <summary>The subject's counter of sessions when the action bit; null before it was read.</summary>
    public long? SessionsAtEffect { get; init; }

    /// <summary>What came of it.</summary>
    public required Effect Effect { get; init; }

    /// <summary>Sessions that began after it bit; null before it was measured.</summary>
    public long? NewSessions { get; init; }

    /// <summary>Sessions that ran when it was measured.</summary>
    public int? OpenSessions { get; init; }

    /// <summary>A sentence.</summary>
    public string? Detail { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(IReadOnlyList<Companion>))]
internal sealed partial class EffectJsonContext : JsonSerializerContext;

/// <summary>The effects of actions, in the store.</summary>
public sealed class EffectLog(NpgsqlDataSource database, TimeProvider time)
{
    private const string Columns = """
        e.decision_id as DecisionId, d.subject_type as SubjectType, d.subject_value as SubjectValue, d.organization, d.spared::text[] as Spared, e.effective_at as EffectiveAt,
        e.ends_sessions as EndsSessions, e.companions::text as Companions, e.sessions_at_effect as SessionsAtEffect, e.effect,
        e.new_sessions as NewSessions, e.open_sessions as OpenSessions, e.detail
        """;

    /// <summary>Begins to watch; of several engines the first to bite counts, and one that ends sessions is enough to expect that.</summary>
    public async Task WatchAsync(string decisionId, DateTimeOffset effectiveAt, bool endsSessions, IReadOnlyList<Companion> companions, CancellationToken cancellationToken)
    {
        const string Sql = """
            insert into decision_effects as e (decision_id, effective_at, ends_sessions, companions, check_at)
            values (@DecisionId, @EffectiveAt, @EndsSessions, @Companions::jsonb, @EffectiveAt)
            on conflict (decision_id) do update
            set effective_at = least(e.effective_at, excluded.effective_at), ends_sessions = e.ends_sessions or excluded.ends_sessions,
              check_at = least(e.check_at, excluded.check_at)
            where e.watched_from is null and e.effect = 'waiting'
            """;
        string json = Storage.StorableText.OfJson(JsonSerializer.Serialize(companions, EffectJsonContext.Default.IReadOnlyListCompanion));
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            Sql, new { DecisionId = decisionId, EffectiveAt = effectiveAt.UtcDateTime, EndsSessions = endsSessions, Companions = json }, cancellationToken: cancellationToken));
    }

    /// <summary>Effects that are due to be looked at, oldest first.</summary>
    public async Task<IReadOnlyList<WatchedEffect>> DueAsync(int limit, CancellationToken cancellationToken)
    {
        const string Sql = $"""
            select {Columns} from decision_effects e join decisions d on d.id = e.decision_id
            where e.effect = 'waiting' and e.check_at <= @Now order by e.check_at limit @Limit
            """;
        return await QueryAsync(Sql, new { Now = time.GetUtcNow().UtcDateTime, Limit = limit }, cancellationToken);
    }

    /// <summary>The effect of a decision, or null when none is watched.</summary>
    public async Task<WatchedEffect?> FindAsync(string decisionId, CancellationToken cancellationToken)
    {
        const string Sql = $"select {Columns} from decision_effects e join decisions d on d.id = e.decision_id where e.decision_id = @DecisionId";
        return (await QueryAsync(Sql, new { DecisionId = decisionId }, cancellationToken)).SingleOrDefault();
    }

    /// <summary>Looks again later.</summary>
    public Task PostponeAsync(string decisionId, DateTimeOffset until, CancellationToken cancellationToken) =>
        ExecuteAsync("update decision_effects set check_at = @Until where decision_id = @DecisionId", new { DecisionId = decisionId, Until = until.UtcDateTime }, cancellationToken);

    /// <summary>Notes the counters at the moment that the action bit.</summary>
    public Task StartAsync(string decisionId, long sessions, IReadOnlyList<Companion> companions, DateTimeOffset checkAt, CancellationToken cancellationToken) =>
        ExecuteAsync(
            "update decision_effects set sessions_at_effect = @Sessions, companions = @Companions::jsonb, watched_from = @Now, check_at = @CheckAt where decision_id = @DecisionId",
            new
            {
                DecisionId = decisionId,
                Sessions = sessions,
                Companions = Storage.StorableText.OfJson(JsonSerializer.Serialize(companions, EffectJsonContext.Default.IReadOnlyListCompanion)),
                Now = time.GetUtcNow().UtcDateTime,
                CheckAt = checkAt.UtcDateTime,
            },
            cancellationToken);

    /// <summary>Notes what came of it.</summary>
    public Task FinishAsync(string decisionId, Effect effect, long? newSessions, int? openSessions, string? detail, CancellationToken cancellationToken) =>
        ExecuteAsync(
            "update decision_effects set effect = @Effect, new_sessions = @New, open_sessions = @Open, detail = @Detail, measured_at = @Now where decision_id = @DecisionId",
            new { DecisionId = decisionId, Effect = NameOf(effect), New = newSessions, Open = openSessions, Detail = detail, Now = time.GetUtcNow().UtcDateTime },
            cancellationToken);

    /// <summary>Records that decisions were made because of another.</summary>
    public async Task LinkAsync(string parentId, IReadOnlyList<Decision> followUps, string why, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(followUps);
        const string Sql = "insert into decision_follow_ups (decision_id, parent_id, why) select id, @Parent, @Why from unnest(@Ids) as u (id) on conflict do nothing";
        await ExecuteAsync(Sql, new { Parent = parentId, Why = Storage.StorableText.Of(why), Ids = followUps.Select(static d => d.Id).ToArray() }, cancellationToken);
    }

    /// <summary>An effect's name.</summary>
    public static string NameOf(Effect effect) => effect switch
    {
        Effect.Waiting => "waiting",
        Effect.Stopped => "stopped",
        Effect.Moved => "moved",
        Effect.Continued => "continued",
        Effect.Draining => "draining",
        _ => "unknown",
    };

    private async Task ExecuteAsync(string sql, object parameters, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken));
    }

    private async Task<IReadOnlyList<WatchedEffect>> QueryAsync(string sql, object parameters, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        IEnumerable<Row> rows = await connection.QueryAsync<Row>(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken));
        return [.. rows.Select(static row => row.ToEffect())];
    }

    private sealed class Row
    {
        public string DecisionId { get; init; } = "";

        public string SubjectType { get; init; } = "";

        public string SubjectValue { get; init; } = "";

        public string? Organization { get; init; }

        public string[] Spared { get; init; } = [];

        public DateTime EffectiveAt { get; init; }

        public bool EndsSessions { get; init; }

        public string Companions { get; init; } = "";

        public long? SessionsAtEffect { get; init; }

        public string Effect { get; init; } = "";

        public long? NewSessions { get; init; }

        public int? OpenSessions { get; init; }

        public string? Detail { get; init; }

        public WatchedEffect ToEffect() => new()
        {
            DecisionId = DecisionId,
            Subject = new Subject(DecisionNames.TryParse(SubjectType, out SubjectType type) ? type : default, SubjectValue),
            Organization = Organization,
            Except = Storage.SparedNetworks.Read(Spared),
            EffectiveAt = new DateTimeOffset(EffectiveAt, TimeSpan.Zero),
            EndsSessions = EndsSessions,
            Companions = JsonSerializer.Deserialize(Companions, EffectJsonContext.Default.IReadOnlyListCompanion) ?? [],
            SessionsAtEffect = SessionsAtEffect,
            Effect = Enum.GetValues<Effect>().First(effect => NameOf(effect) == Effect),
            NewSessions = NewSessions,
            OpenSessions = OpenSessions,
            Detail = Detail,
        };
    }
}
