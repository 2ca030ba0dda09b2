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

    private const int Repeats = 3;

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
        await Eventually.TrueAsync(async () => !await _second.IsAllowedAsync("token=t19999"), () => "the import to arrive");

        var taken = new List<TimeSpan>();
        for (int i = 1; i <= Repeats; i++)
        {
            string address = $"203.0.113.{i}";
            await _first.PostAsync("/ip", $$"""{"ip":"{{address}}","type":"deny"}""", HttpStatusCode.OK);
            taken.Add(await Eventually.TrueAsync(async () => !await _second.IsAllowedAsync($"ip={address}"), () => "the block"));
            await _second.Client.DeleteAsync($"/ip?ip={address}");
            taken.Add(await Eventually.TrueAsync(async () => await _first.IsAllowedAsync($"ip={address}"), () => "the release"));
            string channel = $"c{i}";
            await _first.Services.GetRequiredService<PublicationStore>().ChangeAsync(
                new PublicationKey("", PublicationKind.Channel, channel), static lists => lists with { IpBlocking = new AddressList(true, false, ["203.0.113.99"]) }, "test", "", default);
            taken.Add(await Eventually.TrueAsync(async () => !await _second.IsAllowedAsync($"ip=203.0.113.99&channel={channel}"), () => "the channel's list"));
        }

        // The promise to operators. The median, so that a machine busy with other work for a moment does not break it.
        TimeSpan median = taken.Order().ElementAt(taken.Count / 2);
        Assert.True(median < Limit, $"half of the changes took more than {median}: {string.Join(", ", taken)}");
    }
}
