using System.Net;
using System.Net.Sockets;
using AutoGuard.Guardian.Tests.Api;
using AutoGuard.Testing;

namespace AutoGuard.Guardian.Tests.Decisions;

/// <summary>A proxy as viewers reach it, in front of the real server, and what all of them have to do.</summary>
public abstract class EdgeBench(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private protected ApiServer Server { get; } = new();

    private protected string Folder { get; } = Directory.CreateTempSubdirectory("ag-edge-").FullName;

    private protected int Port { get; } = FreePort();

    public async Task InitializeAsync()
    {
        await postgres.InitializeAsync();
        await Server.InitializeAsync();
        // A process's first answer takes longer than the proxies wait: it compiles as it goes.
        Assert.True(await Server.IsAllowedAsync("ip=198.51.100.7&token=good"));
    }

    public async Task DisposeAsync()
    {
        await Server.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }

    private protected async Task AssertItRefusesWhatIsBlockedAsync()
    {
        Assert.Equal(HttpStatusCode.OK, await AskAsync("198.51.100.7", "/live/seg.ts?token=good"));

        await Server.PostAsync("/ip", """{"ip":"198.51.100.0/24","type":"deny"}""", HttpStatusCode.OK);
        await Server.PostAsync("/token", """{"token":"bad","type":"deny"}""", HttpStatusCode.OK);
        await Server.PostAsync("/referer", """{"domain":"bad.example","type":"deny"}""", HttpStatusCode.OK);

        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync("198.51.100.7", "/live/seg.ts?token=good"));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync("203.0.113.7", "/live/seg.ts?x=1&token=bad"));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync("203.0.113.7", "/live/seg.ts?token=b%61d"));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync("203.0.113.7", "/live/seg.ts?token=good&token=bad"));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync("203.0.113.7", "/live/seg.ts", bearer: "bad"));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync("203.0.113.7", "/live/seg.ts?token=good", referrer: "https://Bad.example:8443/page"));
        Assert.Equal(HttpStatusCode.OK, await AskAsync("203.0.113.7", "/live/seg.ts?token=good", referrer: "https://good.example/page"));
        Assert.Equal(HttpStatusCode.OK, await AskAsync("203.0.113.7", "/live/seg.ts"));

        // What a viewer says of itself in the headers that the proxy speaks in is not heard.
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync("198.51.100.7", "/live/seg.ts", spoof: true));

        await Server.Client.DeleteAsync("/ip?ip=198.51.100.0%2F24");
        Assert.Equal(HttpStatusCode.OK, await AskAsync("198.51.100.7", "/live/seg.ts?token=good"));
    }

    // The test sits on loopback, so it names the viewer's address as a load balancer before the proxy would.
    private protected async Task<HttpStatusCode> AskAsync(string viewer, string path, string? referrer = null, string? bearer = null, bool spoof = false)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("X-Test-Viewer", viewer);
        if (referrer is not null)
        {
            request.Headers.Referrer = new Uri(referrer);
        }
        if (bearer is not null)
        {
            request.Headers.Add("Authorization", "Bearer " + bearer);
        }
        if (spoof)
        {
            request.Headers.Add("X-Real-IP", "203.0.113.9");
            request.Headers.Add("X-Forwarded-For", "203.0.113.9");
            request.Headers.Add("X-Decision-Organization", "somebody");
            request.Headers.Add("X-Api-Key", "nonsense");
        }
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{Port}") };
        using HttpResponseMessage response = await client.SendAsync(request);
        return response.StatusCode;
    }

    private protected async Task UntilItListensAsync(RunningProcess proxy) => await Eventually.TrueAsync(
        async () =>
        {
            using var socket = new TcpClient();
            try
            {
                await socket.ConnectAsync(IPAddress.Loopback, Port);
                return true;
            }
            catch (SocketException)
            {
                return false;
            }
        },
        () => "the proxy to listen; it says: " + proxy.Said);

    private protected static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
