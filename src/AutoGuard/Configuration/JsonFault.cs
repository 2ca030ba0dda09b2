using System.Text.Json;
using System.Text.RegularExpressions;
using AutoGuard.Live;

namespace AutoGuard.Configuration;

/// <summary>What is wrong with a JSON text, in words for who wrote it: the reader's own name types of this program.</summary>
internal static partial class JsonFault
{
    private const int Longest = 200;

    /// <summary>One line without a full stop.</summary>
    public static string Of(JsonException error)
    {
        string place = error.Path is { Length: > 2 } path && path.StartsWith("$.", StringComparison.Ordinal) ? $" at {path[2..]}" : "";
        string message = Place().Replace(error.Message, "").TrimEnd('.', ' ');
        string fault = message switch
        {
            _ when Missing().Match(message) is { Success: true } missing => $"it lacks {missing.Groups[1].Value}",
            _ when Unknown().Match(message) is { Success: true } unknown => $"{unknown.Groups[1].Value} is no field of it",
            _ when message.Contains("could not be converted to", StringComparison.Ordinal) => $"the value{place} is of the wrong kind",
            _ => message,
        };
        return TerminalText.Visible(fault, Longest);
    }

    [GeneratedRegex(@"\s*(Path: .*|LineNumber: \d+ \| BytePositionInLine: \d+.*)$", RegexOptions.Singleline)]
    private static partial Regex Place();

    [GeneratedRegex("missing required properties including: (.*)$", RegexOptions.Singleline)]
    private static partial Regex Missing();

    [GeneratedRegex("The JSON property ('.*') could not be mapped", RegexOptions.Singleline)]
    private static partial Regex Unknown();
}
