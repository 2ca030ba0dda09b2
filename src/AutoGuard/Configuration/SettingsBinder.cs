using System.Collections;
using System.Globalization;
using System.Text;

namespace AutoGuard.Configuration;

/// <summary>
/// Lays one source after another over the options objects, checking every value where it is written. A wrong value keeps
/// what lay below it, so that all errors of all sources come to light in one go.
/// </summary>
internal sealed class SettingsBinder(SettingDefinition root, List<SettingError> errors)
{
    private readonly Dictionary<string, SettingOrigin> _origins = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _wrong = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Where each value that somebody gave comes from.</summary>
    public IReadOnlyDictionary<string, SettingOrigin> Origins => _origins;

    /// <summary>Whether an error was found in this key, or below it.</summary>
    public bool IsWrong(string path) => _wrong.Contains(path);

    /// <summary>Lays a source over the target; returns how many values it gave.</summary>
    public int Apply(MapNode source, object target) => ApplySection(root, source, target, "");

    private int ApplySection(SettingDefinition section, MapNode source, object target, string path)
    {
        int given = 0;
        foreach ((string key, SettingsNode node) in source.Entries)
        {
            SettingDefinition? child = section.Children.FirstOrDefault(c => string.Equals(c.Name, key, StringComparison.OrdinalIgnoreCase));
            if (child is null)
            {
                string full = Join(path, Secrets.Show(key, secret: false, quoted: false));
                string? nearest = KeySuggestions.Nearest(root, section, key);
                string? meant = nearest is not null && nearest.Contains('*', StringComparison.Ordinal)
                    ? Join(path, nearest[(nearest.LastIndexOf(':') + 1)..])
                    : nearest;
                Wrong(full, meant is null ? "unknown key" : $"unknown key; did you mean {meant}?", node.Origin);
                continue;
            }
            given += ApplyKey(child, node, target, Join(path, child.Name));
        }
        return given;
    }

    private int ApplyKey(SettingDefinition key, SettingsNode node, object target, string path)
    {
        object? current = key.Property!.GetValue(target);
        switch (key.Shape)
        {
            case SettingShape.Section when node is MapNode map && current is not null:
                return ApplySection(key, map, current, path);
            case SettingShape.Map when node is MapNode map && current is IDictionary dictionary:
                return ApplyMap(key.Element!, map, dictionary, path);
            case SettingShape.List:
                if (ReadList(key, node, path) is { } list)
                {
                    key.Property.SetValue(target, list);
                    _origins[path] = node.Origin;
                }
                return 1;
            case SettingShape.Leaf when TryLeaf(key, node, path, out object? value):
                key.Property.SetValue(target, value);
                _origins[path] = node.Origin;
                return 1;
            case SettingShape.Leaf:
                return 1;
            default:
                Wrong(path, $"{Shown(node, path, key)} is not allowed; must be {key.Allowed}", node.Origin);
                return 1;
        }
    }

    // A name that is null in an overlay is taken out.
    private int ApplyMap(SettingDefinition element, MapNode source, IDictionary target, string path)
    {
        foreach ((string name, SettingsNode node) in source.Entries)
        {
            bool fromEnvironment = node.Origin.Source.StartsWith("environment", StringComparison.Ordinal);
            string key = fromEnvironment ? name.Replace('_', '.').ToLowerInvariant() : name;
            string? existing = target.Keys.Cast<string>().FirstOrDefault(k => string.Equals(k, key, StringComparison.OrdinalIgnoreCase));
            string full = Join(path, existing ?? key);
            if (node is ScalarNode { Kind: ScalarKind.Null })
            {
                target.Remove(existing ?? key);
            }
            else if (TryLeaf(element, AsText(element, node), full, out object? value))
            {
                target[existing ?? key] = value;
                _origins[full] = node.Origin;
            }
        }
        return source.Entries.Count;
    }

    // Names chosen by others (librdkafka's properties) hold text, whatever it looks like: 10, true.
    private static SettingsNode AsText(SettingDefinition element, SettingsNode node) =>
        element.Type == typeof(string) && node is ScalarNode { Kind: ScalarKind.Number or ScalarKind.Boolean } scalar
            ? scalar with { Kind = ScalarKind.Untyped }
            : node;

