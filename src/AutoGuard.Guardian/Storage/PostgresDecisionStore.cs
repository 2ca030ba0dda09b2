using System.Collections.Immutable;
using System.Text.Json;
using AutoGuard.Core.Guardian;
using AutoGuard.Core.Policy;
using AutoGuard.Core.Reporting;
using Dapper;
using Npgsql;
using NpgsqlTypes;

namespace AutoGuard.Guardian.Storage;

/// <summary>
/// The decision log in PostgreSQL. Everything is idempotent: a decision is known by its id, an outcome by decision and
/// guardian, evidence by subject and organization. The log is also the outbox: what a guardian has not answered for good
/// is still pending.
/// </summary>
public sealed class PostgresDecisionStore(NpgsqlDataSource database, TimeProvider time)
{
    private const int RetentionBatch = 5_000;

    /// <summary>Records decisions and the evidence of their subjects in one transaction; returns how many decisions were new.</summary>
    public async Task<int> AppendAsync(IReadOnlyList<Decision> decisions, IReadOnlyList<FlaggedSubject> flagged, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(decisions);
        ArgumentNullException.ThrowIfNull(flagged);
        if (decisions.Count == 0 && flagged.Count == 0)
        {
            return 0;
        }
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
        int added = 0;
        if (decisions.Count > 0)
        {
            await using var insert = new NpgsqlCommand(DecisionRow.Insert, connection, transaction);
            DecisionRow.AddParameters(insert, decisions, time.GetUtcNow());
            added = await insert.ExecuteNonQueryAsync(cancellationToken);
        }
        if (flagged.Count > 0)
        {
            await UpsertFlaggedAsync(connection, transaction, flagged, cancellationToken);
        }
        await transaction.CommitAsync(cancellationToken);
        return added;
    }

    /// <summary>Decisions with event times in [from, to), oldest first.</summary>
    public async Task<IReadOnlyList<Decision>> ReadDecisionsAsync(DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        const string Sql = $"select {DecisionRow.Columns} from decisions d where d.time >= @From and d.time < @To order by d.time, d.seq";
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        IEnumerable<DecisionRow> rows = await connection.QueryAsync<DecisionRow>(new CommandDefinition(
            Sql, new { From = from.UtcDateTime, To = to.UtcDateTime }, cancellationToken: cancellationToken));
        return [.. rows.Select(static row => row.ToDecision())];
    }

    /// <summary>Blocks decided in [from, to) that lapse by themselves, oldest first: what makes a later block last longer.</summary>
    public async Task<IReadOnlyList<Decision>> ReadLapsingAsync(DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        const string Sql = $"""
            select {DecisionRow.Columns} from decisions d
            where d.time >= @From and d.time < @To and d.action = 'block' and d.expires is not null
            order by d.time, d.seq
            """;
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        IEnumerable<DecisionRow> rows = await connection.QueryAsync<DecisionRow>(new CommandDefinition(
            Sql, new { From = from.UtcDateTime, To = to.UtcDateTime }, cancellationToken: cancellationToken));
        return [.. rows.Select(static row => row.ToDecision())];
    }

