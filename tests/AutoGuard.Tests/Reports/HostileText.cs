using System.Collections.Immutable;
using System.Text;
using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;
using AutoGuard.Core.Reporting;

namespace AutoGuard.Tests.Reports;

/// <summary>What attackers put into the texts of events, and reports whose every text is of that kind.</summary>
public static class HostileText
{
    public static readonly string[] Samples =
    [
        "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "'><svg/onload=alert(1)>", "</style><script>alert(1)</script>",
        "]]><x/>", "<!--", "--><b>", "&lt;b&gt; &amp; &#x3c;", "javascript:alert(1)", "=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)",
        "\t=1+1", "\r\n=1+1", "\" =1+1", "＝1+1", "＋1", "－1", "＠x", "a\u202Egnp.exe", "zero\u200Bwidth\uFEFF", "\0\u0001\u001B[31m", "\uD800 alone \uDC00",
        "\uFFFE\uFFFF", "a\r\nb,\"c\";d", "שלום עולם", "مرحبا", "e\u0301\u0301\u0301\u0301\u0301\u0301", "\u2028\u2029", "😀👩‍👩‍👧", "", " ", "-", "N/A",
        new('x', 10_240), string.Concat(Enumerable.Repeat("😀", 5_000)), "{{7*7}}", "%0A%0D=1", "\U000E0041\U000E0042",
    ];

    private const string Alphabet = "<>&\"'=+-@/\\;:,|\t\r\n ab\0\u202E\u200B\uD800\uDC00\uFFFFéשم\u0301%`{}()[]!#";

    /// <summary>A sample, or random characters of the worst kind.</summary>
    public static string Next(Random random)
    {
        if (random.Next(2) == 0)
        {
            return Samples[random.Next(Samples.Length)];
        }

        var text = new StringBuilder();
        for (var i = random.Next(40); i > 0; i--)
        {
            text.Append(random.Next(6) == 0 ? (char)random.Next(0x10000) : Alphabet[random.Next(Alphabet.Length)]);
        }

        return text.ToString();
    }

    /// <summary>A report whose every text comes from <paramref name="text"/> and whose numbers may be anything.</summary>
    public static FlaggedReport Report(Random random, Func<string> text) => new()
    {
        From = ReportFixture.From,
        To = ReportFixture.To,
        TimeZone = "Europe/Berlin",
        Source = text(),
        Policy = text(),
        Mode = (EnforcementMode)random.Next(2),
        Events = random.Next(3) == 0 ? null : random.NextInt64(),
        Engines = [new EngineSummary(text(), random.Next(), random.Next(), random.Next()) { Problem = random.Next(2) == 0 ? null : text() }],
        Subjects = [.. Enumerable.Range(0, random.Next(1, 6)).Select(_ => Subject(random, text))],
        LeftOut = random.Next(3),
    };

    private static FlaggedSubject Subject(Random random, Func<string> text)
    {
        var subject = new Subject((SubjectType)random.Next(4), text());
        return new FlaggedSubject
        {
            Subject = subject,
            Aftermath =
            [
                new Aftermath
                {
                    DecisionId = text(), Engines = [new EngineOutcome(text(), text(), random.Next(2) == 0 ? null : text(), random.Next())], Effect = random.Next(2) == 0 ? null : text(),
                    EffectDetail = text(), InPlaceOf = random.Next(2) == 0 ? null : text(), InPlaceBecause = text(),
                },
            ],
            Organization = random.Next(2) == 0 ? null : text(),
            User = random.Next(2) == 0 ? null : text(),
            Score = Number(random),
            Decisions = [.. Enumerable.Range(0, random.Next(15)).Select(_ => Decision(random, subject, text))],
            DurationSum = Number(random),
            DurationAverage = Number(random),
            Sessions = random.Next(3),
            Addresses = random.Next(),
            Tokens = random.Next(),
            MaxConcurrency = random.Next(),
            FirstStart = Time(random),
            LastEnd = Time(random),
            Streams = Tallies(random, text),
            Providers = Tallies(random, text),
            Countries = Tallies(random, text),
            Referrers = Tallies(random, text),
            UserAgents = Tallies(random, text),
            Timeline = [.. Enumerable.Range(0, random.Next(2) == 0 ? 0 : random.Next(260)).Select(_ => Span(random, text))],
            Claims = random.Next(2) == 0 ? null : new TokenClaims
            {
                Streams = [text(), text()],
                Domains = [text()],
                Addresses = [text()],
                Tag = text(),
                IssuedAt = random.NextInt64(long.MinValue, long.MaxValue),
                Expires = long.MaxValue,
                NotBefore = long.MinValue,
            },
            Allowlisted = random.Next(2) == 0 ? null : text(),
            Recommendation = text(),
        };
    }

    private static Decision Decision(Random random, Subject subject, Func<string> text) => new()
    {
        Id = text(),
        Time = Time(random),
        Action = (DecisionAction)random.Next(4),
        Mode = (EnforcementMode)random.Next(2),
        Subject = subject,
        Score = Number(random),
        Reasons = [.. Enumerable.Range(0, random.Next(4)).Select(_ => new DecisionReason(text(), Number(random), Number(random), Number(random), Number(random), text()))],
        Harm = new HarmPreview(random.Next(3), random.Next(3), random.Next(3)),
        Expires = random.Next(2) == 0 ? null : Time(random),
        Policy = text(),
        Source = new SourcePosition(text(), random.Next(), random.NextInt64()),
    };

    private static SessionSpan Span(Random random, Func<string> text) => new()
    {
        Start = Time(random),
        End = Time(random),
        Running = random.Next(5) == 0,
        Address = text(),
        Country = text(),
        Provider = text(),
        DataCentre = random.Next(3) == 0,
        Stream = text(),
        Referrer = text(),
        UserAgent = text(),
    };

    private static ImmutableArray<Tally> Tallies(Random random, Func<string> text) =>
        [.. Enumerable.Range(0, random.Next(11)).Select(_ => new Tally(text(), random.Next()))];

    private static double Number(Random random) => random.Next(8) switch
    {
        0 => double.NaN,
        1 => double.PositiveInfinity,
        2 => double.NegativeInfinity,
        3 => 1e300,
        4 => -random.NextDouble(),
        _ => random.NextDouble() * 100,
    };

    private static long Time(Random random) => random.Next(30) switch
    {
        0 => 0,
        1 => long.MaxValue,
        2 => long.MinValue,
        _ => random.NextInt64(ReportFixture.From, ReportFixture.To),
    };
}
