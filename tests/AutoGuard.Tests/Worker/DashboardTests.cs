using System.Text;
using AutoGuard.Core.Policy;
using AutoGuard.Guardian.Storage;
using AutoGuard.Testing;
using AutoGuard.Web;
using AutoGuard.Worker;
using Microsoft.Extensions.DependencyInjection;

namespace AutoGuard.Tests.Worker;

/// <summary>The dashboard costs the same however many were flagged and however many look at it.</summary>
[Collection(ServiceTests.Name)]
public sealed class DashboardTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private const int Flagged = 600;

    private readonly FakeTimeProvider _time = new();
    private WorkerBench _bench = null!;
    private PostgresDecisionStore _store = null!;
    private Dashboard _dashboard = null!;

    public async Task InitializeAsync()
    {
        await postgres.InitializeAsync();
        _bench = await WorkerBench.OpenAsync(postgres);
        WorkerHost host = await _bench.StartAsync();
        _store = new PostgresDecisionStore(_bench.Database, _time);
        _dashboard = new Dashboard(host.Services.GetRequiredService<StoreReportSource>(), host.Figures, _time);
        await _store.AppendAsync([.. Enumerable.Range(0, Flagged).Select(i => Decision($"subject-{i:D4}", i / (double)Flagged))], [], default);
    }

    public async Task DisposeAsync() => await _bench.DisposeAsync();

    [Fact]
    public async Task It_shows_the_highest_and_says_how_many_more_there_are()
    {
        string page = Encoding.UTF8.GetString(await _dashboard.PageAsync(default));

        Assert.Equal(Dashboard.MostSubjects, Enumerable.Range(0, Flagged).Count(i => page.Contains($"subject-{i:D4}", StringComparison.Ordinal)));
        Assert.Contains($"subject-{Flagged - 1:D4}", page, StringComparison.Ordinal);
        Assert.Contains($"{Flagged - Dashboard.MostSubjects} more subjects were flagged", page, StringComparison.Ordinal);
        Assert.Contains("autoguard report --from", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_rendering_serves_everybody_for_ten_seconds()
    {
        byte[][] pages = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => _dashboard.PageAsync(default)));
        await _store.AppendAsync([Decision("latecomer", 1)], [], default);
        _time.Advance(Dashboard.Freshness - TimeSpan.FromMilliseconds(1));
        byte[] within = await _dashboard.PageAsync(default);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        byte[] after = await _dashboard.PageAsync(default);

        Assert.All(pages, page => Assert.Same(pages[0], page));
        Assert.Same(pages[0], within);
        Assert.Contains("latecomer", Encoding.UTF8.GetString(after), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_visitor_who_leaves_takes_the_page_from_nobody()
    {
        using CancellationTokenSource gone = new();
        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _dashboard.PageAsync(gone.Token));
        Assert.NotEmpty(await _dashboard.PageAsync(default));
    }

    private Decision Decision(string token, double score) => new()
    {
        Id = token,
        Time = _time.GetUtcNow().AddMinutes(-1).ToUnixTimeMilliseconds(),
        Action = DecisionAction.Flag,
        Mode = EnforcementMode.Observe,
        Subject = new Subject(SubjectType.Token, token),
        Score = score,
        Reasons = [],
        Harm = new HarmPreview(0, 0, 0),
        Policy = "ab12",
        Source = new SourcePosition("playback.events", 0, 0),
    };
}
