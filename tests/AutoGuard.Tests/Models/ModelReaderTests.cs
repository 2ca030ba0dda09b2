using System.Text;
using System.Text.Json.Nodes;
using AutoGuard.Core.Features;
using AutoGuard.Models;

namespace AutoGuard.Tests.Models;

public sealed class ModelReaderTests
{
    private static ModelDocument Sample { get; } = new()
    {
        Name = "evening",
        Source = new ModelSource
        {
            Files = ["a.jsonl", "b.jsonl.gz"],
            From = 1_763_121_600_000,
            To = 1_763_125_200_123,
            Events = 5_000,
            Sessions = 400,
            Tokens = 300,
            Addresses = 200,
            Window = TimeSpan.FromHours(3),
        },
        Everybody = new ModelLevels(Levels(4), Levels(2.5)),
        Tenants = [("", new ModelLevels(null, Levels(3))), ("Ünïted \"<b>\"", new ModelLevels(Levels(1.5), null))],
        Starts = [new HourStarts(18, 60, 12.5), new HourStarts(19, 31.5, 3)],
        Operators = [new OperatorLevel(3320, 900, 2), new OperatorLevel(uint.MaxValue, 300, 32)],
        Evaluation = new ModelEvaluation(Quality(3), Quality(4)),
    };

    [Fact]
    public void What_was_written_reads_back_and_writes_the_same_bytes()
    {
        byte[] bytes = ModelWriter.Write(Sample);

        ModelDocument read = ModelReader.Read(bytes);

        Assert.Equal(Encoding.UTF8.GetString(bytes), Encoding.UTF8.GetString(ModelWriter.Write(read)));
        Assert.Equal("Ünïted \"<b>\"", read.Tenants[1].Name);
        DetectionModel model = read.ToModel("d");
        Assert.Equal(1.5, model.LevelsOf("Ünïted \"<b>\"", bound: true)!.Usual[(int)PopulationTrait.Playing]);
        Assert.Equal(2.5, model.LevelsOf("Ünïted \"<b>\"", bound: false)!.Usual[0]);
        Assert.Equal(32, model.Operators[uint.MaxValue]);
    }