    /// <summary>
    /// Subjects with a decision in [from, to), highest score first, at most <paramref name="most"/>, and how many there are in
    /// all: the latest evidence, with the period's decisions and its highest score. A subject without stored evidence is made
    /// from its decisions alone.
    /// </summary>
    public async Task<(IReadOnlyList<FlaggedSubject> Highest, int Total)> ReadFlaggedAsync(
        DateTimeOffset from, DateTimeOffset to, int most, CancellationToken cancellationToken)
    {
        // The order of equals is that of reports.
        const string Highest = """
            with highest as materialized (
              select d.subject_type, d.subject_value, coalesce(d.organization, '') as organization, max(d.score) as score, count(*) over () as total
              from decisions d
              where d.time >= @From and d.time < @To
              group by 1, 2, 3
              order by 4 desc, array_position(array['token', 'ip', 'cidr', 'referrer'], d.subject_type), d.subject_value collate "C", coalesce(d.organization, '') collate "C"
              limit @Most)

            """;
        const string Evidence = Highest + """
            select (select max(total) from highest)::int as Total, f.evidence::text as Evidence
            from (select 1) as always
            left join highest h on true
            left join flagged_subjects f on f.subject_type = h.subject_type and f.subject_value = h.subject_value and f.organization = h.organization
            """;
        const string Decisions = Highest + $"""
            select {DecisionRow.Columns}
            from decisions d
            join highest h on d.subject_type = h.subject_type and d.subject_value = h.subject_value and coalesce(d.organization, '') = h.organization
            where d.time >= @From and d.time < @To
            order by d.time, d.seq
            """;
        var parameters = new { From = from.UtcDateTime, To = to.UtcDateTime, Most = most };
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        // One snapshot for both queries, so that a report never shows a decision without its subject.
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellationToken);
        List<(int? Total, string? Evidence)> rows =
            [.. await connection.QueryAsync<(int? Total, string? Evidence)>(new CommandDefinition(Evidence, parameters, transaction, cancellationToken: cancellationToken))];
        IEnumerable<DecisionRow> decisions = await connection.QueryAsync<DecisionRow>(new CommandDefinition(Decisions, parameters, transaction, cancellationToken: cancellationToken));
        Dictionary<(Subject, string), FlaggedSubject> evidence = rows
            .Where(static row => row.Evidence is not null)
            .Select(static row => JsonSerializer.Deserialize(row.Evidence!, StorageJsonContext.Default.FlaggedSubject)!)
            .ToDictionary(static f => (f.Subject, f.Organization ?? ""));
        var flagged = new List<FlaggedSubject>();
        foreach (IGrouping<(Subject, string), Decision> group in decisions.Select(static row => row.ToDecision()).GroupBy(static d => (d.Subject, d.Organization ?? "")))
        {
            ImmutableArray<Decision> own = [.. group];
            FlaggedSubject subject = evidence.TryGetValue(group.Key, out FlaggedSubject? known) ? known : WithoutEvidence(own[^1]);
            flagged.Add(subject with { Decisions = own, Score = own.Max(static d => d.Score) });
        }
        flagged.Sort(static (a, b) => a.Score != b.Score ? b.Score.CompareTo(a.Score) : a.Subject.CompareTo(b.Subject));
        return (flagged, rows[0].Total ?? 0);
    }

    /// <summary>
    /// Decisions that a guardian still has to take, in the order they were recorded: enforced blocks, revocations and
    /// releases without a final outcome, whose next attempt is due, that have not lapsed and were recorded within
    /// <paramref name="maximumAge"/>, so that a guardian configured today is not handed last month. A block is superseded by a later
    /// release and the other way round: each is tried again in its own time, so a block that failed would come after its release.
    /// So is a revocation by a later one that spares other networks and lasts as long: the later one's exceptions count.
    /// </summary>
    public async Task<IReadOnlyList<PendingDecision>> PendingAsync(string guardian, int limit, TimeSpan maximumAge, CancellationToken cancellationToken)
    {
        const string Sql = $"""
            select {DecisionRow.Columns}, coalesce(o.attempts, 0) as Attempts,
              (select l.id from decisions l
               where l.subject_type = d.subject_type and l.subject_value = d.subject_value and coalesce(l.organization, '') = coalesce(d.organization, '')
                 and l.seq > d.seq and l.mode = 'enforce' and l.action in ('block', 'revoke', 'release')
                 and ((l.action = 'release') <> (d.action = 'release') or (l.spared <> d.spared and (l.expires is null or l.expires >= d.expires)))
                 and (l.expires is null or l.expires > @Now)
               order by l.seq desc limit 1) as SupersededBy
            from decisions d
            left join decision_outcomes o on o.decision_id = d.id and o.guardian = @Guardian
            where d.mode = 'enforce' and d.action in ('block', 'revoke', 'release')
              and d.recorded_at >= @Oldest and (d.expires is null or d.expires > @Now)
              and (o.decision_id is null or (o.result = 'unavailable' and coalesce(o.next_attempt_at, @Now) <= @Now))
            order by d.seq
            limit @Limit
            """;
        DateTime now = time.GetUtcNow().UtcDateTime;
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        IEnumerable<DecisionRow> rows = await connection.QueryAsync<DecisionRow>(new CommandDefinition(
            Sql, new { Guardian = guardian, Now = now, Oldest = now - maximumAge, Limit = limit }, cancellationToken: cancellationToken));
        return [.. rows.Select(static row => new PendingDecision(row.ToDecision(), row.Attempts, row.SupersededBy))];
    }

    /// <summary>Records a guardian's answer. A final answer is never replaced by <see cref="GuardianResult.Unavailable"/>.</summary>
    /// <param name="decisionId">The decision.</param>
    /// <param name="guardian">Name of the guardian.</param>
    /// <param name="outcome">What it said.</param>
    /// <param name="retryAt">When to try again after <see cref="GuardianResult.Unavailable"/>; at once when null.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task RecordOutcomeAsync(
        string decisionId, string guardian, GuardianOutcome outcome, DateTimeOffset? retryAt, CancellationToken cancellationToken)
    {
        const string Sql = """
            insert into decision_outcomes as o (decision_id, guardian, result, detail, rule_id, attempts, attempted_at, next_attempt_at)
            values (@DecisionId, @Guardian, @Result, @Detail, @RuleId, 1, @Now, @Next)
            on conflict (decision_id, guardian) do update
            set result = excluded.result, detail = excluded.detail, rule_id = coalesce(excluded.rule_id, o.rule_id),
              attempts = o.attempts + 1, attempted_at = excluded.attempted_at, next_attempt_at = excluded.next_attempt_at
            where o.result = 'unavailable' or excluded.result <> 'unavailable'
            """;
        ArgumentNullException.ThrowIfNull(outcome);
        bool again = outcome.Result == GuardianResult.Unavailable;
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            Sql,
            new
            {
                DecisionId = decisionId,
                Guardian = guardian,
                Result = DecisionRow.NameOf(outcome.Result),
                Detail = StorableText.OrNull(outcome.Detail),
                RuleId = StorableText.OrNull(outcome.RuleId),
                Now = time.GetUtcNow().UtcDateTime,
                Next = again ? retryAt?.UtcDateTime : null,
            },
            cancellationToken: cancellationToken));
    }

    /// <summary>Outcomes of decisions with event times in [from, to).</summary>
    public async Task<IReadOnlyList<RecordedOutcome>> ReadOutcomesAsync(DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        const string Sql = """
            select o.decision_id as DecisionId, o.guardian, o.result, o.detail, o.rule_id as RuleId, o.attempts, o.attempted_at as AttemptedAt
            from decision_outcomes o join decisions d on d.id = o.decision_id
            where d.time >= @From and d.time < @To
            order by d.seq, o.guardian
            """;
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        IEnumerable<OutcomeRow> rows = await connection.QueryAsync<OutcomeRow>(new CommandDefinition(
            Sql, new { From = from.UtcDateTime, To = to.UtcDateTime }, cancellationToken: cancellationToken));
        return [.. rows.Select(static row => row.ToOutcome())];
    }

    /// <summary>
    /// Deletes decisions recorded before a time, their outcomes, notices, and evidence that no decision is left for; returns how many
    /// decisions went. Works in batches, so that writers never wait long.
    /// </summary>
    public async Task<int> DeleteOlderThanAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        const string Decisions = """
            delete from decisions where id in (select id from decisions where recorded_at < @Before order by seq limit @RetentionBatch)
            """;
        const string Evidence = """
            delete from flagged_subjects f
            where f.last_updated < @Before and not exists (
              select 1 from decisions d
              where d.subject_type = f.subject_type and d.subject_value = f.subject_value and coalesce(d.organization, '') = f.organization)
            """;
        var parameters = new { Before = before.UtcDateTime, RetentionBatch };
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        int total = 0;
        int deleted;
        do
        {
            deleted = await connection.ExecuteAsync(new CommandDefinition(Decisions, parameters, cancellationToken: cancellationToken));
            total += deleted;
        }
        while (deleted == RetentionBatch);
        await connection.ExecuteAsync(new CommandDefinition(Evidence, parameters, cancellationToken: cancellationToken));
        await connection.ExecuteAsync(new CommandDefinition("delete from notices where recorded_at < @Before", parameters, cancellationToken: cancellationToken));
        return total;
    }

    private static async Task UpsertFlaggedAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, IReadOnlyList<FlaggedSubject> flagged, CancellationToken cancellationToken)
    {
        const string Sql = """
            insert into flagged_subjects as f (subject_type, subject_value, organization, evidence, first_flagged, last_updated, highest_score)
            select type, value, organization, evidence::jsonb, first, last, score
            from unnest(@types, @values, @organizations, @evidence, @firsts, @lasts, @scores) as u (type, value, organization, evidence, first, last, score)
            on conflict (subject_type, subject_value, organization) do update
            set evidence = case when excluded.last_updated >= f.last_updated then excluded.evidence else f.evidence end,
              first_flagged = least(f.first_flagged, excluded.first_flagged),
              last_updated = greatest(f.last_updated, excluded.last_updated),
              highest_score = greatest(f.highest_score, excluded.highest_score)
            """;
        // One statement may touch a row once, so of several findings on a subject the latest goes in.
        List<FlaggedSubject> latest = [.. flagged
            .GroupBy(static f => (Subject: f.Subject with { Value = StorableText.Of(f.Subject.Value) }, Organization: StorableText.Of(f.Organization ?? "")))
            .OrderBy(static g => g.Key.Subject).ThenBy(static g => g.Key.Organization, StringComparer.Ordinal)
            .Select(static g => g.MaxBy(UpdatedAt)! with { Score = g.Max(static f => f.Score) })];
        await using var command = new NpgsqlCommand(Sql, connection, transaction);
        DecisionRow.Add(command, "types", NpgsqlDbType.Text, latest, static f => f.Subject.TypeName);
        DecisionRow.Add(command, "values", NpgsqlDbType.Text, latest, static f => StorableText.Of(f.Subject.Value));
        DecisionRow.Add(command, "organizations", NpgsqlDbType.Text, latest, static f => StorableText.Of(f.Organization ?? ""));
        DecisionRow.Add(command, "evidence", NpgsqlDbType.Text, latest, static f =>
            StorableText.OfJson(JsonSerializer.Serialize(f with { Decisions = [] }, StorageJsonContext.Default.FlaggedSubject)));
        DecisionRow.Add(command, "firsts", NpgsqlDbType.TimestampTz, latest, static f =>
            DecisionRow.FromMilliseconds(f.Decisions.IsDefaultOrEmpty ? f.LastEnd : f.Decisions.Min(static d => d.Time)));
        DecisionRow.Add(command, "lasts", NpgsqlDbType.TimestampTz, latest, static f => DecisionRow.FromMilliseconds(UpdatedAt(f)));
        DecisionRow.Add(command, "scores", NpgsqlDbType.Double, latest, static f => f.Score);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static long UpdatedAt(FlaggedSubject flagged) =>
        flagged.Decisions.IsDefaultOrEmpty ? flagged.LastEnd : flagged.Decisions.Max(static d => d.Time);

    private static FlaggedSubject WithoutEvidence(Decision decision) => new()
    {
        Subject = decision.Subject,
        Organization = decision.Organization,
        Score = decision.Score,
        Decisions = [],
        DurationSum = 0,
        DurationAverage = 0,
        Sessions = 0,
        Addresses = 0,
        Tokens = 0,
        MaxConcurrency = 0,
        FirstStart = decision.Time,
        LastEnd = decision.Time,
        Recommendation = "No evidence was stored with the decision; look at its reasons.",
    };

    private sealed class OutcomeRow
    {
        public string DecisionId { get; init; } = "";

        public string Guardian { get; init; } = "";

        public string Result { get; init; } = "";

        public string? Detail { get; init; }

        public string? RuleId { get; init; }

        public int Attempts { get; init; }

        public DateTime AttemptedAt { get; init; }

        public RecordedOutcome ToOutcome() =>
            new(DecisionId, Guardian, new GuardianOutcome(DecisionRow.ResultOf(Result), Detail, RuleId), Attempts, new DateTimeOffset(AttemptedAt, TimeSpan.Zero));
    }
}
