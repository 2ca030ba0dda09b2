using AutoGuard.Core.Events;
using AutoGuard.Guardian.Rules;
using AutoGuard.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace AutoGuard.Guardian.Tests.Rules;

/// <summary>Several processes on one database.</summary>
public sealed class RuleFeedTests(PostgresFixture postgres) : RuleStoreBench(postgres)
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_drift_is_seen_and_mended_by_a_reload()
    {
        await Store.AddAsync([Draft("198.51.100.7"), Draft("198.51.100.8") with { Expiry = RuleExpiry.Until(Time.GetUtcNow().AddMinutes(1)) }], default);
        Assert.True(await Store.ReconcileAsync(default));
        Time.Advance(TimeSpan.FromMinutes(2));
        Assert.True(await Store.ReconcileAsync(default));
        Assert.Equal(1, Matcher.Count);

        // What no feed tells: somebody at the database's own prompt.
        await using (var command = Database.DataSource.CreateCommand("update rules set expires_at = null, revision = revision + 1; delete from rules where value = '198.51.100.7'"))
        {
            await command.ExecuteNonQueryAsync();
        }
        Assert.False(await Store.ReconcileAsync(default));
        await Store.ReloadAsync(default);

        Assert.True(await Store.ReconcileAsync(default));
        Assert.Equal((true, false), (Allowed("198.51.100.7"), Allowed("198.51.100.8")));
    }

    [Fact]
    public async Task Writers_at_the_same_time_make_one_rule()
    {
        using RuleStore other = MakeStore(new RuleMatcher());

        RuleChange[] changes = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => (i % 2 == 0 ? Store : other).AddAsync(Draft("203.0.113.7"), default)));

        Assert.Single(changes, static c => c.Result == RuleResult.Added);
        Assert.Equal(15, changes.Count(static c => c.Result == RuleResult.Unchanged));
        Assert.Single(await Store.Queries.AuditAsync(changes[0].Rule!.Id, default));
    }

    [Fact]
    public async Task Other_processes_follow_by_the_feed()
    {
        var matcher = new RuleMatcher();
        using RuleStore other = MakeStore(matcher);
        await other.ReloadAsync(default);
        Rule rule = (await Store.AddAsync(Draft("203.0.113.7"), default)).Rule!;

        Assert.Equal(1, await other.FollowAsync(default));
        Assert.False(matcher.Check(IpAddress.From(System.Net.IPAddress.Parse("203.0.113.7")), null, null, null, Time.GetUtcNow()).Allowed);
        await Store.RemoveAsync(rule.Id, "me", "", null, default);
        Assert.Equal(1, await other.FollowAsync(default));
        Assert.Equal(0, await other.FollowAsync(default));
        Assert.Equal(0, matcher.Count);
    }

    [Fact]
    public async Task A_notification_brings_a_change_to_other_processes_without_delay()
    {
        await Store.AddAsync(Draft("203.0.113.7"), default);
        var matcher = new RuleMatcher();
        using RuleStore other = MakeStore(matcher);
        using var sync = new RuleSync(Database.DataSource, other, TimeProvider.System, NullLogger<RuleSync>.Instance, Poll);
        await sync.StartAsync(default);
        await sync.Loaded.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(1, matcher.Count);

        await Store.AddAsync(Draft("203.0.113.8"), default);

        // Well under the time after which it would look by itself.
        await Eventually.True(() => matcher.Count == 2, "the second rule to arrive", Poll / 2);
        await sync.StopAsync(default);
    }

    [Fact]
    public async Task Losing_the_connection_is_survived()
    {
        var matcher = new RuleMatcher();
        using RuleStore other = MakeStore(matcher);
        using var sync = new RuleSync(Database.DataSource, other, TimeProvider.System, NullLogger<RuleSync>.Instance, Poll);
        await sync.StartAsync(default);
        await sync.Loaded.WaitAsync(TimeSpan.FromSeconds(10));
        await using (var command = Database.DataSource.CreateCommand("select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen%' and datname = current_database()"))
        {
            await command.ExecuteNonQueryAsync();
        }

        await Store.AddAsync(Draft("203.0.113.8"), default);

        await Eventually.True(() => matcher.Count == 1, "the rule to arrive after the connection was lost", Poll / 2);
        await sync.StopAsync(default);
    }
}
