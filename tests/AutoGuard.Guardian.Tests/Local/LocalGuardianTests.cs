using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Core.Guardian;
using AutoGuard.Core.Policy;
using AutoGuard.Guardian.Local;
using AutoGuard.Guardian.Rules;
using AutoGuard.Testing;
using Npgsql;

namespace AutoGuard.Guardian.Tests.Local;

public sealed class LocalGuardianTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new();
    private readonly RuleMatcher _matcher = new();
    private TestDatabase _database = null!;
    private RuleStore _rules = null!;
    private LocalGuardian _guardian = null!;

    public async Task InitializeAsync()
    {
        _database = await postgres.CreateMigratedAsync();
        _rules = MakeStore(_database.DataSource);
        _guardian = new LocalGuardian(_rules, _time);
    }

    public async Task DisposeAsync()
    {
        _rules.Dispose();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task A_block_becomes_a_rule_with_the_decisions_id_reason_and_expiry()
    {
        Decision decision = Block("203.0.113.7") with { Expires = Sample.Now(_time) + 7_200_000 };

        GuardianOutcome outcome = await _guardian.ApplyAsync(decision, default);

        Assert.Equal(GuardianResult.Applied, outcome.Result);
        Rule rule = (await _rules.Queries.GetAsync(outcome.RuleId!, default))!;
        Assert.Equal((decision.Id, decision.Id, RuleOrigin.AutoGuard), (rule.Tag, rule.DecisionId, rule.Origin));
        Assert.Equal(("5 sessions at once for one user (limit 2)", _time.GetUtcNow().AddHours(2)), (rule.Reason, rule.ExpiresAt));
        Assert.False(_matcher.Check(Address("203.0.113.7"), null, null, null, _time.GetUtcNow()).Allowed);
        Assert.Equal(GuardianResult.AlreadyApplied, (await _guardian.ApplyAsync(decision, default)).Result);
    }

    [Theory]
    [InlineData(SubjectType.Cidr, "198.51.100.0/24", SubjectType.Ip, "198.51.100.1")]
    [InlineData(SubjectType.Ip, "198.51.100.1", SubjectType.Cidr, "198.51.100.0/24")]
    [InlineData(SubjectType.Referrer, "*.bad.example", SubjectType.Referrer, "live.bad.example")]
    [InlineData(SubjectType.Referrer, "live.bad.example", SubjectType.Referrer, "*.bad.example")]
    public async Task Blocks_that_overlap_stand_by_themselves_whichever_comes_first(SubjectType type, string value, SubjectType otherType, string other)
    {
        // Both of one wave, at once; then one of them is released.
        await Task.WhenAll(_guardian.ApplyAsync(Block(value, type), default).AsTask(), _guardian.ApplyAsync(Block(other, otherType), default).AsTask());
        await _guardian.ReleaseAsync(new Subject(type, value), null, "reviewed", default);
        Assert.False(_matcher.Check(Address("198.51.100.1"), null, "live.bad.example", null, _time.GetUtcNow()).Allowed);

        // The block of one and the release of the other at once.
        await Task.WhenAll(
            _guardian.ApplyAsync(Block(value, type), default).AsTask(), _guardian.ReleaseAsync(new Subject(otherType, other), null, "reviewed", default).AsTask());
        Assert.Equal(value, Assert.Single(await _rules.Queries.ListAsync(new RuleFilter(), default)).Value);
    }

    [Theory]
    [InlineData(SubjectType.Token, "jti-1")]
    [InlineData(SubjectType.Cidr, "198.51.100.0/24")]
    [InlineData(SubjectType.Referrer, "bad.example")]
    public async Task Every_kind_of_subject_is_denied_and_released(SubjectType type, string value)
    {
        Decision decision = Block(value, type) with { Action = type == SubjectType.Token ? DecisionAction.Revoke : DecisionAction.Block, Organization = "org" };
        Assert.Equal(GuardianResult.Applied, (await _guardian.ApplyAsync(decision, default)).Result);
        Assert.False(_matcher.Check(Address("198.51.100.1"), "jti-1", "bad.example", "org", _time.GetUtcNow()).Allowed);

        Assert.Equal(GuardianResult.Applied, (await _guardian.ReleaseAsync(decision.Subject, "org", "reviewed", default)).Result);
        Assert.True(_matcher.Check(Address("198.51.100.1"), "jti-1", "bad.example", "org", _time.GetUtcNow()).Allowed);
        Assert.Equal(GuardianResult.AlreadyApplied, (await _guardian.ReleaseAsync(decision.Subject, "org", "reviewed", default)).Result);
    }

    [Fact]
    public async Task A_revocation_spares_the_networks_that_it_names_until_a_later_one_names_none()
    {
        Decision shared = Revoke() with { Except = Sample.Networks("203.0.113.0/24") };
        GuardianOutcome outcome = await _guardian.ApplyAsync(shared, default);
        Assert.Equal(GuardianResult.Applied, outcome.Result);
        Assert.True(MayPlay("203.0.113.7"));
        Assert.False(MayPlay("198.51.100.7"));
        Assert.Equal(GuardianResult.AlreadyApplied, (await _guardian.ApplyAsync(shared with { Except = Sample.Networks("203.0.113.0/24") }, default)).Result);

        Assert.Equal(GuardianResult.Applied, (await _guardian.ApplyAsync(Revoke() with { Id = "decision-2" }, default)).Result);
        Assert.False(MayPlay("203.0.113.7"));

        // Another node comes late with the earlier one.
        await _guardian.ApplyAsync(shared, default);
        Assert.False(MayPlay("203.0.113.7"));
        Assert.Equal("decision-2", (await _rules.Queries.GetAsync(outcome.RuleId!, default))!.DecisionId);
    }

    [Fact]
    public async Task A_block_of_an_address_has_no_exceptions_whatever_the_decision_says()
    {
        GuardianOutcome outcome = await _guardian.ApplyAsync(Block("203.0.113.7") with { Except = Sample.Networks("203.0.113.0/24") }, default);

        Assert.Equal(GuardianResult.Applied, outcome.Result);
        Assert.Empty((await _rules.Queries.GetAsync(outcome.RuleId!, default))!.Except);
    }

    [Theory]
    [InlineData("203.0.113.0/24")]
    [InlineData(null)]
    public async Task What_a_person_excepted_or_did_not_stays_theirs(string? home)
    {
        Assert.True(RuleTarget.TryParseToken("jti-1", out RuleTarget target, out _));
        var theirs = new RuleDraft { Target = target, Type = RuleType.Deny, Origin = RuleOrigin.Api, Creator = "alice", Except = home is null ? [] : Sample.Networks(home) };
        await _rules.AddAsync(theirs, default);

        await _guardian.ApplyAsync(Revoke() with { Except = home is null ? Sample.Networks("203.0.113.0/24") : [] }, default);

        Assert.Equal(home is not null, MayPlay("203.0.113.7"));
    }

    [Fact]
    public async Task A_release_decision_takes_the_rule_back()
    {
        await _guardian.ApplyAsync(Block("203.0.113.7"), default);

        GuardianOutcome outcome = await _guardian.ApplyAsync(Block("203.0.113.7") with { Id = "decision-2", Action = DecisionAction.Release }, default);

        Assert.Equal(GuardianResult.Applied, outcome.Result);
        Assert.Equal(0, _matcher.Count);
    }

    [Fact]
    public async Task A_persons_rule_is_not_released()
    {
        Assert.True(RuleTarget.TryParseAddress("203.0.113.7", out RuleTarget target, out _));
        await _rules.AddAsync(new RuleDraft { Target = target, Type = RuleType.Deny, Origin = RuleOrigin.Api, Creator = "alice" }, default);

        GuardianOutcome outcome = await _guardian.ReleaseAsync(new Subject(SubjectType.Ip, "203.0.113.7"), null, "", default);

        Assert.Equal(GuardianResult.Rejected, outcome.Result);
        Assert.Contains("alice", outcome.Detail, StringComparison.Ordinal);
        Assert.False(_matcher.Check(Address("203.0.113.7"), null, null, null, _time.GetUtcNow()).Allowed);
    }

    [Fact]
    public async Task What_may_not_be_enforced_makes_no_rule()
    {
        Assert.Equal(GuardianResult.Rejected, (await _guardian.ApplyAsync(Block("203.0.113.7") with { Mode = EnforcementMode.Observe }, default)).Result);
        Assert.Equal(GuardianResult.Unsupported, (await _guardian.ApplyAsync(Block("203.0.113.7") with { Action = DecisionAction.Flag }, default)).Result);
        Assert.Equal(GuardianResult.Rejected, (await _guardian.ApplyAsync(Block("203.0.113.7") with { Expires = Sample.Now(_time) }, default)).Result);
        Assert.Equal(GuardianResult.Rejected, (await _guardian.ApplyAsync(Block("192.168.1.1"), default)).Result);
        Assert.Equal(GuardianResult.Rejected, (await _guardian.ApplyAsync(Block("0.0.0.0/0", SubjectType.Cidr), default)).Result);
        Assert.Equal(GuardianResult.Rejected, (await _guardian.ApplyAsync(Block("*", SubjectType.Referrer), default)).Result);
        Assert.Equal(GuardianResult.Rejected, (await _guardian.ApplyAsync(Block("a\0b", SubjectType.Token), default)).Result);
        Assert.Empty(await _rules.Queries.ListAsync(new RuleFilter { IncludeLapsed = true }, default));
    }

    [Fact]
    public async Task Hostile_reasons_and_names_are_stored_not_obeyed()
    {
        Decision decision = Block("203.0.113.7") with
        {
            Organization = "o\0rg\ud800",
            Reasons = [new DecisionReason("A", 1, 1, 1, 1, new string('x', 10_000) + "\0"), new DecisionReason("B", 1, 1, 1, 1, "'; drop table rules; --\0")],
        };

        Assert.Equal(GuardianResult.Applied, (await _guardian.ApplyAsync(decision, default)).Result);
        Assert.Equal(GuardianResult.AlreadyApplied, (await _guardian.ApplyAsync(decision, default)).Result);
        Assert.True(Assert.Single(await _rules.Queries.ListAsync(new RuleFilter(), default)).Reason.Length <= 500);
        Assert.Equal(GuardianResult.Applied, (await _guardian.ReleaseAsync(decision.Subject, decision.Organization, "\0", default)).Result);
    }

    [Fact]
    public async Task Without_its_database_it_is_unavailable_and_does_not_throw()
    {
        await using NpgsqlDataSource away = NpgsqlDataSource.Create("Host=127.0.0.1;Port=1;Username=x;Timeout=2");
        using var rules = MakeStore(away);
        var guardian = new LocalGuardian(rules, _time);

        Assert.Equal(GuardianResult.Unavailable, (await guardian.ApplyAsync(Block("203.0.113.7"), default)).Result);
        Assert.Equal(GuardianResult.Unavailable, (await guardian.ReleaseAsync(new Subject(SubjectType.Ip, "203.0.113.7"), null, "", default)).Result);
    }

    private RuleStore MakeStore(NpgsqlDataSource database) =>
        new(database, new RuleRails(24, 64, new AllowlistOptions(), new ReferrersOptions()), _matcher, _time);

    private bool MayPlay(string address) => _matcher.Check(Address(address), "jti-1", null, null, _time.GetUtcNow()).Allowed;

    private Decision Revoke() => Block("jti-1", SubjectType.Token) with { Action = DecisionAction.Revoke };

    private Decision Block(string value, SubjectType type = SubjectType.Ip) => Sample.Decision(1, _time) with
    {
        Action = DecisionAction.Block,
        Mode = EnforcementMode.Enforce,
        Subject = new Subject(type, value),
    };

    private static IpAddress Address(string text) => IpAddress.From(System.Net.IPAddress.Parse(text));
}
