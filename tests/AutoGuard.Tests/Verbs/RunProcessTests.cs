using System.Text;
using System.Text.Json;
using AutoGuard.Core.Policy;
using AutoGuard.Testing;
using AutoGuard.Tests.Worker;

namespace AutoGuard.Tests.Verbs;

/// <summary><c>run</c> as a process, looked at with the tools that others use: kcat, curl, and AutoGuard's own verbs.</summary>
[Collection(ServiceTests.Name)]
public sealed class RunProcessTests(RunningProgram running) : IClassFixture<RunningProgram>
{
    [Fact]
    public async Task What_kcat_produces_comes_back_as_decisions_and_in_the_report_while_the_worker_runs()
    {
        if (!HasKcat())
        {
            return;
        }
        Ended produced = await ChildProgram.RunAsync("kcat", "-P", "-b", running.Kafka, "-t", "playback.events", "-l", RunningProgram.Sample["events.jsonl"]);
        Assert.True(produced.Status == 0, produced.Error);
        Decision[] decisions = await DecisionsAsync(2);
        string token = RunningProgram.Sample.Truth.Incidents[0].Catch[0].Value;

        Ended report = await running.VerbAsync("report", "--from", "2025-11-14T18:00:00Z", "--to", "2025-11-14T19:00:00Z", "--out", "report.json");
        Ended explained = await running.VerbAsync("explain", "token", token);
        Ended unknown = await running.VerbAsync("explain", "ip", "192.0.2.1");

        Assert.Equal([DecisionAction.Flag, DecisionAction.Revoke], decisions.Select(decision => decision.Action));
        Assert.All(decisions, decision => Assert.Equal(token, decision.Subject.Value));
        Assert.True(report.Status == 0, report.Error);
        Assert.Equal("", report.Error);
        Assert.Contains("1 subject flagged", report.Output, StringComparison.Ordinal);
        Assert.Contains(token, await File.ReadAllTextAsync(running["report.json"]), StringComparison.Ordinal);
        Assert.True(explained.Status == 0, explained.Error);
        Assert.Contains(token, explained.Output, StringComparison.Ordinal);
        Assert.Contains("ConcurrentNetworks", explained.Output, StringComparison.Ordinal);
        Assert.Equal(1, unknown.Status);
        Assert.Contains("Nothing is known of it", unknown.Error, StringComparison.Ordinal);
        Assert.False(running.Program.HasEnded, running.Program.Error);
    }

    [Theory]
    [InlineData("ip", """{"ip":"203.0.113.7","type":"deny","tag":"suspected restreaming"}""", "ip=203.0.113.7")]
    [InlineData("ip", """{"ip":"198.51.100.0/24","type":"deny","tag":"VPN subnet"}""", "ip=198.51.100.77")]
    [InlineData("referer", """{"domain":"bad-site.example","info":"free text","type":"deny"}""", "referrer=https://bad-site.example/live")]
    [InlineData("referrer", """{"domain":"worse-site.example","info":"free text","type":"deny"}""", "referrer=worse-site.example")]
    public async Task The_vendors_documented_calls_work_with_curl(string path, string body, string question)
    {
        foreach (string header in (string[])["X-BINTU-APIKEY", "X-BINTU-TOKEN"])
        {
            JsonElement answer = await CurlAsync("--header", "Content-Type: application/json", "--header", $"{header}: {running.Key}", "--data", body, $"{running.Address}/{path}");

            Assert.True(answer.GetProperty("success").GetBoolean());
            Assert.Equal("deny", answer.GetProperty("data").GetProperty("type").GetString());
        }
        await UntilAsync(
            async () => !(await CheckAsync(question)).GetProperty("data").GetProperty("allowed").GetBoolean(), $"{question} to be refused");
        JsonElement refused = await CurlAsync("--header", "Content-Type: application/json", "--header", "X-BINTU-APIKEY: wrong", "--data", body, $"{running.Address}/{path}");
        Assert.False(refused.GetProperty("success").GetBoolean());
    }

