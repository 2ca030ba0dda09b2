using System.Globalization;
using System.Text.RegularExpressions;

namespace AutoGuard.Core.Tests.Architecture;

public sealed partial class TidyTests
{
    private const int LongestFile = 400;

    /// <summary>Files whose code must use a vendor's own words, and files that break a rule to prove that breaking it is seen.</summary>
    private static readonly HashSet<string> VendorFiles = [];
    private static readonly HashSet<string> SeveralNamespaces = ["tests/AutoGuard.Core.Tests/Architecture/WrongTypes.cs"];

    [Fact]
    public void Code_is_indented_by_spaces() =>
        AssertNone(Lines("", ".cs").Where(line => line.Text.Contains('\t', StringComparison.Ordinal)));

    [Fact]
    public void No_code_is_folded_away() =>
        AssertNone(Lines("", ".cs").Where(line => RegionPattern().IsMatch(line.Text)));

    [Fact]
    public void Whatever_is_left_to_do_has_a_number() =>
        AssertNone(Lines("").Where(line => UnnumberedPattern().IsMatch(line.Text)));

    [Fact]
    public void No_source_file_is_too_long()
    {
        IEnumerable<Line> longFiles = RepositoryFiles.List("src")
            .Select(path => new Line(path, File.ReadLines(Path.Combine(RepositoryFiles.Root, path)).Count(), $"more than {LongestFile} lines"))
            .Where(file => file.Number > LongestFile);
        AssertNone(longFiles);
    }

    [Fact]
    public void Lists_are_called_allowlist_and_blocklist()
    {
        IEnumerable<Line> named = RepositoryFiles.List("src", ".cs").Where(path => !VendorFiles.Contains(path))
            .SelectMany(path => OldListNamePattern().Matches(WithoutTexts(RepositoryFiles.Read(path))).Select(match => new Line(path, 0, match.Value)));
        AssertNone(named);
    }

    [Fact]
    public void Files_excepted_from_a_rule_exist() =>
        Assert.All(VendorFiles.Concat(SeveralNamespaces), path => Assert.True(File.Exists(Path.Combine(RepositoryFiles.Root, path)), path));

    [Fact]
    public void Every_type_stands_in_a_file_scoped_namespace()
    {
        IEnumerable<Line> outside = RepositoryFiles.List("", ".cs").Where(path => !SeveralNamespaces.Contains(path))
            .Where(path => !HasFileScopedNamespace(RepositoryFiles.Read(path)))
            .Select(path => new Line(path, 0, "no file-scoped namespace"));
        AssertNone(outside);
    }

    [Theory]
    [InlineData("namespace A;\npublic class B;", true)]
    [InlineData("return 0;", true)]
    [InlineData("public sealed class B;", false)]
    [InlineData("namespace A\n{\n    public class B;\n}", false)]
    [InlineData("namespace A {", false)]
    public void Namespaces_are_told_apart(string code, bool expected) => Assert.Equal(expected, HasFileScopedNamespace(code));

    [Theory]
    [InlineData("var white" + "List = 1;", 1)]
    [InlineData("mode = \"black" + "list\"; // the vendor's white" + "list", 0)]
    [InlineData("mode = @\"a\"\"b\"; int Black" + "list;", 1)]
    [InlineData("x = '\"'; int black" + "list; y = '\"';", 1)]
    public void Old_names_of_lists_are_found_in_code_only(string code, int expected) =>
        Assert.Equal(expected, OldListNamePattern().Count(WithoutTexts(code)));

    [Theory]
    [InlineData("// TO" + "DO: later", true)]
    [InlineData("// TO" + "DO(#12): later", false)]
    [InlineData("mastodon", false)]
    public void Numbers_of_things_left_to_do_are_seen(string line, bool expected) => Assert.Equal(expected, UnnumberedPattern().IsMatch(line));

    private static bool HasFileScopedNamespace(string code) =>
        !BlockNamespacePattern().IsMatch(code) && (FileNamespacePattern().IsMatch(code) || !TypePattern().IsMatch(code));

    private static string WithoutTexts(string code) => TextPattern().Replace(code, " ");

    private static IEnumerable<Line> Lines(string folder, string? extension = null) =>
        RepositoryFiles.List(folder, extension)
            .SelectMany(path => RepositoryFiles.Read(path).Split('\n').Select((text, index) => new Line(path, index + 1, text.Trim('\r', '\n'))));

    private static void AssertNone(IEnumerable<Line> lines)
    {
        Line[] found = [.. lines];
        Assert.True(found.Length == 0, string.Join('\n', found));
    }

    [GeneratedRegex(@"^\s*#(end)?region\b")]
    private static partial Regex RegionPattern();

    [GeneratedRegex(@"\bTODO\b(?!\(#\d+\))")]
    private static partial Regex UnnumberedPattern();

    [GeneratedRegex("(white|black)list", RegexOptions.IgnoreCase)]
    private static partial Regex OldListNamePattern();

    [GeneratedRegex(@"^namespace [\w.]+;", RegexOptions.Multiline)]
    private static partial Regex FileNamespacePattern();

    [GeneratedRegex(@"^namespace [\w.]+\s*(\{|$)", RegexOptions.Multiline)]
    private static partial Regex BlockNamespacePattern();

    [GeneratedRegex(@"^\s*((public|internal|file|sealed|static|abstract|partial|readonly|ref|unsafe) )*(class|struct|interface|enum|record|delegate) ", RegexOptions.Multiline)]
    private static partial Regex TypePattern();

    [GeneratedRegex("""
        "{3}[\s\S]*?"{3}|@"(?:[^"]|"")*"|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])'|//[^\n]*|/\*[\s\S]*?\*/
        """, RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex TextPattern();

    private readonly record struct Line(string Path, int Number, string Text)
    {
        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Path}({Number}): {Text}");
    }
}
