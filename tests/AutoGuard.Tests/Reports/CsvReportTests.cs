using System.Globalization;
using System.Text;
using AutoGuard.Core.Policy;
using AutoGuard.Core.Reporting;
using AutoGuard.Reports;
using CsvHelper;
using CsvHelper.Configuration;

namespace AutoGuard.Tests.Reports;

public sealed class CsvReportTests
{
    [Fact]
    public async Task A_reader_gets_back_the_values_of_every_subject()
    {
        var report = new ReportFixture().Report();

        var rows = Read(await BytesOf(report));

        Assert.Equal(["token", "token", "token", "token", "ip", "cidr", "referrer"], rows.Select(row => row["subjectType"]));
        foreach (var row in rows)
        {
            var subject = report.Subjects.Single(subject => subject.Subject.Value == row["subject"]);
            var deciding = subject.Decisions.Where(decision => decision.Action != DecisionAction.Release).OrderBy(decision => decision.Action).Last();
            Assert.Equal(subject.User ?? "", row["user"]);
            Assert.Equal(subject.Score, double.Parse(row["score"], CultureInfo.InvariantCulture));
            Assert.Equal(string.Join("; ", subject.Decisions.Select(decision => decision.Action.ToString().ToLowerInvariant())), row["actions"]);
            Assert.Equal(deciding.Reasons[0].Text, row["mainReason"]);
            Assert.Equal(deciding.Reasons.Length, row["indicators"].Split("; ").Length);
            Assert.All(deciding.Reasons, reason => Assert.Contains(reason.Indicator + " ", row["indicators"], StringComparison.Ordinal));
            Assert.Equal(subject.DurationSum, double.Parse(row["durationSumSeconds"], CultureInfo.InvariantCulture), 0.001);
            Assert.Equal(subject.DurationAverage, double.Parse(row["durationAverageSeconds"], CultureInfo.InvariantCulture), 0.001);
            Assert.Equal(
                [subject.Sessions, subject.Streams.Length, subject.Addresses, subject.Tokens, subject.MaxConcurrency],
                ((string[])["sessions", "streams", "addresses", "tokens", "maxConcurrency"]).Select(name => int.Parse(row[name], CultureInfo.InvariantCulture)));
            Assert.Equal(subject.FirstStart, ReportFixture.Unix(row["firstStreamStart"]));
            Assert.Equal(subject.LastEnd, ReportFixture.Unix(row["lastStreamEnd"]));
            Assert.Equal(string.Join("; ", subject.Countries.Select(tally => $"{tally.Name} ({tally.Sessions})")), row["topCountries"]);
            Assert.Equal(deciding.Expires, row["expires"].Length == 0 ? null : ReportFixture.Unix(row["expires"]));
            Assert.Equal(deciding.Source.Offset.ToString(CultureInfo.InvariantCulture), row["sourceOffset"]);
            Assert.Equal(deciding.Harm.OtherSessions.ToString(CultureInfo.InvariantCulture), row["harmOtherSessions"]);
            Assert.Equal(subject.Allowlisted ?? "", row["allowlisted"]);
            Assert.Equal(subject.Recommendation, row["recommendation"]);
            Assert.Equal(ReportFixture.Policy, row["policy"]);
        }
    }

    [Fact]
    public async Task A_revocation_names_where_the_token_stays_good()
    {
        var report = new ReportFixture().Report();
        var subject = report.Subjects[0];

        var rows = Read(await BytesOf(report with { Subjects = [subject with { Decisions = [.. subject.Decisions.Select(d => d with { Except = ReportFixture.Home })] }] }));

        Assert.Equal("203.0.113.0/24; 2001:db8:1:2::/64", Assert.Single(rows)["except"]);
        Assert.All(Read(await BytesOf(report)), row => Assert.Equal("", row["except"]));
    }

    [Fact]
    public async Task The_file_starts_with_a_byte_order_mark_and_ends_lines_as_the_standard_says()
    {
        var bytes = await BytesOf(ReportFixture.Empty());

        Assert.Equal([0xEF, 0xBB, 0xBF], bytes[..3]);
        var text = Encoding.UTF8.GetString(bytes[3..]);
        Assert.StartsWith("subjectType,subject,organization,user,", text, StringComparison.Ordinal);
        Assert.EndsWith("effect\r\n", text, StringComparison.Ordinal);
        Assert.Equal(1, text.Count(c => c == '\n'));
    }

    [Theory]
    [InlineData("=cmd|' /C calc'!A0")]
    [InlineData("+1")]
    [InlineData("-1")]
    [InlineData("@SUM(A1)")]
    [InlineData("\t=1")]
    [InlineData("\r=1")]
    [InlineData("\nplain")]
    [InlineData("  =1")]
    [InlineData("\"=1")]
    [InlineData("' \"=1")]
    [InlineData("\u00A0=1")]
    [InlineData("\u200B=1")]
    [InlineData("＝1")]
    [InlineData("＋1")]
    [InlineData("－1")]
    [InlineData("＠x")]
    public void A_formula_becomes_text(string hostile)
    {
        var cell = CsvCell.Text(hostile);

        Assert.StartsWith("'", cell, StringComparison.Ordinal);
        Assert.False(cell.AsSpan().ContainsAny("\t\r\n"));
    }

    [Theory]
    [InlineData("jti-7e32")]
    [InlineData("192.0.2.1")]
    [InlineData("a=b+c-d@e")]
    [InlineData("\"quoted\"")]
    [InlineData("שלום")]
    [InlineData("")]
    public void A_harmless_text_stays_as_it_is(string text) => Assert.Equal(text, CsvCell.Text(text));

    [Theory]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(0)]
    public async Task Hostile_texts_never_add_a_row_a_column_or_a_formula(int seed)
    {
        seed = seed == 0 ? System.Security.Cryptography.RandomNumberGenerator.GetInt32(int.MaxValue) : seed;
        var random = new Random(seed);
        for (var step = 0; step < 60; step++)
        {
            var report = HostileText.Report(random, () => HostileText.Next(random));

            var bytes = await BytesOf(report);
            var rows = Read(bytes);

            Assert.True(report.Subjects.Length == rows.Count, $"seed {seed}, step {step}");
            Assert.True(Encoding.UTF8.GetString(bytes).Split("\r\n").Length == rows.Count + 2, $"seed {seed}, step {step}");
            foreach (var (name, value) in rows.SelectMany(row => row))
            {
                var bare = value.TrimStart(' ', '"');
                var number = double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out _);
                Assert.True(number || bare.Length == 0 || !"=+-@＝＋－＠\t\r\n".Contains(bare[0], StringComparison.Ordinal), $"seed {seed}, step {step}: {name} is {value}");
            }
        }
    }

    private static async Task<byte[]> BytesOf(FlaggedReport report)
    {
        using var stream = new MemoryStream();
        await FlaggedReports.WriteAsync(report, stream, "csv", CancellationToken.None);
        return stream.ToArray();
    }

    private static List<Dictionary<string, string>> Read(byte[] bytes)
    {
        using var reader = new StreamReader(new MemoryStream(bytes), Encoding.UTF8);
        var configuration = new CsvConfiguration(CultureInfo.InvariantCulture) { DetectColumnCountChanges = true };
        using var csv = new CsvReader(reader, configuration);
        Assert.True(csv.Read() && csv.ReadHeader());
        Assert.Equal(CsvReportWriter.Header, csv.HeaderRecord);
        var rows = new List<Dictionary<string, string>>();
        while (csv.Read())
        {
            rows.Add(csv.HeaderRecord!.ToDictionary(name => name, name => csv.GetField(name)!));
        }

        return rows;
    }
}
