using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using AutoGuard.Tests.Samples;

namespace AutoGuard.Tests.Verbs;

/// <summary><c>replay</c> as users run it: a process of its own, with files.</summary>
public sealed class ReplayProcessTests : IDisposable
{
    private static readonly string[] SummaryKeys =
    [
        "events", "accepted", "malformed", "late", "duplicates", "sessions", "tokens", "addresses", "eventTimeFrom", "eventTimeTo",
        "wallSeconds", "eventsPerSecond", "peakMemoryBytes", "decisions", "evaluation",
    ];

    private readonly WorkFolder _folder = new();

    private static SampleFolder Sample { get; } = new("02-leaked-token");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Gzip_plain_text_and_standard_input_give_the_same_decisions_every_time()
    {
        string plain = _folder["plain.jsonl"];
        await DecompressAsync(Sample.Events, plain);

        byte[] zipped = await DecisionsAsync("zipped", Sample.Events);
        byte[] again = await DecisionsAsync("again", Sample.Events);
        byte[] unzipped = await DecisionsAsync("unzipped", plain);
        byte[] piped = await DecisionsAsync("piped", "-", plain);
        byte[] pipedZip = await DecisionsAsync("piped-zip", "-", Sample.Events);

        Assert.NotEmpty(zipped);
        Assert.Equal(zipped, again);
        Assert.Equal(Neutral(zipped), Neutral(unzipped));
        Assert.Equal(Neutral(zipped), Neutral(piped));
        Assert.Equal(Neutral(zipped), Neutral(pipedZip));
    }

    [Fact]
    public async Task A_pipe_with_a_name_is_read_like_a_file()
    {
        string pipe = _folder["pipe"];
        Assert.Equal(0, (await ChildProgram.RunAsync("mkfifo", pipe)).Status);
        Task writing = Task.Run(() => DecompressAsync(Sample.Events, pipe));
        byte[] piped = await DecisionsAsync("piped", pipe);
        await writing;

        Assert.Equal(Neutral(await DecisionsAsync("zipped", Sample.Events)), Neutral(piped));
    }

