using System.Collections.Immutable;
using System.Text.Json;
using AutoGuard.Configuration;

namespace AutoGuard.Backtest;

/// <summary>Finds the settings in which two configurations differ.</summary>
internal static class SettingsComparison
{
    /// <summary>The differing settings by path; lists count as one value, secrets as equal.</summary>
    public static ImmutableArray<SettingChange> Of(EffectiveSettings one, EffectiveSettings other)
    {
        Dictionary<string, string> before = Leaves(one);
        Dictionary<string, string> after = Leaves(other);
        return [.. before.Keys.Union(after.Keys)
            .Where(key => before.GetValueOrDefault(key) != after.GetValueOrDefault(key))
            .Order(StringComparer.Ordinal)
            .Select(key => new SettingChange(key, before.GetValueOrDefault(key, "none"), after.GetValueOrDefault(key, "none")))];
    }

    private static Dictionary<string, string> Leaves(EffectiveSettings settings)
    {
        Dictionary<string, string> leaves = [];
        using JsonDocument document = JsonDocument.Parse(settings.Dump());
        Collect(document.RootElement, "", leaves);
        return leaves;
    }

    private static void Collect(JsonElement element, string path, Dictionary<string, string> leaves)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            leaves[path] = element.ValueKind == JsonValueKind.String ? element.GetString()! : element.GetRawText();
            return;
        }
        foreach (JsonProperty property in element.EnumerateObject())
        {
            Collect(property.Value, path.Length == 0 ? property.Name : $"{path}:{property.Name}", leaves);
        }
    }
}
