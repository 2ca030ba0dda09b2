using System.Collections.Immutable;
using AutoGuard.Core.Policy;
using AutoGuard.Live;
using Spectre.Console;

namespace AutoGuard.Tests.Live;

public sealed class LiveViewTests
{
    private const string Hostile = "[red]x[/] [bold \u001b]0;owned\u0007\u001b[2J\r\n\u202egpj.exe\u2028 ]] [link=http://evil.example]y[/]";

    private static readonly DateTimeOffset Noon = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    private static LiveSnapshot Snapshot(params LiveDecision[] decisions) => new()
    {
        Title = "demo",
        Mode = EnforcementMode.Enforce,
        Running = TimeSpan.FromSeconds(65),
        EventTime = Noon,
        Watermark = Noon.AddSeconds(-10),
        EventsPerSecond = 1234.4,
        Events = 56_789,
        Malformed = 3,
        Late = 4,
        Duplicates = 5,
        KafkaLag = 17,
        OpenSessions = 321,
        Tokens = 654,
        Addresses = 987,
        Flagged = 6,
        Blocked = 7,
        Revoked = 8,
        Dashboard = "http://127.0.0.1:8088",
        Kafka = "127.0.0.1:40001",
        Database = "embedded",
        DecisionCount = decisions.Length,
        Decisions = [.. decisions],
    };

    private static LiveDecision Decision(DecisionAction action, string value, string reason = "5 sessions at once for one user (limit 2)") =>
        new(Noon, action, new Subject(SubjectType.Token, value), 0.934, reason);

    private static DemoSummary Summary() => new()
    {
        Events = 12_345, Sessions = 678, Flagged = 9, Blocked = 4, Revoked = 2, IncidentsCaught = 5, IncidentsKnown = 6, Malformed = 7,
        ReportPath = "/tmp/[red]/r.html", StartUp = TimeSpan.FromSeconds(2.34), Running = TimeSpan.FromSeconds(60),
    };

