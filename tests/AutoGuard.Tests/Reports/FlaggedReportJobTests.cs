using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using System.Globalization;
using AutoGuard.Core.Reporting;
using AutoGuard.Reports;
using AutoGuard.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Quartz;

namespace AutoGuard.Tests.Reports;

public sealed class FlaggedReportJobTests : IDisposable
{
    private static readonly DateTimeOffset Due = Time("2025-11-14T06:00:00Z");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_run_writes_every_format_under_the_end_of_its_period()
    {
        var source = new Source();

        await Job(source, new ManualTime(Due.AddMinutes(2)), out var period).RunAsync(period, onlyIfMissed: false, CancellationToken.None);

        Assert.Equal(["flagged-2025-11-14T0600Z.csv", "flagged-2025-11-14T0600Z.html", "flagged-2025-11-14T0600Z.json"], _folder.Names);
        Assert.Equal([(Due.AddDays(-1), Due)], source.Asked);
    }

    [Fact]
    public async Task A_run_waits_until_the_period_has_settled_and_everything_is_judged()
    {
        var source = new Source { Complete = false };
        var time = new ManualTime(Due);
        var run = Job(source, time, out var period).RunAsync(period, onlyIfMissed: false, CancellationToken.None);

        time.Advance(TimeSpan.FromSeconds(119));
        Assert.Equal(0, source.CompleteCalls);
        time.Advance(TimeSpan.FromSeconds(1));
        await Eventually.True(() => source.CompleteCalls == 1 && time.Waiting == 1, "the first question whether the period is complete");
        Assert.Empty(source.Asked);
        source.Complete = true;
        time.Advance(TimeSpan.FromSeconds(10));
        await run.WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Single(source.Asked);
    }

    [Fact]
    public async Task A_run_that_waits_in_vain_writes_what_is_known()
    {
        var source = new Source { Complete = false };
        var time = new ManualTime(Due.AddHours(1));
        var run = Job(source, time, out var period).RunAsync(period, onlyIfMissed: false, CancellationToken.None);
        for (var calls = 1; calls <= 360; calls++)
        {
            await Eventually.True(() => source.CompleteCalls >= calls && time.Waiting == 1, $"question {calls}");
            time.Advance(TimeSpan.FromSeconds(10));
        }

        await run.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Single(source.Asked);
    }

    [Fact]
    public async Task Reports_past_their_retention_are_deleted_and_nothing_else_is()
    {
        string[] kept =
        [
            "flagged-2025-11-07T0602Z.html", "flagged-2025-11-07T0600Z.html.bak", "flagged-notes.html", "Flagged-2025-01-01T0600Z.html", "flagged-2025-01-01T0600Z.pdf",
            "xflagged-2025-01-01T0600Z.html", "flagged-2025-13-41T0600Z.html", ".flagged-2025-11-14T0601Z.csv.77-1.tmp", "summary.json",
        ];
        string[] deleted = ["flagged-2025-11-07T0600Z.html", "flagged-2025-01-01T0600Z.csv", "flagged-2024-12-31T2359Z.json", ".flagged-2025-01-01T0600Z.html.77-1.tmp"];
        foreach (var name in kept.Concat(deleted))
        {
            await File.WriteAllTextAsync(_folder[name], name);
        }

        await Job(new Source(), new ManualTime(Due.AddMinutes(2)), out var period, new ReportOptions { Retention = 7 }).RunAsync(period, onlyIfMissed: false, CancellationToken.None);

        Assert.Empty(deleted.Intersect(_folder.Names));
        Assert.Empty(kept.Except(_folder.Names));
    }

