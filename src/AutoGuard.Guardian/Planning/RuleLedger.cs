using System.Collections.Immutable;
using AutoGuard.Core.Events;
using AutoGuard.Core.Guardian;
using AutoGuard.Core.Policy;
using AutoGuard.Guardian.Remote;
using AutoGuard.Guardian.Storage;
using Dapper;
using Npgsql;

namespace AutoGuard.Guardian.Planning;

/// <summary>A rule that AutoGuard put into an engine.</summary>
public sealed record EnforcedRule
{
    /// <summary>Whom it is about.</summary>
    public required Subject Subject { get; init; }

    /// <summary>Tenant, or null.</summary>
    public string? Organization { get; init; }

    /// <summary>Whether it is known to be in the engine; else it was about to be put there.</summary>
    public required bool IsActive { get; init; }

    /// <summary>The latest decision behind it.</summary>
    public required string DecisionId { get; init; }

    /// <summary>When it was sent last.</summary>
    public required DateTimeOffset SentAt { get; init; }

    /// <summary>From when on it must be felt; null before the engine took it.</summary>
    public DateTimeOffset? EffectiveAt { get; init; }

    /// <summary>When the engine drops it by itself; null: never.</summary>
    public DateTimeOffset? LapsesAt { get; init; }

    /// <summary>Until when it is wanted; null: until released.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Networks from which a revoked token stays good, as the latest decision says.</summary>
    public ImmutableArray<IpNetwork> Except { get; init; } = [];
}

/// <summary>For whom a rule was entered before.</summary>
public enum EarlierEntry
{
    /// <summary>For nobody.</summary>
    None = 0,

    /// <summary>For another tenant; engines that know no tenants have one rule for both.</summary>
    OfAnotherTenant = 1,

    /// <summary>For the same tenant.</summary>
    Own = 2,
}

/// <summary>
/// What AutoGuard has in every engine: the desired state that engines are compared with, and the memory of what is AutoGuard's own
/// where an engine keeps neither reason nor expiry. A rule is entered before it is sent, so that none is forgotten by a crash.
/// </summary>
public sealed class RuleLedger(NpgsqlDataSource database, TimeProvider time) : IOwnedRules
{
    private const string Key = "guardian = @Guardian and subject_type = @Type and subject_value = @Value and organization = @Organization";

    private const string Columns = """
        subject_type as SubjectType, subject_value as SubjectValue, organization, state, decision_id as DecisionId,
        sent_at as SentAt, effective_at as EffectiveAt, lapses_at as LapsesAt, expires_at as ExpiresAt, spared::text[] as Spared
        """;

    /// <summary>Enters a rule that is about to be sent, and says for whom it was entered before. An expiry is only ever moved later.</summary>
    public async Task<EarlierEntry> BeginAsync(string guardian, Decision decision, CancellationToken cancellationToken)
    {
        const string Sql = """
            insert into enforced_rules as r (guardian, subject_type, subject_value, organization, state, decision_id, sent_at, expires_at, spared)
            values (@Guardian, @Type, @Value, @Organization, 'sending', @DecisionId, @Now, @Expires, @Spared::cidr[])
            on conflict (guardian, subject_type, subject_value, organization) do update
            set decision_id = excluded.decision_id, spared = excluded.spared,
              expires_at = case when r.expires_at is null or excluded.expires_at is null then null else greatest(r.expires_at, excluded.expires_at) end
            returning case when xmax <> 0 then 2 when exists (
              select from enforced_rules o
              where o.guardian = @Guardian and o.subject_type = @Type and o.subject_value = @Value and o.organization <> @Organization) then 1 else 0 end
            """;
        ArgumentNullException.ThrowIfNull(decision);
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        return (EarlierEntry)await connection.ExecuteScalarAsync<int>(new CommandDefinition(
            Sql,
            new
            {
                Guardian = guardian,
                Type = decision.Subject.TypeName,
                Value = StorableText.Of(decision.Subject.Value),
                Organization = StorableText.Of(decision.Organization ?? ""),
                DecisionId = decision.Id,
                Now = time.GetUtcNow().UtcDateTime,
                Expires = decision.Expires is long at ? DateTimeOffset.FromUnixTimeMilliseconds(at).UtcDateTime : (DateTime?)null,
                Spared = SparedNetworks.Write(decision.Except),
            },
            cancellationToken: cancellationToken));
    }

