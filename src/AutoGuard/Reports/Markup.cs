using System.Globalization;
using System.Text;
using System.Xml;

namespace AutoGuard.Reports;

/// <summary>
/// Writes HTML that is also well-formed XML: the library's writer does the escaping, so there is no place where a text
/// could be put in raw by mistake, and any XML parser can check the page.
/// </summary>
internal sealed class Markup : IDisposable
{
    private const string Html = "http://www.w3.org/1999/xhtml";
    private const string Svg = "http://www.w3.org/2000/svg";

    private readonly XmlWriter _xml;
    private readonly Stack<bool> _picture = new();

    public Markup(Stream stream)
    {
        _xml = XmlWriter.Create(stream, new XmlWriterSettings
        {
            OmitXmlDeclaration = true,
            Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
            NewLineHandling = NewLineHandling.None,
            CloseOutput = false,
        });
        _xml.WriteRaw("<!DOCTYPE html>\n");
    }

    /// <summary>Opens an element; everything inside <c>svg</c> is in SVG's namespace.</summary>
    public Markup Open(string tag, string? cssClass = null)
    {
        var picture = tag == "svg" || (_picture.TryPeek(out var inside) && inside);
        _picture.Push(picture);
        _xml.WriteStartElement(tag, picture ? Svg : Html);
        return cssClass is null ? this : With("class", cssClass);
    }

    public Markup With(string name, string value)
    {
        _xml.WriteAttributeString(name, value);
        return this;
    }

    /// <summary>A number as an attribute, with at most three decimals.</summary>
    public Markup With(string name, double value, string unit = "") =>
        With(name, value.ToString("0.###", CultureInfo.InvariantCulture) + unit);

    public Markup Text(string text)
    {
        _xml.WriteString(text);
        return this;
    }

    /// <summary>Style and script of our own; never anything from outside.</summary>
    public Markup Raw(string trusted)
    {
        _xml.WriteRaw(trusted);
        return this;
    }

    /// <summary>Closes an element by an end tag: HTML does not know <c>&lt;div/&gt;</c>.</summary>
    public Markup Close()
    {
        if (_picture.Pop())
        {
            _xml.WriteEndElement();
        }
        else
        {
            _xml.WriteFullEndElement();
        }

        return this;
    }

    /// <summary>Closes an element that HTML knows as void: meta, link, input.</summary>
    public Markup CloseVoid()
    {
        _picture.Pop();
        _xml.WriteEndElement();
        return this;
    }

    public Markup Element(string tag, string? cssClass, string text) => Open(tag, cssClass).Text(text).Close();

    /// <summary>Text of strangers, kept apart from its surroundings whatever direction it is written in.</summary>
    public Markup Foreign(string? cssClass, string? text, int limit) => Open("bdi", cssClass).Text(VisibleText.Of(text, limit)).Close();

    public Markup Time(string? cssClass, long milliseconds, string text) =>
        Open("time", cssClass).With("datetime", ReportClock.Machine(milliseconds)).Text(text).Close();

    public void Dispose() => _xml.Dispose();
}
