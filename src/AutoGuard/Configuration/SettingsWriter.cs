using System.Collections;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace AutoGuard.Configuration;

/// <summary>
/// Writes options as the JSON that would give them: the dump of <c>check</c>, the canonical text behind the fingerprint,
/// and the complete <c>appsettings.json</c>.
/// </summary>
internal sealed class SettingsWriter
{
    private const int LineWidth = 132;

    /// <summary>Comment put before a section; null for none.</summary>
    public Func<SettingDefinition, string?> Comment { get; init; } = static _ => null;

    /// <summary>Stands in for a value, given its path; null to write the value itself.</summary>
    public Func<string, object, object?> Replace { get; init; } = static (_, _) => null;

    /// <summary>Keys in ordinal order and no white space: one text for one configuration.</summary>
    public bool Canonical { get; init; }

    /// <summary>Which keys of the root are written.</summary>
    public Func<string, bool> Includes { get; init; } = static _ => true;

    /// <summary>Writes an options object.</summary>
    public string Write(object options)
    {
        StringBuilder text = new();
        WriteSection(text, SettingDefinition.Of(options.GetType()), options, "", 0);
        return Canonical ? text.ToString() : text.Append('\n').ToString();
    }

    private void WriteSection(StringBuilder text, SettingDefinition section, object options, string path, int depth)
    {
        IEnumerable<SettingDefinition> keys = section.Children.Where(c => path.Length > 0 || Includes(c.Name));
        if (Canonical)
        {
            keys = keys.OrderBy(k => k.Name, StringComparer.Ordinal);
        }
        List<string> members = [];
        foreach (SettingDefinition key in keys)
        {
            StringBuilder member = new();
            string full = path.Length == 0 ? key.Name : $"{path}:{key.Name}";
            if (!Canonical && Comment(key) is { } comment)
            {
                member.Append("// ").Append(comment).Append('\n').Append(Indent(depth + 1));
            }
            member.Append(Quote(key.Name)).Append(Canonical ? ":" : ": ");
            WriteValue(member, key, key.Property!.GetValue(options), full, depth + 1);
            members.Add(member.ToString());
        }
        Enclose(text, '{', members, '}', depth, onOneLine: section.Children.All(c => c.Shape == SettingShape.Leaf));
    }

    private void WriteValue(StringBuilder text, SettingDefinition key, object? value, string path, int depth)
    {
        if (value is not null && Replace(path, value) is { } instead)
        {
            value = instead;
        }
        switch (value)
        {
            case null:
                text.Append("null");
                break;
            case IDictionary map:
                List<string> members = [.. map.Keys.Cast<string>()
                    .Order(StringComparer.Ordinal)
                    .Select(name => Member(name, map[name], key, path, depth))];
                Enclose(text, '{', members, '}', depth, onOneLine: true);
                break;
            case IEnumerable list and not string:
                List<string> items = [];
                foreach (object? item in list)
                {
                    StringBuilder one = new();
                    WriteValue(one, key.Element ?? key, item, string.Create(CultureInfo.InvariantCulture, $"{path}:{items.Count}"), depth + 1);
                    items.Add(one.ToString());
                }
                Enclose(text, '[', items, ']', depth, onOneLine: items.All(i => !i.Contains('\n', StringComparison.Ordinal)));
                break;
            default:
                if (LeafFormat.IsLeaf(value.GetType()))
                {
                    string leaf = LeafFormat.Format(value);
                    text.Append(LeafFormat.IsBare(value) ? leaf : Quote(leaf));
                }
                else
                {
                    WriteSection(text, SettingDefinition.Of(value.GetType()), value, path, depth);
                }
                break;
        }
    }

    private string Member(string name, object? value, SettingDefinition key, string path, int depth)
    {
        StringBuilder member = new StringBuilder(Quote(name)).Append(Canonical ? ":" : ": ");
        WriteValue(member, key.Element!, value, $"{path}:{name}", depth + 1);
        return member.ToString();
    }

    // A group of single values stays on one line while it fits: the eye compares indicators down the page.
    private void Enclose(StringBuilder text, char open, List<string> members, char close, int depth, bool onOneLine)
    {
        string separator = Canonical ? "," : ", ";
        string line = string.Join(separator, members);
        bool braces = open == '{' && !Canonical && members.Count > 0;
        if (Canonical || members.Count == 0 || (onOneLine && !line.Contains('\n', StringComparison.Ordinal) && line.Length + 40 <= LineWidth))
        {
            text.Append(open).Append(braces ? " " : "").Append(line).Append(braces ? " " : "").Append(close);
            return;
        }
        string indent = Indent(depth + 1);
        IEnumerable<string> lines = open == '[' && onOneLine ? Fill(members, LineWidth - indent.Length) : members;
        text.Append(open).Append('\n').Append(indent)
            .AppendJoin($",\n{indent}", lines)
            .Append('\n').Append(Indent(depth)).Append(close);
    }

    private static IEnumerable<string> Fill(List<string> items, int width)
    {
        StringBuilder line = new();
        foreach (string item in items)
        {
            if (line.Length > 0 && line.Length + item.Length + 3 > width)
            {
                yield return line.ToString();
                line.Clear();
            }
            line.Append(line.Length > 0 ? ", " : "").Append(item);
        }
        yield return line.ToString();
    }

    private static string Indent(int depth) => new(' ', depth * 2);

    private static string Quote(string text) => $"\"{JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";
}
