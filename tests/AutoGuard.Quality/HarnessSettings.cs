using AutoGuard.Configuration;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Policy;
using AutoGuard.Simulation.Labels;

namespace AutoGuard.Quality;

/// <summary>The configuration that the detector is judged with.</summary>
internal static class HarnessSettings
{
    /// <summary>
    /// The default configuration, told what the scenario's operator would tell (official referrers and allowlist), and
    /// changed by <paramref name="sets"/>. The environment is left out: a measurement must not depend on it.
    /// </summary>
    /// <exception cref="SettingsException">A change is wrong.</exception>
    public static EffectiveSettings For(SimulationTruth truth, IReadOnlyList<string> sets)
    {
        EffectiveSettings settings = SettingsLoader.Load([], sets, new Dictionary<string, string>());
        settings.Values.Referrers.Official = [.. truth.OfficialReferrers];
        settings.Values.Allowlist.Addresses = Entries(truth, SubjectType.Ip);
        settings.Values.Allowlist.Tokens = Entries(truth, SubjectType.Token);
        return settings;
    }

    private static AllowlistEntry[] Entries(SimulationTruth truth, SubjectType type) =>
        [.. truth.Allowlist.Where(a => a.Subject.Type == type).Select(a => new AllowlistEntry { Value = a.Subject.Value, Reason = a.Reason })];
}
