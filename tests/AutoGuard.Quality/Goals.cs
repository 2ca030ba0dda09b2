using AutoGuard.Core.Policy;
using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.Profiles;

namespace AutoGuard.Quality;

/// <summary>One thing the detector is expected to reach.</summary>
/// <param name="Name">What is measured.</param>
/// <param name="Wanted">What is wanted, in words.</param>
/// <param name="Reached">What was reached, in words.</param>
/// <param name="IsMet">Whether that is enough; null when there was nothing to measure.</param>
internal sealed record Goal(string Name, string Wanted, string Reached, bool? IsMet);

/// <summary>The goals of docs/evaluation.md.</summary>
internal static class Goals
{
    /// <summary>Within this time nine in ten incidents are to be detected.</summary>
    public static readonly TimeSpan SlowestTenth = TimeSpan.FromMinutes(5);

    public static IEnumerable<Goal> Of(EvaluationResult result)
    {
        (int caught, int incidents) = result.Expected(Difficulty.Easy, Difficulty.Slow);
        (int hardCaught, int hard) = result.Expected(Difficulty.Hard);
        yield return AtLeast("easy and slow incidents caught as expected", 0.97, incidents == 0 ? null : caught / (double)incidents);
        yield return AtLeast("hard incidents caught as expected", 0.5, hard == 0 ? null : hardCaught / (double)hard);
        yield return AtLeast("flagged subjects right", 0.98, Decided(result.Flags));
        yield return AtLeast("blocked subjects right", 0.999, Decided(result.Blocks));
        yield return AtLeast("misuse sessions prevented", 0.85, result.Impact is { MisuseSessions: > 0 } impact ? impact.Prevention : null);
        PartResult toBlock = result.Levels[0];
        yield return AtLeast($"of incidents {toBlock.Name}", 0.85, toBlock.Sessions == 0 ? null : toBlock.Prevented / (double)toBlock.Sessions);
        double? refused = result.Impact?.HonestRefusedPerMillion;
        yield return new Goal("honest sessions refused, per million", "at most 50", FormattableString.Invariant($"{refused:N0}"), refused is null ? null : refused <= 50);
        yield return Within("median time to detection", TimeSpan.FromMinutes(1), result.MedianTimeToDetection);
        yield return Within("time to detection, 90 %", SlowestTenth, result.P90TimeToDetection);
        if (result.Incidents.IsEmpty)
        {
            int flagged = result.FalseSubjects.Length;
            int blocked = result.FalseSubjects.Count(f => f.Action >= DecisionAction.Block);
            yield return new Goal("decisions where nobody is guilty", "none", FormattableString.Invariant($"{flagged} flagged, {blocked} of them blocked"), flagged == 0);
        }
    }

    private static double? Decided(DecisionQuality quality) => quality.TrueSubjects + quality.FalseSubjects == 0 ? null : quality.Precision;

    private static Goal AtLeast(string name, double wanted, double? reached) => new(
        name, FormattableString.Invariant($"at least {wanted:P1}"), reached is { } share ? FormattableString.Invariant($"{share:P2}") : "-", reached is null ? null : reached >= wanted);

    private static Goal Within(string name, TimeSpan wanted, TimeSpan? reached) => new(
        name, FormattableString.Invariant($"at most {wanted.TotalSeconds:0} s"),
        reached is { } time ? FormattableString.Invariant($"{time.TotalSeconds:0} s") : "-", reached is null ? null : reached <= wanted);
}
