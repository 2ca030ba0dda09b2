using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using AutoGuard.Configuration;

namespace AutoGuard.Tests.Configuration;

/// <summary>What the options types say about themselves, as the tables of <c>docs/configuration.md</c> and the comments of <c>appsettings.json</c>.</summary>
internal static partial class ConfigurationReference
{
    private static readonly Dictionary<string, XElement> Summaries = Directory
        .EnumerateFiles(AppContext.BaseDirectory, "AutoGuard*.xml")
        .SelectMany(f => XDocument.Load(f).Descendants("member"))
        .Where(m => m.Element("summary") is not null)
        .GroupBy(m => m.Attribute("name")!.Value)
        .ToDictionary(g => g.Key, g => g.First().Element("summary")!);

    /// <summary>The complete configuration with its defaults.</summary>
    public static string DefaultsFile() => new SettingsWriter
    {
        Comment = key => key.Shape == SettingShape.Section ? Meaning(key, markdown: false) : null,
    }.Write(new AutoGuardSettings());

    /// <summary>One table a section.</summary>
    public static string Tables()
    {
        StringBuilder text = new();
        SettingDefinition root = SettingDefinition.Of(typeof(AutoGuardSettings));
        AppendTable(text, "Top level", null, root.Children.Where(c => c.Shape != SettingShape.Section), new AutoGuardSettings());
        foreach (SettingDefinition section in root.Children.Where(c => c.Shape == SettingShape.Section))
        {
            AppendTable(text, section.Name, Meaning(section, markdown: true), section.Walk().Where(k => k.Shape != SettingShape.Section), new AutoGuardSettings());
        }
        return text.ToString().TrimEnd('\n') + "\n";
    }

    /// <summary>What a key is for, from the documentation of its property; null when there is none.</summary>
    public static string? Meaning(SettingDefinition key, bool markdown)
    {
        string name = $"P:{key.Property!.DeclaringType!.FullName}.{key.Property.Name}";
        if (!Summaries.TryGetValue(name, out XElement? summary))
        {
            return null;
        }
        StringBuilder text = new();
        foreach (XNode node in summary.Nodes())
        {
            text.Append(node switch
            {
                XElement { Name.LocalName: "see" } see => Code(CrefName(see), markdown),
                XElement element => Code(element.Value, markdown),
                XText plain => plain.Value,
                _ => "",
            });
        }
        return Spaces().Replace(text.ToString(), " ").Trim();
    }

    /// <summary>The default of a key, as JSON on one line.</summary>
    public static string DefaultOf(SettingDefinition key, object root)
    {
        object? value = root;
        SettingDefinition at = SettingDefinition.Of(root.GetType());
        foreach (string segment in key.Path.Split(':'))
        {
            at = at.Children.Single(c => c.Name == segment);
            value = at.Property!.GetValue(value);
        }
        string json = new SettingsWriter { Canonical = true }.Write(new Holder { Value = value });
        return json["{\"Value\":".Length..^1];
    }

    private static void AppendTable(StringBuilder text, string title, string? meaning, IEnumerable<SettingDefinition> keys, AutoGuardSettings defaults)
    {
        text.Append("### ").Append(title).Append("\n\n");
        if (meaning is not null)
        {
            text.Append(meaning).Append("\n\n");
        }
        text.Append("| key | default | allowed | meaning |\n|---|---|---|---|\n");
        foreach (SettingDefinition key in keys)
        {
            string standard = DefaultOf(key, defaults);
            text.Append("| `").Append(key.Path).Append("` | `").Append(Cell(standard)).Append("` | ")
                .Append(Cell(key.Allowed)).Append(" | ").Append(Cell(MeaningInContext(key))).Append(" |\n");
        }
        text.Append('\n');
    }

    // The five keys of an indicator say the same sixteen times; what differs is the indicator's own sentence.
    private static string MeaningInContext(SettingDefinition key)
    {
        string own = Meaning(key, markdown: true) ?? "";
        if (!key.Path.StartsWith("Detection:Indicators:", StringComparison.Ordinal))
        {
            return own;
        }
        string parent = key.Path[..key.Path.LastIndexOf(':')];
        SettingDefinition indicator = SettingDefinition.Of(typeof(AutoGuardSettings)).Walk().Single(d => d.Path == parent);
        return key.Name == "Threshold" ? $"{Meaning(indicator, markdown: true)} {own}" : own;
    }

    private static string CrefName(XElement see)
    {
        string cref = see.Attribute("cref")?.Value ?? see.Attribute("langword")?.Value ?? "";
        return cref[(cref.LastIndexOf('.') + 1)..];
    }

    private static string Code(string text, bool markdown) => markdown ? $"`{text}`" : text;

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();

    private sealed class Holder
    {
        public object? Value { get; set; }
    }
}
