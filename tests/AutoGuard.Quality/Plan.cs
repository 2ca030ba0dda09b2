using System.Globalization;
using AutoGuard.Simulation.Profiles;

namespace AutoGuard.Quality;

/// <summary>One recording to be judged.</summary>
/// <param name="Profile">The scenario, sized.</param>
/// <param name="Seed">Its seed.</param>
internal sealed record Recording(SimulationProfile Profile, ulong Seed)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Profile.Name} seed {Seed}, {Profile.Viewers:N0} viewers, heartbeat {Profile.HeartbeatSeconds} s");
}

/// <summary>Which recordings a run of the harness is about.</summary>
internal static class Plan
{
    /// <summary>Every profile with every heartbeat and every seed.</summary>
    /// <exception cref="FormatException">A list cannot be read; the message says which.</exception>
    public static List<Recording> Of(string profiles, int viewers, double hours, string seeds, string heartbeats)
    {
        List<Recording> recordings = [];
        foreach (SimulationProfile profile in Profiles(profiles, viewers, hours))
        {
            foreach (ulong heartbeat in Numbers(heartbeats))
            {
                SimulationProfile sized = profile with { HeartbeatSeconds = heartbeat == 0 ? profile.HeartbeatSeconds : (int)heartbeat };
                recordings.AddRange(Numbers(seeds).Select(seed => new Recording(sized, seed)));
            }
        }
        return recordings;
    }

    /// <summary>Numbers and ranges, such as <c>1,101..105</c>.</summary>
    public static IEnumerable<ulong> Numbers(string list)
    {
        foreach (string part in list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string[] ends = part.Split("..");
            if (ends.Length > 2
                || !ulong.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out ulong first)
                || !ulong.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out ulong last)
                || last < first
                || last - first > 10_000)
            {
                throw new FormatException($"'{part}' is neither a number nor a range such as 101..105.");
            }
            for (ulong number = first; number <= last; number++)
            {
                yield return number;
            }
        }
    }

    private static IEnumerable<SimulationProfile> Profiles(string list, int viewers, double hours)
    {
        foreach (string name in list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string[] names = SimulationProfiles.Names.Contains(name)
                ? [name]
                : [.. SimulationProfiles.Names.Where(n => n.StartsWith(name + "-", StringComparison.Ordinal))];
            if (names.Length == 0)
            {
                throw new FormatException($"'{name}' is neither a profile nor the beginning of one; there are {string.Join(", ", SimulationProfiles.Names)}.");
            }
            foreach (string known in names)
            {
                if (known == "standard" && (viewers > 0 || hours > 0))
                {
                    yield return SimulationProfiles.Sized(viewers > 0 ? viewers : 20_000, hours > 0 ? hours : 4);
                }
                else if (SimulationProfiles.TryGet(known, out SimulationProfile? profile))
                {
                    yield return Sized(profile, viewers, hours);
                }
            }
        }
    }

    /// <summary>Another audience on the same scenario: shared addresses grow with it, so that as many viewers stand behind each.</summary>
    private static SimulationProfile Sized(SimulationProfile profile, int viewers, double hours)
    {
        double factor = viewers > 0 && profile.Viewers > 0 ? viewers / (double)profile.Viewers : 1;
        return profile with
        {
            Viewers = viewers > 0 ? viewers : profile.Viewers,
            Duration = hours > 0 ? TimeSpan.FromHours(hours) : profile.Duration,
            Audience = profile.Audience with
            {
                CarrierNatAddresses = Scaled(profile.Audience.CarrierNatAddresses, factor),
                OfficeAddresses = Scaled(profile.Audience.OfficeAddresses, factor),
            },
        };
    }

    private static int Scaled(int count, double factor) => count == 0 ? 0 : Math.Clamp((int)Math.Round(count * factor), 1, 1_000);
}
