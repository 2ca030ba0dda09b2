using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Guardian.Rules;
using AutoGuard.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace AutoGuard.Guardian.Tests.Rules;

/// <summary>Adding, extending, removing and listing.</summary>
public sealed class RuleStoreTests(PostgresFixture postgres) : RuleStoreBench(postgres)
{
    [Theory]
    [InlineData("203.0.113.7")]
    [InlineData("203.0.113.0/24")]
    public async Task A_block_lasts_24_hours_is_in_force_at_once_and_ends_by_itself(string value)
    {
        RuleChange change = await Store.AddAsync(Draft(value), default);

        Assert.Equal(RuleResult.Added, change.Result);
        Assert.Equal(Time.GetUtcNow().AddHours(24), change.Rule!.ExpiresAt);
        Assert.False(Allowed("203.0.113.7"));
        Time.Advance(TimeSpan.FromHours(24));
        Assert.True(Allowed("203.0.113.7"));
        Assert.Empty(await Store.Queries.ListAsync(new RuleFilter(), default));
        Assert.Single(await Store.Queries.ListAsync(new RuleFilter { IncludeLapsed = true }, default));
        Assert.Equal(1, await Store.DeleteLapsedAsync(Time.GetUtcNow().AddDays(1), default));
    }

    [Theory]
    [InlineData("bad.example")]
    [InlineData("token:jti-1")]
    public async Task Referrers_and_tokens_stay_until_removed(string value)
    {
        Assert.Null((await Store.AddAsync(Draft(value), default)).Rule!.ExpiresAt);
    }

    [Fact]
    public async Task A_repeat_changes_nothing_and_a_longer_one_extends()
    {
        RuleDraft draft = Draft("203.0.113.7") with { Expiry = RuleExpiry.Until(Time.GetUtcNow().AddHours(2)) };
        RuleChange first = await Store.AddAsync(draft, default);

        Assert.Equal(RuleResult.Unchanged, (await Store.AddAsync(draft, default)).Result);
        Assert.Equal(RuleResult.Unchanged, (await Store.AddAsync(draft with { Expiry = RuleExpiry.Until(Time.GetUtcNow().AddHours(1)) }, default)).Result);
        RuleChange longer = await Store.AddAsync(draft with { Expiry = RuleExpiry.Until(Time.GetUtcNow().AddHours(3)) }, default);
        RuleChange forever = await Store.AddAsync(draft with { Expiry = RuleExpiry.Never }, default);

        Assert.Equal((RuleResult.Changed, first.Rule!.Id, Time.GetUtcNow().AddHours(3)), (longer.Result, longer.Rule!.Id, longer.Rule.ExpiresAt));
        Assert.Null(forever.Rule!.ExpiresAt);
        Assert.Equal(RuleResult.Unchanged, (await Store.AddAsync(draft, default)).Result);
    }

    [Fact]
    public async Task A_lapsed_rule_comes_back_as_new()
    {
        await Store.AddAsync(Draft("203.0.113.7"), default);
        Time.Advance(TimeSpan.FromHours(25));

        RuleChange again = await Store.AddAsync(Draft("203.0.113.7"), default);

        Assert.Equal((RuleResult.Added, Time.GetUtcNow().AddHours(24)), (again.Result, again.Rule!.ExpiresAt));
        Assert.False(Allowed("203.0.113.7"));
    }

    [Fact]
    public async Task A_decision_extends_a_persons_rule_and_leaves_it_theirs()
    {
        await Store.AddAsync(Draft("203.0.113.7") with { Tag = "mine" }, default);
        RuleDraft decided = Draft("203.0.113.7") with { Tag = "decision", Origin = RuleOrigin.AutoGuard, Expiry = RuleExpiry.Until(Time.GetUtcNow().AddDays(2)) };

        Rule rule = (await Store.AddAsync(decided, default)).Rule!;

        Assert.Equal(("mine", RuleOrigin.Api, Time.GetUtcNow().AddDays(2)), (rule.Tag, rule.Origin, rule.ExpiresAt));
    }