    [Theory]
    [InlineData("format", "2", "format: 2 is not allowed; must be a whole number from 1 to 1")]
    [InlineData("format", null, "format: missing")]
    [InlineData("name", "\"a/b\"", "name: \"a/b\" is not allowed; must be 1 to 64 letters, digits, dots, hyphens or underscores")]
    [InlineData("extra", "1", "extra: unknown field; must be one of format, name, createdFrom, everybody, tenants, starts, operators, evaluation")]
    [InlineData("createdFrom", "7", "createdFrom: 7 is not allowed; must be an object")]
    [InlineData("createdFrom.files.1", "3", "createdFrom.files[1]: Number is not allowed; must be a text")]
    [InlineData("createdFrom.from", "\"yesterday\"", "createdFrom.from: \"yesterday\" is not allowed; must be a time in UTC as 2026-05-16T18:00:00.000Z")]
    [InlineData("createdFrom.to", "\"2020-01-01T00:00:00.000Z\"", "createdFrom.to: a time before createdFrom.from is not allowed; must be at least that")]
    [InlineData("createdFrom.window", "\"-03:00:00\"", "createdFrom.window: \"-03:00:00\" is not allowed; must be a time span as 03:00:00")]
    [InlineData("createdFrom.events", "-1", "createdFrom.events: -1 is not allowed; must be a whole number from 0 to 1000000000000")]
    [InlineData("everybody", "[]", "everybody: a list is not allowed; must be an object")]
    [InlineData("everybody.bound.tokens", "199", "everybody.bound.tokens: 199 is not allowed; must be a whole number from 200 to 1000000000000")]
    [InlineData("everybody.bound.usual.places", "-0.5", "everybody.bound.usual.places: -0.5 is not allowed; must be a number from 0 to 1000000")]
    [InlineData("everybody.bound.usual.places", "1e99", "everybody.bound.usual.places: 1e99 is not allowed; must be a number from 0 to 1000000")]
    [InlineData("everybody.unbound.usual.agents", null, "everybody.unbound.usual.agents: missing")]
    [InlineData("everybody.unbound.usual.agents", "\"2\"", "everybody.unbound.usual.agents: \"2\" is not allowed; must be a number from 0 to 1000000")]
    [InlineData("tenants.1.name", "\"\"", "tenants[1].name: \"\" is not allowed; must be a tenant that is not named before")]
    [InlineData("tenants.0.unbound.epochs", "0", "tenants[0].unbound.epochs: 0 is not allowed; must be a whole number from 1 to 2147483647")]
    [InlineData("starts.1.hour", "18", "starts[1].hour: 18 is not allowed; must be a whole number from 19 to 23")]
    [InlineData("operators.0.asn", "0", "operators[0].asn: 0 is not allowed; must be a whole number from 1 to 4294967295")]
    [InlineData("operators.1.asn", "3320", "operators[1].asn: 3320 is not allowed; must be an operator that is not named before")]
    [InlineData("operators.1.networks", "33", "operators[1].networks: 33 is not allowed; must be a whole number from 1 to 32")]
    [InlineData("evaluation.with.reliability.0.meanScore", "1.1", "evaluation.with.reliability[0].meanScore: 1.1 is not allowed; must be a number from 0 to 1")]
    [InlineData("evaluation.without", "null", "evaluation.without: null is not allowed; must be an object")]
    public void A_bad_field_is_named_with_its_value_and_what_is_allowed(string path, string? json, string error)
    {
        JsonNode root = JsonNode.Parse(ModelWriter.Write(Sample))!;
        string[] steps = path.Split('.');
        JsonNode parent = steps[..^1].Aggregate(root, (node, step) => node is JsonArray list ? list[Index(step)]! : node[step]!);
        if (parent is JsonArray items)
        {
            items[Index(steps[^1])] = JsonNode.Parse(json!);
        }
        else if (json is null)
        {
            parent.AsObject().Remove(steps[^1]);
        }
        else
        {
            parent[steps[^1]] = JsonNode.Parse(json);
        }

        ModelException wrong = Assert.Throws<ModelException>(() => ModelReader.Read(Encoding.UTF8.GetBytes(root.ToJsonString())));

        Assert.Contains(error, wrong.Errors);
        Assert.Single(wrong.Errors);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("""{"format":1,"format":1}""")]
    public void What_is_no_json_is_said_to_be_none(string text)
    {
        ModelException wrong = Assert.Throws<ModelException>(() => ModelReader.Read(Encoding.UTF8.GetBytes(text)));

        Assert.StartsWith("the file is no JSON: ", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Many_mistakes_are_all_found_and_the_first_ten_told()
    {
        ModelException wrong = Assert.Throws<ModelException>(() => ModelReader.Read("""{"a":1,"b":1,"c":1,"d":1}"""u8.ToArray()));

        Assert.Equal(12, wrong.Errors.Count);
        Assert.EndsWith("; and 2 more", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_was_cut_anywhere_is_refused()
    {
        byte[] bytes = ModelWriter.Write(Sample);
        for (int length = 0; length < bytes.Length - 2; length++)
        {
            Assert.Throws<ModelException>(() => ModelReader.Read(bytes.AsMemory(0, length)));
        }
    }

    [Fact]
    public void A_file_too_large_or_not_there_is_refused()
    {
        using Verbs.WorkFolder folder = new();
        using (FileStream file = File.Create(folder["large.json"]))
        {
            file.SetLength(ModelFile.LargestFile + 1);
        }

        Assert.Contains("must be at most 8388608", Assert.Throws<ModelException>(() => ModelFile.Read(folder["large.json"])).Message, StringComparison.Ordinal);
        Assert.Contains("the file cannot be read", Assert.Throws<ModelException>(() => ModelFile.Read(folder["none.json"])).Message, StringComparison.Ordinal);
    }

    private static int Index(string step) => int.Parse(step, System.Globalization.CultureInfo.InvariantCulture);

    private static PopulationLevels Levels(double level) => new(1_000, 12, [.. Enumerable.Repeat(level, PopulationBuckets.Length)]);

    private static ModelQuality Quality(int caught) => new()
    {
        Incidents = 5,
        Caught = caught,
        CaughtAsExpected = 2,
        FlaggedRight = 9,
        FlaggedWrong = 1,
        BlockedRight = 4,
        BlockedWrong = 0,
        HonestSessions = 300,
        HonestRefused = 1,
        MisuseSessions = 100,
        MisusePrevented = 90,
        Reliability = [new ScoreTenth(6, 3, 2, 0.65), new ScoreTenth(9, 7, 7, 0.95)],
    };
}