    /// <summary>
    /// Notes that a rule is wanted no longer, before the engine is told so: whoever is just about to send it again finds out when
    /// it confirms, and what an engine does not take back now is taken back at the next comparison.
    /// </summary>
    public async Task UnwantAsync(string guardian, Subject subject, string? organization, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            $"update enforced_rules set expires_at = least(expires_at, @Now) where {Key}", Parameters(guardian, subject, organization), cancellationToken: cancellationToken));
    }

    /// <summary>Notes that the engine has it; false when it is not wanted any more, because it was released meanwhile.</summary>
    public async Task<bool> ConfirmAsync(IGuardian guardian, Decision decision, string? ruleId, bool isNew, CancellationToken cancellationToken)
    {
        const string Sql = $"""
            update enforced_rules
            set state = 'active', rule_id = coalesce(@RuleId, rule_id),
              sent_at = case when @IsNew or effective_at is null then @Now else sent_at end,
              effective_at = case when @IsNew or effective_at is null then @Effective else effective_at end,
              lapses_at = case when @IsNew or effective_at is null then @Lapses else lapses_at end
            where {Key} and (expires_at is null or expires_at > @Now)
            """;
        ArgumentNullException.ThrowIfNull(guardian);
        ArgumentNullException.ThrowIfNull(decision);
        GuardianCapabilities capabilities = guardian.Capabilities;
        DateTime now = time.GetUtcNow().UtcDateTime;
        bool lapses = capabilities.AddressLapseSeconds is not null && decision.Subject.Type is SubjectType.Ip or SubjectType.Cidr;
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteAsync(new CommandDefinition(
            Sql,
            new
            {
                Guardian = guardian.Name,
                Type = decision.Subject.TypeName,
                Value = StorableText.Of(decision.Subject.Value),
                Organization = StorableText.Of(decision.Organization ?? ""),
                RuleId = StorableText.OrNull(ruleId),
                IsNew = isNew,
                Now = now,
                Effective = now.AddSeconds(capabilities.DelaySeconds),
                Lapses = lapses ? now.AddSeconds(capabilities.AddressLapseSeconds!.Value) : (DateTime?)null,
            },
            cancellationToken: cancellationToken)) > 0;
    }

    /// <summary>Enters a rule that the engine has and nobody wants any more, so that it is taken back; one that was entered meanwhile stays as it is.</summary>
    public async Task EnterUnwantedAsync(string guardian, Decision decision, CancellationToken cancellationToken)
    {
        const string Sql = """
            insert into enforced_rules (guardian, subject_type, subject_value, organization, state, decision_id, sent_at, expires_at)
            values (@Guardian, @Type, @Value, @Organization, 'sending', @DecisionId, @Now, @Now)
            on conflict do nothing
            """;
        ArgumentNullException.ThrowIfNull(decision);
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(Sql, Parameters(guardian, decision.Subject, decision.Organization, decision.Id), cancellationToken: cancellationToken));
    }

    /// <summary>Forgets a rule that was taken back; false when it stays because it is wanted again: a decision entered it anew meanwhile.</summary>
    public async Task<bool> ForgetUnwantedAsync(string guardian, Subject subject, string? organization, CancellationToken cancellationToken)
    {
        const string Sql = $"""
            with gone as (delete from enforced_rules where {Key} and expires_at <= @Now returning 1)
            select exists (select from gone) or not exists (select from enforced_rules where {Key})
            """;
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<bool>(new CommandDefinition(Sql, Parameters(guardian, subject, organization), cancellationToken: cancellationToken));
    }

    /// <summary>Forgets a rule: it was refused, or is somebody else's.</summary>
    public async Task ForgetAsync(string guardian, Subject subject, string? organization, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            $"delete from enforced_rules where {Key}", Parameters(guardian, subject, organization), cancellationToken: cancellationToken));
    }

    /// <summary>All rules of an engine, oldest first.</summary>
    public async Task<IReadOnlyList<EnforcedRule>> ReadAsync(string guardian, CancellationToken cancellationToken)
    {
        const string Sql = $"select {Columns} from enforced_rules where guardian = @Guardian order by sent_at, subject_type, subject_value";
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        IEnumerable<Row> rows = await connection.QueryAsync<Row>(new CommandDefinition(Sql, new { Guardian = guardian }, cancellationToken: cancellationToken));
        return [.. rows.Select(static row => row.ToRule())];
    }

    /// <summary>One rule as it is entered now; null when it is not.</summary>
    public async Task<EnforcedRule?> FindAsync(string guardian, Subject subject, string? organization, CancellationToken cancellationToken)
    {
        const string Sql = $"select {Columns} from enforced_rules where {Key}";
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        Row? row = await connection.QuerySingleOrDefaultAsync<Row>(new CommandDefinition(Sql, Parameters(guardian, subject, organization), cancellationToken: cancellationToken));
        return row?.ToRule();
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlySet<Subject>> OwnedAsync(string guardian, CancellationToken cancellationToken) =>
        (await ReadAsync(guardian, cancellationToken)).Select(static rule => rule.Subject).ToHashSet();

    private object Parameters(string guardian, Subject subject, string? organization, string? decisionId = null) => new
    {
        Guardian = guardian,
        Type = subject.TypeName,
        Value = StorableText.Of(subject.Value),
        Organization = StorableText.Of(organization ?? ""),
        DecisionId = decisionId,
        Now = time.GetUtcNow().UtcDateTime,
    };

    private sealed class Row
    {
        public string SubjectType { get; init; } = "";

        public string SubjectValue { get; init; } = "";

        public string Organization { get; init; } = "";

        public string State { get; init; } = "";

        public string DecisionId { get; init; } = "";

        public DateTime SentAt { get; init; }

        public DateTime? EffectiveAt { get; init; }

        public DateTime? LapsesAt { get; init; }

        public DateTime? ExpiresAt { get; init; }

        public string[] Spared { get; init; } = [];

        public EnforcedRule ToRule() => new()
        {
            Subject = new Subject(
                DecisionNames.TryParse(SubjectType, out SubjectType type) ? type : throw new InvalidOperationException($"The kind of subject '{SubjectType}' in the store is not known."),
                SubjectValue),
            Organization = Organization.Length == 0 ? null : Organization,
            IsActive = State == "active",
            DecisionId = DecisionId,
            SentAt = Utc(SentAt),
            EffectiveAt = EffectiveAt is { } effective ? Utc(effective) : null,
            LapsesAt = LapsesAt is { } lapses ? Utc(lapses) : null,
            ExpiresAt = ExpiresAt is { } expires ? Utc(expires) : null,
            Except = SparedNetworks.Read(Spared),
        };

        private static DateTimeOffset Utc(DateTime value) => new(value, TimeSpan.Zero);
    }
}