    [Fact]
    public async Task Removing_takes_effect_at_once_and_everything_is_audited()
    {
        Rule rule = (await Store.AddAsync(Draft("203.0.113.7") with { Reason = "restreaming" }, default)).Rule!;

        Assert.Equal(RuleResult.Refused, (await Store.RemoveAsync(rule.Id, "me", "why", static _ => "No.", default)).Result);
        Assert.Equal(RuleResult.Removed, (await Store.RemoveAsync(rule.Id, "me", "a mistake", null, default)).Result);
        Assert.Equal(RuleResult.NotFound, (await Store.RemoveAsync(rule.Id, "me", "again", null, default)).Result);

        Assert.True(Allowed("203.0.113.7"));
        IReadOnlyList<RuleAuditEntry> audit = await Store.Queries.AuditAsync(rule.Id, default);
        Assert.Equal([("add", "tester", "restreaming"), ("remove", "me", "a mistake")], audit.Select(static a => (a.What, a.Who, a.Why)));
        Assert.Contains("\"203.0.113.7\"", audit[1].Before, StringComparison.Ordinal);
        Assert.Equal((null, null), (audit[0].Before, audit[1].After));
    }

    [Fact]
    public async Task A_batch_is_decided_in_its_order_and_stored_once()
    {
        IReadOnlyList<RuleChange> changes = await Store.AddAsync(
            [
                Draft("198.51.100.7"), Draft("198.51.100.7") with { Tag = "again" }, Draft("*"), Allow("ok.example"), Draft("*"),
                Draft("203.0.113.7"), Allow("203.0.113.0/24"), Draft("203.0.113.8"),
            ],
            default);

        Assert.Equal(
            [RuleResult.Added, RuleResult.Changed, RuleResult.Refused, RuleResult.Added, RuleResult.Added, RuleResult.Added, RuleResult.Added, RuleResult.Refused],
            changes.Select(static c => c.Result));
        Assert.Equal("again", changes[0].Rule!.Tag);
        Assert.Equal(["add"], (await Store.Queries.AuditAsync(changes[0].Rule!.Id, default)).Select(static a => a.What));
        Assert.Empty(await Store.Queries.AuditAsync(Draft("203.0.113.7").Id, default));
        Assert.Equal(4, Matcher.Count);
        Assert.True(await Store.ReconcileAsync(default));
    }

    [Fact]
    public async Task A_rule_of_one_stream_leaves_others_alone()
    {
        await Store.AddAsync([Draft("198.51.100.7") with { Stream = "a" }, Draft("198.51.100.8")], default);
        bool On(string? stream) => Matcher.Check(IpAddress.FromV4(0xC6336407), null, null, null, Time.GetUtcNow(), stream).Allowed;

        Assert.Equal((false, true, true), (On("a"), On("b"), On(null)));
        await Store.AddAsync(Allow("198.51.100.0/24") with { Stream = "b" }, default);
        Assert.Equal((false, true), (On("a"), On("b")));
        Assert.Equal(1, (await Store.AddAsync(Allow("198.51.100.7") with { Stream = "a" }, default)).Released);
        Assert.Equal((true, true), (On("a"), On("b")));
    }

    [Fact]
    public async Task Lists_are_filtered_and_paged_newest_first()
    {
        await Store.AddAsync([.. Enumerable.Range(1, 25).Select(i => Draft($"203.0.113.{i}"))], default);
        await Store.AddAsync([Draft("bad.example"), Draft("198.51.100.0/24") with { Organization = "org" }], default);

        var seen = new List<string>();
        RuleFilter filter = new() { Scopes = [RuleScope.Ip], Limit = 10 };
        IReadOnlyList<Rule> page = await Store.Queries.ListAsync(filter, default);
        while (page.Count > 0)
        {
            seen.AddRange(page.Select(static r => r.Value));
            page = await Store.Queries.ListAsync(filter with { Before = page[^1].Sequence }, default);
        }

        Assert.Equal(Enumerable.Range(1, 25).Reverse().Select(static i => $"203.0.113.{i}"), seen);
        Assert.Equal("198.51.100.0/24", Assert.Single(await Store.Queries.ListAsync(new RuleFilter { Organization = "org" }, default)).Value);
        Assert.Equal("bad.example", Assert.Single(await Store.Queries.ListAsync(new RuleFilter { Value = "bad.example", Type = RuleType.Deny, Origin = RuleOrigin.Api }, default)).Value);
    }
}
