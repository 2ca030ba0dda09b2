using AutoGuard.Core.Indicators;

namespace AutoGuard.Core.Scoring;

/// <summary>
/// Combines readings into one risk score: the <see cref="ScoreCalibration"/> of <c>1 - Π (1 - e)</c> over the kinds of evidence, where <c>e</c> is the largest
/// <c>weight · grade</c> of a kind: the noisy-or of independent causes (Pearl, "Probabilistic Reasoning in Intelligent
/// Systems", 1988, 4.3.2) after indicators that see the same thing have been taken as one. Each kind's share of the sum
/// <c>Σ -ln(1 - e)</c>, scaled so that all add up to the score, is its contribution; its indicators divide it by their
/// <c>weight · grade</c>.
/// </summary>
public static class RiskScore
{
    /// <summary>Weights of 1 would make any single indicator certain; the product is kept above this.</summary>
    private const double LeastDoubt = 1e-6;

    private const int Kinds = (int)EvidenceKind.Company + 1;

    /// <summary>The score of the readings, in [0, 1).</summary>
    public static double Of(ReadOnlySpan<Reading> readings)
    {
        Span<double> strongest = stackalloc double[Kinds];
        Strongest(readings, strongest, []);
        return Of(strongest);
    }

    /// <summary>Writes each reading's contribution, in the order of the readings.</summary>
    public static void Contributions(ReadOnlySpan<Reading> readings, Span<double> contributions)
    {
        Span<double> strongest = stackalloc double[Kinds];
        Span<double> sums = stackalloc double[Kinds];
        Strongest(readings, strongest, sums);
        double score = Of(strongest);
        double total = 0;
        foreach (double evidence in strongest)
        {
            total += LogOf(evidence);
        }
        for (int i = 0; i < readings.Length; i++)
        {
            int kind = (int)IndicatorScale.KindOf(readings[i].Indicator);
            double evidence = readings[i].Weight * readings[i].Grade;
            contributions[i] = evidence > 0 ? LogOf(strongest[kind]) / total * score * (evidence / sums[kind]) : 0;
        }
    }

    private static void Strongest(ReadOnlySpan<Reading> readings, Span<double> strongest, Span<double> sums)
    {
        foreach (ref readonly Reading reading in readings)
        {
            double evidence = reading.Weight * reading.Grade;
            if (evidence <= 0)
            {
                continue;
            }
            int kind = (int)IndicatorScale.KindOf(reading.Indicator);
            strongest[kind] = Math.Max(strongest[kind], evidence);
            if (!sums.IsEmpty)
            {
                sums[kind] += evidence;
            }
        }
    }

    private static double Of(ReadOnlySpan<double> strongest)
    {
        double doubt = 1;
        foreach (double evidence in strongest)
        {
            doubt *= 1 - evidence;
        }
        return ScoreCalibration.ScoreOf(1 - Math.Max(doubt, LeastDoubt));
    }

    private static double LogOf(double evidence) => -Math.Log(Math.Max(LeastDoubt, 1 - evidence));
}