    [Fact]
    public async Task Rules_are_listed_added_removed_exported_and_imported_beside_a_running_worker()
    {
        Ended added = await running.VerbAsync("rules", "add", "ip", "192.0.2.44", "--for", "2h", "--reason", "by hand");
        await UntilAsync(async () => !await IsAllowedAsync("ip=192.0.2.44"), "the added rule to be in force");
        Ended listed = await running.VerbAsync("rules", "list");
        Ended exported = await running.VerbAsync("rules", "export", "rules.jsonl");
        Ended removed = await running.VerbAsync("rules", "remove", "ip", "192.0.2.44");
        await UntilAsync(async () => await IsAllowedAsync("ip=192.0.2.44"), "the removed rule to be out of force");
        Ended again = await running.VerbAsync("rules", "remove", "ip", "192.0.2.44");
        Ended imported = await running.VerbAsync("rules", "import", "rules.jsonl");
        await UntilAsync(async () => !await IsAllowedAsync("ip=192.0.2.44"), "the imported rule to be in force");

        Assert.All((Ended[])[added, listed, exported, removed, imported], ended => Assert.True(ended.Status == 0, ended.Error));
        Assert.Contains("192.0.2.44", listed.Output, StringComparison.Ordinal);
        Assert.Contains("by hand", listed.Output, StringComparison.Ordinal);
        Assert.Contains(await File.ReadAllLinesAsync(running["rules.jsonl"]), line => line.Contains("\"value\":\"192.0.2.44\"", StringComparison.Ordinal));
        Assert.Equal(1, again.Status);
        Assert.Contains("There is no rule against ip 192.0.2.44", again.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rule_added_against_a_token_leaves_networks_alone_and_one_against_an_address_cannot()
    {
        Ended added = await running.VerbAsync("rules", "add", "token", "jti-known", "--except", "192.0.2.0/24");
        await UntilAsync(async () => !await IsAllowedAsync("ip=198.51.100.9&token=jti-known"), "the token to be refused");
        Ended refused = await running.VerbAsync("rules", "add", "ip", "192.0.2.45", "--except", "192.0.2.0/24");

        Assert.True(added.Status == 0, added.Error);
        Assert.Contains("jti-known except 192.0.2.0/24", added.Output, StringComparison.Ordinal);
        Assert.True(await IsAllowedAsync("ip=192.0.2.9&token=jti-known"));
        Assert.Equal(2, refused.Status);
        Assert.Contains("--except: Only a rule that denies a token may except networks.", refused.Error, StringComparison.Ordinal);
        Assert.True(await IsAllowedAsync("ip=192.0.2.45"));
    }

    [Fact]
    public async Task A_rule_on_a_token_keeps_its_exceptions_from_file_to_file()
    {
        const string Line = """{"scope":"token","value":"jti-shared","except":["192.0.2.0/24","2001:db8:1:2::/64"]}""";
        await File.WriteAllTextAsync(running["shared.jsonl"], Line);
        Ended imported = await running.VerbAsync("rules", "import", "shared.jsonl");
        await UntilAsync(async () => !await IsAllowedAsync("ip=198.51.100.9&token=jti-shared"), "the token to be refused");
        Ended listed = await running.VerbAsync("rules", "list");
        Ended exported = await running.VerbAsync("rules", "export", "shared.out.jsonl");

        Assert.All((Ended[])[imported, listed, exported], ended => Assert.True(ended.Status == 0, ended.Error));
        Assert.True(await IsAllowedAsync("ip=2001:db8:1:2::9&token=jti-shared"));
        Assert.Contains("jti-shared except 192.0.2.0/24, 2001:db8:1:2::/64", listed.Output, StringComparison.Ordinal);
        Assert.Contains(
            await File.ReadAllLinesAsync(running["shared.out.jsonl"]), line => line.Contains("\"except\":[\"192.0.2.0/24\",\"2001:db8:1:2::/64\"]", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Keys_are_made_listed_and_revoked_beside_a_running_worker_and_only_their_digest_is_stored()
    {
        Ended added = await running.VerbAsync("keys", "add", "edge-9", "--role", "bouncer", "--reason", "edge in Frankfurt");
        string key = added.Output.Trim();
        Ended again = await running.VerbAsync("keys", "add", "edge-9", "--role", "admin");
        Ended listed = await running.VerbAsync("keys", "list");
        Task<Ended> AskAsync(string path) =>
            ChildProgram.RunAsync("curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}", "--max-time", "20", "--header", $"X-Api-Key: {key}", $"{running.Address}{path}");
        await UntilAsync(async () => (await AskAsync("/check?ip=192.0.2.1")).Output == "200", "the new key to open checks");
        string rules = (await AskAsync("/rules")).Output;
        JsonElement history = await CurlAsync("--header", $"X-BINTU-APIKEY: {running.Key}", $"{running.Address}/history?subject=key:edge-9");
        Ended removed = await running.VerbAsync("keys", "remove", "edge-9");
        await UntilAsync(async () => (await AskAsync("/check?ip=192.0.2.1")).Output == "401", "the revoked key to open nothing");
        Ended gone = await running.VerbAsync("keys", "remove", "edge-9");

        Assert.All((Ended[])[added, listed, removed], ended => Assert.True(ended.Status == 0, ended.Error));
        Assert.Equal("403", rules);
        Assert.Matches("^ag_[A-Za-z0-9_-]{43}$", key);
        Assert.Equal((1, ""), (again.Status, again.Output));
        Assert.Contains("There is or was a key of the name edge-9", again.Error, StringComparison.Ordinal);
        Assert.Contains("bouncer  edge-9  all organizations", listed.Output, StringComparison.Ordinal);
        Assert.Equal("edge in Frankfurt", history.GetProperty("data")[0].GetProperty("why").GetString());
        Assert.All((Ended[])[listed, removed], ended => Assert.DoesNotContain(key, ended.Output + ended.Error, StringComparison.Ordinal));
        Assert.DoesNotContain(key, running.Program.Error, StringComparison.Ordinal);
        Assert.Equal(1, gone.Status);
        Assert.Contains("There is no key edge-9", gone.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_of_rules_with_one_wrong_line_is_refused_whole_and_every_wrong_line_named()
    {
        await File.WriteAllLinesAsync(running["wrong.jsonl"], [
            """{"scope":"ip","value":"192.0.2.90"}""", """{"scope":"ip","value":"nowhere"}""", "{", """{"scope":"moon","value":"x"}""", "null",
            """{"scope":"ip","vaule":"192.0.2.91"}""", """{"scope":7}""",
            """{"scope":"ip","value":"192.0.2.92","except":["192.0.2.93"]}""", """{"scope":"token","value":"t","except":["192.0.2.93/24"]}""",
        ]);
        Ended imported = await running.VerbAsync("rules", "import", "wrong.jsonl");
        Ended listed = await running.VerbAsync("rules", "list", "--json");

        Assert.Equal(2, imported.Status);
        Assert.Equal(9, imported.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.All(
            (string[])["line 2: ", "line 3: ", "line 4: ", "line 5: ", "line 6: 'vaule' is no field of it", "line 7: the value at scope is of the wrong kind",
                "line 8: except: Only a rule that denies a token", "line 9: except: '192.0.2.93/24' is no network"],
            line => Assert.Contains(line, imported.Error, StringComparison.Ordinal));
        Assert.DoesNotContain("AutoGuard.Verbs", imported.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("192.0.2.90", listed.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_operators_key_is_for_its_owner_only()
    {
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(running["data/api-key"]));
        }
        Ended explained = await ChildProgram.RunAutoGuardAsync(running.Folder, ["explain", "ip", "192.0.2.1", "--set", $"Web:Address={running.Address}", "--set", "DataDirectory=elsewhere"]);
        Assert.Equal(1, explained.Status);
        Assert.Contains("key", explained.Error, StringComparison.Ordinal);
    }

    private async Task<Decision[]> DecisionsAsync(int count)
    {
        Decision[] decisions = [];
        await UntilAsync(
            async () =>
            {
                Ended read = await ChildProgram.RunAsync("kcat", "-C", "-e", "-q", "-b", running.Kafka, "-t", "autoguard.decisions", "-o", "beginning");
                decisions = [.. read.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => DecisionJson.Read(Encoding.UTF8.GetBytes(line)))];
                return decisions.Length >= count;
            },
            $"{count} decisions on the topic");
        return decisions;
    }

    private async Task<bool> IsAllowedAsync(string question) => (await CheckAsync(question)).GetProperty("data").GetProperty("allowed").GetBoolean();

    private Task<JsonElement> CheckAsync(string question) => CurlAsync("--header", $"X-BINTU-APIKEY: {running.Key}", $"{running.Address}/check?{question}");

    private static async Task<JsonElement> CurlAsync(params string[] arguments)
    {
        Ended ended = await ChildProgram.RunAsync("curl", ["--silent", "--show-error", "--max-time", "20", .. arguments]);
        Assert.True(ended.Status == 0, ended.Error);
        using JsonDocument answer = JsonDocument.Parse(ended.Output);
        return answer.RootElement.Clone();
    }

    private Task<TimeSpan> UntilAsync(Func<Task<bool>> condition, string what) =>
        Eventually.TrueAsync(condition, () => $"{what}; the worker says:\n{running.Program.Error}");

    /// <summary>A developer may lack kcat; the build server may not.</summary>
    private static bool HasKcat()
    {
        bool found = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, "kcat")));
        Assert.True(found || Environment.GetEnvironmentVariable("CI") != "true", "kcat is needed where CI=true and was not found: apt-get install kcat.");
        return found;
    }
}
