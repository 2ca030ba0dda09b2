using System.Text;

namespace AutoGuard.Guardian.Storage;

/// <summary>
/// PostgreSQL holds neither U+0000 nor half of a surrogate pair, and strangers write token and referrer texts: one such
/// character must not make a whole batch of decisions fail, so it is stored as U+FFFD.
/// </summary>
internal static class StorableText
{
    private const string EscapedNul = "u0000";
    private const string EscapedReplacement = "uFFFD";

    public static string? OrNull(string? text) => text is null ? null : Of(text);

    public static string Of(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF') && !text.Contains('\0', StringComparison.Ordinal))
        {
            return text;
        }
        var result = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            result.Append(rune.Value == 0 ? Rune.ReplacementChar : rune);
        }
        return result.ToString();
    }

    /// <summary>The same for JSON that System.Text.Json wrote: it replaces halves of pairs itself, and escapes U+0000.</summary>
    public static string OfJson(string json)
    {
        if (!json.Contains(EscapedNul, StringComparison.Ordinal))
        {
            return json;
        }
        var result = new StringBuilder(json.Length);
        for (int i = 0; i < json.Length; i++)
        {
            result.Append(json[i]);
            if (json[i] == '\\')
            {
                bool isNul = json.AsSpan(i + 1).StartsWith(EscapedNul, StringComparison.Ordinal);
                string rest = isNul ? EscapedReplacement : json[i + 1].ToString();
                result.Append(rest);
                i += rest.Length;
            }
        }
        return result.ToString();
    }
}
