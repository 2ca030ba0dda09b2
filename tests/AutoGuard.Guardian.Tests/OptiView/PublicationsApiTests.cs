using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using AutoGuard.Guardian.Api;
using AutoGuard.Guardian.Publications;
using AutoGuard.Core.Events;
using AutoGuard.Guardian.Tests.Api;
using AutoGuard.Testing;

namespace AutoGuard.Guardian.Tests.OptiView;

public sealed class PublicationsApiTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private readonly ApiServer _server = new();

    public async Task InitializeAsync()
    {
        await postgres.InitializeAsync();
        await _server.InitializeAsync();
        _server.Client.DefaultRequestHeaders.Clear();
        _server.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes("any:" + _server.Key)));
    }

    public Task DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("/channels/c-1", "channel=c-1")]
    [InlineData("/channels/c-1/aliases/a-1", "alias=a-1")]
    [InlineData("/aliases/a-1", "alias=a-1")]
    public async Task The_first_generations_lists_work_as_documented_and_are_switched_at_any_moment(string path, string which)
    {
        using HttpClient asker = _server.MakeClient("X-Api-Key", _server.Key);
        async Task<bool> MayAsync(string ip) => (await asker.GetAsync($"/check?ip={ip}&{which}")).IsSuccessStatusCode;

        await PatchAsync(path, """{"publicationConfig":{"ipBlocking":{"enabled":true,"mode":"blacklist","cidrs":["203.0.113.7","198.51.100.0/24"]}}}""", HttpStatusCode.NoContent);
        Assert.Equal((false, false, true), (await MayAsync("203.0.113.7"), await MayAsync("198.51.100.9"), await MayAsync("203.0.113.8")));
        Assert.True((await asker.GetAsync("/check?ip=203.0.113.7&channel=other")).IsSuccessStatusCode);

        await PatchAsync(path, """{"publicationConfig":{"ipBlocking":{"enabled":false}}}""", HttpStatusCode.NoContent);
        Assert.True(await MayAsync("203.0.113.7"));
        await PatchAsync(path, """{"publicationConfig":{"ipBlocking":{"enabled":true,"mode":"whitelist"}}}""", HttpStatusCode.NoContent);
        Assert.Equal((true, false), (await MayAsync("203.0.113.7"), await MayAsync("203.0.113.8")));

        JsonElement stored = (await _server.GetAsync(path)).GetProperty("publicationConfig").GetProperty("ipBlocking");
        Assert.Equal("whitelist", stored.GetProperty("mode").GetString());
        Assert.Equal(["203.0.113.7/32", "198.51.100.0/24"], stored.GetProperty("cidrs").EnumerateArray().Select(static c => c.GetString()));
    }

    [Fact]
    public async Task The_country_is_looked_up_when_the_caller_does_not_say_it()
    {
        _server.Options.CountryOf = static address => address == IpAddress.FromV4(0xCB007107) ? "FR" : null;
        using HttpClient asker = _server.MakeClient("X-Api-Key", _server.Key);
        async Task<bool> MayAsync(string question) => (await asker.GetAsync($"/check?channel=c-1&{question}")).IsSuccessStatusCode;
        await PatchAsync("/channels/c-1", """{"publicationConfig":{"geoBlocking":{"enabled":true,"mode":"blacklist","countries":["FR"]}}}""", HttpStatusCode.NoContent);

        Assert.Equal((false, true, true), (await MayAsync("ip=203.0.113.7"), await MayAsync("ip=203.0.113.8"), await MayAsync("ip=203.0.113.7&country=DE")));
        await PatchAsync("/channels/c-1", """{"publicationConfig":{"geoBlocking":{"mode":"whitelist"}}}""", HttpStatusCode.NoContent);
        Assert.Equal((true, false, false), (await MayAsync("ip=203.0.113.7"), await MayAsync("ip=203.0.113.8"), await MayAsync("token=t")));
    }

    [Fact]
    public async Task A_missing_mode_is_the_documented_allow_list()
    {
        using HttpClient asker = _server.MakeClient("X-Api-Key", _server.Key);
        await PatchAsync("/channels/c-1", """{"publicationConfig":{"ipBlocking":{"enabled":"true","cidrs":["203.0.113.7"]}}}""", HttpStatusCode.NoContent);

        Assert.Equal(HttpStatusCode.OK, (await asker.GetAsync("/check?ip=203.0.113.7&channel=c-1")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await asker.GetAsync("/check?ip=203.0.113.8&stream=c-1")).StatusCode);
    }

    [Fact]
    public async Task The_second_generation_answers_with_the_object_and_knows_referrers()
    {
        using HttpClient asker = _server.MakeClient("X-Api-Key", _server.Key);
        JsonElement answer = await PatchAsync(
            "/v2/distributions/d-1",
            """{"security":{"ipBlocking":{"enabled":true,"mode":"deny","cidrs":["203.0.113.0/24"]},"refererBlocking":{"enabled":true,"allowedDomains":["Example.com","x.example:8443"],"allowNativeApps":false}}}""",
            HttpStatusCode.OK);
        async Task<HttpStatusCode> AskAsync(string query) => (await asker.GetAsync("/check?distribution=d-1&" + query)).StatusCode;

        Assert.Equal("example.com", answer.GetProperty("data").GetProperty("security").GetProperty("refererBlocking").GetProperty("allowedDomains")[0].GetString());
        Assert.Equal(HttpStatusCode.OK, await AskAsync("ip=198.51.100.7&referrer=https://example.com/page"));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync("ip=203.0.113.7&referrer=https://example.com/page"));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync("ip=198.51.100.7&referrer=https://www.example.com/page"));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync("ip=198.51.100.7&referrer=https://example.com:8443/page"));
        Assert.Equal(HttpStatusCode.OK, await AskAsync("ip=198.51.100.7&referrer=https://x.example:8443/page"));
        Assert.Equal(HttpStatusCode.OK, await AskAsync("ip=198.51.100.7&referrer=http://localhost:3000/"));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync("ip=198.51.100.7"));
    }

    [Theory]
    [InlineData("/channels/c-1", """{"publicationConfig":{"ipBlocking":{"enabled":true,"mode":"whitelist","cidrs":[]}}}""")]
    [InlineData("/channels/c-1", """{"publicationConfig":{"ipBlocking":{"enabled":true,"mode":"deny","cidrs":["203.0.113.7"]}}}""")]
    [InlineData("/channels/c-1", """{"publicationConfig":{"ipBlocking":{"enabled":true,"mode":"blacklist","cidrs":["10.0.0.0/24"]}}}""")]
    [InlineData("/channels/c-1", """{"publicationConfig":{"ipBlocking":{"enabled":true,"mode":"blacklist","cidrs":["0.0.0.0/0"]}}}""")]
    [InlineData("/channels/c-1", """{"publicationConfig":{"ipBlocking":{"enabled":true,"mode":"blacklist","cidrs":["203.0.113.7/24"]}}}""")]
    [InlineData("/channels/c-1", """{"publicationConfig":{"geoBlocking":{"enabled":true,"mode":"blacklist","countries":["BEL"]}}}""")]
    [InlineData("/channels/c-1", """{"publicationConfig":"x"}""")]
    [InlineData("/channels/c-1", """{"publicationConfig":{}}""")]
    [InlineData("/channels/c-1", """{"publicationConfig":{"ipblocking":{"enabled":true,"mode":"blacklist","cidrs":["203.0.113.7"]}}}""")]
    [InlineData("/v2/distributions/d-1", """{"security":{"ipBlocking":null}}""")]
    [InlineData("/channels/c-1", "nonsense")]
    [InlineData("/v2/distributions/d-1", """{"name":"x"}""")]
    [InlineData("/v2/distributions/d-1", """{"security":{"ipBlocking":{"enabled":true,"mode":"blacklist","cidrs":["203.0.113.7"]}}}""")]
    [InlineData("/v2/distributions/d-1", """{"security":{"refererBlocking":{"enabled":true,"allowedDomains":[]}}}""")]
    public async Task What_cannot_be_or_would_lock_everybody_out_is_refused_in_the_vendors_manner(string path, string json)
    {
        HttpResponseMessage response = await _server.Client.PatchAsync(path, ApiServer.Json(json));
        string body = await response.Content.ReadAsStringAsync();

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        if (path.StartsWith("/v2", StringComparison.Ordinal))
        {
            Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
            Assert.NotEmpty(JsonElement.Parse(body).GetProperty("detail").GetString()!);
        }
        else
        {
            Assert.Equal("{}", body);
            Assert.NotEmpty(response.Headers.GetValues("X-Error-Detail").Single());
        }
        Assert.Equal(HttpStatusCode.NotFound, (await _server.Client.GetAsync(path)).StatusCode);
    }

    [Fact]
    public async Task Tenants_have_publications_of_their_own_and_changes_are_in_the_history()
    {
        using HttpClient tenant = await _server.MakeClientAsync(new ApiKey("tenant", ApiRole.Write, "a"));
        await tenant.PatchAsync("/channels/c-1?reason=a+leak", ApiServer.Json("""{"publicationConfig":{"ipBlocking":{"enabled":true,"mode":"blacklist","cidrs":["203.0.113.7"]}}}"""));
        using HttpClient asker = _server.MakeClient("X-Api-Key", _server.Key);

        Assert.Equal(HttpStatusCode.Forbidden, (await asker.GetAsync("/check?ip=203.0.113.7&channel=c-1&organization=a")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await asker.GetAsync("/check?ip=203.0.113.7&channel=c-1&organization=b")).StatusCode);
        JsonElement entry = JsonElement.Parse(await tenant.GetStringAsync("/history")).GetProperty("data")[0];
        Assert.Equal(("tenant", "add", "a leak", "channel:c-1"), (entry.GetProperty("who").GetString(), entry.GetProperty("what").GetString(), entry.GetProperty("why").GetString(), entry.GetProperty("subject").GetString()));
    }

    [Theory]
    [InlineData(false, false, null, PublicationRefusal.Address)]
    [InlineData(true, false, "BE", PublicationRefusal.Country)]
    [InlineData(true, false, "NL", PublicationRefusal.Address)]
    [InlineData(true, false, null, PublicationRefusal.Address)]
    [InlineData(true, true, "BE", PublicationRefusal.None)]
    [InlineData(true, true, "NL", PublicationRefusal.Country)]
    [InlineData(true, true, null, PublicationRefusal.Country)]
    public void Countries_go_before_addresses(bool enabled, bool isAllow, string? country, PublicationRefusal expected)
    {
        var publication = new CompiledPublication(new Publication { IpBlocking = new AddressList(true, false, ["203.0.113.7/32"]), GeoBlocking = new CountryList(enabled, isAllow, ["BE"]) });

        Assert.Equal(expected, publication.Check(IpAddress.FromV4(0xCB007107), country, null));
    }

    private async Task<JsonElement> PatchAsync(string path, string json, HttpStatusCode expected)
    {
        HttpResponseMessage response = await _server.Client.PatchAsync(path, ApiServer.Json(json));
        string body = await response.Content.ReadAsStringAsync();
        Assert.True(expected == response.StatusCode, $"{(int)response.StatusCode} {body} {string.Join(' ', response.Headers)}");
        return body.Length == 0 ? default : JsonElement.Parse(body);
    }
}
