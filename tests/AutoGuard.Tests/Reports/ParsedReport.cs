using System.Text;
using System.Xml.Linq;
using AutoGuard.Core.Reporting;
using AutoGuard.Reports;

namespace AutoGuard.Tests.Reports;

/// <summary>An HTML report read by an XML parser: the parse itself is the check that it is well-formed.</summary>
public sealed class ParsedReport
{
    public static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    private ParsedReport(string text)
    {
        Text = text;
        Root = XDocument.Parse(text).Root!;
    }

    public string Text { get; }

    public XElement Root { get; }

    /// <summary>Everything a reader sees.</summary>
    public string Visible => string.Join(' ', Root.DescendantNodes().OfType<XText>()
        .Where(text => text.Ancestors().All(element => element.Name.LocalName is not ("style" or "script")))
        .Select(text => text.Value));

    public static async Task<ParsedReport> OfAsync(FlaggedReport report)
    {
        using var stream = new MemoryStream();
        await FlaggedReports.WriteAsync(report, stream, "html", CancellationToken.None);
        return new ParsedReport(Encoding.UTF8.GetString(stream.ToArray()));
    }

    public IEnumerable<XElement> All(string name, string? cssClass = null) => Find(Root, name, cssClass);

    public static IEnumerable<XElement> Find(XElement within, string name, string? cssClass = null) => within.Descendants()
        .Where(element => element.Name.LocalName == name && (cssClass is null || Classes(element).Contains(cssClass)));

    public static string[] Classes(XElement element) => ((string?)element.Attribute("class") ?? "").Split(' ');

    /// <summary>The card of a subject.</summary>
    public XElement Card(string value) =>
        Assert.Single(All("details"), card => Find(card, "h3").Single().Value == value);

    /// <summary>Values of a description list by its terms.</summary>
    public static Dictionary<string, string> Terms(XElement within) => Find(within, "div")
        .Where(pair => pair.Elements().FirstOrDefault()?.Name.LocalName == "dt" && pair.Parent!.Name.LocalName == "dl")
        .GroupBy(pair => pair.Elements().First().Value)
        .ToDictionary(group => group.Key, group => group.First().Elements().Last().Value);
}
