using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Guardian.Rules;
using AutoGuard.Testing;
using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace AutoGuard.Guardian.Tests.Rules;

/// <summary>What the rails, the allowlist and allow rules keep from being denied.</summary>
public sealed class RuleAllowTests(PostgresFixture postgres) : RuleStoreBench(postgres)
{
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
            Matcher,
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
        using RuleStore store = MakeStore(Matcher, new AllowlistOptions { Addresses = [new AllowlistEntry { Value = "192.0.2.9", Until = Time.GetUtcNow().AddHours(1) }] });
        Assert.Equal(RuleResult.Refused, (await store.AddAsync(Draft("192.0.2.9"), default)).Result);

        Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(RuleResult.Added, (await store.AddAsync(Draft("192.0.2.9"), default)).Result);
    }

    [Fact]
    public async Task A_new_allowlist_entry_releases_what_was_denied_before()
    {
        await Store.AddAsync(Draft("192.0.2.9"), default);
        using RuleStore restarted = MakeStore(Matcher, new AllowlistOptions { Addresses = [new AllowlistEntry { Value = "192.0.2.0/24" }] });

        await restarted.ReloadAsync(default);

        Assert.True(Allowed("192.0.2.9"));
    }

    [Fact]
    public async Task What_the_configuration_allows_now_is_taken_out_of_the_store()
    {
        await Store.AddAsync([Draft("192.0.2.9"), Draft("192.0.3.9"), Draft("192.0.2.0/25"), Draft("a.official.example"), Draft("other.example")], default);
        using RuleStore restarted = MakeStore(
            Matcher, new AllowlistOptions { Addresses = [new AllowlistEntry { Value = "192.0.2.0/24" }] }, new ReferrersOptions { Official = ["*.official.example"] });

        Assert.Equal(3, await restarted.ReleaseAllowlistedAsync(default));

        Assert.Equal(["192.0.3.9", "other.example"], (await Store.Queries.ListAsync(new RuleFilter(), default)).Select(static r => r.Value).Order(StringComparer.Ordinal));
        Assert.Equal("release", (await Store.Queries.AuditAsync(Draft("192.0.2.9").Id, default))[^1].What);
        Assert.Equal(0, await restarted.ReleaseAllowlistedAsync(default));
    }

    [Fact]
    public async Task What_the_configuration_allows_is_taken_out_even_if_the_database_goes_away_at_that_moment()
    {
        await Store.AddAsync(Draft("192.0.2.9"), default);
        using RuleStore restarted = MakeStore(Matcher, new AllowlistOptions { Addresses = [new AllowlistEntry { Value = "192.0.2.0/24" }] });
        using RuleSync sync = new(Database.DataSource, restarted, TimeProvider.System, NullLogger<RuleSync>.Instance);
        await using NpgsqlConnection holder = await Database.DataSource.OpenConnectionAsync();
        await holder.ExecuteAsync($"select pg_advisory_lock({RuleStore.WriteLock})");
        await sync.StartAsync(default);
        const string Waiting = "from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())";
        await Eventually.TrueAsync(async () => await holder.ExecuteScalarAsync<bool>($"select exists (select {Waiting})"), () => "the release to begin");
        await holder.ExecuteAsync($"select pg_terminate_backend(pid) {Waiting}");
        await holder.ExecuteAsync($"select pg_advisory_unlock({RuleStore.WriteLock})");

        await Eventually.TrueAsync(async () => (await Store.Queries.ListAsync(new RuleFilter(), default)).Count == 0, () => "the rule to be released");
        await sync.StopAsync(default);

        Assert.Equal("release", (await Store.Queries.AuditAsync(Draft("192.0.2.9").Id, default))[^1].What);
    }

    [Fact]
    public async Task Allowing_releases_what_is_denied_within_and_around()
    {
        await Store.AddAsync(
            [
                Draft("198.51.100.7"), Draft("198.51.100.0/24"), Draft("198.51.101.7"), Draft("198.51.100.9") with { Organization = "other" },
                Draft("token:t"), Draft("token:u"), Draft("a.b.example"), Draft("*.c.b.example"), Draft("b.example"),
            ],
            default);

        IReadOnlyList<RuleChange> changes = await Store.AddAsync([Allow("198.51.100.0/29"), Allow("token:t"), Allow("*.b.example")], default);

        Assert.Equal([2, 1, 2], changes.Select(static c => c.Released));
        Assert.Equal(
            ["198.51.100.9", "198.51.101.7", "b.example", "u"],
            (await Store.Queries.ListAsync(new RuleFilter { Type = RuleType.Deny }, default)).Select(static r => r.Value).Order(StringComparer.Ordinal));
        Assert.True(Allowed("198.51.100.7"));
    }

    [Fact]
    public async Task A_tenants_allow_rule_releases_nothing_of_others()
    {
        await Store.AddAsync([Draft("198.51.100.7"), Draft("198.51.100.7") with { Organization = "a" }], default);

        RuleChange change = await Store.AddAsync(Allow("198.51.100.7") with { Organization = "a" }, default);

        Assert.Equal(1, change.Released);
        Assert.False(Allowed("198.51.100.7"));
        Assert.True(Matcher.Check(IpAddress.FromV4(0xC6336407), null, null, "a", Time.GetUtcNow()).Allowed);
    }

    [Theory]
    [InlineData("198.51.100.0/24", "198.51.100.7")]
    [InlineData("198.51.100.7", "198.51.100.0/24")]
    [InlineData("token:t", "token:t")]
    [InlineData("*.b.example", "a.b.example")]
    public async Task What_is_allowed_is_not_denied(string allowed, string denied)
    {
        await Store.AddAsync(Allow(allowed), default);

        RuleChange change = await Store.AddAsync(Draft(denied), default);

        Assert.Equal(RuleResult.Refused, change.Result);
        Assert.Contains("is allowed by the rule on", change.Why, StringComparison.Ordinal);
        Assert.Equal(RuleResult.Added, (await Store.AddAsync(Allow(denied) with { Organization = "x" }, default)).Result);
    }

    [Fact]
    public async Task Every_referrer_is_denied_only_beside_an_allow_list()
    {
        Assert.Equal(RuleResult.Refused, (await Store.AddAsync(Draft("*"), default)).Result);
        Rule allowed = (await Store.AddAsync(Draft("ok.example") with { Type = RuleType.Allow }, default)).Rule!;
        Rule everybody = (await Store.AddAsync(Draft("*"), default)).Rule!;

        Assert.False(Matcher.Check(null, null, "other.example", null, Time.GetUtcNow()).Allowed);
        Assert.True(Matcher.Check(null, null, "ok.example", null, Time.GetUtcNow()).Allowed);
        Assert.Equal(RuleResult.Refused, (await Store.RemoveAsync(allowed.Id, "me", "", null, default)).Result);
        Assert.Equal(RuleResult.Removed, (await Store.RemoveAsync(everybody.Id, "me", "", null, default)).Result);
        Assert.Equal(RuleResult.Removed, (await Store.RemoveAsync(allowed.Id, "me", "", null, default)).Result);
    }
}
