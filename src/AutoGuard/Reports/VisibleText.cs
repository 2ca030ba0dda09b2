using System.Globalization;
using System.Text;

namespace AutoGuard.Reports;

/// <summary>
/// Makes text that strangers wrote safe to look at: what a reader cannot see (control characters, direction overrides,
/// zero-width and unassigned characters, halves of surrogate pairs) is spelled out as <c>⟨U+202E⟩</c>, stacks of combining
/// marks are broken up, and long text is cut. The result is also free of everything XML 1.0 forbids. It is not escaped.
/// </summary>
internal static class VisibleText
{
    private const int MarksInARow = 3;

    /// <summary>Shows at most <paramref name="limit"/> characters (Unicode scalars) of a text and says how many were cut.</summary>
    public static string Of(string? text, int limit)
    {
        if (string.IsNullOrEmpty(text))
        {
            return "";
        }

        if (text.Length <= limit && IsPlain(text))
        {
            return text;
        }

        var shown = new StringBuilder(Math.Min(text.Length, limit) + 32);
        var rest = text.AsSpan();
        var marks = 0;
        for (var count = 0; !rest.IsEmpty; count++)
        {
            if (count == limit)
            {
                return shown.Append(CultureInfo.InvariantCulture, $"… (+{Count(rest):N0} characters)").ToString();
            }

            var whole = Rune.DecodeFromUtf16(rest, out var rune, out var used) == System.Buffers.OperationStatus.Done;
            var category = whole ? Rune.GetUnicodeCategory(rune) : UnicodeCategory.Surrogate;
            marks = IsMark(category) ? marks + 1 : 0;
            if (IsHidden(category, whole ? rune.Value : rest[0]) || marks > MarksInARow)
            {
                shown.Append(CultureInfo.InvariantCulture, $"⟨U+{(whole ? rune.Value : rest[0]):X4}⟩");
            }
            else
            {
                shown.Append(rest[..used]);
            }

            rest = rest[used..];
        }

        return shown.ToString();
    }

    private static bool IsPlain(string text)
    {
        foreach (var c in text)
        {
            if (c is < ' ' or > '~')
            {
                return false;
            }
        }

        return true;
    }

    private static int Count(ReadOnlySpan<char> text)
    {
        var count = 0;
        foreach (var _ in text.EnumerateRunes())
        {
            count++;
        }

        return count;
    }

    private static bool IsMark(UnicodeCategory category) =>
        category is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark;

    private static bool IsHidden(UnicodeCategory category, int value) => category switch
    {
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
            or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => true,
        UnicodeCategory.SpaceSeparator => value != ' ',
        // Letters that render as nothing: Hangul fillers, Braille blank, and the Mongolian and Khmer invisibles that are not Cf.
        _ => value is 0x115F or 0x1160 or 0x3164 or 0xFFA0 or 0x2800 or 0x17B4 or 0x17B5 or (>= 0xFE00 and <= 0xFE0F) or (>= 0xE0100 and <= 0xE01EF),
    };
}