    [Fact]
    public async Task A_failed_read_writes_nothing_is_counted_and_told_to_the_scheduler()
    {
        var source = new Source { Failure = new InvalidOperationException("the database is away") };
        long failures = 0;
        using var meters = new Meters();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Name == "autoguard.report.failure" && instrument.Meter.Scope == meters)
                {
                    listening.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, value, _, _) => failures += value);
        listener.Start();

        var error = await Assert.ThrowsAsync<JobExecutionException>(async () =>
            await Job(source, new ManualTime(Due.AddMinutes(2)), out var period, meters: meters).RunAsync(period, onlyIfMissed: false, CancellationToken.None));

        Assert.Contains("the database is away", error.ToString(), StringComparison.Ordinal);
        Assert.Equal(1, failures);
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public async Task A_stop_while_waiting_is_no_failure()
    {
        using var stop = new CancellationTokenSource();
        var source = new Source();
        var run = Job(source, new ManualTime(Due), out var period).RunAsync(period, onlyIfMissed: false, stop.Token);

        await stop.CancelAsync();
        await run.WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Empty(source.Asked);
        Assert.Empty(_folder.Names);
    }

    [Theory]
    [InlineData("2025-11-12T06:00:00Z", "", true)]
    [InlineData("2025-11-12T06:00:00Z", "flagged-2025-11-13T0600Z.html", true)]
    [InlineData("", "flagged-2025-11-13T0600Z.html", true)]
    [InlineData("", "flagged-2025-11-14T0600Z.html", true)]
    [InlineData("", "flagged-2025-11-14T0600Z.html flagged-2025-11-14T0600Z.json flagged-2025-11-14T0600Z.csv", false)]
    [InlineData("", "flagged-2025-11-14T0700Z.html", false)]
    [InlineData("", "", false)]
    [InlineData("2025-11-14T06:30:00Z", "", false)]
    public async Task A_start_makes_up_the_run_that_was_missed_and_no_other(string inUseSince, string files, bool expected)
    {
        await FillAsync(inUseSince, files);
        var source = new Source();
        var job = Job(source, new ManualTime(Due.AddHours(3)), out _);

        await job.Execute(Context(Due.AddHours(3), FlaggedReportJob.StartTrigger), CancellationToken.None);
        Assert.Equal(expected ? [(Due.AddDays(-1), Due)] : [], source.Asked);
        await job.Execute(Context(Due.AddHours(3), FlaggedReportJob.StartTrigger), CancellationToken.None);
        Assert.Equal(expected ? 1 : 0, source.Asked.Count);
    }

    [Fact]
    public async Task The_host_makes_up_a_missed_run_at_its_start_and_runs_the_job_when_it_is_fired()
    {
        await FillAsync("2020-01-01T00:00:00Z", "");
        var source = new Source();
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IReportSource>(source);
        builder.Services.AddFlaggedReports(new ReportOptions { Folder = _folder.Path, Cron = "0 0 0 1 * ?", Settling = TimeSpan.Zero, Formats = "json" }, "/nowhere");
        using var host = builder.Build();
        await host.StartAsync();

        await Eventually.True(() => _folder.Names.Any(name => name.StartsWith("flagged-", StringComparison.Ordinal)), "the report that was missed");
        var (from, to) = source.Asked.Single();
        Assert.Equal((1, TimeSpan.Zero, TimeSpan.FromDays(1)), (to.Day, to.TimeOfDay, to - from));
        File.Delete(_folder[_folder.Names.Single(name => name.StartsWith("flagged-", StringComparison.Ordinal))]);
        var scheduler = await host.Services.GetRequiredService<ISchedulerFactory>().GetScheduler();
        await scheduler.TriggerJob(new JobKey("flagged-report"));
        await Eventually.True(() => source.Asked.Count == 2 && _folder.Names.Any(name => name.EndsWith("Z.json", StringComparison.Ordinal)), "the report that was asked for");
        Assert.Equal((from, to), source.Asked[1]);

        await host.StopAsync();
    }

    [Fact]
    public async Task A_stop_of_the_host_does_not_wait_for_a_report_that_waits()
    {
        await FillAsync("2020-01-01T00:00:00Z", "");
        var source = new Source { Complete = false };
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IReportSource>(source);
        builder.Services.AddFlaggedReports(new ReportOptions { Folder = _folder.Path, Settling = TimeSpan.Zero }, "/nowhere");
        // Other parts of the host have jobs of their own.
        builder.Services.AddQuartz(_ => { });
        builder.Services.AddQuartzHostedService();
        using var host = builder.Build();
        await host.StartAsync();
        await Eventually.True(() => source.CompleteCalls > 0, "the job to wait for the period to be complete");

        await host.StopAsync().WaitAsync(TimeSpan.FromSeconds(20));

        Assert.Empty(source.Asked);
    }

    private async Task FillAsync(string inUseSince, string files)
    {
        if (inUseSince.Length > 0)
        {
            await File.WriteAllTextAsync(_folder[".since"], inUseSince);
        }

        foreach (var name in files.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            await File.WriteAllTextAsync(_folder[name], "");
        }
    }

    private FlaggedReportJob Job(Source source, TimeProvider time, out ReportPeriod period, ReportOptions? options = null, IMeterFactory? meters = null)
    {
        options ??= new ReportOptions();
        options.Folder = _folder.Path;
        var schedule = ReportSchedule.Of(options, "/nowhere");
        period = schedule.PeriodEnding(Due);
        return new FlaggedReportJob(source, schedule, new ReportMetrics(meters ?? new Meters()), time, NullLogger<FlaggedReportJob>.Instance);
    }

    private static IJobExecutionContext Context(DateTimeOffset fired, string trigger)
    {
        var context = System.Reflection.DispatchProxy.Create<IJobExecutionContext, FiredContext>();
        var proxy = (FiredContext)(object)context;
        proxy.Fired = fired;
        proxy.Trigger = TriggerBuilder.Create().WithIdentity(trigger).ForJob("flagged-report").StartAt(fired).Build();
        return context;
    }

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);

    private sealed class Source : IReportSource
    {
        private int _completeCalls;

        public ImmutableList<(DateTimeOffset From, DateTimeOffset To)> Asked { get; private set; } = [];

        public bool Complete { get; set; } = true;

        public int CompleteCalls => Volatile.Read(ref _completeCalls);

        public Exception? Failure { get; init; }

        public Task<FlaggedReport> ReadAsync(DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
        {
            Asked = Asked.Add((from, to));
            return Failure is null
                ? Task.FromResult(new ReportFixture().Report() with { From = from.ToUnixTimeMilliseconds(), To = to.ToUnixTimeMilliseconds() })
                : Task.FromException<FlaggedReport>(Failure);
        }

        public ValueTask<bool> IsCompleteAsync(DateTimeOffset to, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _completeCalls);
            return ValueTask.FromResult(Complete);
        }
    }

    /// <summary>Quartz makes its contexts inside the scheduler; the job reads three things of one.</summary>
    public class FiredContext : System.Reflection.DispatchProxy
    {
        public DateTimeOffset Fired { get; set; }

        public ITrigger? Trigger { get; set; }

        protected override object? Invoke(System.Reflection.MethodInfo? targetMethod, object?[]? args) => targetMethod!.Name switch
        {
            "get_FireTimeUtc" => Fired,
            "get_ScheduledFireTimeUtc" => (DateTimeOffset?)Fired,
            "get_Trigger" => Trigger,
            var other => throw new NotSupportedException(other),
        };
    }

    private sealed class Meters : IMeterFactory
    {
        private readonly List<Meter> _meters = [];

        public Meter Create(MeterOptions options)
        {
            var meter = new Meter(options.Name, options.Version, options.Tags, this);
            _meters.Add(meter);
            return meter;
        }

        public void Dispose() => _meters.ForEach(meter => meter.Dispose());
    }
}