    [Fact]
    public async Task The_summary_has_the_keys_that_others_rely_on()
    {
        Ended ended = await ReplayAsync(Sample.Events, "--config", Sample["settings.json"], "--summary", "summary.json", "--labels", Sample["truth.json"]);
        using JsonDocument summary = JsonDocument.Parse(await File.ReadAllTextAsync(_folder["summary.json"]));
        JsonElement root = summary.RootElement;

        Assert.Equal(0, ended.Status);
        Assert.Equal(SummaryKeys, root.EnumerateObject().Select(property => property.Name));
        Assert.Equal(["flag", "block", "revoke"], root.GetProperty("decisions").EnumerateObject().Select(property => property.Name));
        Assert.Equal(File.ReadLines(Sample.Expected).Count(), root.GetProperty("decisions").EnumerateObject().Sum(property => property.Value.GetInt32()));
        Assert.Equal(1, root.GetProperty("malformed").GetProperty("invalidJson").GetInt32());
        Assert.True(root.GetProperty("peakMemoryBytes").GetInt64() > 10_000_000);
        JsonElement evaluation = root.GetProperty("evaluation");
        Assert.Equal(1, evaluation.GetProperty("flags").GetProperty("recall").GetDouble());
        Assert.True(evaluation.GetProperty("sessions").GetProperty("honest").GetInt32() > 10);
        Assert.True(evaluation.GetProperty("sessions").GetProperty("misuse").GetInt32() > 10);
        Assert.Contains("recall 100.0 % (1 of 1 incidents)", ended.Output, StringComparison.Ordinal);
        Assert.Contains("honest ones refused per million", ended.Output, StringComparison.Ordinal);
        Assert.Matches("(?m)^  easy and slow        median [0-9]+ s, 90 % within [0-9]+ s; [0-9]+ of [0-9]+ sessions prevented$", ended.Output);
        Assert.Equal(
            ["easy", "slow", "hard", "easy and slow"],
            evaluation.GetProperty("difficulties").EnumerateArray().Select(difficulty => difficulty.GetProperty("name").GetString()));
        Assert.Equal(["to be blocked", "to be flagged"], evaluation.GetProperty("levels").EnumerateArray().Select(level => level.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task A_missing_file_is_named_and_nothing_is_written()
    {
        Ended ended = await ReplayAsync(Sample.Events, "no/such/events.jsonl", "--decisions", "decisions.jsonl", "--summary", "summary.json", "--report", "report.html");

        Assert.Equal(2, ended.Status);
        Assert.Contains("no/such/events.jsonl", ended.Error, StringComparison.Ordinal);
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public async Task A_folder_is_no_input()
    {
        Ended ended = await ReplayAsync(Sample.Folder, "--decisions", "decisions.jsonl");

        Assert.Equal(2, ended.Status);
        Assert.Contains(Sample.Folder, ended.Error, StringComparison.Ordinal);
        Assert.Empty(_folder.Names);
    }

    [Theory]
    [InlineData(70_000)]
    [InlineData(9)]
    [InlineData(1)]
    public async Task A_truncated_archive_fails_and_says_where(int missing)
    {
        byte[] whole = await File.ReadAllBytesAsync(Sample.Events);
        await File.WriteAllBytesAsync(_folder["cut.jsonl.gz"], whole[..^missing]);

        Ended ended = await ReplayAsync("cut.jsonl.gz", "--decisions", "decisions.jsonl", "--summary", "summary.json");

        Assert.Equal(1, ended.Status);
        Assert.Matches(@"cut\.jsonl\.gz cannot be read beyond line \d{3,}: ", ended.Error);
        Assert.False(File.Exists(_folder["summary.json"]));
    }

    [Fact]
    public async Task An_archive_of_several_parts_is_read_to_its_end()
    {
        byte[] part = await File.ReadAllBytesAsync(Sample.Events);
        await File.WriteAllBytesAsync(_folder["twice.jsonl.gz"], [.. part, .. part]);

        Ended ended = await ReplayAsync("twice.jsonl.gz", "--summary", "summary.json");
        using JsonDocument summary = JsonDocument.Parse(await File.ReadAllTextAsync(_folder["summary.json"]));

        Assert.Equal(0, ended.Status);
        Assert.Equal(2 * 3256, summary.RootElement.GetProperty("events").GetInt64());
    }

    [Fact]
    public async Task A_damaged_archive_fails_and_says_where()
    {
        byte[] bytes = await File.ReadAllBytesAsync(Sample.Events);
        new Random(4711).NextBytes(bytes.AsSpan(bytes.Length / 2, 64));
        await File.WriteAllBytesAsync(_folder["damaged.jsonl.gz"], bytes);

        Ended ended = await ReplayAsync("damaged.jsonl.gz");

        Assert.Equal(1, ended.Status);
        Assert.Matches(@"damaged\.jsonl\.gz cannot be read beyond line \d+: ", ended.Error);
    }

    [Fact]
    public async Task An_empty_file_has_no_events()
    {
        _folder.Write("empty.jsonl", "");

        JsonElement summary = await SummaryAsync("empty.jsonl");

        Assert.Equal(0, summary.GetProperty("events").GetInt64());
        Assert.Equal(JsonValueKind.Null, summary.GetProperty("eventTimeFrom").ValueKind);
    }

    [Fact]
    public async Task Garbage_among_events_is_counted_and_sampled_and_no_failure()
    {
        byte[] garbage = new byte[100_000];
        new Random(4711).NextBytes(garbage);
        byte[] line = "\n{\"type\":\"start\",\"timestamp\":\"2025-11-14T17:00:00Z\",\"sessionId\":\"s\",\"ip\":\"192.0.2.1\"}\n"u8.ToArray();
        await File.WriteAllBytesAsync(_folder["garbage.jsonl"], [.. garbage, .. line]);

        JsonElement summary = await SummaryAsync("garbage.jsonl");

        Assert.Equal(1, summary.GetProperty("accepted").GetInt64());
        Assert.True(summary.GetProperty("events").GetInt64() > 100);
        Assert.Equal(summary.GetProperty("events").GetInt64() - 1, summary.GetProperty("malformed").EnumerateObject().Sum(reason => reason.Value.GetInt64()));
    }

    [Theory]
    [InlineData("a,b,c\n1,2,3\n", 1, "Not one line of the input is an event (invalidJson 2). Is it a recording, one JSON object a line?")]
    [InlineData("{}\n", 1, "Not one line of the input is an event (")]
    [InlineData("\ufefftext", 2, "wrong.jsonl begins with the byte order mark of UTF-16; events are UTF-8.")]
    public async Task A_file_without_a_single_event_fails_and_writes_nothing(string text, int status, string expected)
    {
        System.Text.Encoding encoding = text[0] == '\ufeff' ? System.Text.Encoding.Unicode : System.Text.Encoding.UTF8;
        await File.WriteAllBytesAsync(_folder["wrong.jsonl"], encoding.GetBytes(text));

        Ended ended = await ReplayAsync("wrong.jsonl", "--summary", "summary.json", "--decisions", "decisions.jsonl");

        Assert.Equal(status, ended.Status);
        Assert.Contains(expected, ended.Error, StringComparison.Ordinal);
        Assert.Equal(["wrong.jsonl"], _folder.Names);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(40)]
    [InlineData(70_000)]
    public async Task What_stands_behind_an_archive_is_left_out_and_told(int length)
    {
        await File.WriteAllBytesAsync(_folder["padded.jsonl.gz"], [.. await File.ReadAllBytesAsync(Sample.Events), .. new byte[length]]);

        Ended ended = await ReplayAsync("padded.jsonl.gz", "--summary", "summary.json");
        using JsonDocument summary = JsonDocument.Parse(await File.ReadAllTextAsync(_folder["summary.json"]));

        Assert.Equal(0, ended.Status);
        Assert.Contains("padded.jsonl.gz: what stands behind the end of the archive is no part of it and was left out.", ended.Error, StringComparison.Ordinal);
        Assert.Equal(3256, summary.RootElement.GetProperty("events").GetInt64());
    }

    [Theory]
    [InlineData("{}", "it lacks 'version', 'seed'")]
    [InlineData("[]", "is of the wrong kind")]
    [InlineData("{\"bogus\":1}", "'bogus' is no field of it")]
    [InlineData("not json", "is an invalid")]
    public async Task A_wrong_file_of_labels_is_told_in_words(string text, string expected)
    {
        string labels = _folder.Write("labels.json", text);

        Ended ended = await ReplayAsync(Sample.Events, "--labels", labels);

        Assert.Equal(2, ended.Status);
        Assert.Contains("labels.json is no file of labels as simulate writes it: ", ended.Error, StringComparison.Ordinal);
        Assert.Contains(expected, ended.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("AutoGuard.Simulation", ended.Error, StringComparison.Ordinal);
        Assert.Single(ended.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Reports_are_written_in_every_format()
    {
        Ended ended = await ReplayAsync(
            Sample.Events, "--config", Sample["settings.json"], "--report", "r.html", "--report", "r.json", "--report", "r.csv");
        string html = await File.ReadAllTextAsync(_folder["r.html"]);
        using JsonDocument json = JsonDocument.Parse(await File.ReadAllTextAsync(_folder["r.json"]));
        string[] csv = await File.ReadAllLinesAsync(_folder["r.csv"]);

        Assert.Equal(0, ended.Status);
        Assert.Contains("5zvLlXkRHjT3", html, StringComparison.Ordinal);
        Assert.Contains("5zvLlXkRHjT3", json.RootElement.GetRawText(), StringComparison.Ordinal);
        Assert.Contains(csv, line => line.Contains("5zvLlXkRHjT3", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_report_of_an_unknown_kind_is_wrong_usage()
    {
        Ended ended = await ReplayAsync(Sample.Events, "--report", "report.pdf", "--decisions", "decisions.jsonl");

        Assert.Equal(2, ended.Status);
        Assert.Contains("report.pdf", ended.Error, StringComparison.Ordinal);
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public async Task A_wrong_configuration_is_told_whole_and_nothing_is_written()
    {
        Ended ended = await ReplayAsync(
            Sample.Events, "--decisions", "decisions.jsonl", "--set", "Policy:FlagScore=7", "--set", "Detection:Windou=1", "--set", "Reports:Cron=never");

        Assert.Equal(2, ended.Status);
        Assert.Contains("Policy:FlagScore", ended.Error, StringComparison.Ordinal);
        Assert.Contains("Detection:Windou", ended.Error, StringComparison.Ordinal);
        Assert.Contains("Reports:Cron", ended.Error, StringComparison.Ordinal);
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public async Task A_place_that_cannot_be_written_is_named()
    {
        _folder.Write("file", "");

        Ended ended = await ReplayAsync(Sample.Events, "--decisions", "file/decisions.jsonl");

        Assert.Equal(1, ended.Status);
        Assert.Contains(_folder["file"], ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Folders_are_made_for_every_output()
    {
        Ended ended = await ReplayAsync(Sample.Events, "--decisions", "a/b/decisions.jsonl", "--summary", "c/summary.json", "--report", "d/report.json");

        Assert.True(ended.Status == 0, ended.Error);
        Assert.Equal(["a", "c", "d"], _folder.Names);
        Assert.All((string[])["a/b/decisions.jsonl", "c/summary.json", "d/report.json"], file => Assert.True(File.Exists(_folder[file]), file));
    }

    [Fact]
    public async Task A_run_that_fails_leaves_the_decisions_of_an_earlier_one()
    {
        byte[] whole = await File.ReadAllBytesAsync(Sample.Events);
        await File.WriteAllBytesAsync(_folder["cut.jsonl.gz"], whole[..^70_000]);
        _folder.Write("decisions.jsonl", "of yesterday");

        Ended ended = await ReplayAsync("cut.jsonl.gz", "--decisions", "decisions.jsonl");

        Assert.Equal(1, ended.Status);
        Assert.Equal("of yesterday", await File.ReadAllTextAsync(_folder["decisions.jsonl"]));
        Assert.Equal(["cut.jsonl.gz", "decisions.jsonl"], _folder.Names);
    }

    private Task<Ended> ReplayAsync(params string[] arguments) => ChildProgram.RunAutoGuardAsync(_folder.Path, ["replay", .. arguments]);

    private async Task<byte[]> DecisionsAsync(string name, string file, string? input = null)
    {
        string output = _folder[name + ".decisions"];
        await using FileStream? stream = input is null ? null : File.OpenRead(input);
        Ended ended = await ChildProgram.RunAutoGuardAsync(_folder.Path, ["replay", file, "--config", Sample["settings.json"], "--decisions", output], stream);
        Assert.True(ended.Status == 0, ended.Error);
        return await File.ReadAllBytesAsync(output);
    }

    private async Task<JsonElement> SummaryAsync(string file)
    {
        Ended ended = await ReplayAsync(file, "--summary", "summary.json", "--decisions", "decisions.jsonl");
        Assert.True(ended.Status == 0, ended.Error);
        Assert.Equal(0, new FileInfo(_folder["decisions.jsonl"]).Length);
        using JsonDocument summary = JsonDocument.Parse(await File.ReadAllTextAsync(_folder["summary.json"]));
        return summary.RootElement.Clone();
    }

    /// <summary>Decisions without what names the file: the topic, and the id, which is made of it.</summary>
    private static string[] Neutral(byte[] decisions) =>
    [
        .. System.Text.Encoding.UTF8.GetString(decisions).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line =>
        {
            using JsonDocument decision = JsonDocument.Parse(line);
            return string.Join(
                '|',
                decision.RootElement.EnumerateObject().Where(property => property.Name is not ("id" or "source")).Select(property => property.Value.GetRawText())
                    .Append(decision.RootElement.GetProperty("source").GetProperty("offset").GetInt64().ToString(CultureInfo.InvariantCulture)));
        }),
    ];

    private static async Task DecompressAsync(string from, string to)
    {
        await using GZipStream zip = new(File.OpenRead(from), CompressionMode.Decompress);
        await using FileStream plain = new(to, FileMode.OpenOrCreate, FileAccess.Write);
        await zip.CopyToAsync(plain);
    }
}
