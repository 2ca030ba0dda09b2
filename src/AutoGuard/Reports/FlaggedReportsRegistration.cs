using Microsoft.Extensions.DependencyInjection.Extensions;
using Quartz;

namespace AutoGuard.Reports;

/// <summary>Registers scheduled reports.</summary>
public static class FlaggedReportsRegistration
{
    private static readonly JobKey Job = new("flagged-report");

    /// <summary>
    /// Adds the report job on Quartz's in-memory store. The host must register an <see cref="IReportSource"/>. Throws
    /// <see cref="ArgumentException"/> with the text of <see cref="ReportSchedule.Check"/> for wrong options.
    /// </summary>
    /// <remarks>
    /// The store need not be durable: at every start a trigger compares the schedule with the reports in the folder and
    /// makes the latest one up if it is missing. That also covers failed runs and a changed schedule.
    /// </remarks>
    public static IServiceCollection AddFlaggedReports(this IServiceCollection services, ReportOptions options, string dataDirectory)
    {
        ArgumentNullException.ThrowIfNull(services);
        var schedule = ReportSchedule.Of(options, dataDirectory);
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<ReportMetrics>();
        services.AddSingleton(schedule);
        services.AddQuartz(quartz =>
        {
            quartz.UseInMemoryStore();
            // A stop of the worker must not wait for a report that waits for its events: it is made up at the next start.
            quartz.ConfigureScheduler(scheduler => scheduler.ShutdownJobInterruption = ShutdownJobInterruption.Always);
            if (schedule.Cron is null)
            {
                return;
            }

            var again = RetryPolicy.Exponential(6, TimeSpan.FromMinutes(1), 2, TimeSpan.FromMinutes(15));
            quartz.AddJob<FlaggedReportJob>(job => job.WithIdentity(Job));
            quartz.AddTrigger(trigger => trigger
                .ForJob(Job)
                .WithIdentity("flagged-report-schedule")
                .WithRetryPolicy(again)
                .WithCronSchedule(schedule.Cron, cron => cron.InTimeZone(schedule.Zone).WithMisfireInstruction(CronTriggerMisfireInstruction.FireAndProceed)));
            quartz.AddTrigger(trigger => trigger
                .ForJob(Job)
                .WithIdentity(FlaggedReportJob.StartTrigger)
                .WithRetryPolicy(again)
                .StartNow());
        });
        services.AddQuartzHostedService(hosted => hosted.WaitForJobsToComplete = true);
        return services;
    }
}
