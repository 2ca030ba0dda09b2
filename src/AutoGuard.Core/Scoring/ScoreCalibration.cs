namespace AutoGuard.Core.Scoring;

/// <summary>
/// Makes a probability of combined evidence: of subjects with a score of 0.9, nine in ten or more should be guilty. A
/// monotone piecewise linear map, drawn by hand below the reliability that was measured on the tuning profiles
/// (docs/evaluation.md), as isotonic calibration would (Zadrozny and Elkan, KDD 2002): half of all doubt removed is
/// hardly ever guilt, seven tenths nearly always are.
/// </summary>
public static class ScoreCalibration
{
    private static readonly double[] s_evidence = [0, 0.40, 0.55, 0.58, 0.70, 0.85, 1];
    private static readonly double[] s_score = [0, 0.05, 0.15, 0.60, 0.90, 0.98, 1];

    /// <summary>The score of combined evidence in [0, 1]; keeps its order.</summary>
    public static double ScoreOf(double evidence)
    {
        int i = 1;
        while (i < s_evidence.Length - 1 && evidence > s_evidence[i])
        {
            i++;
        }
        double share = (evidence - s_evidence[i - 1]) / (s_evidence[i] - s_evidence[i - 1]);
        return s_score[i - 1] + (share * (s_score[i] - s_score[i - 1]));
    }
}
