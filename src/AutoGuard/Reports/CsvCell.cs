namespace AutoGuard.Reports;

/// <summary>
/// Makes a text safe to open in a spreadsheet. Excel, LibreOffice and Google Sheets run a cell as a formula when it starts
/// with one of <c>= + - @</c>, also in the full-width forms, after white space, or after quotes that an import strips; a
/// single quote in front makes it text (OWASP, "CSV Injection").
/// </summary>
internal static class CsvCell
{
    /// <summary>Spreadsheets cut cells at 32,767 characters; nothing worth reading is longer than this.</summary>
    public const int Limit = 4_096;

    private const string Starters = "=+-@＝＋－＠﹣﹢﹦﹫−";

    /// <summary>A text of any origin as a cell: one line, visible, of bounded length, never a formula.</summary>
    public static string Text(string? text)
    {
        var shown = VisibleText.Of(text, Limit);
        return IsFormula(text) || IsFormula(shown) ? "'" + shown : shown;
    }

    private static bool IsFormula(string? text)
    {
        foreach (var c in text ?? "")
        {
            if (c is '\t' or '\r' or '\n')
            {
                return true;
            }

            if (!char.IsWhiteSpace(c) && !char.IsControl(c) && c is not ('"' or '\'' or '`' or '“' or '”' or '‘' or '’' or '＂' or '＇' or '\uFEFF' or '\u200B'))
            {
                return Starters.Contains(c, StringComparison.Ordinal);
            }
        }

        return false;
    }
}