    private static (IAnsiConsole Console, StringWriter Text) Screen(int width = 120, int height = 40, bool ansi = false)
    {
        StringWriter text = new();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = ansi ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = ansi ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(text),
        });
        console.Profile.Width = width;
        console.Profile.Height = height;
        console.Profile.Capabilities.Unicode = true;
        return (console, text);
    }

    private static string Draw(LiveSnapshot snapshot, int width = 120, int height = 40, bool ansi = false)
    {
        (IAnsiConsole console, StringWriter text) = Screen(width, height, ansi);
        console.Write(new LiveView(console, TimeProvider.System).Render(snapshot));
        return text.ToString();
    }

    [Fact]
    public void A_frame_shows_every_figure()
    {
        string frame = Draw(Snapshot(Decision(DecisionAction.Revoke, "jti-1")));

        foreach (string part in (string[])[
            "AutoGuard demo", "enforcing", "00:01:05", "2026-01-31 12:00:00Z", "2026-01-31 11:59:50Z", "1,234", "56,789, lag 17", "321", "654 tokens, 987 addresses",
            "3 malformed, 4 late, 5 duplicate", "6 flagged, 7 blocked, 8 revoked", "http://127.0.0.1:8088", "127.0.0.1:40001", "embedded",
            "12:00:00", "revoke", "token jti-1", "0.93", "5 sessions at once for one user (limit 2)", "Ctrl-C stops"])
        {
            Assert.Contains(part, frame, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_frame_before_the_first_event_says_so()
    {
        string frame = Draw(new LiveSnapshot { Title = "run", Mode = EnforcementMode.Observe, Running = TimeSpan.Zero });

        Assert.Contains("observing only", frame, StringComparison.Ordinal);
        Assert.Contains("none yet", frame, StringComparison.Ordinal);
        Assert.Contains("lag unknown", frame, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_of_strangers_is_neither_markup_nor_control_characters()
    {
        string frame = Draw(Snapshot(Decision(DecisionAction.Block, Hostile, Hostile)), width: 300);

        Assert.Contains("[red]x[/] [bold \\u001b]0;owned\\u0007\\u001b[2J\\u000d\\u000a\\u202egpj.exe\\u2028 ]]", frame, StringComparison.Ordinal);
        Assert.DoesNotContain(frame, c => c is '\u001b' or '\u0007' or '\r' or '\u202e' or '\u2028');
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(17)]
    [InlineData(40)]
    [InlineData(80)]
    [InlineData(200)]
    public void No_line_is_wider_than_the_terminal(int width)
    {
        LiveDecision[] decisions = [.. Enumerable.Repeat(Decision(DecisionAction.Flag, new string('界', 500), new string('x', 5_000)), 12)];

        string[] lines = Draw(Snapshot(decisions) with { Dashboard = new string('界', 300) }, width).Split('\n');

        Assert.All(lines, line => Assert.InRange(line.Sum(c => c > 0x2fff ? 2 : 1), 0, width));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(12)]
    [InlineData(24)]
    [InlineData(30)]
    [InlineData(60)]
    public void A_frame_fits_the_height_of_the_terminal(int height)
    {
        LiveDecision[] decisions = [.. Enumerable.Range(0, 12).Select(i => Decision(DecisionAction.Flag, $"jti-{i}", new string('x', 500)))];

        string frame = Draw(Snapshot(decisions), height: height);

        Assert.InRange(frame.TrimEnd('\n').Split('\n').Length, 1, height);
        Assert.Equal(height >= 12, frame.Contains("jti-0", StringComparison.Ordinal));
        Assert.Equal(height >= 24, frame.Contains("jti-11", StringComparison.Ordinal));
    }

    [Fact]
    public void Actions_have_colours()
    {
        string frame = Draw(Snapshot(Decision(DecisionAction.Flag, "a"), Decision(DecisionAction.Block, "b"), Decision(DecisionAction.Release, "c")), ansi: true);

        Assert.Contains("\u001b[93mflag", frame, StringComparison.Ordinal);
        Assert.Contains("\u001b[1;91mblock", frame, StringComparison.Ordinal);
        Assert.Contains("\u001b[32mrelease", frame, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_view_shows_the_last_snapshot_when_it_is_cancelled()
    {
        (IAnsiConsole console, StringWriter text) = Screen();
        using CancellationTokenSource stop = new();
        int reads = 0;

        await new LiveView(console, TimeProvider.System).RunAsync(
            () =>
            {
                if (++reads == 1)
                {
                    stop.Cancel();
                }
                return Snapshot(Decision(DecisionAction.Flag, $"jti-{reads}"));
            },
            stop.Token).WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Equal(2, reads);
        Assert.Contains("jti-2", text.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_row_is_made_of_the_heaviest_reason_of_a_decision()
    {
        Decision decision = new()
        {
            Id = "01J",
            Time = Noon.ToUnixTimeMilliseconds(),
            Action = DecisionAction.Flag,
            Mode = EnforcementMode.Observe,
            Subject = new Subject(SubjectType.Ip, "10.0.0.1"),
            Score = 0.7,
            Reasons = [new DecisionReason("A", 1, 5, 2, 0.5, "first"), new DecisionReason("B", 1, 5, 2, 0.2, "second")],
            Harm = new HarmPreview(0, 0, 0),
            Policy = "p",
            Source = new SourcePosition("t", 0, 0),
        };

        Assert.Equal(new LiveDecision(Noon, DecisionAction.Flag, decision.Subject, 0.7, "first"), LiveDecision.Of(decision));
        Assert.Equal("", LiveDecision.Of(decision with { Reasons = ImmutableArray<DecisionReason>.Empty }).Reason);
    }

    [Fact]
    public void The_summary_says_what_was_caught()
    {
        (IAnsiConsole console, StringWriter text) = Screen();
        new LiveView(console, TimeProvider.System).Conclude(Summary());

        foreach (string part in (string[])["12,345 in 678 sessions, 7 malformed", "9 flagged, 4 blocked, 2 revoked", "5 of 6 caught", "/tmp/[red]/r.html", "2.3 s to the first event, 60.0 s in all"])
        {
            Assert.Contains(part, text.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Without_a_terminal_there_are_lines_of_figures_every_five_seconds_and_one_line_a_decision()
    {
        using StringWriter text = new();
        PlainLiveView view = new(text, TimeProvider.System);
        LiveSnapshot at = Snapshot() with { Running = TimeSpan.Zero };

        view.Show(at);
        view.Show(at with { Running = TimeSpan.FromSeconds(4.9), DecisionCount = 2, Decisions = [Decision(DecisionAction.Block, Hostile, "second"), Decision(DecisionAction.Flag, "jti-1", "first")] });
        view.Show(at with { Running = TimeSpan.FromSeconds(5), DecisionCount = 2, Decisions = [Decision(DecisionAction.Block, "x"), Decision(DecisionAction.Flag, "y")] });
        view.Show(at with { Running = TimeSpan.FromSeconds(6), DecisionCount = 102, Decisions = [Decision(DecisionAction.Release, "jti-2", "third")], KafkaLag = null }, last: true);

        Assert.Equal(
            [
                "AutoGuard demo: dashboard http://127.0.0.1:8088, Kafka 127.0.0.1:40001, database embedded",
                "2026-01-31T12:00:00Z flag token jti-1 score 0.93: first",
                "2026-01-31T12:00:00Z block token [red]x[/] [bold \\u001b]0;owned\\u0007\\u001b[2J\\u000d\\u000a\\u202egpj.exe\\u2028 ]] [link=http://evil.example]y[/] score 0.93: second",
                "00:00:05 56,789 events (1,234/s), 321 sessions, 6 flagged, 7 blocked, 8 revoked, 3 malformed, 4 late, 5 duplicate, lag 17",
                "99 more decisions, see the dashboard",
                "2026-01-31T12:00:00Z release token jti-2 score 0.93: third",
                "00:00:06 56,789 events (1,234/s), 321 sessions, 6 flagged, 7 blocked, 8 revoked, 3 malformed, 4 late, 5 duplicate",
                "",
            ],
            text.ToString().ReplaceLineEndings("\n").Split('\n'));
    }

    [Fact]
    public void An_open_breaker_is_a_banner_on_the_screen_and_a_line_in_a_pipe()
    {
        LiveSnapshot open = Snapshot() with { BreakerSince = Noon, BreakerReason = "88 % of 412 networks started sessions without a referrer." };
        Assert.Contains("Blocks become flags since 12:00: 88 % of 412 networks", Draw(open), StringComparison.Ordinal);
        Assert.DoesNotContain("become flags", Draw(Snapshot()), StringComparison.Ordinal);

        StringWriter text = new();
        PlainLiveView view = new(text, TimeProvider.System);
        foreach (LiveSnapshot snapshot in (LiveSnapshot[])[Snapshot(), open, open, Snapshot(), Snapshot()])
        {
            view.Show(snapshot with { Running = TimeSpan.Zero });
        }
        Assert.Equal(
            ["blocks become flags since 2026-01-31T12:00:00Z: 88 % of 412 networks started sessions without a referrer.", "blocks are made again"],
            text.ToString().ReplaceLineEndings("\n").Split('\n').Where(line => line.StartsWith("blocks", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(new double[] { 0, 1, 2, 4, 8 }, "▁▂▃▅█")]
    [InlineData(new double[] { 5, 5 }, "██")]
    [InlineData(new double[] { 0, 0 }, "▁▁")]
    [InlineData(new double[] { 1, 2, 3, 4, 5, 6 }, "▃▅▆▇█")]
    [InlineData(new double[] { double.NaN, -1, double.PositiveInfinity }, "▁▁▁")]
    public void A_sparkline_scales_to_its_largest_value_and_forgets_the_oldest(double[] values, string expected)
    {
        Sparkline line = new(5);
        foreach (double value in values)
        {
            line.Add(value);
        }

        Assert.Equal(expected, line.Draw(unicode: true));
    }

    [Fact]
    public void Half_of_a_surrogate_pair_is_replaced() => Assert.Equal("\ufffdx", TerminalText.Visible("\ud800x", 20));

    [Theory]
    [InlineData("plain", 10, "plain")]
    [InlineData("too long by far", 8, "too lon…")]
    [InlineData("a\u0301\u0301\u0301b", 20, "a\u0301\u0301\\u0301b")]
    [InlineData("a\u00a0b\u3164c", 20, "a\\u00a0b\\u3164c")]
    [InlineData("👍", 20, "\\u1f44d")]
    [InlineData("界界界", 5, "界界…")]
    [InlineData("界界界", 4, "界…")]
    [InlineData("界", 1, "…")]
    [InlineData(null, 10, "")]
    public void Text_is_made_visible_and_cut(string? text, int width, string expected) => Assert.Equal(expected, TerminalText.Visible(text, width));

    [Fact]
    public async Task A_view_whose_terminal_was_closed_ends_without_an_error()
    {
        TerminalView view = new(new PlainLiveView(new ClosedWriter(), TimeProvider.System));

        Task running = view.RunAsync(() => Snapshot(), CancellationToken.None);
        await running.WaitAsync(TimeSpan.FromSeconds(30));
        view.Conclude(Summary());

        Assert.True(running.IsCompletedSuccessfully);
    }
}
