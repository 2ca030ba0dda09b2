using System.Net;
using System.Net.Http.Headers;
using System.Text;
using AutoGuard.Guardian.Api;
using AutoGuard.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace AutoGuard.Guardian.Tests.Api;

/// <summary>Who is let in to the operator's pages.</summary>
public sealed class OperatorAccessTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private const int Guesses = 3;

    private readonly ApiServer _server = new()
    {
        Options = { Limits = { RefusedKeysPerMinute = Guesses } },
        MapMore = static routes => routes.MapGroup("/operator").RequireOperatorKey().MapGet("/", static () => "shown"),
    };

    public async Task InitializeAsync()
    {
        await postgres.InitializeAsync();
        await _server.InitializeAsync();
    }

    public Task DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData(ApiRole.Bouncer, null, HttpStatusCode.Unauthorized)]
    [InlineData(ApiRole.Read, null, HttpStatusCode.OK)]
    [InlineData(ApiRole.Write, null, HttpStatusCode.OK)]
    [InlineData(ApiRole.Admin, null, HttpStatusCode.OK)]
    [InlineData(ApiRole.Admin, "red", HttpStatusCode.Unauthorized)]
    public async Task Pages_open_to_keys_that_read_for_all_tenants(ApiRole role, string? organization, HttpStatusCode expected)
    {
        string key = (await _server.Keys.CreateAsync(new ApiKey("one", role, organization), default))!;
        using HttpClient byHeader = _server.MakeClient("X-BINTU-APIKEY", key);

        Assert.Equal((expected, expected), ((await byHeader.GetAsync("/operator")).StatusCode, await WithPasswordAsync(key)));
    }

    [Fact]
    public async Task Who_guesses_is_told_to_wait_and_the_right_key_goes_on()
    {
        List<HttpStatusCode> statuses = [];
        for (int i = 0; i < Guesses + 2; i++)
        {
            statuses.Add(await WithPasswordAsync($"guess-{i}"));
        }

        Assert.Equal([.. Enumerable.Repeat(HttpStatusCode.Unauthorized, Guesses), HttpStatusCode.TooManyRequests, HttpStatusCode.TooManyRequests], statuses);
        Assert.Equal(HttpStatusCode.OK, await WithPasswordAsync(_server.Key));
    }

    [Fact]
    public async Task Who_shows_nothing_is_asked_for_a_password_however_often()
    {
        using HttpClient stranger = new() { BaseAddress = _server.Address };
        for (int i = 0; i < Guesses + 2; i++)
        {
            using HttpResponseMessage answer = await stranger.GetAsync("/operator");

            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
            Assert.Equal("Basic", answer.Headers.WwwAuthenticate.Single().Scheme);
        }
    }

    private async Task<HttpStatusCode> WithPasswordAsync(string key)
    {
        using HttpClient client = new() { BaseAddress = _server.Address };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes("anyone:" + key)));
        using HttpResponseMessage answer = await client.GetAsync("/operator");
        return answer.StatusCode;
    }
}
