using System.Globalization;

namespace AutoGuard.Live;

/// <summary>The view where nothing can be drawn (a pipe, a log, CI): a line of figures every 5 seconds, one line a decision.</summary>
public sealed class PlainLiveView(TextWriter output, TimeProvider time) : ILiveView
{
    private const int LineWidth = 300;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    private long _decisions;
    private DateTimeOffset? _breakerSince;
    private TimeSpan? _nextFigures;

    /// <inheritdoc/>
    public async Task RunAsync(Func<LiveSnapshot> read, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(read);
        while (!cancellation.IsCancellationRequested)
        {
            Show(read());
            await Task.Delay(Interval, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        Show(read(), last: true);
    }

    /// <inheritdoc/>
    public void Conclude(DemoSummary summary)
    {
        foreach ((string name, string value) in SummaryText.Lines(summary))
        {
            Write($"{name}: {value}");
        }
    }

    /// <summary>Writes what is new in a snapshot, and the figures when they are due.</summary>
    internal void Show(LiveSnapshot snapshot, bool last = false)
    {
        if (_nextFigures is null)
        {
            Write($"AutoGuard {snapshot.Title}: dashboard {snapshot.Dashboard}, Kafka {snapshot.Kafka}, database {snapshot.Database}");
        }
        ShowBreaker(snapshot);
        ShowDecisions(snapshot);
        if (_nextFigures is null)
        {
            _nextFigures = snapshot.Running + Period;
        }
        else if (last || snapshot.Running >= _nextFigures)
        {
            _nextFigures = snapshot.Running + Period;
            string lag = snapshot.KafkaLag is { } waiting ? string.Create(CultureInfo.InvariantCulture, $", lag {waiting:N0}") : "";
            Write(string.Create(
                CultureInfo.InvariantCulture,
                $"{snapshot.Running:hh\\:mm\\:ss} {snapshot.Events:N0} events ({snapshot.EventsPerSecond:N0}/s), {snapshot.OpenSessions:N0} sessions, "
                + $"{snapshot.Flagged:N0} flagged, {snapshot.Blocked:N0} blocked, {snapshot.Revoked:N0} revoked, "
                + $"{snapshot.Malformed:N0} malformed, {snapshot.Late:N0} late, {snapshot.Duplicates:N0} duplicate{lag}"));
        }
    }

    private void ShowBreaker(LiveSnapshot snapshot)
    {
        if (snapshot.BreakerSince == _breakerSince)
        {
            return;
        }
        _breakerSince = snapshot.BreakerSince;
        Write(_breakerSince is { } since
            ? string.Create(CultureInfo.InvariantCulture, $"blocks become flags since {since.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}: {snapshot.BreakerReason}")
            : "blocks are made again");
    }

    private void ShowDecisions(LiveSnapshot snapshot)
    {
        long fresh = snapshot.DecisionCount - _decisions;
        _decisions = snapshot.DecisionCount;
        int shown = (int)Math.Min(fresh, snapshot.Decisions.Length);
        if (fresh > shown)
        {
            Write(string.Create(CultureInfo.InvariantCulture, $"{fresh - shown:N0} more decisions, see the dashboard"));
        }
        foreach (LiveDecision decision in snapshot.Decisions.Take(shown).Reverse())
        {
            Write(string.Create(
                CultureInfo.InvariantCulture,
                $"{decision.Time.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ} {SummaryText.Name(decision.Action)} {decision.Subject.TypeName} {decision.Subject.Value} score {decision.Score:0.00}: {decision.Reason}"));
        }
    }

    private void Write(string line) => output.WriteLine(TerminalText.Visible(line, LineWidth));
}
