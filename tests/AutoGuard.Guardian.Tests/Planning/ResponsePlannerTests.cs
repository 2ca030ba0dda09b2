using System.Collections.Frozen;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Core.Guardian;
using AutoGuard.Core.Policy;
using AutoGuard.Guardian.Planning;
using AutoGuard.Guardian.Rules;
using AutoGuard.Testing;

namespace AutoGuard.Guardian.Tests.Planning;

public sealed class ResponsePlannerTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly RuleRails _rails = new(
        24, 64, new AllowlistOptions { Addresses = [new AllowlistEntry { Value = "192.0.2.0/24" }], Tokens = [new AllowlistEntry { Value = "jti-ours" }] }, new ReferrersOptions());

    private static GuardianCapabilities NanoStream { get; } = new(Set(SubjectType.Ip, SubjectType.Cidr, SubjectType.Referrer), false, false, 360) { IsV4Only = true, NeedsRemoval = true };

    private static GuardianCapabilities TokenService { get; } = new(Set(SubjectType.Token), true, false, 60) { NeedsEncodedToken = true };

    private static GuardianCapabilities Local { get; } = new(Set(SubjectType.Token, SubjectType.Ip, SubjectType.Cidr, SubjectType.Referrer), false, true, 1);

    [Fact]
    public void An_engine_is_asked_only_for_what_it_can_do()
    {
        Assert.Equal(PlannedStep.Send, Plan(Block("203.0.113.7"), NanoStream).Step);
        AssertHeld(GuardianResult.Unsupported, Plan(Revoke(), NanoStream));
        AssertHeld(GuardianResult.Unsupported, Plan(Block("203.0.113.7"), TokenService));
        AssertHeld(GuardianResult.Unsupported, Plan(Block("2001:db8::7"), NanoStream));
        Assert.Equal(PlannedStep.Send, Plan(Block("2001:db8::7"), Local).Step);
    }

    [Fact]
    public void A_release_goes_where_something_can_be_taken_back()
    {
        Assert.Equal(PlannedStep.Send, Plan(Block("203.0.113.7") with { Action = DecisionAction.Release }, Local).Step);
        AssertHeld(GuardianResult.Unsupported, Plan(Block("203.0.113.7") with { Action = DecisionAction.Release }, NanoStream));
        Assert.Equal(PlannedStep.Send, Plan(Block("192.0.2.1") with { Action = DecisionAction.Release }, Local).Step);
    }

    [Fact]
    public void Whoever_is_spared_by_now_is_not_sent()
    {
        AssertHeld(GuardianResult.NotNeeded, Plan(Block("192.0.2.1"), Local));
        AssertHeld(GuardianResult.NotNeeded, Plan(Block("10.0.0.1"), Local));
        AssertHeld(GuardianResult.NotNeeded, Plan(Revoke() with { Subject = new Subject(SubjectType.Token, "jti-ours") }, TokenService, holds: true));
    }

    [Theory]
    [InlineData(359, PlannedStep.HoldBack)]
    [InlineData(360, PlannedStep.HoldBack)]
    [InlineData(361, PlannedStep.Send)]
    public void A_block_that_lapses_before_it_bites_is_not_sent(int seconds, PlannedStep expected) =>
        Assert.Equal(expected, Plan(Block("203.0.113.7") with { Expires = Sample.Now(_time) + (seconds * 1000L) }, NanoStream).Step);

    [Theory]
    [InlineData(30, false, PlannedStep.HoldBack)]
    [InlineData(60, false, PlannedStep.HoldBack)]
    [InlineData(61, false, PlannedStep.Send)]
    [InlineData(-3600, false, PlannedStep.HoldBack)]
    [InlineData(30, true, PlannedStep.Send)]
    [InlineData(-3600, true, PlannedStep.Send)]
    public void A_token_that_expires_before_the_action_bites_is_not_sent(int seconds, bool revokesExpired, PlannedStep expected)
    {
        var claims = new TokenClaims { Expires = _time.GetUtcNow().ToUnixTimeSeconds() + seconds };
        PlannedCall plan = Plan(Revoke(), TokenService, claims, holds: true, revokesExpired: revokesExpired);
        Assert.Equal(expected, plan.Step);
        Assert.True(plan.Outcome is null or { Result: GuardianResult.NotNeeded });
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    [InlineData(0)]
    public void An_absurd_expiry_saves_nobody(long expires) =>
        Assert.Equal(PlannedStep.Send, Plan(Revoke(), TokenService, new TokenClaims { Expires = expires }, holds: true).Step);

    [Fact]
    public void A_token_that_says_it_cannot_be_revoked_is_not_tried()
    {
        AssertHeld(GuardianResult.Unsupported, Plan(Revoke(), TokenService, new TokenClaims { Revocable = false }, holds: true));
        Assert.Equal(PlannedStep.Send, Plan(Revoke(), TokenService, new TokenClaims { Revocable = true }, holds: true).Step);
        Assert.Equal(PlannedStep.Send, Plan(Revoke(), TokenService, new TokenClaims(), holds: true).Step);
        // An engine that denies by identity needs nobody's leave.
        Assert.Equal(PlannedStep.Send, Plan(Revoke(), Local, new TokenClaims { Revocable = false }).Step);
    }

    [Fact]
    public void An_engine_that_knows_no_exceptions_revokes_everywhere_and_the_plan_says_so()
    {
        Decision shared = Revoke() with { Except = Sample.Networks("203.0.113.0/24") };

        PlannedCall plan = Plan(shared, TokenService, holds: true);

        Assert.Equal(PlannedStep.Send, plan.Step);
        Assert.Contains("revokes the token everywhere", plan.Caveat, StringComparison.Ordinal);
        Assert.Null(Plan(shared, Local with { KnowsExceptions = true }).Caveat);
        Assert.Null(Plan(Revoke(), TokenService, holds: true).Caveat);
        AssertHeld(GuardianResult.Unsupported, Plan(shared, NanoStream));
    }

    [Fact]
    public void The_encoded_form_is_waited_for_and_then_given_up()
    {
        PlannedCall fresh = Plan(Revoke(), TokenService);
        Assert.Equal((PlannedStep.Wait, GuardianResult.Unavailable), (fresh.Step, fresh.Outcome!.Result));
        AssertHeld(GuardianResult.Unsupported, Plan(Revoke(), TokenService, age: TimeSpan.FromSeconds(60)));
        Assert.Equal(PlannedStep.Send, Plan(Revoke(), TokenService, holds: true, age: TimeSpan.FromSeconds(60)).Step);
    }

    [Fact]
    public void An_engine_of_one_tenant_hears_of_no_other()
    {
        GuardianCapabilities theirs = Local with { Organizations = new[] { "org-a" }.ToFrozenSet() };
        AssertHeld(GuardianResult.NotNeeded, Plan(Block("203.0.113.7"), theirs));
        AssertHeld(GuardianResult.NotNeeded, Plan(Block("203.0.113.7") with { Organization = "org-b" }, theirs));
        Assert.Equal(PlannedStep.Send, Plan(Block("203.0.113.7") with { Organization = "org-a" }, theirs).Step);
    }

    [Theory]
    [InlineData("TokenService", GuardianResult.Rejected, true, "Local", "TokenService", "NanoStream")]
    [InlineData("TokenService", GuardianResult.Unsupported, true, "Local", "TokenService")]
    [InlineData("TokenService", GuardianResult.NotNeeded, false, "TokenService")]
    [InlineData("TokenService", GuardianResult.Unavailable, false, "TokenService")]
    [InlineData("TokenService", GuardianResult.Applied, false, "TokenService")]
    [InlineData("Local", GuardianResult.Rejected, false, "Local", "TokenService")]
    [InlineData("NanoStream", GuardianResult.Unsupported, false, "NanoStream", "TokenService")]
    [InlineData("NanoStream", GuardianResult.Unsupported, false, "NanoStream", "Local")]
    [InlineData("NanoStream", GuardianResult.Unsupported, true, "NanoStream")]
    [InlineData("Local", GuardianResult.Rejected, true, "Local", "NanoStream")]
    public void Something_takes_a_revocations_place_when_it_failed_where_it_counts(string guardian, GuardianResult result, bool expected, params string[] engines)
    {
        IGuardian[] all = [.. engines.Select(static name => new ScriptedGuardian(name, name switch { "TokenService" => TokenService, "Local" => Local, _ => NanoStream }))];
        Assert.Equal(expected, ResponsePlanner.NeedsSubstitute(Revoke(), all.First(g => g.Name == guardian), new GuardianOutcome(result), all));
        Assert.False(ResponsePlanner.NeedsSubstitute(Block("203.0.113.7"), all[0], new GuardianOutcome(result), all));
    }

    [Fact]
    public void The_substitute_blocks_where_the_token_plays_and_nobody_else_does()
    {
        var substitute = new TokenSubstitute(_rails, new PolicyOptions { HarmLimitTokens = 3 }, 2);
        var traffic = new SubjectTraffic(0, 9, 9,
            [Use("203.0.113.1", 4, 9), Use("192.0.2.7", 3, 0), Use("10.0.0.7", 1, 0), Use("203.0.113.2", 1, 3), Use("2001:db8::2", 1, 0), Use("203.0.113.3", 1, 0)], []);

        IReadOnlyList<Decision> decisions = substitute.DrawUp(Revoke(), "It cannot be revoked.", traffic, _time.GetUtcNow());

        Assert.Equal(["203.0.113.2", "2001:db8::2", "jti-1"], decisions.Select(static d => d.Subject.Value));
        Assert.Equal([DecisionAction.Block, DecisionAction.Block, DecisionAction.Flag], decisions.Select(static d => d.Action));
        Assert.All(decisions, d => Assert.Equal((Revoke().Time, EnforcementMode.Enforce, Revoke().Score), (d.Time, d.Mode, d.Score)));
        Assert.Equal(_time.GetUtcNow().AddHours(24).ToUnixTimeMilliseconds(), decisions[0].Expires);
        Assert.Equal(3, decisions[0].Harm.OtherTokens);
        Assert.Equal(decisions.Select(static d => d.Id), substitute.DrawUp(Revoke(), "It cannot be revoked.", traffic, _time.GetUtcNow().AddSeconds(5)).Select(static d => d.Id));
    }

    [Fact]
    public void The_substitute_spares_where_the_token_stays_good()
    {
        var substitute = new TokenSubstitute(_rails, new PolicyOptions(), 3);
        var traffic = new SubjectTraffic(0, 2, 2, [Use("203.0.113.1", 1, 0), Use("198.51.100.1", 1, 0)], []);

        IReadOnlyList<Decision> decisions = substitute.DrawUp(Revoke() with { Except = Sample.Networks("203.0.113.0/24") }, "Why", traffic, _time.GetUtcNow());

        Assert.Equal(["198.51.100.1", "jti-1"], decisions.Select(static d => d.Subject.Value));
        Assert.All(decisions, static d => Assert.Empty(d.Except));
    }

    [Fact]
    public void Without_a_view_of_the_traffic_the_token_is_only_flagged()
    {
        var substitute = new TokenSubstitute(_rails, new PolicyOptions(), 3);
        Assert.Equal(DecisionAction.Flag, Assert.Single(substitute.DrawUp(Revoke(), "Why", null, _time.GetUtcNow())).Action);
    }

    [Fact]
    public void Substitutes_have_a_ceiling_per_minute()
    {
        var substitute = new TokenSubstitute(_rails, new PolicyOptions { BlocksPerMinute = 2 }, 5);
        var traffic = new SubjectTraffic(0, 3, 3, [Use("203.0.113.1", 1, 0), Use("203.0.113.2", 1, 0), Use("203.0.113.3", 1, 0)], []);
        Assert.Equal(3, substitute.DrawUp(Revoke(), "Why", traffic, _time.GetUtcNow()).Count);
        Assert.Single(substitute.DrawUp(Revoke(), "Why", traffic, _time.GetUtcNow()));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(3, substitute.DrawUp(Revoke(), "Why", traffic, _time.GetUtcNow()).Count);
    }

    [Theory]
    [InlineData(10, 10, 0, false, false, Effect.Stopped)]
    [InlineData(10, 0, 0, false, false, Effect.Stopped)]
    [InlineData(10, 10, 0, false, true, Effect.Moved)]
    [InlineData(10, 12, 2, false, true, Effect.Continued)]
    [InlineData(10, 10, 3, false, false, Effect.Draining)]
    [InlineData(10, 10, 3, true, false, Effect.Continued)]
    [InlineData(10, 4, 1, false, false, Effect.Unknown)]
    public void The_verdict_on_an_effect_follows_from_two_looks(long before, long after, int open, bool ends, bool moved, Effect expected) =>
        Assert.Equal(expected, EffectMeter.Judge(before, new SubjectTraffic(0, open, after, [], []), ends, moved, []).Effect);

    [Theory]
    [InlineData(10, 3, 0, false, Effect.Stopped)]
    [InlineData(14, 3, 0, false, Effect.Stopped)]
    [InlineData(10, 3, 2, false, Effect.Draining)]
    [InlineData(14, 3, 2, false, Effect.Unknown)]
    [InlineData(14, 3, 2, true, Effect.Continued)]
    [InlineData(14, 0, 0, false, Effect.Unknown)]
    public void What_goes_on_where_the_token_stays_good_is_not_held_against_a_revocation(long after, int atHome, int away, bool ends, Effect expected)
    {
        var traffic = new SubjectTraffic(0, atHome + away, after, [Use("203.0.113.1", atHome, 0), Use("198.51.100.1", away, 0)], []);

        (Effect effect, string? detail) = EffectMeter.Judge(10, traffic, ends, moved: false, Sample.Networks("203.0.113.0/24"));

        Assert.Equal(expected, effect);
        Assert.False(string.IsNullOrEmpty(detail));
        Assert.Equal(["198.51.100.1"], EffectMeter.CompanionsOf(Revoke().Subject, traffic, Sample.Networks("203.0.113.0/24")).Select(static c => c.Value));
    }

    private PlannedCall Plan(Decision decision, GuardianCapabilities capabilities, TokenClaims? claims = null, bool holds = false, TimeSpan age = default, bool revokesExpired = false) =>
        new ResponsePlanner(_rails, TimeSpan.FromMinutes(1), revokesExpired)
            .Plan(decision, capabilities, new PlanContext(_time.GetUtcNow(), new ResponseFacts(_time.GetUtcNow() - age, claims, null), holds));

    private static void AssertHeld(GuardianResult result, PlannedCall plan)
    {
        Assert.Equal((PlannedStep.HoldBack, result), (plan.Step, plan.Outcome!.Result));
        Assert.False(string.IsNullOrEmpty(plan.Outcome.Detail));
    }

    private Decision Block(string address) => Sample.Decision(1, _time) with { Action = DecisionAction.Block, Mode = EnforcementMode.Enforce, Subject = new Subject(SubjectType.Ip, address) };

    private Decision Revoke() => Sample.Decision(1, _time) with { Action = DecisionAction.Revoke, Mode = EnforcementMode.Enforce };

    private static AddressInUse Use(string address, int sessions, int others) => new(address, sessions, new HarmPreview(others, 0, 0));

    private static FrozenSet<SubjectType> Set(params SubjectType[] types) => types.ToFrozenSet();
}
