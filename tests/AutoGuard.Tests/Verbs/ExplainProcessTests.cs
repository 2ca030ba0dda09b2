using System.Text.Json;
using AutoGuard.Tests.Samples;

namespace AutoGuard.Tests.Verbs;

/// <summary><c>explain</c> on recordings, as users run it.</summary>
public sealed class ExplainProcessTests : IDisposable
{
    private readonly WorkFolder _folder = new();

    private static SampleFolder Sample { get; } = new("01-token-sharing");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_highest_score_is_explained_with_what_speaks_for_the_token_and_all_decisions()
    {
        Ended ended = await ExplainAsync("token", "bPIotPw19trs", "--from", Sample.Events);

        Assert.Equal(0, ended.Status);
        string[] lines = ended.Output.Split('\n');
        Assert.Matches("^At 2025-11-14 18:2[0-9]:[0-9]{2} UTC, where it scored highest:$", lines[0]);
        Assert.Contains("  ConcurrentNetworks   value        7  threshold       2  grade 1.00", ended.Output, StringComparison.Ordinal);
        Assert.Contains("What speaks for it:\n  the token is bound to one user, who may have several screens\n", ended.Output, StringComparison.Ordinal);
        Assert.Contains("  nothing is played from a data centre\n", ended.Output, StringComparison.Ordinal);
        Assert.Contains("It would have been blocked; the mode is Observe.\n", ended.Output, StringComparison.Ordinal);
        Assert.Equal(["flag", "revoke"], lines[^2..].Select(line => line.Split("  ", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)[1]));
    }

    [Fact]
    public async Task An_instant_before_the_misuse_finds_nothing_against_the_token()
    {
        Ended ended = await ExplainAsync("token", "bPIotPw19trs", "--from", Sample.Events, "--at", "2025-11-14T18:07:00Z", "--json");
        using JsonDocument explanation = JsonDocument.Parse(ended.Output);

        Assert.Equal("2025-11-14T18:07:00+00:00", explanation.RootElement.GetProperty("time").GetString());
        Assert.Equal(0, explanation.RootElement.GetProperty("score").GetDouble());
        Assert.Contains("no two sessions run at once", explanation.RootElement.GetProperty("counterEvidence").EnumerateArray().Select(text => text.GetString()));
        Assert.StartsWith("Nothing was done: the score 0.00", explanation.RootElement.GetProperty("outcome").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_allowlist_is_the_first_thing_that_speaks_for_an_address()
    {
        Ended ended = await ExplainAsync("ip", "47.74.195.30", "--from", Sample.Events);

        Assert.Contains("What speaks for it:\n  address on the allowlist: own monitoring\n", ended.Output, StringComparison.Ordinal);
        Assert.Contains("Nothing was done: address on the allowlist: own monitoring.\nNothing was decided on it in the whole recording.", ended.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_id_of_two_organizations_is_asked_back_and_their_names_cannot_move_the_cursor()
    {
        string events = _folder.Write("events.jsonl", string.Concat(
            Event("a1", "81.1.1.1", "red\\u001b[2J"), Event("a2", "82.1.1.1", "red\\u001b[2J"), Event("b1", "83.1.1.1", "blue"), Event("c1", "84.1.1.1", null)));

        Ended unclear = await ExplainAsync("token", "same", "--from", events);
        Ended instant = await ExplainAsync("token", "same", "--from", events, "--at", "2025-11-14T18:00:05Z");
        Ended blue = await ExplainAsync("token", "same", "--from", events, "--organization", "blue");
        Ended nameless = await ExplainAsync("token", "same", "--from", events, "--organization", "");
        Ended green = await ExplainAsync("token", "same", "--from", events, "--organization", "green");

        Assert.Equal(1, unclear.Status);
        Assert.EndsWith(
            """Several organizations use this token id: "", "blue", "red\u001b[2J". Say which one is meant with --organization (in a request ?organization=).""",
            unclear.Error, StringComparison.Ordinal);
        Assert.Equal(unclear.Error, instant.Error);
        Assert.Contains("token same of blue, workflow PerSession: score 0.02 from 1 session\n", blue.Output, StringComparison.Ordinal);
        Assert.Contains("token same, workflow PerSession: score 0.02 from 1 session\n", nameless.Output, StringComparison.Ordinal);
        Assert.EndsWith("token same does not occur in the recording.", green.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Control_characters_in_a_value_are_spelled_out()
    {
        string events = _folder.Write("events.jsonl", Event("s", "81.1.1.1", null).Replace("\"same\"", "\"\\u001b]0;evil\\u0007\"", StringComparison.Ordinal));

        Ended ended = await ExplainAsync("token", "\u001b]0;evil\u0007", "--from", events);

        Assert.Equal(0, ended.Status);
        Assert.Contains(@"token \u001b]0;evil\u0007, workflow PerSession", ended.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', ended.Output + ended.Error);
    }

    [Fact]
    public async Task An_instant_behind_the_recording_is_told_with_its_end()
    {
        Ended ended = await ExplainAsync("token", "bPIotPw19trs", "--from", Sample.Events, "--at", "2025-11-15");

        Assert.Equal(1, ended.Status);
        Assert.EndsWith("--at 2025-11-15 00:00:00 UTC lies behind the end: the recording ends at 2025-11-14 18:29:59 UTC.", ended.Error, StringComparison.Ordinal);
    }

    private static string Event(string session, string ip, string? organization) =>
        $$"""{"type":"start","timestamp":"2025-11-14T18:00:00Z","sessionId":"{{session}}","ip":"{{ip}}","token":"same"{{(organization is null ? "" : $",\"organization\":\"{organization}\"")}}}""" + "\n";

    private Task<Ended> ExplainAsync(params string[] arguments) =>
        ChildProgram.RunAutoGuardAsync(_folder.Path, ["explain", .. arguments, "--config", Sample["settings.json"]]);
}
