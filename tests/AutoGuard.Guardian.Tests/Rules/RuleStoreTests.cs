using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Guardian.Rules;
using AutoGuard.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace AutoGuard.Guardian.Tests.Rules;

public sealed class RuleStoreTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(30);

    private readonly FakeTimeProvider _time = new();
    private readonly RuleMatcher _matcher = new();
    private TestDatabase _database = null!;
    private RuleStore _store = null!;

    public async Task InitializeAsync()
    {
        _database = await postgres.CreateMigratedAsync();
        _store = MakeStore(_matcher);
        await _store.ReloadAsync(default);
    }

    public async Task DisposeAsync()
    {
        _store.Dispose();
        await _database.DisposeAsync();
    }

    [Theory]
    [InlineData("203.0.113.7")]
    [InlineData("203.0.113.0/24")]
    public async Task A_block_lasts_24_hours_is_in_force_at_once_and_ends_by_itself(string value)
    {
        RuleChange change = await _store.AddAsync(Draft(value), default);

        Assert.Equal(RuleResult.Added, change.Result);
        Assert.Equal(_time.GetUtcNow().AddHours(24), change.Rule!.ExpiresAt);
        Assert.False(Allowed("203.0.113.7"));
        _time.Advance(TimeSpan.FromHours(24));
        Assert.True(Allowed("203.0.113.7"));
        Assert.Empty(await _store.Queries.ListAsync(new RuleFilter(), default));
        Assert.Single(await _store.Queries.ListAsync(new RuleFilter { IncludeLapsed = true }, default));
        Assert.Equal(1, await _store.DeleteLapsedAsync(_time.GetUtcNow().AddDays(1), default));
    }

    [Theory]
    [InlineData("bad.example")]
    [InlineData("token:jti-1")]
    public async Task Referrers_and_tokens_stay_until_removed(string value)
    {
        Assert.Null((await _store.AddAsync(Draft(value), default)).Rule!.ExpiresAt);
    }

    [Fact]
    public async Task A_repeat_changes_nothing_and_a_longer_one_extends()
    {
        RuleDraft draft = Draft("203.0.113.7") with { Expiry = RuleExpiry.Until(_time.GetUtcNow().AddHours(2)) };
        RuleChange first = await _store.AddAsync(draft, default);

        Assert.Equal(RuleResult.Unchanged, (await _store.AddAsync(draft, default)).Result);
        Assert.Equal(RuleResult.Unchanged, (await _store.AddAsync(draft with { Expiry = RuleExpiry.Until(_time.GetUtcNow().AddHours(1)) }, default)).Result);
        RuleChange longer = await _store.AddAsync(draft with { Expiry = RuleExpiry.Until(_time.GetUtcNow().AddHours(3)) }, default);
        RuleChange forever = await _store.AddAsync(draft with { Expiry = RuleExpiry.Never }, default);

        Assert.Equal((RuleResult.Changed, first.Rule!.Id, _time.GetUtcNow().AddHours(3)), (longer.Result, longer.Rule!.Id, longer.Rule.ExpiresAt));
        Assert.Null(forever.Rule!.ExpiresAt);
        Assert.Equal(RuleResult.Unchanged, (await _store.AddAsync(draft, default)).Result);
    }

    [Fact]
    public async Task A_lapsed_rule_comes_back_as_new()
    {
        await _store.AddAsync(Draft("203.0.113.7"), default);
        _time.Advance(TimeSpan.FromHours(25));

        RuleChange again = await _store.AddAsync(Draft("203.0.113.7"), default);

        Assert.Equal((RuleResult.Added, _time.GetUtcNow().AddHours(24)), (again.Result, again.Rule!.ExpiresAt));
        Assert.False(Allowed("203.0.113.7"));
    }

    [Fact]
    public async Task A_decision_extends_a_persons_rule_and_leaves_it_theirs()
    {
        await _store.AddAsync(Draft("203.0.113.7") with { Tag = "mine" }, default);
        RuleDraft decided = Draft("203.0.113.7") with { Tag = "decision", Origin = RuleOrigin.AutoGuard, Expiry = RuleExpiry.Until(_time.GetUtcNow().AddDays(2)) };

        Rule rule = (await _store.AddAsync(decided, default)).Rule!;

        Assert.Equal(("mine", RuleOrigin.Api, _time.GetUtcNow().AddDays(2)), (rule.Tag, rule.Origin, rule.ExpiresAt));
    }

    [Fact]
    public async Task Removing_takes_effect_at_once_and_everything_is_audited()
    {
        Rule rule = (await _store.AddAsync(Draft("203.0.113.7") with { Reason = "restreaming" }, default)).Rule!;

        Assert.Equal(RuleResult.Refused, (await _store.RemoveAsync(rule.Id, "me", "why", static _ => "No.", default)).Result);
        Assert.Equal(RuleResult.Removed, (await _store.RemoveAsync(rule.Id, "me", "a mistake", null, default)).Result);
        Assert.Equal(RuleResult.NotFound, (await _store.RemoveAsync(rule.Id, "me", "again", null, default)).Result);

        Assert.True(Allowed("203.0.113.7"));
        IReadOnlyList<RuleAuditEntry> audit = await _store.Queries.AuditAsync(rule.Id, default);
        Assert.Equal([("add", "tester", "restreaming"), ("remove", "me", "a mistake")], audit.Select(static a => (a.What, a.Who, a.Why)));
        Assert.Contains("\"203.0.113.7\"", audit[1].Before, StringComparison.Ordinal);
        Assert.Equal((null, null), (audit[0].Before, audit[1].After));
    }

    [Theory]
    [InlineData("10.0.0.1", "private")]
    [InlineData("127.0.0.1", "loopback")]
    [InlineData("0.0.0.0/0", "wider than")]
    [InlineData("203.0.112.0/23", "wider than /24")]
    [InlineData("::/0", "wider than")]
    [InlineData("192.0.2.9", "allowlisted by 192.0.2.8/29 (our probes)")]
    [InlineData("192.0.2.0/24", "allowlisted by 192.0.2.8/29")]
    [InlineData("token:partner", "allowlisted by partner")]
    [InlineData("www.official.example", "allowlisted by *.official.example")]
    [InlineData("official.example", "allowlisted by official.example")]
    [InlineData("*.official.example", "allowlisted")]
    public async Task The_rails_refuse_and_leave_no_rule(string value, string why)
    {
        using RuleStore store = MakeStore(
            _matcher,
            new AllowlistOptions
            {
                Addresses = [new AllowlistEntry { Value = "192.0.2.8/29", Reason = "our probes" }],
                Tokens = [new AllowlistEntry { Value = "partner" }],
            },
            new ReferrersOptions { Official = ["*.official.example"] });

        RuleChange change = await store.AddAsync(Draft(value), default);

        Assert.Equal(RuleResult.Refused, change.Result);
        Assert.Contains(why, change.Why, StringComparison.Ordinal);
        Assert.Empty(await store.Queries.ListAsync(new RuleFilter { IncludeLapsed = true }, default));
    }

    [Fact]
    public async Task An_allowlist_entry_that_has_ended_protects_no_longer()
    {
        using RuleStore store = MakeStore(_matcher, new AllowlistOptions { Addresses = [new AllowlistEntry { Value = "192.0.2.9", Until = _time.GetUtcNow().AddHours(1) }] });
        Assert.Equal(RuleResult.Refused, (await store.AddAsync(Draft("192.0.2.9"), default)).Result);

        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(RuleResult.Added, (await store.AddAsync(Draft("192.0.2.9"), default)).Result);
    }

    [Fact]
    public async Task A_new_allowlist_entry_releases_what_was_denied_before()
    {
        await _store.AddAsync(Draft("192.0.2.9"), default);
        using RuleStore restarted = MakeStore(_matcher, new AllowlistOptions { Addresses = [new AllowlistEntry { Value = "192.0.2.0/24" }] });

        await restarted.ReloadAsync(default);

        Assert.True(Allowed("192.0.2.9"));
    }

    [Fact]
    public async Task What_the_configuration_allows_now_is_taken_out_of_the_store()
    {
        await _store.AddAsync([Draft("192.0.2.9"), Draft("192.0.3.9"), Draft("192.0.2.0/25"), Draft("a.official.example"), Draft("other.example")], default);
        using RuleStore restarted = MakeStore(
            _matcher, new AllowlistOptions { Addresses = [new AllowlistEntry { Value = "192.0.2.0/24" }] }, new ReferrersOptions { Official = ["*.official.example"] });

        Assert.Equal(3, await restarted.ReleaseAllowlistedAsync(default));

        Assert.Equal(["192.0.3.9", "other.example"], (await _store.Queries.ListAsync(new RuleFilter(), default)).Select(static r => r.Value).Order(StringComparer.Ordinal));
        Assert.Equal("release", (await _store.Queries.AuditAsync(Draft("192.0.2.9").Id, default))[^1].What);
        Assert.Equal(0, await restarted.ReleaseAllowlistedAsync(default));
    }

    [Fact]
    public async Task Allowing_releases_what_is_denied_within_and_around()
    {
        await _store.AddAsync(
            [
                Draft("198.51.100.7"), Draft("198.51.100.0/24"), Draft("198.51.101.7"), Draft("198.51.100.9") with { Organization = "other" },
                Draft("token:t"), Draft("token:u"), Draft("a.b.example"), Draft("*.c.b.example"), Draft("b.example"),
            ],
            default);

        IReadOnlyList<RuleChange> changes = await _store.AddAsync([Allow("198.51.100.0/29"), Allow("token:t"), Allow("*.b.example")], default);

        Assert.Equal([2, 1, 2], changes.Select(static c => c.Released));
        Assert.Equal(
            ["198.51.100.9", "198.51.101.7", "b.example", "u"],
            (await _store.Queries.ListAsync(new RuleFilter { Type = RuleType.Deny }, default)).Select(static r => r.Value).Order(StringComparer.Ordinal));
        Assert.True(Allowed("198.51.100.7"));
    }

    [Fact]
    public async Task A_tenants_allow_rule_releases_nothing_of_others()
    {
        await _store.AddAsync([Draft("198.51.100.7"), Draft("198.51.100.7") with { Organization = "a" }], default);

        RuleChange change = await _store.AddAsync(Allow("198.51.100.7") with { Organization = "a" }, default);

        Assert.Equal(1, change.Released);
        Assert.False(Allowed("198.51.100.7"));
        Assert.True(_matcher.Check(IpAddress.FromV4(0xC6336407), null, null, "a", _time.GetUtcNow()).Allowed);
    }

    [Theory]
    [InlineData("198.51.100.0/24", "198.51.100.7")]
    [InlineData("198.51.100.7", "198.51.100.0/24")]
    [InlineData("token:t", "token:t")]
    [InlineData("*.b.example", "a.b.example")]
    public async Task What_is_allowed_is_not_denied(string allowed, string denied)
    {
        await _store.AddAsync(Allow(allowed), default);

        RuleChange change = await _store.AddAsync(Draft(denied), default);

        Assert.Equal(RuleResult.Refused, change.Result);
        Assert.Contains("is allowed by the rule on", change.Why, StringComparison.Ordinal);
        Assert.Equal(RuleResult.Added, (await _store.AddAsync(Allow(denied) with { Organization = "x" }, default)).Result);
    }

    [Fact]
    public async Task A_batch_is_decided_in_its_order_and_stored_once()
    {
        IReadOnlyList<RuleChange> changes = await _store.AddAsync(
            [
                Draft("198.51.100.7"), Draft("198.51.100.7") with { Tag = "again" }, Draft("*"), Allow("ok.example"), Draft("*"),
                Draft("203.0.113.7"), Allow("203.0.113.0/24"), Draft("203.0.113.8"),
            ],
            default);

        Assert.Equal(
            [RuleResult.Added, RuleResult.Changed, RuleResult.Refused, RuleResult.Added, RuleResult.Added, RuleResult.Added, RuleResult.Added, RuleResult.Refused],
            changes.Select(static c => c.Result));
        Assert.Equal("again", changes[0].Rule!.Tag);
        Assert.Equal(["add"], (await _store.Queries.AuditAsync(changes[0].Rule!.Id, default)).Select(static a => a.What));
        Assert.Empty(await _store.Queries.AuditAsync(Draft("203.0.113.7").Id, default));
        Assert.Equal(4, _matcher.Count);
        Assert.True(await _store.ReconcileAsync(default));
    }

    [Fact]
    public async Task A_rule_of_one_stream_leaves_others_alone()
    {
        await _store.AddAsync([Draft("198.51.100.7") with { Stream = "a" }, Draft("198.51.100.8")], default);
        bool On(string? stream) => _matcher.Check(IpAddress.FromV4(0xC6336407), null, null, null, _time.GetUtcNow(), stream).Allowed;

        Assert.Equal((false, true, true), (On("a"), On("b"), On(null)));
        await _store.AddAsync(Allow("198.51.100.0/24") with { Stream = "b" }, default);
        Assert.Equal((false, true), (On("a"), On("b")));
        Assert.Equal(1, (await _store.AddAsync(Allow("198.51.100.7") with { Stream = "a" }, default)).Released);
        Assert.Equal((true, true), (On("a"), On("b")));
    }

    [Fact]
    public async Task A_drift_is_seen_and_mended_by_a_reload()
    {
        await _store.AddAsync([Draft("198.51.100.7"), Draft("198.51.100.8") with { Expiry = RuleExpiry.Until(_time.GetUtcNow().AddMinutes(1)) }], default);
        Assert.True(await _store.ReconcileAsync(default));
        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.True(await _store.ReconcileAsync(default));
        Assert.Equal(1, _matcher.Count);

        // What no feed tells: somebody at the database's own prompt.
        await using (var command = _database.DataSource.CreateCommand("update rules set expires_at = null, revision = revision + 1; delete from rules where value = '198.51.100.7'"))
        {
            await command.ExecuteNonQueryAsync();
        }
        Assert.False(await _store.ReconcileAsync(default));
        await _store.ReloadAsync(default);

        Assert.True(await _store.ReconcileAsync(default));
        Assert.Equal((true, false), (Allowed("198.51.100.7"), Allowed("198.51.100.8")));
    }

    [Fact]
    public async Task Every_referrer_is_denied_only_beside_an_allow_list()
    {
        Assert.Equal(RuleResult.Refused, (await _store.AddAsync(Draft("*"), default)).Result);
        Rule allowed = (await _store.AddAsync(Draft("ok.example") with { Type = RuleType.Allow }, default)).Rule!;
        Rule everybody = (await _store.AddAsync(Draft("*"), default)).Rule!;

        Assert.False(_matcher.Check(null, null, "other.example", null, _time.GetUtcNow()).Allowed);
        Assert.True(_matcher.Check(null, null, "ok.example", null, _time.GetUtcNow()).Allowed);
        Assert.Equal(RuleResult.Refused, (await _store.RemoveAsync(allowed.Id, "me", "", null, default)).Result);
        Assert.Equal(RuleResult.Removed, (await _store.RemoveAsync(everybody.Id, "me", "", null, default)).Result);
        Assert.Equal(RuleResult.Removed, (await _store.RemoveAsync(allowed.Id, "me", "", null, default)).Result);
    }

    [Fact]
    public async Task Lists_are_filtered_and_paged_newest_first()
    {
        await _store.AddAsync([.. Enumerable.Range(1, 25).Select(i => Draft($"203.0.113.{i}"))], default);
        await _store.AddAsync([Draft("bad.example"), Draft("198.51.100.0/24") with { Organization = "org" }], default);

        var seen = new List<string>();
        RuleFilter filter = new() { Scopes = [RuleScope.Ip], Limit = 10 };
        IReadOnlyList<Rule> page = await _store.Queries.ListAsync(filter, default);
        while (page.Count > 0)
        {
            seen.AddRange(page.Select(static r => r.Value));
            page = await _store.Queries.ListAsync(filter with { Before = page[^1].Sequence }, default);
        }

        Assert.Equal(Enumerable.Range(1, 25).Reverse().Select(static i => $"203.0.113.{i}"), seen);
        Assert.Equal("198.51.100.0/24", Assert.Single(await _store.Queries.ListAsync(new RuleFilter { Organization = "org" }, default)).Value);
        Assert.Equal("bad.example", Assert.Single(await _store.Queries.ListAsync(new RuleFilter { Value = "bad.example", Type = RuleType.Deny, Origin = RuleOrigin.Api }, default)).Value);
    }

    [Fact]
    public async Task Writers_at_the_same_time_make_one_rule()
    {
        using RuleStore other = MakeStore(new RuleMatcher());

        RuleChange[] changes = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => (i % 2 == 0 ? _store : other).AddAsync(Draft("203.0.113.7"), default)));

        Assert.Single(changes, static c => c.Result == RuleResult.Added);
        Assert.Equal(15, changes.Count(static c => c.Result == RuleResult.Unchanged));
        Assert.Single(await _store.Queries.AuditAsync(changes[0].Rule!.Id, default));
    }

    [Fact]
    public async Task Other_processes_follow_by_the_feed()
    {
        var matcher = new RuleMatcher();
        using RuleStore other = MakeStore(matcher);
        await other.ReloadAsync(default);
        Rule rule = (await _store.AddAsync(Draft("203.0.113.7"), default)).Rule!;

        Assert.Equal(1, await other.FollowAsync(default));
        Assert.False(matcher.Check(IpAddress.From(System.Net.IPAddress.Parse("203.0.113.7")), null, null, null, _time.GetUtcNow()).Allowed);
        await _store.RemoveAsync(rule.Id, "me", "", null, default);
        Assert.Equal(1, await other.FollowAsync(default));
        Assert.Equal(0, await other.FollowAsync(default));
        Assert.Equal(0, matcher.Count);
    }

    [Fact]
    public async Task A_notification_brings_a_change_to_other_processes_without_delay()
    {
        await _store.AddAsync(Draft("203.0.113.7"), default);
        var matcher = new RuleMatcher();
        using RuleStore other = MakeStore(matcher);
        using var sync = new RuleSync(_database.DataSource, other, TimeProvider.System, NullLogger<RuleSync>.Instance, Poll);
        await sync.StartAsync(default);
        await sync.Loaded.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(1, matcher.Count);

        await _store.AddAsync(Draft("203.0.113.8"), default);

        // Well under the thirty seconds after which it would look by itself.
        await Until(() => matcher.Count == 2, TimeSpan.FromSeconds(5), "the second rule to arrive");
        await sync.StopAsync(default);
    }

    [Fact]
    public async Task Losing_the_connection_is_survived()
    {
        var matcher = new RuleMatcher();
        using RuleStore other = MakeStore(matcher);
        using var sync = new RuleSync(_database.DataSource, other, TimeProvider.System, NullLogger<RuleSync>.Instance, Poll);
        await sync.StartAsync(default);
        await sync.Loaded.WaitAsync(TimeSpan.FromSeconds(10));
        await using (var command = _database.DataSource.CreateCommand("select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen%' and datname = current_database()"))
        {
            await command.ExecuteNonQueryAsync();
        }

        await _store.AddAsync(Draft("203.0.113.8"), default);

        await Until(() => matcher.Count == 1, TimeSpan.FromSeconds(15), "the rule to arrive after the connection was lost");
        await sync.StopAsync(default);
    }

    private static async Task Until(Func<bool> condition, TimeSpan patience, string what)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < patience, $"waited {patience} for {what}");
            await Task.Delay(10);
        }
    }

    private RuleStore MakeStore(RuleMatcher matcher, AllowlistOptions? allowlist = null, ReferrersOptions? referrers = null) =>
        new(_database.DataSource, new RuleRails(24, 64, allowlist ?? new(), referrers ?? new()), matcher, _time);

    private bool Allowed(string address) =>
        _matcher.Check(IpAddress.From(System.Net.IPAddress.Parse(address)), null, null, null, _time.GetUtcNow()).Allowed;

    private static RuleDraft Allow(string value) => Draft(value) with { Type = RuleType.Allow };

    private static RuleDraft Draft(string value)
    {
        bool isToken = value.StartsWith("token:", StringComparison.Ordinal);
        Assert.True(
            isToken ? RuleTarget.TryParseToken(value[6..], out RuleTarget target, out string why)
            : RuleTarget.TryParseAddress(value, out target, out why) || RuleTarget.TryParseReferrer(value, out target, out why),
            $"{value}: {why}");
        return new RuleDraft { Target = target, Type = RuleType.Deny, Origin = RuleOrigin.Api, Creator = "tester" };
    }
}
