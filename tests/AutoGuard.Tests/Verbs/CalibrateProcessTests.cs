using System.Text.Json;
using AutoGuard.Models;
using AutoGuard.Tests.Documentation;
using AutoGuard.Tests.Samples;

namespace AutoGuard.Tests.Verbs;

/// <summary><c>calibrate</c> as users run it, and the model it makes in use by the other verbs.</summary>
public sealed class CalibrateProcessTests : IDisposable
{
    private readonly WorkFolder _folder = new();

    private static SampleFolder Sample { get; } = new("06-honest-kick-off");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_example_model_is_what_its_card_says_makes_it()
    {
        string golden = Path.Combine(Repository.Root, "models", "example.json");
        string card = Repository.Read("models/README.md");
        string[] commands = [.. card.Split('\n').Where(line => line.StartsWith("./autoguard ", StringComparison.Ordinal))];
        Assert.Equal(2, commands.Length);
        Ended simulated = await ChildProgram.RunAutoGuardAsync(_folder.Path, commands[0].Split(' ')[1..]);
        Ended calibrated = await ChildProgram.RunAutoGuardAsync(
            _folder.Path, [.. commands[1].Split(' ')[1..].Select(word => word == "models/example.json" ? "example.json" : word)]);
        Assert.True(simulated.Status == 0 && calibrated.Status == 0, simulated.Error + calibrated.Error);
        if (Environment.GetEnvironmentVariable("AUTOGUARD_UPDATE_GOLDEN") == "1" && Environment.GetEnvironmentVariable("CI") != "true")
        {
            File.Copy(_folder["example.json"], golden, overwrite: true);
        }

        Assert.Equal(await File.ReadAllTextAsync(golden), await File.ReadAllTextAsync(_folder["example.json"]));
        LoadedModel model = ModelFile.Read(golden);
        Assert.True(model.Document.HasLevels);
        Assert.NotEmpty(model.Document.Operators);
        Assert.True(model.Document.Evaluation!.With.CaughtAsExpected >= model.Document.Evaluation.Without.CaughtAsExpected);
    }

