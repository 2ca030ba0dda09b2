using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using AutoGuard.Core.Policy;
using AutoGuard.Core.Reporting;
using CsvHelper;
using CsvHelper.Configuration;

namespace AutoGuard.Reports;

/// <summary>
/// One row per flagged subject, RFC 4180. Indicators are joined in one column, because a column for each would change the
/// shape of the file whenever an indicator is added. UTF-8 with a byte order mark: the reader of this format is a
/// spreadsheet, and Excel takes a file without the mark for the machine's legacy code page; programs have the JSON report.
/// Numbers and times are plain; every other cell goes through <see cref="CsvCell"/>.
/// </summary>
internal sealed class CsvReportWriter : IReportWriter
{
    private const string Separator = "; ";

    private static readonly (string Name, Func<FlaggedSubject, Decision?, string> Value)[] Columns =
    [
        ("subjectType", (subject, _) => subject.Subject.TypeName),
        ("subject", (subject, _) => CsvCell.Text(subject.Subject.Value)),
        ("organization", (subject, _) => CsvCell.Text(subject.Organization)),
        ("user", (subject, _) => CsvCell.Text(subject.User)),
        ("users", (subject, _) => Number(subject.Users)),
        ("score", (subject, _) => Number(subject.Score)),
        ("actions", (subject, _) => string.Join(Separator, SubjectEvidence.Done(subject).Select(decision => ReportWords.Name(decision.Action)))),
        ("mode", (_, deciding) => deciding is null ? "" : ReportWords.Name(deciding.Mode)),
        ("firstDecision", (subject, _) => subject.Decisions.IsEmpty ? "" : ReportClock.Machine(subject.Decisions.Min(decision => decision.Time))),
        ("lastDecision", (subject, _) => subject.Decisions.IsEmpty ? "" : ReportClock.Machine(subject.Decisions.Max(decision => decision.Time))),
        ("expires", (_, deciding) => deciding?.Expires is { } expires ? ReportClock.Machine(expires) : ""),
        ("mainReason", (subject, _) => CsvCell.Text(SubjectEvidence.MainReason(subject))),
        ("indicators", (_, deciding) => CsvCell.Text(Indicators(deciding))),
        ("durationSumSeconds", (subject, _) => Number(subject.DurationSum)),
        ("durationAverageSeconds", (subject, _) => Number(subject.DurationAverage)),
        ("sessions", (subject, _) => Number(subject.Sessions)),
        ("streams", (subject, _) => Number(subject.Streams.Length)),
        ("addresses", (subject, _) => Number(subject.Addresses)),
        ("tokens", (subject, _) => Number(subject.Tokens)),
        ("maxConcurrency", (subject, _) => Number(subject.MaxConcurrency)),
        ("firstStreamStart", (subject, _) => SubjectEvidence.HasTraffic(subject) ? ReportClock.Machine(subject.FirstStart) : ""),
        ("lastStreamEnd", (subject, _) => SubjectEvidence.HasTraffic(subject) ? ReportClock.Machine(subject.LastEnd) : ""),
        ("topStreams", (subject, _) => CsvCell.Text(Tallies(subject.Streams))),
        ("topProviders", (subject, _) => CsvCell.Text(Tallies(subject.Providers))),
        ("topCountries", (subject, _) => CsvCell.Text(Tallies(subject.Countries))),
        ("topReferrers", (subject, _) => CsvCell.Text(Tallies(subject.Referrers))),
        ("topUserAgents", (subject, _) => CsvCell.Text(Tallies(subject.UserAgents))),
        ("scopeStreams", (subject, _) => CsvCell.Text(Join(subject.Claims?.Streams))),
        ("scopeDomains", (subject, _) => CsvCell.Text(Join(subject.Claims?.Domains))),
        ("scopeAddresses", (subject, _) => CsvCell.Text(Join(subject.Claims?.Addresses))),
        ("revocable", (subject, _) => subject.Claims?.Revocable switch { true => "yes", false => "no", null => "" }),
        ("tokenExpires", (subject, _) => ReportClock.FromSeconds(subject.Claims?.Expires) is { } expires ? ReportClock.Machine(expires) : ""),
        ("harmOtherTokens", (_, deciding) => deciding is null ? "" : Number(deciding.Harm.OtherTokens)),
        ("harmOtherUsers", (_, deciding) => deciding is null ? "" : Number(deciding.Harm.OtherUsers)),
        ("harmOtherSessions", (_, deciding) => deciding is null ? "" : Number(deciding.Harm.OtherSessions)),
        ("except", (_, deciding) => deciding is null ? "" : string.Join(Separator, deciding.Except)),
        ("allowlisted", (subject, _) => CsvCell.Text(subject.Allowlisted)),
        ("recommendation", (subject, _) => CsvCell.Text(subject.Recommendation)),
        ("policy", (_, deciding) => CsvCell.Text(deciding?.Policy)),
        ("sourceTopic", (_, deciding) => CsvCell.Text(deciding?.Source.Topic)),
        ("sourcePartition", (_, deciding) => deciding is null ? "" : Number(deciding.Source.Partition)),
        ("sourceOffset", (_, deciding) => deciding is null ? "" : Number(deciding.Source.Offset)),
        ("decisionIds", (subject, _) => CsvCell.Text(string.Join(Separator, subject.Decisions.Select(decision => decision.Id)))),
        ("outcomes", (subject, _) => CsvCell.Text(Outcomes(subject))),
        ("effect", (subject, _) => CsvCell.Text(SubjectEvidence.Effect(subject))),
    ];

