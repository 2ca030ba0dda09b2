using AutoGuard.Core.Policy;
using AutoGuard.Core.Reporting;
using AutoGuard.Reports;

namespace AutoGuard.Tests.Reports;

public sealed class FlaggedReportBuilderTests
{
    private static readonly DateTimeOffset From = DateTimeOffset.FromUnixTimeMilliseconds(1_000_000);
    private static readonly DateTimeOffset To = DateTimeOffset.FromUnixTimeMilliseconds(2_000_000);

    [Fact]
    public void The_evidence_that_reaches_furthest_stands_with_the_highest_score()
    {
        var builder = new FlaggedReportBuilder(From, To, "UTC");
        builder.Add(Evidence("a", 1_200_000, 0.9) with { Sessions = 5, Decisions = [Decide("a", "1", 1_100_000)] });
        builder.Add(Evidence("a", 1_900_000, 0.7) with { Sessions = 9, Decisions = [Decide("a", "1", 1_100_000), Decide("a", "2", 1_500_000)] });
        builder.Add(Evidence("a", 1_300_000, 0.8) with { Sessions = 6 });

        var subject = Assert.Single(Build(builder).Subjects);

        Assert.Equal(9, subject.Sessions);
        Assert.Equal(0.9, subject.Score);
        Assert.Equal(["1", "2"], subject.Decisions.Select(decision => decision.Id));
    }

    [Fact]
    public void Of_equally_late_evidence_the_last_added_stands()
    {
        var builder = new FlaggedReportBuilder(From, To, "UTC");
        builder.Add(Evidence("a", 1_200_000, 0.9) with { Sessions = 5, Decisions = [Decide("a", "1", 1_100_000)] });
        builder.Add(Evidence("a", 1_200_000, 0.9) with { Sessions = 6 });

        Assert.Equal(6, Assert.Single(Build(builder).Subjects).Sessions);
    }

    [Fact]
    public void The_period_includes_its_start_and_excludes_its_end()
    {
        var builder = new FlaggedReportBuilder(From, To, "UTC");
        foreach (var (name, time) in (ValueTuple<string, long>[])[("before", 999_999), ("first", 1_000_000), ("last", 1_999_999), ("after", 2_000_000)])
        {
            builder.Add(Decide(name, name, time));
        }

        builder.Add(Evidence("watched only", 1_500_000, 0.5));

        Assert.Equal(["first", "last"], Build(builder).Subjects.Select(subject => subject.Subject.Value));
    }

    [Fact]
    public void Subjects_of_two_organizations_are_kept_apart()
    {
        var builder = new FlaggedReportBuilder(From, To, "UTC");
        builder.Add(Decide("a", "1", 1_100_000) with { Organization = "x" });
        builder.Add(Decide("a", "2", 1_100_000) with { Organization = "y" });
        builder.Add(Decide("a", "3", 1_100_000));

        Assert.Equal([null, "x", "y"], Build(builder).Subjects.Select(subject => subject.Organization));
    }

    [Theory]
    [InlineData(51)]
    [InlineData(52)]
    [InlineData(53)]
    public void The_order_of_arrival_changes_nothing_and_the_lowest_scores_are_left_out(int seed)
    {
        var random = new Random(seed);
        var updates = Enumerable.Range(0, 400).Select(i => (Name: $"t{random.Next(60)}", Time: 900_000L + (i * 3_000), Score: random.Next(1, 1000) / 1000.0)).ToList();

        FlaggedReport In(IEnumerable<(string Name, long Time, double Score)> order)
        {
            var builder = new FlaggedReportBuilder(From, To, "UTC", limit: 20);
            foreach (var (name, time, score) in order)
            {
                builder.Add(Evidence(name, time, score) with { Sessions = (int)(time / 1000), Decisions = [Decide(name, $"{name}@{time}", time) with { Score = score }] });
            }

            return Build(builder);
        }

        var report = In(updates);
        var shuffled = updates.ToArray();
        random.Shuffle(shuffled);
        var other = In(shuffled);

        var expected = updates.GroupBy(update => update.Name)
            .Where(group => group.Any(update => update.Time is >= 1_000_000 and < 2_000_000))
            .Select(group => (Name: group.Key, Score: group.Max(update => update.Score), Sessions: (int)(group.Max(update => update.Time) / 1000), Decisions: group.Count(update => update.Time is >= 1_000_000 and < 2_000_000)))
            .OrderByDescending(subject => subject.Score).ThenBy(subject => subject.Name, StringComparer.Ordinal).ToList();
        Assert.Equal(expected.Take(20), report.Subjects.Select(subject => (Name: subject.Subject.Value, subject.Score, subject.Sessions, Decisions: subject.Decisions.Length)));
        Assert.Equal(expected.Count - 20, report.LeftOut);
        Assert.All(report.Subjects, subject => Assert.Equal(subject.Decisions.Select(decision => decision.Time).Order(), subject.Decisions.Select(decision => decision.Time)));
        Assert.Equal(
            report.Subjects.Select(subject => (subject.Subject, subject.Score, subject.Sessions, string.Join(' ', subject.Decisions.Select(decision => decision.Id)))),
            other.Subjects.Select(subject => (subject.Subject, subject.Score, subject.Sessions, string.Join(' ', subject.Decisions.Select(decision => decision.Id)))));
    }

    private static FlaggedReport Build(FlaggedReportBuilder builder) => builder.Build("source", "policy", EnforcementMode.Observe);

    private static Decision Decide(string name, string id, long time) =>
        new ReportFixture().Report().Subjects[0].Decisions[0] with { Id = id, Time = time, Score = 0, Subject = new Subject(SubjectType.Token, name) };

    private static FlaggedSubject Evidence(string name, long lastEnd, double score) =>
        new ReportFixture().Report().Subjects[0] with { Subject = new Subject(SubjectType.Token, name), LastEnd = lastEnd, Score = score, Decisions = [] };
}
