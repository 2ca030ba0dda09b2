namespace AutoGuard.Quality;

/// <summary>Subjects whose score lay in one tenth of the scale.</summary>
/// <param name="Tenth">0 for scores from 0 to 0.1, 9 for 0.9 to 1.</param>
/// <param name="Subjects">How many.</param>
/// <param name="Guilty">How many of them were guilty.</param>
/// <param name="MeanScore">Their mean score: what the share of the guilty should be.</param>
internal sealed record ReliabilityRow(int Tenth, int Subjects, int Guilty, double MeanScore)
{
    public double Share => Guilty / (double)Subjects;
}

/// <summary>Whether a score means something: of subjects scored 0.9, about nine in ten should be guilty.</summary>
internal static class Reliability
{
    /// <summary>Scores below this are nobody's suspicion, and there are millions of them.</summary>
    public const double LeastScore = 0.1;

    /// <summary>The tenths that have subjects, from the lowest score up.</summary>
    public static IReadOnlyList<ReliabilityRow> Of(IEnumerable<(double Score, bool Guilty)> scores) =>
        [.. scores.GroupBy(s => Math.Clamp((int)(s.Score * 10), 0, 9)).OrderBy(g => g.Key)
            .Select(g => new ReliabilityRow(g.Key, g.Count(), g.Count(s => s.Guilty), g.Average(s => s.Score)))];
}