    /// <summary>Names of the columns, in order.</summary>
    public static IEnumerable<string> Header => Columns.Select(column => column.Name);

    public async Task WriteAsync(FlaggedReport report, Stream stream, CancellationToken cancellationToken)
    {
        await using var text = new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: true), leaveOpen: true);
        // CsvHelper's own injection guard looks at the first character only, so cells come here already safe.
        var configuration = new CsvConfiguration(CultureInfo.InvariantCulture) { NewLine = "\r\n", InjectionOptions = InjectionOptions.None };
        await using var csv = new CsvWriter(text, configuration, leaveOpen: true);
        foreach (var name in Header)
        {
            csv.WriteField(name);
        }

        await csv.NextRecordAsync();
        foreach (var subject in SubjectEvidence.Ordered(report))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var deciding = SubjectEvidence.Deciding(subject);
            foreach (var (_, value) in Columns)
            {
                csv.WriteField(value(subject, deciding));
            }

            await csv.NextRecordAsync();
        }
    }

    private static string Indicators(Decision? deciding) => deciding is null || deciding.Reasons.IsDefaultOrEmpty
        ? ""
        : string.Join(Separator, deciding.Reasons.Select(reason => string.Create(
            CultureInfo.InvariantCulture,
            $"{reason.Indicator} {reason.Value:0.####} (threshold {reason.Threshold:0.####}, grade {reason.Grade:0.##}, share {reason.Contribution:0.##})")));

    private static string Outcomes(FlaggedSubject subject) => subject.Aftermath.IsDefaultOrEmpty
        ? ""
        : string.Join(Separator, subject.Aftermath.SelectMany(aftermath => aftermath.Engines.Select(outcome => $"{aftermath.DecisionId} {outcome.Engine} {outcome.Result}")));

    private static string Tallies(ImmutableArray<Tally> tallies) =>
        string.Join(Separator, tallies.Select(tally => $"{(tally.Name is "" or "-" ? "(missing)" : VisibleText.Of(tally.Name, 300))} ({Number(tally.Sessions)})"));

    private static string Join(ImmutableArray<string>? texts) =>
        texts is { IsDefaultOrEmpty: false } some ? string.Join(Separator, some.Select(text => VisibleText.Of(text, 300))) : "";

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Number(double value) => double.IsFinite(value) ? Math.Round(value, 4).ToString(CultureInfo.InvariantCulture) : "";
}
