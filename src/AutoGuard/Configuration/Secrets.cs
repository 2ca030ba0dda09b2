using AutoGuard.Live;

namespace AutoGuard.Configuration;

/// <summary>Decides which values are never shown, and makes the others fit for a line of text.</summary>
internal static class Secrets
{
    /// <summary>What stands in for a secret.</summary>
    public const string Hidden = "(hidden)";

    private const int MostCharacters = 80;

    private static readonly HashSet<string> Words = new(StringComparer.OrdinalIgnoreCase)
    {
        "password", "passwd", "pwd", "passphrase", "secret", "key", "apikey", "token", "credential", "credentials", "pem", "jaas",
    };

    /// <summary>
    /// Whether the value of a key that holds text is a secret: connection strings, and every key with a word such as
    /// password, secret, key or token in its last segment (<c>sasl.password</c>, <c>ssl.key.pem</c>, <c>ApiKey</c>).
    /// Plurals (<c>Allowlist:Tokens</c>) are lists of identities, not secrets.
    /// </summary>
    public static bool IsSecret(string path)
    {
        if (path.StartsWith("ConnectionStrings", StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }
        int last = path.LastIndexOf(':') + 1;
        return WordsOf(path[last..]).Any(Words.Contains);
    }

    /// <summary>A value as shown in messages: hidden, or in quotes, without control characters, cut to a length.</summary>
    public static string Show(string text, bool secret, bool quoted = true)
    {
        if (secret || LooksLikeEncodedToken(text))
        {
            return Hidden;
        }
        string shown = TerminalText.Visible(text, MostCharacters);
        return quoted ? $"\"{shown}\"" : shown;
    }

    /// <summary>Whether a text is an encoded JWT: three parts in base64url, the first of which is a JSON object.</summary>
    public static bool LooksLikeEncodedToken(string text) =>
        text.StartsWith("eyJ", StringComparison.Ordinal) && text.Count(c => c == '.') is 2 or 4;

    private static IEnumerable<string> WordsOf(string name)
    {
        int start = 0;
        for (int i = 0; i < name.Length; i++)
        {
            bool separator = !char.IsLetterOrDigit(name[i]);
            bool hump = i > start && char.IsUpper(name[i]) && char.IsLower(name[i - 1]);
            if (separator || hump)
            {
                if (i > start)
                {
                    yield return name[start..i];
                }
                start = separator ? i + 1 : i;
            }
        }
        if (start < name.Length)
        {
            yield return name[start..];
        }
    }
}
