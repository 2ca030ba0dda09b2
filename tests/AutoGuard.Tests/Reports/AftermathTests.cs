using System.Text;
using System.Text.Json;
using AutoGuard.Core.Reporting;
using AutoGuard.Reports;

namespace AutoGuard.Tests.Reports;

/// <summary>What came of decisions, in every format.</summary>
public sealed class AftermathTests
{
    [Fact]
    public async Task The_page_says_what_the_traffic_did_what_engines_made_of_it_and_which_can_do_nothing()
    {
        string page = await WriteAsync(new ReportFixture().WithAftermath(), "html");

        Assert.All(
            (string[])["What came of it", "Moved elsewhere", "Went on", "Traffic stopped", "Being watched", "Nothing new began", "waiting after 3 attempts",
                "It could not be used: status 503.", "In place of ", "The token was not created as revocable (2011).", "7 applied, 2 waiting, 1 refused", "refuses the credentials"],
            text => Assert.Contains(text, page, StringComparison.Ordinal));
        Assert.DoesNotContain("What came of it", await WriteAsync(new ReportFixture().Report(), "html"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Programs_read_it_too()
    {
        FlaggedReport report = new ReportFixture().WithAftermath();

        using JsonDocument json = JsonDocument.Parse(await WriteAsync(report, "json"));
        JsonElement aftermath = json.RootElement.GetProperty("subjects")[0].GetProperty("aftermath")[0];
        Assert.Equal(report.Subjects[0].Decisions[^1].Id, aftermath.GetProperty("decision").GetString());
        Assert.Equal(("moved", 0L, 2), (aftermath.GetProperty("effect").GetString(), aftermath.GetProperty("newSessions").GetInt64(), aftermath.GetProperty("openSessions").GetInt32()));
        JsonElement engine = aftermath.GetProperty("engines")[1];
        Assert.Equal(("NanoStream", "unavailable", 3), (engine.GetProperty("engine").GetString(), engine.GetProperty("result").GetString(), engine.GetProperty("attempts").GetInt32()));
        Assert.Equal("refuses the credentials", json.RootElement.GetProperty("engines")[1].GetProperty("problem").GetString());

        string csv = await WriteAsync(report, "csv");
        Assert.Contains($"{report.Subjects[0].Decisions[^1].Id} Local applied; {report.Subjects[0].Decisions[^1].Id} NanoStream unavailable,moved\r\n", csv, StringComparison.Ordinal);
    }

    private static async Task<string> WriteAsync(FlaggedReport report, string format)
    {
        using MemoryStream stream = new();
        await FlaggedReports.WriteAsync(report, stream, format, CancellationToken.None);
        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
