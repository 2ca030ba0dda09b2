using System.Collections;
using System.Globalization;

namespace AutoGuard.Configuration;

/// <summary>
/// Settings given as <c>path = text</c>, by the environment or by <c>--set</c>, as the same tree that a file gives.
/// Elements of a list may be given one by one (<c>Referrers:Official:0</c>) or at once (see <see cref="SettingsBinder"/>).
/// </summary>
internal sealed class TextSource
{
    private const string Prefix = "AUTOGUARD__";

    private readonly Branch _root = new();

    /// <summary>How many values were given.</summary>
    public int Count { get; private set; }

    /// <summary>
    /// Variables <c>AUTOGUARD__Section__Key</c>. In the last segment of a librdkafka property or a log category, <c>_</c>
    /// stands for the dot that shells and systemd refuse in a name.
    /// </summary>
    public static TextSource FromEnvironment(IDictionary environment, List<SettingError> errors)
    {
        TextSource source = new();
        IEnumerable<(string, string)> variables = environment.Cast<DictionaryEntry>()
            .Select(e => ((string)e.Key, (string?)e.Value ?? ""))
            .OrderBy(e => e.Item1, StringComparer.Ordinal);
        HashSet<string> seen = new(StringComparer.OrdinalIgnoreCase);
        foreach ((string name, string value) in variables)
        {
            SettingOrigin origin = new($"environment variable {name}");
            if (name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
            {
                string[] segments = name[Prefix.Length..].Split("__");
                if (!seen.Add(name))
                {
                    errors.Add(new SettingError(string.Join(':', segments), "given twice, in names that differ only in case", origin));
                }
                else
                {
                    source.Add(segments, value, origin, errors);
                }
            }
            else if (name.StartsWith("AUTOGUARD_", StringComparison.OrdinalIgnoreCase) && name.Contains("__", StringComparison.Ordinal))
            {
                errors.Add(new SettingError("", $"is no setting; write {Prefix}{name["AUTOGUARD_".Length..]}", origin));
            }
        }
        return source;
    }

    /// <summary>Values of <c>--set Section:Key=Value</c>; of two for one key the later counts.</summary>
    public static TextSource FromSets(IReadOnlyList<string> sets, List<SettingError> errors, string name = "--set")
    {
        TextSource source = new();
        SettingOrigin origin = new(name);
        foreach (string set in sets)
        {
            int equals = set.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                errors.Add(new SettingError("", $"{Secrets.Show(set, Secrets.IsSecret(set))} is not understood; write --set Section:Key=Value", origin));
                continue;
            }
            source.Add(set[..equals].Trim().Split(':'), set[(equals + 1)..], origin, errors);
        }
        return source;
    }

    /// <summary>The tree.</summary>
    public MapNode ToTree(SettingOrigin origin) => new([.. _root.Children.Select(c => new KeyValuePair<string, SettingsNode>(c.Key, c.Value.ToNode()))], origin);

    private void Add(string[] segments, string value, SettingOrigin origin, List<SettingError> errors)
    {
        string path = string.Join(':', segments);
        if (segments.Any(string.IsNullOrWhiteSpace))
        {
            errors.Add(new SettingError("", $"\"{path}\" is no key; write Section:Key", origin));
            return;
        }
        Branch branch = _root;
        bool conflict = false;
        foreach (string segment in segments)
        {
            conflict |= branch.Value is not null;
            if (!branch.Children.TryGetValue(segment, out Branch? next))
            {
                branch.Children.Add(segment, next = new Branch { Origin = origin });
            }
            branch = next;
        }
        if (conflict || branch.Children.Count > 0)
        {
            errors.Add(new SettingError(path, "given both as a value and as a section", origin));
            return;
        }
        branch.Value = value;
        branch.Origin = origin;
        Count++;
    }

    private sealed class Branch
    {
        public OrderedDictionary<string, Branch> Children { get; } = new(StringComparer.OrdinalIgnoreCase);

        public string? Value { get; set; }

        public SettingOrigin Origin { get; set; } = SettingOrigin.Default;

        public SettingsNode ToNode()
        {
            if (Value is not null)
            {
                return new ScalarNode(Value, ScalarKind.Untyped, Origin);
            }
            List<(int Index, Branch Branch)> numbered = [.. Children
                .Where(c => c.Key.All(char.IsAsciiDigit))
                .Select(c => (int.TryParse(c.Key, NumberStyles.None, CultureInfo.InvariantCulture, out int i) ? i : -1, c.Value))
                .OrderBy(c => c.Item1)];
            return numbered.Count == Children.Count && numbered.Select((n, i) => n.Index == i).All(same => same)
                ? new ListNode([.. numbered.Select(n => n.Branch.ToNode())], Origin)
                : new MapNode([.. Children.Select(c => new KeyValuePair<string, SettingsNode>(c.Key, c.Value.ToNode()))], Origin);
        }
    }
}
