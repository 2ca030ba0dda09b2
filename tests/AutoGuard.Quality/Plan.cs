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
            string[] names = name == "honest" ? [.. SimulationProfiles.Honest]
                : SimulationProfiles.Names.Contains(name) ? [name]
                : [.. SimulationProfiles.Names.Where(n => n.StartsWith(name + "-", StringComparison.Ordinal))];
            if (names.Length == 0)
            {
                throw new FormatException($"'{name}' is neither a profile, nor the beginning of one, nor 'honest'; there are {string.Join(", ", SimulationProfiles.Names)}.");
            }
            foreach (string known in names)
            {
                yield return Sized(known, viewers, hours);
            }
        }
    }

    private static SimulationProfile Sized(string name, int viewers, double hours)
    {
        if (SimulationProfiles.TryMake(
            name, viewers > 0 ? viewers : SimulationProfiles.DefaultViewers, hours > 0 ? hours : SimulationProfiles.DefaultHours, out SimulationProfile? made))
        {
            return made;
        }
        // One of those that have a size of their own: only the audience and the end can be changed.
        SimulationProfile profile = SimulationProfiles.TryGet(name, out SimulationProfile? found) ? found : throw new FormatException($"There is no profile '{name}'.");
        return profile with
        {
            Viewers = viewers > 0 ? viewers : profile.Viewers,
            Duration = hours > 0 ? TimeSpan.FromHours(hours) : profile.Duration,
        };
    }
}