    private IList? ReadList(SettingDefinition key, SettingsNode node, string path)
    {
        if ((node is ScalarNode { Kind: ScalarKind.Untyped } text ? Split(text) : node) is not ListNode list)
        {
            Wrong(path, $"{Shown(node, path, key)} is not allowed; must be {key.Allowed}", node.Origin);
            return null;
        }
        if (list.Items.Count > SettingDefinition.MostEntries)
        {
            Wrong(path, string.Create(CultureInfo.InvariantCulture, $"{list.Items.Count} entries are too many; at most {SettingDefinition.MostEntries}"), node.Origin);
            return null;
        }
        ForgetBelow(path);
        Array items = Array.CreateInstance(key.Element!.Type, list.Items.Count);
        for (int i = 0; i < list.Items.Count; i++)
        {
            string at = string.Create(CultureInfo.InvariantCulture, $"{path}:{i}");
            // A wrong element keeps its place, as far as it could be read: the others are still to be checked.
            items.SetValue(ReadElement(key.Element, list.Items[i], at), i);
            _origins[at] = list.Items[i].Origin;
        }
        return key.Type.IsInstanceOfType(items) ? items : (IList?)Activator.CreateInstance(key.Type, items);
    }

    // A list replaces the one below it, so what is known of the elements there is no longer true.
    private void ForgetBelow(string path)
    {
        foreach (string known in _origins.Keys.Where(k => k.StartsWith(path + ":", StringComparison.OrdinalIgnoreCase)).ToArray())
        {
            _origins.Remove(known);
        }
    }

    // On a command line: a JSON list, or texts with commas between them; nothing is the empty list.
    private static SettingsNode? Split(ScalarNode text)
    {
        if (!text.Text.TrimStart().StartsWith('['))
        {
            IEnumerable<string> parts = text.Text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            return new ListNode([.. parts.Select(p => new ScalarNode(p, ScalarKind.Untyped, text.Origin))], text.Origin);
        }
        return JsonSource.Parse(Encoding.UTF8.GetBytes(text.Text), text.Origin.Source, [], text.Origin);
    }

    private object? ReadElement(SettingDefinition element, SettingsNode node, string path)
    {
        if (element.Shape == SettingShape.Leaf)
        {
            return TryLeaf(element, node, path, out object? value) ? value : element.Type == typeof(string) ? "" : null;
        }
        object item = Activator.CreateInstance(element.Type) ?? throw new InvalidOperationException($"{element.Type} has no constructor");
        if (node is ScalarNode { Kind: ScalarKind.Text or ScalarKind.Number or ScalarKind.Untyped } scalar && element.TextForm is { } textForm)
        {
            if (TryLeaf(textForm, AsText(textForm, scalar), path, out object? value))
            {
                textForm.Property!.SetValue(item, value);
            }
        }
        else if (node is MapNode map)
        {
            ApplySection(element, map, item, path);
        }
        else
        {
            Wrong(path, $"{Shown(node, path, element)} is not allowed; must be {element.Allowed}", node.Origin);
        }
        return item;
    }

    private bool TryLeaf(SettingDefinition leaf, SettingsNode node, string path, out object? value)
    {
        value = null;
        if (node is ScalarNode scalar)
        {
            if (scalar.Kind == ScalarKind.Null && leaf.AllowsNull)
            {
                return true;
            }
            if (scalar.Kind != ScalarKind.Null && LeafFormat.TryParse(leaf.Type, scalar.Text, scalar.Kind, out object read) && leaf.IsWithinBounds(read))
            {
                value = read;
                return true;
            }
        }
        Wrong(path, $"{Shown(node, path, leaf)} is not allowed; must be {leaf.Allowed}", node.Origin);
        return false;
    }

    private void Wrong(string path, string problem, SettingOrigin origin)
    {
        for (string at = path; at.Length > 0; at = at[..Math.Max(0, at.LastIndexOf(':'))])
        {
            _wrong.Add(at);
        }
        errors.Add(new SettingError(path, problem, origin));
    }

    private static string Shown(SettingsNode node, string path, SettingDefinition key) => node switch
    {
        MapNode => "an object",
        ListNode => "a list",
        ScalarNode scalar => Secrets.Show(scalar.Text, HoldsText(key) && Secrets.IsSecret(path), scalar.Kind is ScalarKind.Text or ScalarKind.Untyped),
        _ => "",
    };

    private static bool HoldsText(SettingDefinition key) => key.Shape switch
    {
        SettingShape.Leaf => key.Type == typeof(string),
        SettingShape.Section => true,
        _ => HoldsText(key.Element!),
    };

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}:{name}";
}
