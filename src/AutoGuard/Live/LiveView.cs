using System.Globalization;
using AutoGuard.Core.Policy;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace AutoGuard.Live;

/// <summary>The view on a terminal, redrawn in place.</summary>
public sealed class LiveView(IAnsiConsole console, TimeProvider time) : ILiveView
{
    private const int SparklineWidth = 24;
    private const int LabelWidth = 11;
    private const int WidthForTwoColumns = 100;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private static readonly Style Dim = new(foreground: Color.Grey);
    private static readonly Style Strong = new(decoration: Decoration.Bold);
    private static readonly Style Alarm = new(foreground: Color.Red, decoration: Decoration.Bold);
    private static readonly Style Figure = new(foreground: Color.Aqua);

    private readonly Sparkline _events = new(SparklineWidth);
    private readonly Sparkline _sessions = new(SparklineWidth);

    /// <inheritdoc/>
    public Task RunAsync(Func<LiveSnapshot> read, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(read);
        return console.Live(new Text("")).AutoClear(false).Overflow(VerticalOverflow.Crop).StartAsync(async context =>
        {
            while (!cancellation.IsCancellationRequested)
            {
                context.UpdateTarget(Render(read()));
                await Task.Delay(Interval, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            context.UpdateTarget(Render(read()));
        });
    }

    /// <inheritdoc/>
    public void Conclude(DemoSummary summary)
    {
        ArgumentNullException.ThrowIfNull(summary);
        int width = Math.Max(1, console.Profile.Width - 4);
        IRenderable[] lines = [.. SummaryText.Lines(summary)
            .Select(l => new FrameLine(width).Field(l.Name, LabelWidth, Dim).Append(l.Value).Renderable)];
        console.Write(new Panel(new Rows(lines)).Header("Summary").RoundedBorder());
    }

    /// <summary>One frame, never larger than the terminal; also the next point of the sparklines.</summary>
    internal IRenderable Render(LiveSnapshot snapshot)
    {
        _events.Add(snapshot.EventsPerSecond);
        _sessions.Add(snapshot.OpenSessions);
        int width = Math.Max(1, console.Profile.Width - 1);
        int height = Math.Max(1, console.Profile.Height - 1);
        List<FrameLine> lines = [Header(snapshot, width), .. Banner(snapshot, width), .. Figures(snapshot, width), .. Decisions(snapshot, width)];
        if (lines.Count > height - 1)
        {
            lines.RemoveRange(height - 1, lines.Count - (height - 1));
        }
        lines.Add(new FrameLine(width).Append("Ctrl-C stops", Dim));
        return new Rows(lines.Select(l => l.Renderable));
    }

    private static FrameLine Header(LiveSnapshot snapshot, int width) => new FrameLine(width)
        .Append($"AutoGuard {snapshot.Title}  ", Strong)
        .Append(snapshot.Mode == EnforcementMode.Enforce ? "enforcing" : "observing only", Strong)
        .Append($"  {snapshot.Running:hh\\:mm\\:ss}");

    private static IEnumerable<FrameLine> Banner(LiveSnapshot snapshot, int width)
    {
        if (snapshot.BreakerSince is { } since)
        {
            yield return new FrameLine(width).Append($"Blocks become flags since {since.UtcDateTime:HH:mm}: {snapshot.BreakerReason}", Alarm);
        }
    }

    private IEnumerable<FrameLine> Figures(LiveSnapshot snapshot, int width)
    {
        bool unicode = console.Profile.Capabilities.Unicode;
        (string Label, string Value, Style? Style)[] figures =
        [
            ("event time", Clock(snapshot.EventTime), null),
            ("watermark", Clock(snapshot.Watermark), null),
            ("events/s", $"{Number(snapshot.EventsPerSecond),9} {_events.Draw(unicode)}", Figure),
            ("sessions", $"{Number(snapshot.OpenSessions),9} {_sessions.Draw(unicode)}", Figure),
            ("events", $"{Number(snapshot.Events)}, lag {(snapshot.KafkaLag is { } lag ? Number(lag) : "unknown")}", null),
            ("state", $"{Number(snapshot.Tokens)} tokens, {Number(snapshot.Addresses)} addresses", null),
            ("refused", $"{Number(snapshot.Malformed)} malformed, {Number(snapshot.Late)} late, {Number(snapshot.Duplicates)} duplicate", null),
            ("decisions", $"{Number(snapshot.Flagged)} flagged, {Number(snapshot.Blocked)} blocked, {Number(snapshot.Revoked)} revoked", null),
            ("dashboard", snapshot.Dashboard, null),
            ("Kafka", snapshot.Kafka, null),
            ("database", snapshot.Database, null),
        ];
        int columns = width >= WidthForTwoColumns ? 2 : 1;
        foreach ((string Label, string Value, Style? Style)[] row in figures.Chunk(columns))
        {
            FrameLine line = new(width);
            foreach ((string label, string value, Style? style) in row)
            {
                line.Field(label, LabelWidth, Dim).Field(value, (width / columns) - LabelWidth - 1, style).Append(" ");
            }
            yield return line;
        }
    }

    private static IEnumerable<FrameLine> Decisions(LiveSnapshot snapshot, int width)
    {
        int subject = Math.Max(0, (width - 26) * 2 / 5);
        yield return new FrameLine(width).Append(new string('-', width), Dim);
        yield return new FrameLine(width).Field("time", 10, Dim).Field("action", 9, Dim).Field("score", 7, Dim).Field("subject", subject, Dim).Append("  reason", Dim);
        foreach (LiveDecision decision in snapshot.Decisions.Take(LiveSnapshot.MostDecisions))
        {
            yield return new FrameLine(width)
                .Field(decision.Time.UtcDateTime.ToString("HH:mm:ss", CultureInfo.InvariantCulture), 10)
                .Field(SummaryText.Name(decision.Action), 9, ColourOf(decision.Action))
                .Field(decision.Score.ToString("0.00", CultureInfo.InvariantCulture), 7)
                .Field($"{decision.Subject.TypeName} {decision.Subject.Value}", subject)
                .Append("  ").Append(decision.Reason);
        }
        if (snapshot.Decisions.IsEmpty)
        {
            yield return new FrameLine(width).Append("none yet", Dim);
        }
    }

    private static string Number(double value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Clock(DateTimeOffset? time) =>
        time is { } t ? t.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture) : "none yet";

    private static Style ColourOf(DecisionAction action) => action switch
    {
        DecisionAction.Flag => new Style(foreground: Color.Yellow),
        DecisionAction.Block => new Style(foreground: Color.Red, decoration: Decoration.Bold),
        DecisionAction.Revoke => new Style(foreground: Color.Fuchsia, decoration: Decoration.Bold),
        _ => new Style(foreground: Color.Green),
    };
}