    [Fact]
    public async Task Equal_recordings_give_equal_bytes_and_the_model_names_what_it_was_learned_from()
    {
        Ended first = await CalibrateAsync("night.json");
        byte[] bytes = await File.ReadAllBytesAsync(_folder["night.json"]);
        Ended second = await CalibrateAsync("night.json");

        Assert.True(first.Status == 0, first.Error);
        Assert.Equal(0, second.Status);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(_folder["night.json"]));
        Assert.Contains(ModelFile.DigestOf(bytes), first.Output, StringComparison.Ordinal);
        ModelDocument model = ModelReader.Read(bytes);
        Assert.Equal("night", model.Name);
        Assert.Equal(Path.GetFileName(Sample.Events), Assert.Single(model.Source.Files));
        Assert.Equal(Sample.Truth.From.UtcDateTime.Date, DateTimeOffset.FromUnixTimeMilliseconds(model.Source.From).UtcDateTime.Date);
        Assert.True(model.Source.To <= Sample.Truth.To.ToUnixTimeMilliseconds());
        Assert.Equal(model.Source.Sessions, Math.Round(model.Starts.Sum(hour => hour.Minutes * hour.PerMinute)), 10.0);
        Assert.Null(model.Evaluation);
        Assert.Equal(["night.json"], _folder.Names);
    }

    [Fact]
    public async Task Labels_add_how_detection_did_with_and_without()
    {
        SampleFolder shared = new("01-token-sharing");
        Ended ended = await ChildProgram.RunAutoGuardAsync(
            _folder.Path, ["calibrate", shared.Events, "--config", shared["settings.json"], "--labels", shared["truth.json"], "--out", "shared.json"]);

        Assert.True(ended.Status == 0, ended.Error);
        ModelEvaluation evaluation = ModelFile.Read(_folder["shared.json"]).Document.Evaluation!;
        Assert.Equal(shared.Truth.Incidents.Length, evaluation.Without.Incidents);
        Assert.Equal(evaluation.Without.FlaggedRight + evaluation.Without.FlaggedWrong, evaluation.Without.Reliability.Sum(tenth => tenth.Subjects));
        Assert.Equal(evaluation.Without.Caught, evaluation.With.Caught);
        Assert.Contains("without: 1 of 1 incidents caught", ended.Output, StringComparison.Ordinal);
        Assert.Contains("fewer than 200 tokens were active at once", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Decisions_name_another_policy_under_a_model_and_check_says_which_it_is()
    {
        SampleFolder shared = new("01-token-sharing");
        string[] settings = ["--config", shared["settings.json"]];
        string[] model = ["--set", $"Detection:Model={Path.Combine(Repository.Root, "models", "example.json")}"];
        string[] policies = new string[2];
        for (int i = 0; i < 2; i++)
        {
            Ended ended = await ChildProgram.RunAutoGuardAsync(
                _folder.Path, ["replay", shared.Events, "--decisions", "decisions.jsonl", .. settings, .. i == 0 ? [] : model]);
            Assert.True(ended.Status == 0, ended.Error);
            policies[i] = Assert.Single(File.ReadLines(_folder["decisions.jsonl"])
                .Select(line => JsonElement.Parse(line).GetProperty("policy").GetString()!).Distinct());
        }
        Ended check = await ChildProgram.RunAutoGuardAsync(_folder.Path, ["check", .. settings, .. model]);

        Assert.NotEqual(policies[0], policies[1]);
        Assert.Matches($"Fingerprint +{policies[1]}", check.Output);
        Assert.Matches("Model +example of .*example.json, sha256:[0-9a-f]{64}: [0-9]+ tenants", check.Output);
    }

    [Theory]
    [InlineData("replay")]
    [InlineData("run")]
    public async Task A_broken_model_ends_the_start_with_the_field_that_is_wrong(string verb)
    {
        string model = (await File.ReadAllTextAsync(Path.Combine(Repository.Root, "models", "example.json")))
            .Replace("\"networks\": ", "\"networks\": 9", StringComparison.Ordinal);
        _folder.Write("broken.json", model);
        string[] arguments = verb == "replay" ? [verb, Sample.Events] : [verb, "--set", "Web:Address=http://127.0.0.1:0", "--set", $"DataDirectory={_folder["data"]}"];

        Ended ended = await ChildProgram.RunAutoGuardAsync(_folder.Path, [.. arguments, "--set", $"Detection:Model={_folder["broken.json"]}"]);
        Ended check = await ChildProgram.RunAutoGuardAsync(_folder.Path, ["check", "--set", $"Detection:Model={_folder["broken.json"]}"]);

        Assert.Equal(2, ended.Status);
        Assert.Contains("Detection:Model: ", ended.Error, StringComparison.Ordinal);
        Assert.Matches(@"operators\[0\]\.networks: 9[0-9]+ is not allowed; must be a whole number from 1 to 32", ended.Error);
        Assert.Equal(1, check.Status);
        Assert.Matches(@"Model +FAILED: .*operators\[0\]\.networks: 9", check.Output);
    }

    [Fact]
    public async Task Wrong_arguments_and_an_empty_recording_are_named_and_nothing_is_written()
    {
        string empty = _folder.Write("empty.jsonl", "\n\n");

        Ended noOut = await ChildProgram.RunAutoGuardAsync(_folder.Path, ["calibrate", Sample.Events]);
        Ended badName = await ChildProgram.RunAutoGuardAsync(_folder.Path, ["calibrate", Sample.Events, "--out", "my model.json"]);
        Ended nothing = await ChildProgram.RunAutoGuardAsync(_folder.Path, ["calibrate", empty, "--out", "model.json"]);
        Ended missing = await ChildProgram.RunAutoGuardAsync(_folder.Path, ["replay", Sample.Events, "--set", "Detection:Model=none.json"]);

        Assert.Equal((2, 2, 1, 2), (noOut.Status, badName.Status, nothing.Status, missing.Status));
        Assert.Contains("--out", noOut.Error, StringComparison.Ordinal);
        Assert.Contains("\"my model.json\" is not allowed for --out; must be NAME.json, the name 1 to 64 letters", badName.Error, StringComparison.Ordinal);
        Assert.Contains("There is no event in the recording", nothing.Error, StringComparison.Ordinal);
        Assert.Contains("Detection:Model: ", missing.Error, StringComparison.Ordinal);
        Assert.Equal(["empty.jsonl"], _folder.Names);
    }

    private Task<Ended> CalibrateAsync(string model) =>
        ChildProgram.RunAutoGuardAsync(_folder.Path, ["calibrate", Sample.Events, "--config", Sample["settings.json"], "--out", model]);
}
