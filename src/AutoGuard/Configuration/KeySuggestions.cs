namespace AutoGuard.Configuration;

/// <summary>Finds the key that an unknown one was probably meant to be.</summary>
internal static class KeySuggestions
{
    /// <summary>The nearest known path, or null when none is near.</summary>
    /// <param name="root">All keys.</param>
    /// <param name="siblings">The section in which the unknown key was written.</param>
    /// <param name="name">Its last segment.</param>
    public static string? Nearest(SettingDefinition root, SettingDefinition siblings, string name)
    {
        if (Nearest(siblings.Children.Select(c => c.Name), name) is { } near)
        {
            return siblings.Children.First(c => c.Name == near).Path;
        }
        SettingDefinition[] elsewhere = [.. root.Walk().Where(d => d.Path.Length > 0 && string.Equals(d.Name, name, StringComparison.OrdinalIgnoreCase)).Take(2)];
        return elsewhere.Length == 1 ? elsewhere[0].Path : null;
    }

    /// <summary>The nearest of some names, or null when none is near.</summary>
    public static string? Nearest(IEnumerable<string> known, string name)
    {
        int limit = Math.Max(name.Length / 3, Math.Min(2, name.Length / 2));
        string? best = known.MinBy(k => Distance(k, name));
        return best is not null && Distance(best, name) <= limit ? best : null;
    }

    // Levenshtein, case ignored; names are short, so one row of costs is enough.
    private static int Distance(string known, string given)
    {
        if (given.Length > 128)
        {
            return int.MaxValue;
        }
        int[] costs = [.. Enumerable.Range(0, given.Length + 1)];
        for (int i = 1; i <= known.Length; i++)
        {
            int diagonal = costs[0];
            costs[0] = i;
            for (int j = 1; j <= given.Length; j++)
            {
                int replaced = diagonal + (char.ToLowerInvariant(known[i - 1]) == char.ToLowerInvariant(given[j - 1]) ? 0 : 1);
                diagonal = costs[j];
                costs[j] = Math.Min(replaced, Math.Min(costs[j], costs[j - 1]) + 1);
            }
        }
        return costs[^1];
    }
}
