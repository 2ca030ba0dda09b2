using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Guardian.Rules;
using AutoGuard.Testing;

namespace AutoGuard.Guardian.Tests.Rules;

/// <summary>A rule store on a database of its own, with a clock that the test moves.</summary>
public abstract class RuleStoreBench(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private protected FakeTimeProvider Time { get; } = new();

    private protected RuleMatcher Matcher { get; } = new();

    private protected TestDatabase Database { get; private set; } = null!;

    private protected RuleStore Store { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Database = await postgres.CreateMigratedAsync();
        Store = MakeStore(Matcher);
        await Store.ReloadAsync(default);
    }

    public async Task DisposeAsync()
    {
        Store.Dispose();
        await Database.DisposeAsync();
    }

    private protected RuleStore MakeStore(RuleMatcher matcher, AllowlistOptions? allowlist = null, ReferrersOptions? referrers = null) =>
        new(Database.DataSource, new RuleRails(24, 64, allowlist ?? new(), referrers ?? new()), matcher, Time);

    private protected bool Allowed(string address) =>
        Matcher.Check(IpAddress.From(System.Net.IPAddress.Parse(address)), null, null, null, Time.GetUtcNow()).Allowed;

    private protected static RuleDraft Allow(string value) => Draft(value) with { Type = RuleType.Allow };

    private protected static RuleDraft Draft(string value)
    {
        bool isToken = value.StartsWith("token:", StringComparison.Ordinal);
        Assert.True(
            isToken ? RuleTarget.TryParseToken(value[6..], out RuleTarget target, out string why)
            : RuleTarget.TryParseAddress(value, out target, out why) || RuleTarget.TryParseReferrer(value, out target, out why),
            $"{value}: {why}");
        return new RuleDraft { Target = target, Type = RuleType.Deny, Origin = RuleOrigin.Api, Creator = "tester" };
    }
}
