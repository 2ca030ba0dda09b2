using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace AutoGuard.Configuration;

/// <summary>
/// Reads a settings file, keeping the line of every value. Comments and trailing commas are allowed; a key given twice in
/// one object is an error, because whichever of the two its writer meant, half of the readers would guess the other.
/// </summary>
internal static partial class JsonSource
{
    private static readonly JsonReaderOptions Options = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        MaxDepth = 32,
    };

    /// <summary>The tree of a file; null after an error was added.</summary>
    public static MapNode? Read(string path, string name, string missing, List<SettingError> errors)
    {
        byte[] bytes;
        if (Directory.Exists(path))
        {
            errors.Add(new SettingError("", $"is a folder, no file: {path} ({missing})", new SettingOrigin(name)));
            return null;
        }
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            errors.Add(new SettingError("", $"no such file: {path} ({missing})", new SettingOrigin(name)));
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            errors.Add(new SettingError("", $"cannot be read: {e.Message}", new SettingOrigin(name)));
            return null;
        }
        return Parse(bytes, name, errors) switch
        {
            MapNode map => map,
            null => null,
            SettingsNode other => Refuse(other, errors),
        };
    }

    /// <summary>The tree of a JSON text, or null after an error was added. <paramref name="fixedOrigin"/> replaces lines for a text that is not a file.</summary>
    public static SettingsNode? Parse(ReadOnlySpan<byte> utf8, string name, List<SettingError> errors, SettingOrigin? fixedOrigin = null)
    {
        if (utf8.StartsWith(Encoding.UTF8.Preamble))
        {
            utf8 = utf8[Encoding.UTF8.Preamble.Length..];
        }
        Utf8JsonReader reader = new(utf8, Options);
        Walker walker = new(name, utf8, fixedOrigin, errors);
        try
        {
            reader.Read();
            SettingsNode node = walker.Value(ref reader, "");
            while (reader.Read())
            {
            }
            return node;
        }
        catch (JsonException e)
        {
            SettingOrigin origin = fixedOrigin ?? new SettingOrigin(name);
            string place = fixedOrigin is null ? $"line {e.LineNumber + 1}, column {Column(utf8, e)}: " : "";
            errors.Add(new SettingError("", $"{place}not valid JSON: {Reason(e)}", origin));
            return null;
        }
    }

    // The reader counts bytes; people and editors count characters.
    private static long Column(ReadOnlySpan<byte> utf8, JsonException e)
    {
        for (long line = e.LineNumber ?? 0; line > 0; line--)
        {
            utf8 = utf8[(utf8.IndexOf((byte)'\n') + 1)..];
        }
        int bytes = (int)Math.Min(e.BytePositionInLine ?? 0, utf8.Length);
        return Encoding.UTF8.GetCharCount(utf8[..bytes]) + 1;
    }

    // An unquoted password would be echoed by the reader's own words for a bad literal.
    private static string Reason(JsonException e)
    {
        string reason = Place().Replace(e.Message, "");
        return reason.Contains("invalid JSON literal", StringComparison.Ordinal)
            ? "a text without quotes"
            : reason.TrimEnd('.', ' ');
    }

    private static MapNode? Refuse(SettingsNode node, List<SettingError> errors)
    {
        errors.Add(new SettingError("", "must hold one JSON object", node.Origin));
        return null;
    }

    [GeneratedRegex(@" (LineNumber: \d+ \| BytePositionInLine: \d+|Path: .*)\.?")]
    private static partial Regex Place();

    private ref struct Walker(string name, ReadOnlySpan<byte> utf8, SettingOrigin? fixedOrigin, List<SettingError> errors)
    {
        private readonly ReadOnlySpan<byte> _utf8 = utf8;
        private int _countedTo;
        private int _line = 1;

        public SettingsNode Value(ref Utf8JsonReader reader, string path)
        {
            SettingOrigin origin = OriginAt((int)reader.TokenStartIndex);
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject:
                    return Map(ref reader, path, origin);
                case JsonTokenType.StartArray:
                    List<SettingsNode> items = [];
                    while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                    {
                        items.Add(Value(ref reader, $"{path}:{items.Count}"));
                    }
                    return new ListNode(items, origin);
                case JsonTokenType.String:
                    return new ScalarNode(reader.GetString() ?? "", ScalarKind.Text, origin);
                case JsonTokenType.Number:
                    return new ScalarNode(Encoding.UTF8.GetString(reader.ValueSpan), ScalarKind.Number, origin);
                case JsonTokenType.True:
                case JsonTokenType.False:
                    return new ScalarNode(reader.GetBoolean() ? "true" : "false", ScalarKind.Boolean, origin);
                default:
                    return new ScalarNode("null", ScalarKind.Null, origin);
            }
        }

        private MapNode Map(ref Utf8JsonReader reader, string path, SettingOrigin origin)
        {
            List<KeyValuePair<string, SettingsNode>> entries = [];
            HashSet<string> seen = new(StringComparer.OrdinalIgnoreCase);
            while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
            {
                string key = reader.GetString() ?? "";
                string full = path.Length == 0 ? key : $"{path}:{key}";
                SettingOrigin keyOrigin = OriginAt((int)reader.TokenStartIndex);
                reader.Read();
                SettingsNode value = Value(ref reader, full);
                if (seen.Add(key))
                {
                    entries.Add(new(key, value));
                }
                else
                {
                    errors.Add(new SettingError(full, "given twice in one object", keyOrigin));
                }
            }
            return new MapNode(entries, origin);
        }

        // Tokens come in order, so each stretch of the file is searched for line ends once.
        private SettingOrigin OriginAt(int position)
        {
            if (fixedOrigin is not null)
            {
                return fixedOrigin;
            }
            if (position > _countedTo)
            {
                _line += _utf8[_countedTo..position].Count((byte)'\n');
                _countedTo = position;
            }
            return new SettingOrigin(name, _line);
        }
    }
}
