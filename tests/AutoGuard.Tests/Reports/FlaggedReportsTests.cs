using System.Text.Json;
using AutoGuard.Reports;

namespace AutoGuard.Tests.Reports;

public sealed class FlaggedReportsTests
{
    [Fact]
    public async Task The_extension_chooses_the_format()
    {
        using var folder = new TemporaryFolder();
        foreach (var name in (string[])["a.html", "b.JSON", "sub/c.csv"])
        {
            await FlaggedReports.WriteAsync(new ReportFixture().Report(), folder[name], CancellationToken.None);
        }

        Assert.StartsWith("<!DOCTYPE html>", await File.ReadAllTextAsync(folder["a.html"]), StringComparison.Ordinal);
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(folder["b.JSON"]));
        Assert.Equal(JsonValueKind.Object, json.RootElement.ValueKind);
        Assert.StartsWith("subjectType,", await File.ReadAllTextAsync(folder["sub/c.csv"]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("report.pdf", "ends in '.pdf'")]
    [InlineData("report", "has no extension")]
    public async Task Another_extension_is_refused_with_a_list_of_what_is_allowed(string name, string expected)
    {
        using var folder = new TemporaryFolder();

        var error = await Assert.ThrowsAsync<ArgumentException>(() => FlaggedReports.WriteAsync(ReportFixture.Empty(), folder[name], CancellationToken.None));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains("Allowed are .html, .json and .csv", error.Message, StringComparison.Ordinal);
        Assert.Empty(folder.Names);
        Assert.Null(FlaggedReports.Check("report.html"));
    }

    [Fact]
    public async Task A_failed_write_leaves_the_old_file_and_nothing_else()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["r.html"], "old");

        await Assert.ThrowsAsync<TimeZoneNotFoundException>(() =>
            FlaggedReports.WriteAsync(ReportFixture.Empty() with { TimeZone = "Mars/Olympus" }, folder["r.html"], CancellationToken.None));
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => FlaggedReports.WriteAsync(new ReportFixture().Report(), folder["r.html"], stop.Token));

        Assert.Equal(["r.html"], folder.Names);
        Assert.Equal("old", await File.ReadAllTextAsync(folder["r.html"]));
    }

    [Fact]
    public async Task A_written_file_replaces_the_old_one_and_others_cannot_read_it()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["r.csv"], "old");

        await FlaggedReports.WriteAsync(ReportFixture.Empty(), folder["r.csv"], CancellationToken.None);

        Assert.Equal(["r.csv"], folder.Names);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(folder["r.csv"]));
        }
    }

    [Theory]
    [InlineData("a\u202Eb", 10, "a⟨U+202E⟩b")]
    [InlineData("a\r\nb", 10, "a⟨U+000D⟩⟨U+000A⟩b")]
    [InlineData("x\u00A0y", 10, "x⟨U+00A0⟩y")]
    [InlineData("x\u3164y", 10, "x⟨U+3164⟩y")]
    [InlineData("e\u0301\u0301\u0301\u0301", 10, "e\u0301\u0301\u0301⟨U+0301⟩")]
    [InlineData("😀😀😀", 2, "😀😀… (+1 characters)")]
    [InlineData("שלום", 10, "שלום")]
    [InlineData("plain", 5, "plain")]
    [InlineData(null, 5, "")]
    public void What_cannot_be_seen_is_spelled_out(string? text, int limit, string expected) =>
        Assert.Equal(expected, VisibleText.Of(text, limit));

    [Fact]
    public void Halves_of_characters_are_spelled_out() => Assert.Equal("x⟨U+DC00⟩y⟨U+D800⟩", VisibleText.Of("x\uDC00y\uD800", 10));

    [Theory]
    [InlineData(0, "0 s")]
    [InlineData(45.4, "45 s")]
    [InlineData(59.7, "1 min")]
    [InlineData(720, "12 min")]
    [InlineData(12_000, "3 h 20 min")]
    [InlineData(7_200, "2 h")]
    [InlineData(187_200, "2 d 4 h")]
    [InlineData(double.NaN, "–")]
    public void Durations_are_told_in_the_units_that_matter(double seconds, string expected) =>
        Assert.Equal(expected, ReportWords.Duration(seconds));
}
