using System.Globalization;
using AutoGuard.Core.Policy;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace AutoGuard.Live;

/// <summary>The view on a terminal, redrawn in place. Text of strangers is never read as markup.</summary>
public sealed class LiveView(IAnsiConsole console, TimeProvider time) : ILiveView
{
    private const int SparklineWidth = 30;

    // Everything but the rows of the table: header, five rows of figures, the table's frame and head, footer.
    private const int OtherLines = 14;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private readonly Sparkline _events = new(SparklineWidth);
    private readonly Sparkline _sessions = new(SparklineWidth);

    /// <inheritdoc/>
    public Task RunAsync(Func<LiveSnapshot> read, CancellationToken cancellation) =>
        console.Live(new Text("")).AutoClear(false).Overflow(VerticalOverflow.Crop).StartAsync(async context =>
        {
            while (!cancellation.IsCancellationRequested)
            {
                context.UpdateTarget(Render(read()));
                await Task.Delay(Interval, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            context.UpdateTarget(Render(read()));
        });

    /// <inheritdoc/>
    public void Conclude(DemoSummary summary)
    {
        Grid grid = new Grid().AddColumn().AddColumn();
        foreach ((string name, string value) in SummaryText.Lines(summary))
        {
            grid.AddRow(Label(name), Value(value));
        }
        console.Write(new Panel(grid).Header("Summary").RoundedBorder());
    }

    /// <summary>One frame; also the next point of the sparklines.</summary>
    internal IRenderable Render(LiveSnapshot snapshot)
    {
        _events.Add(snapshot.EventsPerSecond);
        _sessions.Add(snapshot.OpenSessions);
        Text footer = new("Ctrl-C stops", new Style(decoration: Decoration.Dim));
        return new Rows(Header(snapshot), Figures(snapshot), Decisions(snapshot), footer);
    }

    private static Text Header(LiveSnapshot snapshot)
    {
        string mode = snapshot.Mode == EnforcementMode.Enforce ? "enforcing" : "observing only";
        return OneLine($"AutoGuard {snapshot.Title}  {mode}  {snapshot.Running:hh\\:mm\\:ss}", new Style(decoration: Decoration.Bold));
    }

    private Grid Figures(LiveSnapshot snapshot)
    {
        bool unicode = console.Profile.Capabilities.Unicode;
        Grid grid = new Grid().AddColumn(Tight()).AddColumn(Tight()).AddColumn(Tight()).AddColumn(Tight());
        grid.AddRow(Label("event time"), Value(Clock(snapshot.EventTime)), Label("watermark"), Value(Clock(snapshot.Watermark)));
        grid.AddRow(Label("events/s"), Rate(snapshot.EventsPerSecond, _events.Draw(unicode)), Label("sessions"), Rate(snapshot.OpenSessions, _sessions.Draw(unicode)));
        grid.AddRow(
            Label("events"), Value(string.Create(CultureInfo.InvariantCulture, $"{snapshot.Events:N0}, lag {Lag(snapshot)}")),
            Label("state"), Value(string.Create(CultureInfo.InvariantCulture, $"{snapshot.Tokens:N0} tokens, {snapshot.Addresses:N0} addresses")));
        grid.AddRow(
            Label("refused"), Value(string.Create(CultureInfo.InvariantCulture, $"{snapshot.Malformed:N0} malformed, {snapshot.Late:N0} late, {snapshot.Duplicates:N0} duplicate")),
            Label("decisions"), Value(string.Create(CultureInfo.InvariantCulture, $"{snapshot.Flagged:N0} flagged, {snapshot.Blocked:N0} blocked, {snapshot.Revoked:N0} revoked")));
        grid.AddRow(Label("dashboard"), Value(snapshot.Dashboard), Label("Kafka"), Value(snapshot.Kafka));
        grid.AddRow(Label("database"), Value(snapshot.Database), Label(""), Value(""));
        return grid;
    }

    private Table Decisions(LiveSnapshot snapshot)
    {
        Table table = new Table().Border(TableBorder.Rounded).Expand()
            .AddColumn(new TableColumn("time").NoWrap()).AddColumn(new TableColumn("action").NoWrap())
            .AddColumn(new TableColumn("subject")).AddColumn(new TableColumn("score").NoWrap().RightAligned())
            .AddColumn(new TableColumn("reason"));
        int room = Math.Clamp(console.Profile.Height - OtherLines, 1, LiveSnapshot.MostDecisions);
        foreach (LiveDecision decision in snapshot.Decisions.Take(room))
        {
            table.AddRow(
                OneLine(decision.Time.UtcDateTime.ToString("HH:mm:ss", CultureInfo.InvariantCulture)),
                OneLine(SummaryText.Name(decision.Action), ColourOf(decision.Action)),
                OneLine($"{decision.Subject.TypeName} {decision.Subject.Value}"),
                OneLine(decision.Score.ToString("0.00", CultureInfo.InvariantCulture)),
                OneLine(decision.Reason));
        }
        if (snapshot.Decisions.IsEmpty)
        {
            table.AddRow(new Text(""), new Text(""), new Text("none yet", new Style(decoration: Decoration.Dim)), new Text(""), new Text(""));
        }
        return table;
    }

    private static Text OneLine(string text, Style? style = null) => new(TerminalText.Visible(text, 200), style) { Overflow = Overflow.Ellipsis };

    private static Text Label(string text) => OneLine(text, new Style(foreground: Color.Grey));

    private static Text Value(string text) => OneLine(text);

    private static Text Rate(double value, string bars) =>
        OneLine(string.Create(CultureInfo.InvariantCulture, $"{value,9:N0} {bars}"), new Style(foreground: Color.Aqua));

    private static GridColumn Tight() => new GridColumn().NoWrap().PadRight(2);

    private static string Clock(DateTimeOffset? time) =>
        time is { } t ? t.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture) : "none yet";

    private static string Lag(LiveSnapshot snapshot) =>
        snapshot.KafkaLag is { } lag ? lag.ToString("N0", CultureInfo.InvariantCulture) : "unknown";

    private static Style ColourOf(DecisionAction action) => action switch
    {
        DecisionAction.Flag => new Style(foreground: Color.Yellow),
        DecisionAction.Block => new Style(foreground: Color.Red, decoration: Decoration.Bold),
        DecisionAction.Revoke => new Style(foreground: Color.Fuchsia, decoration: Decoration.Bold),
        _ => new Style(foreground: Color.Green),
    };
}
