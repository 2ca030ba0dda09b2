using System.Diagnostics;
using System.Net;
using AutoGuard.Guardian.Api;
using AutoGuard.Guardian.Publications;
using AutoGuard.Guardian.Rules;
using AutoGuard.Guardian.Tests.Api;
using AutoGuard.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace AutoGuard.Guardian.Tests.Rules;

/// <summary>Two hosts on one database.</summary>
public sealed class TwoNodesTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    private readonly ApiServer _first = new();
    private ApiServer _second = null!;

    public async Task InitializeAsync()
    {
        await postgres.InitializeAsync();
        await _first.InitializeAsync();
        _second = new ApiServer(_first);
        await _second.InitializeAsync();
        await Task.WhenAll(
            _first.Services.GetRequiredService<RuleSync>().Loaded.WaitAsync(TimeSpan.FromSeconds(30)), _second.Services.GetRequiredService<RuleSync>().Loaded.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    public async Task DisposeAsync()
    {
        await _second.DisposeAsync();
        await _first.DisposeAsync();
    }

    [Fact]
    public async Task What_is_changed_on_one_node_holds_on_the_other_within_a_second()
    {
        RuleDraft[] many = [.. Enumerable.Range(0, 20_000).Select(static i => new RuleDraft
        {
            Target = new RuleTarget(RuleScope.Token, $"t{i}", default), Type = RuleType.Deny, Origin = RuleOrigin.Import, Creator = "test",
        })];
        await _first.Services.GetRequiredService<RuleStore>().AddAsync(many, default);
        await Programs.UntilAsync(async () => !await _second.IsAllowedAsync("token=t19999"), TimeSpan.FromSeconds(30), () => "the import to arrive");

        await _first.PostAsync("/ip", """{"ip":"203.0.113.7","type":"deny"}""", HttpStatusCode.OK);
        await WithinAsync(async () => !await _second.IsAllowedAsync("ip=203.0.113.7"), "the block");
        await _second.Client.DeleteAsync("/ip?ip=203.0.113.7");
        await WithinAsync(async () => await _first.IsAllowedAsync("ip=203.0.113.7"), "the release");
        await _first.Services.GetRequiredService<PublicationStore>().ChangeAsync(
            new PublicationKey("", PublicationKind.Channel, "c"), static lists => lists with { IpBlocking = new AddressList(true, false, ["203.0.113.9"]) }, "test", "", default);
        await WithinAsync(async () => !await _second.IsAllowedAsync("ip=203.0.113.9&channel=c"), "the channel's list");
    }

    // The promise to operators, and the one place where a test holds a stop-watch.
    private static async Task WithinAsync(Func<Task<bool>> condition, string what)
    {
        long start = Stopwatch.GetTimestamp();
        await Programs.UntilAsync(condition, TimeSpan.FromSeconds(30), () => what);
        TimeSpan taken = Stopwatch.GetElapsedTime(start);
        Assert.True(taken < Limit, $"{what} took {taken}");
    }
}
