using System.Net;
using AutoGuard.Guardian.Api;
using AutoGuard.Guardian.Tests.Api;
using AutoGuard.Testing;

namespace AutoGuard.Guardian.Tests.Decisions;

/// <summary>
/// Requests in the form that Envoy documents for the HTTP service of <c>ext_authz</c>: the viewer's method, the prefix before
/// the viewer's path and query, the allowed headers, no body. Envoy itself is not in the distribution and is not run here.
/// </summary>
public sealed class EnvoyFormTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private readonly ApiServer _server = new();
    private HttpClient _envoy = null!;

    public async Task InitializeAsync()
    {
        await postgres.InitializeAsync();
        await _server.InitializeAsync();
        _envoy = _server.MakeClient("x-api-key", (await _server.Keys.CreateAsync(new ApiKey("envoy", ApiRole.Bouncer, null), default))!);
    }

    public async Task DisposeAsync()
    {
        _envoy.Dispose();
        await _server.DisposeAsync();
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("HEAD")]
    [InlineData("POST")]
    [InlineData("OPTIONS")]
    public async Task Addresses_tokens_and_pages_are_refused_whatever_the_method(string method)
    {
        await _server.PostAsync("/ip", """{"ip":"198.51.100.0/24","type":"deny"}""", HttpStatusCode.OK);
        await _server.PostAsync("/token", """{"token":"bad","type":"deny"}""", HttpStatusCode.OK);
        await _server.PostAsync("/referer", """{"domain":"bad.example","type":"deny"}""", HttpStatusCode.OK);

        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(method, "198.51.100.7", "/live/seg.ts?token=good"));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(method, "203.0.113.7", "/live/seg.ts?x=1&token=b%61d"));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(method, "203.0.113.7", "/live/seg.ts", ("authorization", "Bearer bad")));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(method, "203.0.113.7", "/live/seg.ts", ("referer", "https://Bad.example:8443/page")));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(method, "203.0.113.7", "/live/seg.ts?token=good", ("referer", "https://good.example/page")));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(method, "203.0.113.7", "/"));
    }

    [Fact]
    public async Task What_a_viewer_writes_into_path_query_or_list_of_hops_is_not_taken_for_an_address()
    {
        await _server.PostAsync("/ip", """{"ip":"198.51.100.7","type":"deny"}""", HttpStatusCode.OK);

        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync("GET", "203.0.113.9, 198.51.100.7", "/live/seg.ts?ip=203.0.113.9"));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync("GET", "198.51.100.7", "/?ip=203.0.113.9"));
        Assert.Equal(HttpStatusCode.OK, await AskAsync("GET", "198.51.100.7, 203.0.113.9", "/live/seg.ts?ip=198.51.100.7"));
    }

    private async Task<HttpStatusCode> AskAsync(string method, string forwardedFor, string pathAndQuery, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), "/check" + pathAndQuery);
        request.Headers.Add("x-forwarded-for", forwardedFor);
        foreach ((string name, string value) in headers)
        {
            request.Headers.Add(name, value);
        }
        using HttpResponseMessage response = await _envoy.SendAsync(request);
        return response.StatusCode;
    }
}
