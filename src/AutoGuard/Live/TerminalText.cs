using System.Globalization;
using System.Text;

namespace AutoGuard.Live;

/// <summary>
/// Makes text that strangers wrote fit for a terminal: what moves the cursor, turns the direction or cannot be seen is
/// spelled out (<c>\u001b</c>), stacked marks are spelled out from the third on, and the text is cut. One line stays one line.
/// </summary>
internal static class TerminalText
{
    private const int MarksInARow = 2;

    /// <summary>The visible form, at most <paramref name="width"/> characters long, the last an ellipsis when it was cut.</summary>
    public static string Visible(string? text, int width)
    {
        if (string.IsNullOrEmpty(text) || width <= 0)
        {
            return "";
        }
        StringBuilder shown = new();
        int marks = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            UnicodeCategory category = Rune.GetUnicodeCategory(rune);
            marks = category is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark ? marks + 1 : 0;
            string next = IsHidden(category, rune) || marks > MarksInARow
                ? string.Create(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}")
                : rune.ToString();
            if (shown.Length + next.Length > width)
            {
                shown.Length = Math.Min(shown.Length, width - 1);
                return shown.Append('…').ToString();
            }
            shown.Append(next);
        }
        return shown.ToString();
    }

    private static bool IsHidden(UnicodeCategory category, Rune rune) => category switch
    {
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
            or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned => true,
        UnicodeCategory.SpaceSeparator => rune.Value != ' ',
        _ => rune.Value is 0x115F or 0x1160 or 0x3164 or 0xFFA0 or 0x2800,
    };
}
