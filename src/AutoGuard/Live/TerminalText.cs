using System.Globalization;
using System.Text;
using Spectre.Console.Rendering;

namespace AutoGuard.Live;

/// <summary>
/// Makes text that strangers wrote fit for a terminal: what moves the cursor, turns the direction or cannot be seen is
/// spelled out (<c>\u001b</c>), stacked marks are spelled out from the third on, and the text is cut. One line stays one
/// line, and is never wider than asked for: Spectre cuts by characters what it measures in cells, and never comes back
/// from wide text that is too long for its place.
/// </summary>
internal static class TerminalText
{
    private const int MarksInARow = 2;

    /// <summary>The visible form, at most <paramref name="width"/> cells wide, the last an ellipsis when it was cut.</summary>
    public static string Visible(string? text, int width)
    {
        if (string.IsNullOrEmpty(text) || width <= 0)
        {
            return "";
        }
        StringBuilder shown = new();
        int cells = 0;
        int marks = 0;
        int roomForEllipsis = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            UnicodeCategory category = Rune.GetUnicodeCategory(rune);
            marks = IsMark(category) ? marks + 1 : 0;
            string next = IsHidden(category, rune) || marks > MarksInARow
                ? string.Create(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}")
                : rune.ToString();
            int more = Cells(next);
            if (cells + more > width)
            {
                shown.Length = roomForEllipsis;
                return shown.Append('…').ToString();
            }
            shown.Append(next);
            cells += more;
            if (cells <= width - 1)
            {
                roomForEllipsis = shown.Length;
            }
        }
        return shown.ToString();
    }

    /// <summary>How many cells of a terminal a text takes, as Spectre counts.</summary>
    public static int Cells(string text) => Ascii.IsValid(text) ? text.Length : new Segment(text).CellCount();

    private static bool IsMark(UnicodeCategory category) =>
        category is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.SpacingCombiningMark;

    private static bool IsHidden(UnicodeCategory category, Rune rune) => category switch
    {
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
            or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned => true,
        UnicodeCategory.SpaceSeparator => rune.Value != ' ',
        // Terminals and Spectre do not agree on the width of what lies beyond the basic plane.
        _ => rune.Value is 0x115F or 0x1160 or 0x3164 or 0xFFA0 or 0x2800 or > 0xFFFF,
    };
}
