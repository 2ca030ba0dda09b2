using System.Collections.Frozen;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Guardian;
using AutoGuard.Core.Policy;
using AutoGuard.Guardian.Planning;
using AutoGuard.Guardian.Remote;
using AutoGuard.Guardian.Rules;
using AutoGuard.Guardian.Storage;
using AutoGuard.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace AutoGuard.Guardian.Tests.Planning;

/// <summary>A release in the middle of a comparison, at the moments where each could miss the other.</summary>
public sealed class ReleaseRaceTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private static readonly Subject Address = new(SubjectType.Ip, "203.0.113.7");

    private readonly FakeTimeProvider _time = new();
    private readonly RuleRails _rails = new(24, 64, new AllowlistOptions(), new ReferrersOptions());
    private readonly ListingGuardian _engine = new(
        "OptiView", new GuardianCapabilities(new[] { SubjectType.Ip }.ToFrozenSet(), false, true, 0) { NeedsRemoval = true });
    private TestDatabase _database = null!;
    private PostgresDecisionStore _log = null!;
    private RuleLedger _ledger = null!;
    private PostgresEngineLocks _locks = null!;

    public async Task InitializeAsync()
    {
        _database = await postgres.CreateMigratedAsync();
        _log = new PostgresDecisionStore(_database.DataSource, _time);
        _ledger = new RuleLedger(_database.DataSource, _time);
        _locks = Locks();
        await RespondAsync(Block(1));
        Assert.Contains(Address, _engine.Rules);
        _time.Advance(TimeSpan.FromSeconds(1));
    }

    public async Task DisposeAsync()
    {
        _locks.Dispose();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task A_comparison_between_the_engines_answer_and_the_ledger_does_not_block_again()
    {
        var compared = new TaskCompletionSource();
        var released = new TaskCompletionSource();
        Task? releasing = null;
        _engine.Meanwhile = async () =>
        {
            // The comparison has read the ledger; now the release takes the rule out of the engine, and waits there.
            _engine.AfterRelease = async () =>
            {
                _engine.AfterRelease = static () => Task.CompletedTask;
                released.SetResult();
                await compared.Task;
            };
            releasing = RespondAsync(Release());
            await released.Task.WaitAsync(TimeSpan.FromSeconds(30));
        };

        await ReconcileAsync();
        compared.SetResult();
        await releasing!;

        Assert.DoesNotContain(Address, _engine.Rules);
        Assert.Empty(await _ledger.ReadAsync("OptiView", default));
    }

    [Fact]
    public async Task What_could_not_be_taken_back_at_once_is_taken_back_at_the_next_comparison()
    {
        _engine.Meanwhile = async () =>
        {
            _engine.Meanwhile = static () => Task.CompletedTask;
            await RespondAsync(Release());
            // The answers to the repeated block and to its release.
            _engine.Answers.Enqueue(new GuardianOutcome(GuardianResult.Applied));
            _engine.Answers.Enqueue(new GuardianOutcome(GuardianResult.Unavailable));
        };
        await ReconcileAsync();
        _engine.Rules.Add(Address);

        _time.Advance(TimeSpan.FromSeconds(1));
        await ReconcileAsync();

        Assert.DoesNotContain(Address, _engine.Rules);
        Assert.Empty(await _ledger.ReadAsync("OptiView", default));
    }

    [Fact]
    public async Task What_is_blocked_again_before_its_expired_block_is_taken_back_stays_blocked()
    {
        _time.Advance(TimeSpan.FromHours(3));
        // The comparison has read the ledger, where the block has expired.
        _engine.Meanwhile = () => RespondAsync(Block(3));

        Assert.Equal(new ReconcileResult(1, 0, 0, 0), await ReconcileAsync());

        await AssertBlockedAsync(3);
    }

    [Fact]
    public async Task What_is_blocked_again_right_after_the_engine_dropped_it_stays_blocked()
    {
        _time.Advance(TimeSpan.FromHours(3));
        _engine.AfterRelease = async () =>
        {
            _engine.AfterRelease = static () => Task.CompletedTask;
            await RespondAsync(Block(3));
        };

        await ReconcileAsync();

        await AssertBlockedAsync(3);
    }

    [Fact]
    public async Task What_is_blocked_again_while_a_late_release_is_carried_out_stays_blocked()
    {
        _engine.Rules.Clear();
        _engine.Meanwhile = async () =>
        {
            _engine.Meanwhile = static () => Task.CompletedTask;
            await RespondAsync(Release());
            _engine.AfterRelease = async () =>
            {
                _engine.AfterRelease = static () => Task.CompletedTask;
                await RespondAsync(Block(3));
                // As if the engine had been told so before it was told to drop the rule.
                _engine.Rules.Clear();
            };
        };

        await ReconcileAsync();

        await AssertBlockedAsync(3);
    }

    [Fact]
    public async Task A_block_that_an_engine_takes_after_its_release_is_taken_back()
    {
        _engine.Rules.Clear();
        await _ledger.ForgetAsync("OptiView", Address, null, default);
        // Another process carries the release out while this one waits for the engine's answer to the block.
        _engine.AfterApply = async () =>
        {
            _engine.AfterApply = static () => Task.CompletedTask;
            await _ledger.UnwantAsync("OptiView", Address, null, default);
            await _ledger.ForgetAsync("OptiView", Address, null, default);
        };

        await RespondAsync(Block(3));

        Assert.DoesNotContain(Address, _engine.Rules);
        Assert.Empty(await _ledger.ReadAsync("OptiView", default));
    }

    [Fact]
    public async Task One_tenants_expiry_leaves_the_other_tenants_block_in_an_engine_without_tenants()
    {
        await RespondAsync(Block(3) with { Organization = "other", Expires = Sample.Now(_time) + 36_000_000 });
        _time.Advance(TimeSpan.FromHours(3));

        Assert.Equal(new ReconcileResult(0, 0, 1, 0), await ReconcileAsync());
        Assert.Contains(Address, _engine.Rules);
        Assert.DoesNotContain(_engine.Calls, static call => call.StartsWith("release", StringComparison.Ordinal));

        _time.Advance(TimeSpan.FromHours(8));
        Assert.Equal(new ReconcileResult(0, 0, 1, 0), await ReconcileAsync());
        Assert.DoesNotContain(Address, _engine.Rules);
    }

    [Fact]
    public async Task A_block_that_failed_does_not_come_after_its_release()
    {
        await RespondAsync(Release());
        _engine.Answers.Enqueue(new GuardianOutcome(GuardianResult.Unavailable));
        await RespondAsync(Block(3));
        await RespondAsync(Release() with { Id = Sample.Decision(4, _time).Id });

        _time.Advance(TimeSpan.FromHours(1));
        await RespondAsync();

        Assert.DoesNotContain(Address, _engine.Rules);
        Assert.Contains(await OutcomesAsync(), outcome => outcome.DecisionId == Block(3).Id && outcome.Outcome.Result == GuardianResult.NotNeeded);
    }

    [Fact]
    public async Task A_release_that_failed_does_not_undo_a_later_block()
    {
        _engine.Answers.Enqueue(new GuardianOutcome(GuardianResult.Unavailable));
        await RespondAsync(Release());
        await RespondAsync(Block(3));

        _time.Advance(TimeSpan.FromHours(1));
        await RespondAsync();

        await AssertBlockedAsync(3);
        Assert.Empty(await _log.PendingAsync("OptiView", 10, TimeSpan.FromDays(1), default));
    }

    [Fact]
    public async Task A_block_and_its_release_that_wait_together_end_released()
    {
        await _log.AppendAsync([Block(3), Release()], [], default);

        await RespondAsync();

        Assert.DoesNotContain(Address, _engine.Rules);
        Assert.Empty(await _ledger.ReadAsync("OptiView", default));
    }

    [Fact]
    public async Task Reasons_differ_from_block_to_block_as_receivers_tell_repeats_by_them()
    {
        RuleRails allowing = new(24, 64, new AllowlistOptions { Addresses = [new AllowlistEntry { Value = Address.Value }] }, new ReferrersOptions());
        for (int number = 3; number <= 4; number++)
        {
            await RespondAsync(Block(number));
            await ReconcileAsync(allowing);
        }

        Assert.Equal(2, _engine.Reasons.Distinct(StringComparer.Ordinal).Count());
        Assert.All(_engine.Reasons, reason => Assert.Contains("allowlist", reason, StringComparison.Ordinal));
    }

    private Decision Block(int number) => Sample.Decision(number, _time) with
    {
        Action = DecisionAction.Block, Mode = EnforcementMode.Enforce, Subject = Address, Expires = Sample.Now(_time) + 7_200_000,
    };

    private Decision Release() => Sample.Decision(2, _time) with { Action = DecisionAction.Release, Mode = EnforcementMode.Enforce, Subject = Address };

    private async Task AssertBlockedAsync(int number)
    {
        Assert.Contains(Address, _engine.Rules);
        EnforcedRule rule = Assert.Single(await _ledger.ReadAsync("OptiView", default));
        Assert.Equal((Block(number).Id, true), (rule.DecisionId, rule.IsActive));
        Assert.True(rule.ExpiresAt > _time.GetUtcNow(), "the ledger says that it has expired");
    }

    private Task<IReadOnlyList<RecordedOutcome>> OutcomesAsync() => _log.ReadOutcomesAsync(DateTimeOffset.UnixEpoch, _time.GetUtcNow().AddDays(1), default);

    private async Task RespondAsync(Decision decision)
    {
        await _log.AppendAsync([decision], [], default);
        await RespondAsync();
    }

    private async Task RespondAsync()
    {
        Responder responder = new(
            [_engine], new ResponsePlanner(_rails, default, false), new ResponseFactsReader(_database.DataSource), _ledger, new EffectLog(_database.DataSource, _time),
            new TokenSubstitute(_rails, new PolicyOptions(), 3), null, new FakeTraffic(), _log, static (_, _) => Task.CompletedTask, NullLogger<Responder>.Instance, _time);
        foreach (PendingDecision pending in await _log.PendingAsync("OptiView", 10, TimeSpan.FromDays(1), default))
        {
            await responder.RespondAsync(_engine, pending, default);
        }
    }

    private PostgresEngineLocks Locks() => new(_database.DataSource);

    private Task<ReconcileResult> ReconcileAsync(RuleRails? rails = null) =>
        new GuardianReconciler(_ledger, _log, rails ?? _rails, _locks, NullLogger<GuardianReconciler>.Instance, _time).ReconcileAsync(_engine, default);
}
