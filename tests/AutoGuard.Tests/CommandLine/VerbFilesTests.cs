using AutoGuard.CommandLine;

namespace AutoGuard.Tests.CommandLine;

/// <summary>No file is replaced that another word of the same call means.</summary>
public sealed class VerbFilesTests : IDisposable
{
    private readonly RecordingVerbs _verbs = new();

    public VerbFilesTests()
    {
        foreach (string name in (string[])["in.jsonl", "st.json", "truth.json", "model.json", "events.jsonl"])
        {
            _verbs.Folder.Write(name, "{}");
        }
        Directory.CreateDirectory(In("folder"));
        Directory.CreateSymbolicLink(In("door"), In("folder"));
        File.WriteAllText(In("folder/far.jsonl"), "");
        File.CreateSymbolicLink(In("near.jsonl"), In("door/far.jsonl"));
        File.CreateSymbolicLink(In("ring"), In("ring"));
    }

    public void Dispose() => _verbs.Dispose();

    [Theory]
    [InlineData("replay in.jsonl --decisions in.jsonl", "replay: --decisions would replace \"in.jsonl\", which FILE reads.")]
    [InlineData("replay in.jsonl --summary ./folder/../in.jsonl", "replay: --summary would replace \"in.jsonl\", which FILE reads.")]
    [InlineData("replay in.jsonl --labels truth.json --summary truth.json", "replay: --summary would replace \"truth.json\", which --labels reads.")]
    [InlineData("replay in.jsonl --config st.json --summary st.json", "replay: --summary would replace \"st.json\", which --config reads.")]
    [InlineData("replay in.jsonl --summary appsettings.json", "replay: --summary would replace \"appsettings.json\", which the settings file reads.")]
    [InlineData("replay in.jsonl --set Detection:Model=model.json --summary model.json", "replay: --summary would replace \"model.json\", which Detection:Model reads.")]
    [InlineData("replay in.jsonl --decisions same.html --report same.html", "replay: --decisions and --report both write \"same.html\"; each needs a file of its own.")]
    [InlineData("replay in.jsonl --report same.html --report same.html", "replay: --report and --report both write \"same.html\"; each needs a file of its own.")]
    [InlineData("replay near.jsonl --decisions folder/far.jsonl", "replay: --decisions would replace \"near.jsonl\", which FILE reads.")]
    [InlineData("replay folder/far.jsonl --decisions near.jsonl", "replay: --decisions would replace \"folder/far.jsonl\", which FILE reads.")]
    [InlineData("replay in.jsonl --decisions door/new.jsonl --summary folder/new.jsonl", "replay: --decisions and --summary both write \"folder/new.jsonl\"; each needs a file of its own.")]
    [InlineData("replay in.jsonl --decisions folder", "replay: \"folder\" is a folder; --decisions must name a file.")]
    [InlineData("backtest in.jsonl --against st.json --report st.json", "backtest: --report would replace \"st.json\", which --against reads.")]
    [InlineData("calibrate in.jsonl --labels truth.json --out truth.json", "calibrate: --out would replace \"truth.json\", which --labels reads.")]
    [InlineData("simulate --config st.json --out .", null)]
    [InlineData("simulate --config truth.json --out .", "simulate: --out would replace \"truth.json\", which --config reads.")]
    [InlineData("report --from 2025-11-14 --config st.json --out st.json", "report: --out would replace \"st.json\", which --config reads.")]
    [InlineData("rules export st.json --config st.json", "rules export: FILE would replace \"st.json\", which --config reads.")]
    [InlineData("replay in.jsonl in.jsonl --decisions out.jsonl --summary out.json", null)]
    [InlineData("replay in.jsonl --decisions /dev/null --summary /dev/null", null)]
    [InlineData("calibrate in.jsonl --set Detection:Model=model.json --out model.json", null)]
    public async Task A_file_that_would_be_lost_ends_the_verb_before_it_starts(string line, string? expected)
    {
        int status = await _verbs.RunAsync([.. line.Split(' ').Select(Located)]);

        Assert.Equal(expected is null ? ExitStatus.Done : ExitStatus.Usage, status);
        Assert.Equal(expected is null ? "" : $"autoguard {expected}\n", _verbs.Error.Replace("./folder/../", "", StringComparison.Ordinal));
        Assert.Equal(expected is null, _verbs.Arguments is not null);
    }

    [Fact]
    public async Task A_link_that_leads_in_a_circle_is_an_error_and_no_endless_search()
    {
        Assert.Equal(ExitStatus.Failed, await _verbs.RunAsync("replay", In("in.jsonl"), "--decisions", In("ring")));
        Assert.Contains("leads through too many links", _verbs.Error, StringComparison.Ordinal);
    }

    private string In(string name) => Path.Combine(_verbs.Folder.Path, name);

    private string Located(string word) => word == "." || word.StartsWith("./", StringComparison.Ordinal) || word.Contains('.', StringComparison.Ordinal) && !word.Contains('=', StringComparison.Ordinal) || word.StartsWith("folder", StringComparison.Ordinal)
        ? In(word)
        : word;
}
