using System.Net;
using System.Text;
using System.Text.Json;
using AutoGuard.Guardian.Api;
using AutoGuard.Testing;

namespace AutoGuard.Guardian.Tests.Api;

public sealed class BulkAndHistoryTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private readonly ApiServer _server = new();

    public async Task InitializeAsync()
    {
        await postgres.InitializeAsync();
        await _server.InitializeAsync();
    }

    public Task DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task The_vendors_calls_from_curl_show_in_list_history_stream_and_check()
    {
        await CurlAsync("/ip", """{"ip": "203.0.113.7", "type": "deny", "tag": "suspected restreaming"}""");
        await CurlAsync("/ip", """{"ip": "198.51.100.0/24", "type": "deny", "tag": "VPN subnet"}""");
        await CurlAsync("/referer", """{"domain": "good-site.example", "type": "allow"}""");
        await CurlAsync("/referrer", """{ "domain": "bad-site.example", "info": "free text", "type": "deny" }""");

        string[] expected = ["198.51.100.0/24", "203.0.113.7", "bad-site.example", "good-site.example"];
        JsonElement rules = await _server.GetAsync("/rules");
        Assert.Equal(expected, rules.GetProperty("data").EnumerateArray().Select(static r => (r.TryGetProperty("ip", out JsonElement ip) ? ip : r.GetProperty("domain")).GetString()).Order(StringComparer.Ordinal));
        JsonElement history = await _server.GetAsync("/history");
        Assert.Equal(expected, history.GetProperty("data").EnumerateArray().Select(static r => r.GetProperty("after").GetProperty("value").GetString()).Order(StringComparer.Ordinal));
        Assert.Equal(("first-admin", "free text"), (history.GetProperty("data")[0].GetProperty("who").GetString(), history.GetProperty("data")[0].GetProperty("why").GetString()));
        JsonElement stream = await _server.GetAsync("/v1/decisions/stream?startup=true&scopes=ip,range,referrer");
        Assert.Equal(["198.51.100.0/24", "203.0.113.7", "bad-site.example"], stream.GetProperty("new").EnumerateArray().Select(static d => d.GetProperty("value").GetString()).Order(StringComparer.Ordinal));
        Assert.False(await _server.IsAllowedAsync("ip=203.0.113.7"));
        Assert.False(await _server.IsAllowedAsync("ip=198.51.100.77"));
        Assert.False(await _server.IsAllowedAsync("referrer=https://bad-site.example/"));
        Assert.True(await _server.IsAllowedAsync("referrer=https://good-site.example/"));
    }

    [Fact]
    public async Task What_is_exported_is_imported_elsewhere_and_exports_the_same()
    {
        string file = string.Join('\n', Enumerable.Range(0, 2_500).Select(static i => $$"""{"scope":"token","value":"t{{i}}","reason":"r"}"""))
            + """

            {"scope":"cidr","value":"198.51.100.0/24","duration":3600,"tag":"\"quoted\" & <tagged>"}
            {"scope":"referrer","value":"*.bad.example","type":"deny","organization":"a","stream":"s"}
            """;
        JsonElement result = await ImportAsync(file, HttpStatusCode.OK);
        Assert.Equal((2_502, 2_502, 0), (Number(result, "lines"), Number(result, "added"), Number(result, "refused")));

        string exported = await _server.Client.GetStringAsync("/rules/export");
        await using var command = _server.Database.DataSource.CreateCommand("delete from rules");
        await command.ExecuteNonQueryAsync();
        Assert.Equal(2_502, Number(await ImportAsync(exported, HttpStatusCode.OK), "added"));

        string again = await _server.Client.GetStringAsync("/rules/export");
        Assert.Equal(exported, again);
        Assert.Equal(2_502, Number(await ImportAsync(exported, HttpStatusCode.OK), "unchanged"));
    }

    [Fact]
    public async Task A_file_with_a_broken_line_adds_nothing_and_the_rails_hold_for_imports()
    {
        JsonElement broken = await ImportAsync("{\"scope\":\"ip\",\"value\":\"203.0.113.7\"}\nnonsense\n{\"scope\":\"ip\",\"value\":\"1.2.3.4/8\"}\n{\"scope\":\"x\"}", HttpStatusCode.BadRequest);
        Assert.Equal([2, 3, 4], broken.GetProperty("data").GetProperty("problems").EnumerateArray().Select(static p => p.GetProperty("line").GetInt32()));
        await _server.AssertNoRuleAsync();

        JsonElement refused = await ImportAsync("{\"scope\":\"ip\",\"value\":\"10.0.0.1\"}\n\n{\"scope\":\"ip\",\"value\":\"203.0.113.7\"}\n", HttpStatusCode.OK);
        Assert.Equal((1, 1), (Number(refused, "added"), Number(refused, "refused")));
        Assert.Equal(1, refused.GetProperty("data").GetProperty("problems")[0].GetProperty("line").GetInt32());
        await ImportAsync(new string('x', 40_000), HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_tenant_imports_and_sees_its_own_only()
    {
        using HttpClient tenant = await _server.MakeClientAsync(new ApiKey("tenant", ApiRole.Write, "a"));
        await _server.PostAsync("/ip", """{"ip":"203.0.113.7","type":"deny"}""", HttpStatusCode.OK);

        HttpResponseMessage foreign = await tenant.PostAsync("/rules/import", Lines("""{"scope":"ip","value":"203.0.113.8","organization":"b"}"""));
        HttpResponseMessage own = await tenant.PostAsync("/rules/import", Lines("""{"scope":"ip","value":"203.0.113.9"}"""));

        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.OK), (foreign.StatusCode, own.StatusCode));
        foreach (string path in (string[])["/rules/export", "/rules", "/history", "/ip"])
        {
            string seen = await tenant.GetStringAsync(path);
            Assert.Contains("203.0.113.9", seen, StringComparison.Ordinal);
            Assert.DoesNotContain("203.0.113.7", seen, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Keys_are_made_shown_once_and_revoked_by_administrators_only()
    {
        JsonElement made = await _server.PostAsync("/keys", """{"name":"edge-1","role":"bouncer","reason":"a new edge"}""", HttpStatusCode.OK);
        string text = made.GetProperty("data").GetProperty("key").GetString()!;
        using HttpClient edge = _server.MakeClient("X-Api-Key", text);
        using HttpClient writer = await _server.MakeClientAsync(new ApiKey("writer", ApiRole.Write, null));

        Assert.Equal(HttpStatusCode.OK, (await edge.GetAsync("/check?ip=203.0.113.7")).StatusCode);
        Assert.DoesNotContain(text, await _server.Client.GetStringAsync("/keys") + await _server.Client.GetStringAsync("/history"), StringComparison.Ordinal);
        Assert.Contains("\"key:edge-1\"", await _server.Client.GetStringAsync("/history"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Forbidden, (await writer.PostAsync("/keys", ApiServer.Json("""{"name":"x","role":"admin"}"""))).StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, (await _server.Client.PostAsync("/keys", ApiServer.Json("""{"name":"edge-1","role":"admin"}"""))).StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, (await _server.Client.DeleteAsync("/keys/first-admin")).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await _server.Client.DeleteAsync("/keys/edge-1")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await edge.GetAsync("/check?ip=203.0.113.7")).StatusCode);
    }

    [Fact]
    public async Task Who_calls_too_often_is_told_to_wait_and_checks_go_on()
    {
        await using var limited = new LimitedServer();
        await limited.Server.InitializeAsync();
        HttpStatusCode[] statuses = [.. await Task.WhenAll(Enumerable.Range(0, 40).Select(async _ => (await limited.Server.Client.GetAsync("/ip")).StatusCode))];

        Assert.Contains(HttpStatusCode.TooManyRequests, statuses);
        Assert.Contains(HttpStatusCode.OK, statuses);
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => limited.Server.IsAllowedAsync("ip=203.0.113.7"))), Assert.True);
        using HttpClient guesser = limited.Server.MakeClient("X-BINTU-TOKEN", "guess");
        HttpStatusCode[] guesses = [.. await Task.WhenAll(Enumerable.Range(0, 10).Select(async _ => (await guesser.GetAsync("/ip")).StatusCode))];
        Assert.Equal((3, 7), (guesses.Count(static s => s == HttpStatusCode.Forbidden), guesses.Count(static s => s == HttpStatusCode.TooManyRequests)));
    }

    private async Task CurlAsync(string path, string json)
    {
        (int status, string output) = await Programs.RunAsync(
            "curl", "--silent", "--show-error", "--fail", "--location", _server.Address + path[1..], "--header", "Content-Type: application/json", "--header", $"X-BINTU-TOKEN: {_server.Key}", "--data", json);
        Assert.True(status == 0, output);
        Assert.Contains("\"success\":true", output, StringComparison.Ordinal);
    }

    private async Task<JsonElement> ImportAsync(string lines, HttpStatusCode expected)
    {
        HttpResponseMessage response = await _server.Client.PostAsync("/rules/import?reason=test", Lines(lines));
        string body = await response.Content.ReadAsStringAsync();
        Assert.True(expected == response.StatusCode, $"{(int)response.StatusCode} {body}");
        return JsonElement.Parse(body);
    }

    private static int Number(JsonElement answer, string field) => answer.GetProperty("data").GetProperty(field).GetInt32();

    private static StringContent Lines(string lines) => new(lines, Encoding.UTF8, "application/x-ndjson");

    private sealed class LimitedServer : IAsyncDisposable
    {
        public ApiServer Server { get; } = new() { Options = { Limits = { CallsPerSecond = 5, RefusedKeysPerMinute = 3 } } };

        public async ValueTask DisposeAsync() => await Server.DisposeAsync();
    }
}
