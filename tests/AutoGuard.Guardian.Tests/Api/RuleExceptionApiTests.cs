using System.Net;
using System.Text;
using System.Text.Json;
using AutoGuard.Guardian.Api;
using AutoGuard.Testing;

namespace AutoGuard.Guardian.Tests.Api;

/// <summary>Rules on tokens that leave some networks alone, over HTTP.</summary>
public sealed class RuleExceptionApiTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private const string Home = "203.0.113.7";
    private const string Away = "198.51.100.7";

    private readonly ApiServer _server = new();

    public async Task InitializeAsync()
    {
        await postgres.InitializeAsync();
        await _server.InitializeAsync();
    }

    public Task DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_token_is_denied_everywhere_but_where_its_rule_excepts_it()
    {
        JsonElement made = await _server.PostAsync(
            "/token", """{"token":"jti-1","type":"deny","except":["203.0.113.0/24","2001:DB8:1:2::/64","203.0.113.0/24","192.0.2.1"]}""", HttpStatusCode.OK);
        string id = made.GetProperty("data").GetProperty("id").GetString()!;
        string[] canonical = ["203.0.113.0/24", "2001:db8:1:2::/64", "192.0.2.1/32"];
        Assert.Equal(canonical, Except(made.GetProperty("data")));
        Assert.Equal(canonical, Except((await _server.GetAsync("/rules/" + id)).GetProperty("data")));
        Assert.Equal(canonical, Except((await _server.GetAsync("/token")).GetProperty("data")[0]));
        Assert.Equal(canonical, Except((await _server.GetAsync("/history")).GetProperty("data")[0].GetProperty("after")));

        Assert.True(await _server.IsAllowedAsync($"ip={Home}&token=jti-1"));
        Assert.True(await _server.IsAllowedAsync("ip=2001:db8:1:2::9&token=jti-1"));
        Assert.False(await _server.IsAllowedAsync($"ip={Away}&token=jti-1"));
        Assert.False(await _server.IsAllowedAsync("token=jti-1"));
        HttpResponseMessage refused = await _server.Client.GetAsync($"/check?ip={Away}&token=jti-1");
        Assert.Equal(canonical, Except(JsonElement.Parse(await refused.Content.ReadAsStringAsync()).GetProperty("data").GetProperty("rule")));

        JsonElement again = await _server.PostAsync("/token", """{"token":"jti-1","type":"deny"}""", HttpStatusCode.OK);
        Assert.False(again.GetProperty("data").TryGetProperty("except", out _));
        Assert.False(await _server.IsAllowedAsync($"ip={Home}&token=jti-1"));
    }

    [Fact]
    public async Task All_forms_of_asking_honour_them()
    {
        await _server.PostAsync("/token", """{"token":"jti-1","type":"deny","except":["203.0.113.0/24"]}""", HttpStatusCode.OK);

        foreach ((string address, HttpStatusCode expected) in ((string, HttpStatusCode)[])[(Home, HttpStatusCode.OK), (Away, HttpStatusCode.Forbidden)])
        {
            using HttpResponseMessage body = await _server.Client.PostAsync("/check", ApiServer.Json($$"""{"ip":"{{address}}","token":"jti-1"}"""));
            Assert.Equal(expected, body.StatusCode);
            Assert.Equal(expected, await AskAsync("/check", ("X-Real-IP", address), ("X-Decision-Token", "jti-1")));
            Assert.Equal(expected, await AskAsync("/check", ("X-Real-IP", address), ("X-Original-URI", "/live/a.ts?token=other&token=jti%2D1")));
            Assert.Equal(expected, await AskAsync("/check/live/a.ts?token=jti-1", ("X-Forwarded-For", "203.0.113.9, " + address)));
        }
    }

    [Theory]
    [InlineData("/token", """{"token":"t","type":"deny","except":["203.0.113.7/24"]}""", "'203.0.113.7/24' is no network whose host bits are zero")]
    [InlineData("/token", """{"token":"t","type":"deny","except":["home"]}""", "one of them is no network")]
    [InlineData("/token", """{"token":"t","type":"deny","except":["\ud800"]}""", "one of them is no network")]
    [InlineData("/token", """{"token":"t","type":"deny","except":["0.0.0.0/0"]}""", "'0.0.0.0/0' is wider than /8")]
    [InlineData("/token", """{"token":"t","type":"deny","except":["2000::/3"]}""", "'2000::/3' is wider than /16")]
    [InlineData("/token", """{"token":"t","type":"deny","except":"203.0.113.0/24"}""", "an array of at most 16 networks")]
    [InlineData("/token", """{"token":"t","type":"deny","except":[24]}""", "an array of at most 16 networks")]
    [InlineData("/token", """{"token":"t","type":"allow","except":["203.0.113.0/24"]}""", "scope token and type allow has no exceptions; only one of scope token and type deny has")]
    [InlineData("/ip", """{"ip":"203.0.113.7","type":"deny","except":["203.0.113.0/24"]}""", "scope ip and type deny has no exceptions")]
    [InlineData("/referer", """{"domain":"bad.example","type":"deny","except":["203.0.113.0/24"]}""", "scope referrer and type deny has no exceptions")]
    public async Task What_cannot_be_excepted_is_refused_by_field_and_value(string path, string body, string expected)
    {
        JsonElement refused = await _server.PostAsync(path, body, HttpStatusCode.BadRequest);

        Assert.StartsWith("Parameter except is not valid: ", refused.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Contains(expected, refused.GetProperty("message").GetString(), StringComparison.Ordinal);
        await _server.AssertNoRuleAsync();
    }

    [Fact]
    public async Task More_than_sixteen_are_refused_and_none_is_taken_for_none()
    {
        string many = string.Join(',', Enumerable.Range(0, 17).Select(static i => $"\"203.0.113.{i}\""));
        await _server.PostAsync("/token", $$"""{"token":"t","type":"deny","except":[{{many}}]}""", HttpStatusCode.BadRequest);

        await _server.PostAsync("/ip", """{"ip":"198.51.100.1","type":"deny","except":[]}""", HttpStatusCode.OK);
        await _server.PostAsync("/token", """{"token":"t","type":"deny","except":null}""", HttpStatusCode.OK);
    }

    [Fact]
    public async Task Lines_carry_them_out_and_in_and_a_wrong_one_is_told_by_its_number()
    {
        await _server.PostAsync("/token", """{"token":"jti-1","type":"deny","except":["203.0.113.0/24","2001:db8:1:2::/64"]}""", HttpStatusCode.OK);
        string exported = await _server.Client.GetStringAsync("/rules/export");
        Assert.Contains("\"type\":\"deny\",\"except\":[\"203.0.113.0/24\",\"2001:db8:1:2::/64\"],", exported, StringComparison.Ordinal);
        await _server.PostAsync("/token", """{"token":"jti-1","type":"deny"}""", HttpStatusCode.OK);

        await ImportAsync(exported, HttpStatusCode.OK);

        Assert.True(await _server.IsAllowedAsync($"ip={Home}&token=jti-1"));
        Assert.False(await _server.IsAllowedAsync($"ip={Away}&token=jti-1"));
        JsonElement problems = await ImportAsync(
            "{\"scope\":\"token\",\"value\":\"a\",\"except\":[\"203.0.113.0/24\"]}\n{\"scope\":\"cidr\",\"value\":\"198.51.100.0/24\",\"except\":[\"198.51.100.7\"]}", HttpStatusCode.BadRequest);
        JsonElement problem = Assert.Single(problems.GetProperty("data").GetProperty("problems").EnumerateArray());
        Assert.Equal(2, problem.GetProperty("line").GetInt32());
        Assert.StartsWith("The field except is not valid: a rule of scope cidr", problem.GetProperty("why").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bouncers_and_files_know_no_exceptions_and_refuse_the_token_everywhere()
    {
        await _server.PostAsync("/token", """{"token":"jti-1","type":"deny","except":["203.0.113.0/24"]}""", HttpStatusCode.OK);

        Assert.Equal("jti-1", (await _server.Client.GetStringAsync("/export/tokens.txt")).Split('\n')[1]);
        JsonElement told = (await _server.GetAsync("/v1/decisions/stream?startup=true&scopes=token")).GetProperty("new");
        Assert.Equal("jti-1", Assert.Single(told.EnumerateArray()).GetProperty("value").GetString());
        Assert.Equal("jti-1", JsonElement.Parse(await _server.Client.GetStringAsync("/v1/decisions?scopes=token"))[0].GetProperty("value").GetString());
    }

    private async Task<HttpStatusCode> AskAsync(string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach ((string name, string value) in headers)
        {
            request.Headers.Add(name, value);
        }
        using HttpResponseMessage response = await _server.Client.SendAsync(request);
        return response.StatusCode;
    }

    private async Task<JsonElement> ImportAsync(string lines, HttpStatusCode expected)
    {
        using var content = new StringContent(lines, Encoding.UTF8, "application/x-ndjson");
        using HttpResponseMessage response = await _server.Client.PostAsync("/rules/import", content);
        string body = await response.Content.ReadAsStringAsync();
        Assert.True(expected == response.StatusCode, body);
        return JsonElement.Parse(body);
    }

    private static IEnumerable<string?> Except(JsonElement rule) => rule.GetProperty("except").EnumerateArray().Select(static item => item.GetString());
}
