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

    private async Task RespondAsync(Decision decision)
    {
        await _log.AppendAsync([decision], [], default);
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
