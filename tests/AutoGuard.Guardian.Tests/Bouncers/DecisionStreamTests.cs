using System.Net;
using System.Text.Json;
using AutoGuard.Guardian.Api;
using AutoGuard.Guardian.Tests.Api;
using AutoGuard.Testing;

namespace AutoGuard.Guardian.Tests.Bouncers;

public sealed class DecisionStreamTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private const string All = "scopes=ip,range,token,referrer";

    private readonly ApiServer _server = new();

    public async Task InitializeAsync()
    {
        await postgres.InitializeAsync();
        await _server.InitializeAsync();
    }

    public Task DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_start_gives_everything_and_later_calls_what_changed()
    {
        using HttpClient bouncer = await BouncerAsync("edge");
        await AddAsync("/ip", "203.0.113.7");
        AssertPulled(["203.0.113.7"], [], await PullAsync(bouncer, "startup=true"));
        AssertPulled([], [], await PullAsync(bouncer));

        await AddAsync("/ip", "198.51.100.0/24");
        await _server.Client.DeleteAsync("/ip?ip=203.0.113.7");
        AssertPulled(["198.51.100.0/24"], ["203.0.113.7"], await PullAsync(bouncer));
        AssertPulled([], [], await PullAsync(bouncer));
        AssertPulled(["198.51.100.0/24"], [], await PullAsync(bouncer, "startup=true"));
    }

    [Fact]
    public async Task An_expiry_is_told_and_a_longer_block_is_told_anew()
    {
        using HttpClient bouncer = await BouncerAsync("edge");
        await _server.PostAsync("/ip", """{"ip":"203.0.113.7","type":"deny","duration":60}""", HttpStatusCode.OK);
        await _server.PostAsync("/ip", """{"ip":"203.0.113.8","type":"deny","duration":60}""", HttpStatusCode.OK);
        await PullAsync(bouncer, "startup=true");
        await _server.PostAsync("/ip", """{"ip":"203.0.113.8","type":"deny","duration":3600}""", HttpStatusCode.OK);

        _server.Time.Advance(TimeSpan.FromSeconds(61));

        AssertPulled(["203.0.113.8"], ["203.0.113.7"], await PullAsync(bouncer));
    }

    [Fact]
    public async Task Without_scopes_only_addresses_and_ranges_are_told_and_a_wildcard_never()
    {
        using HttpClient bouncer = await BouncerAsync("edge");
        await AddAsync("/ip", "203.0.113.7");
        await AddAsync("/token", "jti-1");
        await _server.PostAsync("/referer", """{"domain":"ok.example","type":"allow"}""", HttpStatusCode.OK);
        await AddAsync("/referer", "*");
        await AddAsync("/referer", "bad.example");

        AssertPulled(["203.0.113.7"], [], await PullAsync(bouncer, "startup=true"));
        AssertPulled(["203.0.113.7", "bad.example", "jti-1"], [], await PullAsync(bouncer, "startup=true&" + All));
        AssertPulled(["bad.example"], [], await PullAsync(bouncer, "startup=true&scope=referrer"));
    }

    [Fact]
    public async Task Each_bouncer_has_its_own_place_and_a_probe_takes_nothing()
    {
        using HttpClient first = await BouncerAsync("first");
        using HttpClient second = await BouncerAsync("second");
        await PullAsync(first, "startup=true");
        await PullAsync(second, "startup=true");
        await AddAsync("/ip", "203.0.113.7");
        using var probe = new HttpRequestMessage(HttpMethod.Head, "/v1/decisions/stream?startup=true");
        Assert.Equal(HttpStatusCode.OK, (await first.SendAsync(probe)).StatusCode);

        AssertPulled(["203.0.113.7"], [], await PullAsync(first));
        AssertPulled(["203.0.113.7"], [], await PullAsync(second));
    }

    [Fact]
    public async Task Tenants_and_streams_are_kept_apart()
    {
        using HttpClient everybody = await BouncerAsync("everybody");
        using HttpClient tenant = await BouncerAsync("tenant", "a");
        await _server.PostAsync("/ip", """{"ip":"203.0.113.1","type":"deny"}""", HttpStatusCode.OK);
        await _server.PostAsync("/ip", """{"ip":"203.0.113.2","type":"deny","organization":"a"}""", HttpStatusCode.OK);
        await _server.PostAsync("/ip", """{"ip":"203.0.113.3","type":"deny","organization":"b"}""", HttpStatusCode.OK);
        await _server.PostAsync("/ip", """{"ip":"203.0.113.4","type":"deny","stream":"s"}""", HttpStatusCode.OK);

        AssertPulled(["203.0.113.1"], [], await PullAsync(everybody, "startup=true"));
        AssertPulled(["203.0.113.1", "203.0.113.2"], [], await PullAsync(tenant, "startup=true"));
    }

    [Fact]
    public async Task What_a_tenant_allows_its_bouncers_release_and_deny_again_afterwards()
    {
        using HttpClient everybody = await BouncerAsync("everybody");
        using HttpClient tenant = await BouncerAsync("tenant", "a");
        await AddAsync("/ip", "203.0.113.0/24");
        await PullAsync(everybody, "startup=true");
        AssertPulled(["203.0.113.0/24"], [], await PullAsync(tenant, "startup=true"));

        await _server.PostAsync("/ip", """{"ip":"203.0.113.7","type":"allow","organization":"a","duration":60}""", HttpStatusCode.OK);
        AssertPulled([], [], await PullAsync(everybody));
        AssertPulled([], ["203.0.113.0/24"], await PullAsync(tenant));

        _server.Time.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(["203.0.113.0/24"], (await PullAsync(tenant)).New);
    }

    [Fact]
    public async Task A_value_still_denied_by_another_rule_is_not_told_to_have_ended()
    {
        using HttpClient tenant = await BouncerAsync("tenant", "a");
        await _server.PostAsync("/ip", """{"ip":"203.0.113.7","type":"deny","organization":"a"}""", HttpStatusCode.OK);
        JsonElement common = await AddAsync("/ip", "203.0.113.7");
        AssertPulled(["203.0.113.7"], [], await PullAsync(tenant, "startup=true"));

        await _server.Client.DeleteAsync("/ip/" + common.GetProperty("data").GetProperty("id").GetString());

        AssertPulled([], [], await PullAsync(tenant));
    }

    [Fact]
    public async Task Decisions_have_all_seven_fields_and_durations_of_Go()
    {
        using HttpClient bouncer = await BouncerAsync("edge");
        await _server.PostAsync("/ip", """{"ip":"203.0.113.7","type":"deny","duration":93784}""", HttpStatusCode.OK);

        JsonElement decision = JsonElement.Parse(await bouncer.GetStringAsync("/v1/decisions?ip=203.0.113.7"))[0];

        Assert.Equal(["duration", "id", "origin", "scenario", "scope", "type", "value"], decision.EnumerateObject().Select(static p => p.Name));
        Assert.Equal(("26h3m4s", "Ip", "ban", "blocked"), (Text("duration"), Text("scope"), Text("type"), Text("scenario")));
        string? Text(string name) => decision.GetProperty(name).GetString();
    }

    [Theory]
    [InlineData("ip=198.51.100.77", "198.51.100.0/24")]
    [InlineData("ip=192.0.2.1", null)]
    [InlineData("range=198.51.100.0/25", "198.51.100.0/24")]
    [InlineData("range=198.51.0.0/16&contains=false", "198.51.100.0/24")]
    [InlineData("scopes=token&value=jti-1", "jti-1")]
    [InlineData("ip=198.51.100.77&type=captcha", null)]
    public async Task One_question_has_one_answer(string query, string? expected)
    {
        using HttpClient bouncer = await BouncerAsync("edge");
        await AddAsync("/ip", "198.51.100.0/24");
        await AddAsync("/token", "jti-1");

        string answer = await bouncer.GetStringAsync("/v1/decisions?" + query);

        Assert.Equal(expected, answer == "null" ? null : Assert.Single(JsonElement.Parse(answer).EnumerateArray()).GetProperty("value").GetString());
    }

    [Fact]
    public async Task Strangers_get_CrowdSecs_refusal_and_nobody_writes()
    {
        using var stranger = new HttpClient { BaseAddress = _server.Address };
        HttpResponseMessage response = await stranger.GetAsync("/v1/decisions/stream?startup=true");
        Assert.Equal((HttpStatusCode.Forbidden, """{"message":"access forbidden"}"""), (response.StatusCode, await response.Content.ReadAsStringAsync()));
        using HttpClient bouncer = await BouncerAsync("edge");
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await bouncer.PostAsync("/v1/decisions", null)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await bouncer.GetAsync("/v1/alerts")).StatusCode);
        Assert.Equal(HttpStatusCode.Created, (await bouncer.PostAsync("/v1/usage-metrics", ApiServer.Json("{}"))).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await bouncer.GetAsync("/rules")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await bouncer.PostAsync("/ip", ApiServer.Json("""{"ip":"203.0.113.7","type":"deny"}"""))).StatusCode);
    }

    private async Task<HttpClient> BouncerAsync(string name, string? organization = null) =>
        _server.MakeClient("X-Api-Key", (await _server.Keys.CreateAsync(new ApiKey(name, ApiRole.Bouncer, organization), default))!);

    private Task<JsonElement> AddAsync(string path, string value)
    {
        string field = path == "/ip" ? "ip" : path == "/token" ? "token" : "domain";
        return _server.PostAsync(path, $$"""{"{{field}}":"{{value}}","type":"deny"}""", HttpStatusCode.OK);
    }

    private static void AssertPulled(string[] expectedNew, string[] expectedDeleted, (string[] New, string[] Deleted) actual)
    {
        Assert.Equal(expectedNew, actual.New);
        Assert.Equal(expectedDeleted, actual.Deleted);
    }

    private static async Task<(string[] New, string[] Deleted)> PullAsync(HttpClient bouncer, string query = "")
    {
        JsonElement answer = JsonElement.Parse(await bouncer.GetStringAsync("/v1/decisions/stream?" + query));
        string[] Values(string name) => [.. answer.GetProperty(name).EnumerateArray().Select(static d => d.GetProperty("value").GetString()!).Order(StringComparer.Ordinal)];
        return (Values("new"), Values("deleted"));
    }
}
