using AutoGuard.Configuration;
using AutoGuard.Core.Policy;
using AutoGuard.Core.Reporting;
using AutoGuard.Guardian.Planning;
using AutoGuard.Guardian.Storage;
using AutoGuard.Reports;

namespace AutoGuard.Worker;

/// <summary>Reports out of the decision log.</summary>
/// <param name="store">The log.</param>
/// <param name="aftermaths">What came of the decisions.</param>
/// <param name="notices">What operators were told.</param>
/// <param name="settings">Mode, fingerprint and zone that the report names.</param>
/// <param name="watermark">Up to where this worker has decided, Unix milliseconds; null when it does not know.</param>
/// <param name="fingerprint">The fingerprint in force now, where a worker may take up another model; null: that of the settings.</param>
internal sealed class StoreReportSource(
    PostgresDecisionStore store, AftermathReader aftermaths, NoticeLog notices, EffectiveSettings settings, Func<long?> watermark, Func<string>? fingerprint = null) : IReportSource
{
    /// <inheritdoc/>
    public Task<FlaggedReport> ReadAsync(DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken) =>
        ReadAsync(from, to, FlaggedReportBuilder.DefaultLimit, cancellationToken);

    /// <summary>The same with at most <paramref name="most"/> subjects, those with the highest scores; the others stay in the database and are counted.</summary>
    public async Task<FlaggedReport> ReadAsync(DateTimeOffset from, DateTimeOffset to, int most, CancellationToken cancellationToken)
    {
        FlaggedReportBuilder builder = new(from, to, settings.Values.Reports.TimeZone, most);
        (IReadOnlyList<FlaggedSubject> highest, int total) = await store.ReadFlaggedAsync(from, to, most, cancellationToken);
        foreach (FlaggedSubject evidence in highest)
        {
            builder.Add(evidence);
        }
        FlaggedReport report = builder.Build(settings.Values.Kafka.EventsTopic, fingerprint?.Invoke() ?? settings.Fingerprint, settings.Values.Policy.Mode);
        IReadOnlyDictionary<string, Aftermath> known = await aftermaths.ReadAsync(
            [.. report.Subjects.SelectMany(static subject => subject.Decisions).Select(static decision => decision.Id)], cancellationToken);
        return report with
        {
            LeftOut = total - highest.Count,
            Notices = [.. await notices.ReadAsync(from, to, cancellationToken)],
            Engines = AftermathReader.Summarize(known.Values),
            Subjects =
            [
                .. report.Subjects.Select(subject => subject with
                {
                    Aftermath = [.. subject.Decisions.Select(decision => known.GetValueOrDefault(decision.Id)).OfType<Aftermath>()],
                }),
            ],
        };
    }

    /// <inheritdoc/>
    public ValueTask<bool> IsCompleteAsync(DateTimeOffset to, CancellationToken cancellationToken) =>
        // Before the first event there is nothing to wait for.
        ValueTask.FromResult(watermark() is not { } decided || decided >= to.ToUnixTimeMilliseconds());
}
