using System.Text.Json;
using AutoGuard.Core.Events;
using AutoGuard.Guardian.Rules;
using AutoGuard.Testing;
using Npgsql;

namespace AutoGuard.Guardian.Tests.Rules;

/// <summary>Rules on tokens that leave some networks alone.</summary>
public sealed class RuleExceptionTests(PostgresFixture postgres) : RuleStoreBench(postgres)
{
    [Fact]
    public async Task Exceptions_are_stored_audited_and_replaced_by_whoever_writes_the_rule_again()
    {
        Rule first = (await Store.AddAsync(Excepting("203.0.113.0/24", "2001:db8:1:2::/64"), default)).Rule!;
        RuleChange same = await Store.AddAsync(Excepting("203.0.113.0/24", "2001:db8:1:2::/64"), default);
        RuleChange other = await Store.AddAsync(Excepting("198.51.100.7/32"), default);
        RuleChange none = await Store.AddAsync(Excepting(), default);

        Assert.Equal((RuleResult.Unchanged, RuleResult.Changed, RuleResult.Changed), (same.Result, other.Result, none.Result));
        Assert.True(first.Revision < other.Rule!.Revision && other.Rule.Revision < none.Rule!.Revision);
        Assert.Empty((await Store.Queries.GetAsync(first.Id, default))!.Except);
        IReadOnlyList<RuleAuditEntry> audit = await Store.Queries.AuditAsync(first.Id, default);
        Assert.Equal(["203.0.113.0/24,2001:db8:1:2::/64", "198.51.100.7/32", ""], audit.Select(static entry => Except(entry.After!)));
        Assert.Equal("198.51.100.7/32", Except(audit[^1].Before!));
    }

    [Fact]
    public async Task They_hold_on_the_node_that_writes_on_one_that_follows_and_on_one_that_starts()
    {
        var follower = new RuleMatcher();
        using RuleStore following = MakeStore(follower);
        await following.ReloadAsync(default);
        await Store.AddAsync(Excepting("203.0.113.0/24"), default);
        await following.FollowAsync(default);
        var starter = new RuleMatcher();
        using RuleStore starting = MakeStore(starter);
        await starting.ReloadAsync(default);

        Assert.All([Matcher, follower, starter], matcher => Assert.Equal((true, false, false), Asked(matcher)));

        await Store.AddAsync(Excepting("198.51.100.0/24"), default);
        Assert.NotEqual(Matcher.Digest(Time.GetUtcNow()), follower.Digest(Time.GetUtcNow()));
        Assert.True(await following.ReconcileAsync(default));
        Assert.All([Matcher, follower], matcher => Assert.Equal((false, true, false), Asked(matcher)));
    }

    [Fact]
    public async Task Only_what_denies_a_token_has_any_and_not_too_many()
    {
        RuleChange address = await Store.AddAsync(Draft("203.0.113.7") with { Except = Sample.Networks("203.0.113.0/24") }, default);
        RuleChange allowed = await Store.AddAsync(Excepting("203.0.113.0/24") with { Type = RuleType.Allow }, default);
        RuleChange many = await Store.AddAsync(
            Excepting([.. Enumerable.Range(0, RuleExceptions.Most + 1).Select(static i => $"203.0.113.{i}/32")]), default);

        Assert.All([address, allowed, many], static change => Assert.Equal(RuleResult.Refused, change.Result));
        Assert.Contains("denies a token", address.Why, StringComparison.Ordinal);
        Assert.Contains("at most 16", many.Why, StringComparison.Ordinal);
        await using NpgsqlCommand direct = Database.DataSource.CreateCommand(
            "insert into rules (id, scope, value, type, origin, creator, created_at, spared) values ('x', 'token', 't', 'allow', 'api', 'x', now(), '{203.0.113.0/24}')");
        Assert.Equal(PostgresErrorCodes.CheckViolation, (await Assert.ThrowsAsync<PostgresException>(() => direct.ExecuteNonQueryAsync())).SqlState);
    }

    private static RuleDraft Excepting(params string[] networks) => Draft("token:jti-1") with { Except = Sample.Networks(networks) };

    private static string Except(string document)
    {
        using JsonDocument json = JsonDocument.Parse(document);
        return json.RootElement.TryGetProperty("except", out JsonElement except) ? string.Join(',', except.EnumerateArray().Select(static item => item.GetString())) : "";
    }

    private (bool First, bool Second, bool Nowhere) Asked(RuleMatcher matcher)
    {
        bool From(IpAddress? address) => matcher.CheckToken("jti-1", address, null, Time.GetUtcNow()).Allowed;
        return (From(IpAddress.FromV4(0xCB007107)), From(IpAddress.FromV4(0xC6336407)), From(null));
    }
}
