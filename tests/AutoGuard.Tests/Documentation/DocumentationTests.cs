using System.Text.RegularExpressions;
using AutoGuard.Configuration;

namespace AutoGuard.Tests.Documentation;

public sealed partial class DocumentationTests
{
    private const int LongestReadme = 250;

    [Fact]
    public void The_readme_stays_short() => Assert.InRange(ReadmePage.Text.Split('\n').Length - 1, 1, LongestReadme);

    [Fact]
    public void Links_lead_to_files_that_exist()
    {
        List<string> broken = [];
        foreach (string page in Repository.Pages())
        {
            string prose = FencePattern().Replace(Repository.Read(page), "");
            foreach (Match link in LinkPattern().Matches(prose))
            {
                string target = link.Groups[1].Value.Split('#')[0];
                bool isOutside = target.Contains("://", StringComparison.Ordinal) || target.StartsWith("mailto:", StringComparison.Ordinal);
                if (target.Length > 0 && !isOutside && !Path.Exists(Path.Combine(Repository.Root, Path.GetDirectoryName(page)!, target)))
                {
                    broken.Add($"{page}: {target}");
                }
            }
        }
        Assert.True(broken.Count == 0, string.Join('\n', broken));
    }

    [Fact]
    public void Keys_named_on_the_pages_exist()
    {
        HashSet<string> keys = [.. KeyRowPattern().Matches(Repository.Read("docs/configuration.md")).Select(match => match.Groups[1].Value)];
        List<string> unknown = [];
        foreach (string page in Repository.Pages().Where(page => page != "docs/configuration.md"))
        {
            foreach (Match named in KeyPattern().Matches(Repository.Read(page)))
            {
                string key = named.Groups[1].Value;
                if (!keys.Any(known => known == key || known.StartsWith(key + ":", StringComparison.Ordinal)))
                {
                    unknown.Add($"{page}: {key}");
                }
            }
        }
        Assert.NotEmpty(keys);
        Assert.True(unknown.Count == 0, string.Join('\n', unknown));
    }

    [Fact]
    public void The_defaults_in_the_readme_are_the_defaults()
    {
        AutoGuardSettings defaults = new();
        Assert.Contains(FormattableString.Invariant($"| `Policy:FlagScore` | {defaults.Policy.FlagScore} |"), ReadmePage.Text, StringComparison.Ordinal);
        Assert.Contains(FormattableString.Invariant($"| `Policy:BlockScore` | {defaults.Policy.BlockScore} |"), ReadmePage.Text, StringComparison.Ordinal);
        Assert.Contains($"| `Policy:Mode` | `{defaults.Policy.Mode}` |", ReadmePage.Text, StringComparison.Ordinal);
        Assert.Contains($"| `Web:Address` | `{defaults.Web.Address}` |", ReadmePage.Text, StringComparison.Ordinal);
        Assert.Contains($"| `Detection:TokenWorkflow` | `{defaults.Detection.TokenWorkflow}` |", ReadmePage.Text, StringComparison.Ordinal);
        Assert.Contains(
            FormattableString.Invariant($"| `Detection:AllowedLateness` | {defaults.Detection.AllowedLateness.TotalSeconds} s |"), ReadmePage.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Decision_records_are_numbered_without_gaps_and_of_one_shape()
    {
        string[] records = [.. Repository.Pages().Where(page => page.StartsWith("docs/decisions/", StringComparison.Ordinal) && !page.EndsWith("README.md", StringComparison.Ordinal))];
        Assert.NotEmpty(records);
        for (int i = 0; i < records.Length; i++)
        {
            string text = Repository.Read(records[i]);
            Assert.StartsWith(FormattableString.Invariant($"docs/decisions/{i + 1:0000}-"), records[i], StringComparison.Ordinal);
            Assert.Matches(FormattableString.Invariant($@"\A# {i + 1:0000} .+\n\n\d{{4}}-\d\d-\d\d, (accepted|superseded by \d{{4}})\n"), text);
            Assert.Equal(["Context", "Decision", "Consequences"], HeadingPattern().Matches(text).Select(match => match.Groups[1].Value));
            Assert.Contains($"({Path.GetFileName(records[i])})", Repository.Read("docs/decisions/README.md"), StringComparison.Ordinal);
        }
    }

    [GeneratedRegex(@"^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex FencePattern();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex LinkPattern();

    [GeneratedRegex(@"^\| `([A-Za-z0-9:]+)` \|", RegexOptions.Multiline)]
    private static partial Regex KeyRowPattern();

    [GeneratedRegex(@"`((?:Kafka|ConnectionStrings|Enrichment|Referrers|Allowlist|Detection|Policy|Guardian|Reports|Web|Logging):[A-Za-z0-9:]+)`")]
    private static partial Regex KeyPattern();

    [GeneratedRegex(@"^## (.+)$", RegexOptions.Multiline)]
    private static partial Regex HeadingPattern();
}
