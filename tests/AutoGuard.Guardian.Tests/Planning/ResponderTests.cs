using System.Collections.Frozen;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Core.Guardian;
using AutoGuard.Core.Policy;
using AutoGuard.Core.Reporting;
using AutoGuard.Guardian.Planning;
using AutoGuard.Guardian.Remote;
using AutoGuard.Guardian.Rules;
using AutoGuard.Guardian.Storage;
using AutoGuard.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace AutoGuard.Guardian.Tests.Planning;

/// <summary>From the decision log to engines in memory, on a real PostgreSQL.</summary>
public sealed partial class ResponderTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private static readonly Subject Address = new(SubjectType.Ip, "203.0.113.7");

    private readonly FakeTimeProvider _time = new();
    private readonly FakeTraffic _view = new();
    private readonly List<Decision> _published = [];
    private readonly AllowlistOptions _allowlist = new();
    private readonly ScriptedGuardian _revoker = new("TokenService", new GuardianCapabilities(Set(SubjectType.Token), true, false, 60));
    private readonly ListingGuardian _blocker = new("OptiView", new GuardianCapabilities(Set(SubjectType.Ip, SubjectType.Cidr), false, true, 360) { NeedsRemoval = true });
    private readonly ScriptedGuardian _lapser = new("NanoStream", new GuardianCapabilities(Set(SubjectType.Ip), false, false, 360) { NeedsRemoval = true, AddressLapseSeconds = 86_400 });
    private TestDatabase _database = null!;
    private PostgresDecisionStore _log = null!;
    private RuleLedger _ledger = null!;
    private EffectLog _effects = null!;
    private EffectMeter _meter = null!;
    private PostgresEngineLocks _locks = null!;

    public async Task InitializeAsync()
    {
        _database = await postgres.CreateMigratedAsync();
        _log = new PostgresDecisionStore(_database.DataSource, _time);
        _ledger = new RuleLedger(_database.DataSource, _time);
        _effects = new EffectLog(_database.DataSource, _time);
        _meter = new EffectMeter(_effects, _view, TimeSpan.FromMinutes(5), _time);
        _locks = Locks();
    }

    public async Task DisposeAsync()
    {
        _locks.Dispose();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task A_block_is_sent_entered_and_recorded()
    {
        Decision block = await LogAsync(Block());
        Assert.Equal(GuardianResult.Applied, (await RespondAsync(_blocker)).Single().Result);

        EnforcedRule rule = Assert.Single(await _ledger.ReadAsync("OptiView", default));
        Assert.Equal((Address, true, block.Id, _time.GetUtcNow().AddMinutes(6), _time.GetUtcNow().AddHours(2)), (rule.Subject, rule.IsActive, rule.DecisionId, rule.EffectiveAt, rule.ExpiresAt));
        Assert.Empty(await _log.PendingAsync("OptiView", 10, TimeSpan.FromDays(1), default));
        Assert.Equal(GuardianResult.Applied, Assert.Single(await OutcomesAsync()).Outcome.Result);
    }

    [Fact]
    public async Task What_is_held_back_is_recorded_with_its_reason_and_never_sent()
    {
        await LogAsync(Block() with { Expires = Sample.Now(_time) + 300_000 });
        Assert.Equal(GuardianResult.NotNeeded, (await RespondAsync(_blocker)).Single().Result);
        Assert.Empty(_blocker.Calls);
        Assert.Empty(await _ledger.ReadAsync("OptiView", default));
        Assert.Contains("before it takes effect", Assert.Single(await OutcomesAsync()).Outcome.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_revocation_that_is_refused_becomes_blocks_and_a_flag_that_other_engines_carry_out()
    {
        Decision revocation = await LogAsync(Revoke());
        _revoker.Answers.Enqueue(new GuardianOutcome(GuardianResult.Rejected, "The token was not created as revocable (2011)."));
        _view.Traffic[revocation.Subject] = new SubjectTraffic(0, 5, 9, [new AddressInUse("203.0.113.7", 5, new HarmPreview(0, 0, 0))], []);

        Assert.Equal(GuardianResult.Rejected, (await RespondAsync(_revoker)).Single().Result);
        Assert.Equal([GuardianResult.Unsupported, GuardianResult.Applied], (await RespondAsync(_blocker)).Select(static o => o.Result));

        Assert.Contains(Address, _blocker.Rules);
        Assert.Equal([DecisionAction.Block, DecisionAction.Flag], _published.Select(static d => d.Action));
        Decision flag = (await _log.ReadDecisionsAsync(DateTimeOffset.UnixEpoch, _time.GetUtcNow().AddDays(1), default)).Single(static d => d.Action == DecisionAction.Flag);
        Assert.Equal(revocation.Subject, flag.Subject);
        Assert.Contains("203.0.113.7", flag.Reasons[^1].Text, StringComparison.Ordinal);
        Assert.Equal(2L, await CountAsync("decision_follow_ups"));
    }

    [Fact]
    public async Task A_revocation_with_exceptions_is_recorded_as_what_the_engine_made_of_it()
    {
        Decision shared = await LogAsync(Revoke() with { Except = Sample.Networks("203.0.113.0/24") });
        _view.Traffic[shared.Subject] = new SubjectTraffic(0, 2, 9, [new AddressInUse("203.0.113.7", 1, new HarmPreview(0, 0, 0)), new AddressInUse("198.51.100.7", 1, new HarmPreview(0, 0, 0))], []);
        var local = new ScriptedGuardian("Local", new GuardianCapabilities(Set(SubjectType.Token), false, true, 1) { KnowsExceptions = true });

        Assert.Equal([new GuardianOutcome(GuardianResult.Applied)], await RespondAsync(local));
        Assert.Contains("everywhere", Assert.Single(await RespondAsync(_revoker)).Detail, StringComparison.Ordinal);

        Assert.Contains("everywhere", (await OutcomesAsync()).Single(static o => o.Guardian == "TokenService").Outcome.Detail, StringComparison.Ordinal);
        WatchedEffect effect = (await _effects.FindAsync(shared.Id, default))!;
        Assert.Equal(shared.Except.AsEnumerable(), effect.Except);
        Assert.Equal("198.51.100.7", Assert.Single(effect.Companions).Value);
    }

    [Fact]
    public async Task A_revocation_that_outlived_its_row_is_restored_with_its_exceptions()
    {
        var engine = new ListingGuardian("Ours", new GuardianCapabilities(Set(SubjectType.Token), false, true, 1) { KnowsExceptions = true });
        await LogAsync(Revoke() with { Except = Sample.Networks("203.0.113.0/24") });
        await RespondAsync(engine);
        await _log.DeleteOlderThanAsync(_time.GetUtcNow().AddDays(1), default);
        engine.Rules.Clear();
        _time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(1, (await ReconcileAsync(engine)).Restored);

        Assert.Equal(Sample.Networks("203.0.113.0/24").AsEnumerable(), engine.Applied[^1].Except);
    }

    [Fact]
    public async Task Doing_it_again_after_a_crash_changes_nothing()
    {
        Decision revocation = await LogAsync(Revoke());
        _view.Traffic[revocation.Subject] = new SubjectTraffic(0, 5, 9, [new AddressInUse("203.0.113.7", 5, new HarmPreview(0, 0, 0))], []);
        for (int i = 0; i < 2; i++)
        {
            _revoker.Answers.Enqueue(new GuardianOutcome(GuardianResult.Rejected, "2011"));
            await Responder().RespondAsync(_revoker, new PendingDecision(revocation, i), default);
            _time.Advance(TimeSpan.FromSeconds(3));
        }
        Assert.Equal(3L, await CountAsync("decisions"));
        Assert.Equal(2L, await CountAsync("decision_follow_ups"));
    }

    [Fact]
    public async Task The_tokens_own_word_that_it_cannot_be_revoked_is_taken()
    {
        var encodedOnly = new ScriptedGuardian("TokenService", _revoker.Capabilities with { NeedsEncodedToken = true });
        Decision revocation = Revoke();
        await _log.AppendAsync([revocation], [Sample.Flagged(revocation) with { Claims = new TokenClaims { Revocable = false } }], default);

        (GuardianOutcome outcome, bool called) = await Responder(encodedOnly).RespondAsync(encodedOnly, new PendingDecision(revocation, 0), default);

        Assert.Equal((GuardianResult.Unsupported, false), (outcome.Result, called));
        Assert.Empty(encodedOnly.Calls);
        Assert.Equal(DecisionAction.Flag, Assert.Single(_published).Action);
    }

    [Fact]
    public async Task Somebody_elses_rule_is_not_taken_for_ones_own()
    {
        _blocker.Rules.Add(Address);
        await LogAsync(Block());
        Assert.Equal(GuardianResult.AlreadyApplied, (await RespondAsync(_blocker)).Single().Result);
        Assert.Empty(await _ledger.ReadAsync("OptiView", default));

        _time.Advance(TimeSpan.FromHours(3));
        await ReconcileAsync(_blocker);
        Assert.Contains(Address, _blocker.Rules);
    }

    [Fact]
    public async Task A_rule_whose_answer_was_lost_is_ones_own_when_it_is_found_there()
    {
        Decision block = await LogAsync(Block());
        _blocker.Answers.Enqueue(new GuardianOutcome(GuardianResult.Unavailable));
        await Responder().RespondAsync(_blocker, new PendingDecision(block, 0), default);
        _blocker.Rules.Add(Address);

        await Responder().RespondAsync(_blocker, new PendingDecision(block, 1), default);

        Assert.True(Assert.Single(await _ledger.ReadAsync("OptiView", default)).IsActive);
    }

    [Fact]
    public async Task Failures_are_tried_again_later_and_later_and_a_wish_is_honoured()
    {
        Decision block = await LogAsync(Block());
        _blocker.Answers.Enqueue(new GuardianOutcome(GuardianResult.Unavailable));
        await Responder().RespondAsync(_blocker, new PendingDecision(block, 0), default);
        Assert.Empty(await PendingAsync());
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(1, Assert.Single(await PendingAsync()).Attempts);

        _blocker.Answers.Enqueue(new GuardianOutcome(GuardianResult.Unavailable) { RetryAfter = TimeSpan.FromMinutes(20) });
        await Responder().RespondAsync(_blocker, new PendingDecision(block, 1), default);
        _time.Advance(TimeSpan.FromMinutes(19));
        Assert.Empty(await PendingAsync());
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Single(await PendingAsync());
    }

    [Fact]
    public async Task What_never_expires_there_is_taken_back_at_its_expiry_and_not_before()
    {
        await LogAsync(Block());
        await RespondAsync(_blocker);
        _time.Advance(TimeSpan.FromMinutes(119));
        Assert.Equal(new ReconcileResult(0, 0, 0, 0), await ReconcileAsync(_blocker));
        _time.Advance(TimeSpan.FromMinutes(2));

        _blocker.Answers.Enqueue(new GuardianOutcome(GuardianResult.Unavailable));
        Assert.Equal(new ReconcileResult(0, 0, 0, 1), await ReconcileAsync(_blocker));
        Assert.Equal(new ReconcileResult(0, 0, 1, 0), await ReconcileAsync(_blocker));
        Assert.Empty(_blocker.Rules);
        Assert.Equal(new ReconcileResult(0, 0, 0, 0), await ReconcileAsync(_blocker));
    }

    [Fact]
    public async Task A_longer_block_moves_the_expiry_and_a_shorter_one_does_not()
    {
        await LogAsync(Block());
        await RespondAsync(_blocker);
        await LogAsync(Block() with { Id = "decision-2", Expires = Sample.Now(_time) + 36_000_000 });
        await LogAsync(Block() with { Id = "decision-3", Expires = Sample.Now(_time) + 600_000 });
        await RespondAsync(_blocker);
        Assert.Equal(_time.GetUtcNow().AddHours(10), Assert.Single(await _ledger.ReadAsync("OptiView", default)).ExpiresAt);
    }

    [Fact]
    public async Task What_is_released_while_the_engine_is_compared_stays_released()
    {
        await LogAsync(Block());
        await RespondAsync(_blocker);
        _time.Advance(TimeSpan.FromMinutes(10));
        _blocker.Meanwhile = async () =>
        {
            await _blocker.ReleaseAsync(Address, null, "an operator said so", default);
            await _ledger.ForgetAsync("OptiView", Address, null, default);
        };

        await ReconcileAsync(_blocker);

        Assert.DoesNotContain(Address, _blocker.Rules);
        Assert.Empty(await _ledger.ReadAsync("OptiView", default));
    }

    [Fact]
    public async Task What_an_engine_lost_is_given_again_once_it_must_show_it()
    {
        await LogAsync(Block());
        await RespondAsync(_blocker);
        _blocker.Rules.Clear();
        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(0, (await ReconcileAsync(_blocker)).Restored);
        _time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(new ReconcileResult(1, 0, 0, 0), await ReconcileAsync(_blocker));
        Assert.Contains(Address, _blocker.Rules);

        _blocker.Rules.Clear();
        _blocker.ListResult = GuardianResult.Unavailable;
        _time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(0, (await ReconcileAsync(_blocker)).Restored);
    }

    [Fact]
    public async Task Strangers_rules_are_left_alone()
    {
        await LogAsync(Block());
        await RespondAsync(_blocker);
        _blocker.Rules.Add(new Subject(SubjectType.Cidr, "198.51.100.0/24"));
        _time.Advance(TimeSpan.FromHours(3));
        await ReconcileAsync(_blocker);
        Assert.Equal([new Subject(SubjectType.Cidr, "198.51.100.0/24")], _blocker.Rules);
    }

    [Fact]
    public async Task What_lapses_early_is_renewed_after_it_lapsed()
    {
        await LogAsync(Block() with { Expires = Sample.Now(_time) + (long)TimeSpan.FromHours(60).TotalMilliseconds });
        await RespondAsync(_lapser);
        _time.Advance(TimeSpan.FromHours(23.9));
        Assert.Equal(0, (await ReconcileAsync(_lapser)).Renewed);
        _time.Advance(TimeSpan.FromHours(0.1));
        _lapser.Rules.Clear();
        Assert.Equal(1, (await ReconcileAsync(_lapser)).Renewed);
        Assert.Equal(0, (await ReconcileAsync(_lapser)).Renewed);
        _time.Advance(TimeSpan.FromHours(24));
        _lapser.Rules.Clear();
        Assert.Equal(1, (await ReconcileAsync(_lapser)).Renewed);
        _time.Advance(TimeSpan.FromHours(12.1));
        Assert.Equal(new ReconcileResult(0, 0, 1, 0), await ReconcileAsync(_lapser));
        Assert.DoesNotContain(_lapser.Calls, static call => call.StartsWith("release", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Allowlisting_takes_blocks_back()
    {
        await LogAsync(Block());
        await RespondAsync(_blocker);
        _allowlist.Addresses = [new AllowlistEntry { Value = "203.0.113.0/24" }];
        Assert.Equal(new ReconcileResult(0, 0, 1, 0), await ReconcileAsync(_blocker));
        Assert.Empty(_blocker.Rules);
    }

    private PostgresEngineLocks Locks() => new(_database.DataSource);

    private long At() => _time.GetUtcNow().ToUnixTimeMilliseconds();

    private RuleRails Rails() => new(24, 64, _allowlist, new ReferrersOptions());

    private Responder Responder(params IGuardian[] guardians) => new(
        guardians.Length > 0 ? guardians : [_revoker, _blocker, _lapser], new ResponsePlanner(Rails(), default, false), new ResponseFactsReader(_database.DataSource), _ledger, _effects,
        new TokenSubstitute(Rails(), new PolicyOptions(), 3), null, _view, _log,
        (decisions, _) =>
        {
            _published.AddRange(decisions);
            return Task.CompletedTask;
        },
        NullLogger<Responder>.Instance, _time);

    private async Task<List<GuardianOutcome>> RespondAsync(IGuardian guardian)
    {
        var outcomes = new List<GuardianOutcome>();
        foreach (PendingDecision pending in await _log.PendingAsync(guardian.Name, 10, TimeSpan.FromDays(1), default))
        {
            outcomes.Add((await Responder().RespondAsync(guardian, pending, default)).Outcome);
        }
        return outcomes;
    }

    private Task<ReconcileResult> ReconcileAsync(IGuardian guardian) =>
        new GuardianReconciler(_ledger, _log, Rails(), _locks, NullLogger<GuardianReconciler>.Instance, _time).ReconcileAsync(guardian, default);

    private Task<IReadOnlyList<PendingDecision>> PendingAsync() => _log.PendingAsync("OptiView", 10, TimeSpan.FromDays(1), default);

    private Task<IReadOnlyList<RecordedOutcome>> OutcomesAsync() => _log.ReadOutcomesAsync(DateTimeOffset.UnixEpoch, _time.GetUtcNow().AddDays(1), default);

    private async Task<Decision> LogAsync(Decision decision)
    {
        await _log.AppendAsync([decision], Array.Empty<FlaggedSubject>(), default);
        return decision;
    }

    private async Task<long> CountAsync(string table)
    {
        await using var command = _database.DataSource.CreateCommand("select count(*) from " + table);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private Decision Block() => Sample.Decision(1, _time) with
    {
        Action = DecisionAction.Block,
        Mode = EnforcementMode.Enforce,
        Subject = Address,
        Expires = Sample.Now(_time) + 7_200_000,
    };

    private Decision Revoke() => Sample.Decision(5, _time) with { Time = new DateTimeOffset(2025, 11, 14, 11, 59, 0, TimeSpan.Zero).ToUnixTimeMilliseconds(), Action = DecisionAction.Revoke, Mode = EnforcementMode.Enforce };

    private static FrozenSet<SubjectType> Set(params SubjectType[] types) => types.ToFrozenSet();
}
