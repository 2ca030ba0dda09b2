using AutoGuard.Core.Indicators;

namespace AutoGuard.Core.Scoring;

/// <summary>
/// Combines readings into one risk score: <c>1 - Π (1 - weight · grade)</c>, the noisy-or of independent causes (Pearl,
/// "Probabilistic Reasoning in Intelligent Systems", 1988, 4.3.2). Each indicator's contribution is its share of the
/// log-odds-like sum <c>Σ -ln(1 - weight · grade)</c>, scaled so that the contributions add up to the score.
/// </summary>
public static class RiskScore
{
    /// <summary>Weights of 1 would make any single indicator certain; the product is kept above this.</summary>
    private const double LeastDoubt = 1e-6;

    /// <summary>The score of the readings, in [0, 1).</summary>
    public static double Of(ReadOnlySpan<Reading> readings)
    {
        double doubt = 1;
        foreach (ref readonly Reading reading in readings)
        {
            doubt *= 1 - (reading.Weight * reading.Grade);
        }
        return 1 - Math.Max(doubt, LeastDoubt);
    }

    /// <summary>Writes each reading's contribution, in the order of the readings.</summary>
    public static void Contributions(ReadOnlySpan<Reading> readings, Span<double> contributions)
    {
        double score = Of(readings);
        double sum = 0;
        for (int i = 0; i < readings.Length; i++)
        {
            contributions[i] = 0 - Math.Log(Math.Max(LeastDoubt, 1 - (readings[i].Weight * readings[i].Grade)));
            sum += contributions[i];
        }
        for (int i = 0; i < readings.Length; i++)
        {
            contributions[i] = sum > 0 ? contributions[i] / sum * score : 0;
        }
    }
}
