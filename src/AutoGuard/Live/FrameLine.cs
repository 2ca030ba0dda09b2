using Spectre.Console;
using Spectre.Console.Rendering;

namespace AutoGuard.Live;

/// <summary>
/// One line of a view, made of spans that fit: nothing is left for Spectre to wrap, cut or read as markup.
/// </summary>
internal sealed class FrameLine(int width)
{
    private readonly Paragraph _paragraph = new();
    private int _used;

    /// <summary>The line, for Spectre.</summary>
    public IRenderable Renderable => _paragraph;

    /// <summary>Cells that are left.</summary>
    public int Room => width - _used;

    /// <summary>Appends a text, cut to what is left.</summary>
    public FrameLine Append(string text, Style? style = null)
    {
        string shown = TerminalText.Visible(text, Room);
        if (shown.Length > 0)
        {
            _paragraph.Append(shown, style);
            _used += TerminalText.Cells(shown);
        }
        return this;
    }

    /// <summary>Appends a text in a field: cut to the field, or padded at the right, or at the left for numbers.</summary>
    public FrameLine Field(string text, int cells, Style? style = null, bool right = false)
    {
        string shown = TerminalText.Visible(text, Math.Min(cells, Room));
        string padding = new(' ', Math.Max(0, Math.Min(cells, Room) - TerminalText.Cells(shown)));
        return right ? Append(padding).Append(shown, style) : Append(shown, style).Append(padding);
    }
}
