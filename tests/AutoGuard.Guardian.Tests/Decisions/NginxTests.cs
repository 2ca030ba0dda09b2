using System.Net;
using System.Net.Sockets;
using AutoGuard.Guardian.Api;
using AutoGuard.Guardian.Tests.Api;
using AutoGuard.Testing;

namespace AutoGuard.Guardian.Tests.Decisions;

/// <summary>The distribution's nginx with <c>auth_request</c>, configured as the guide says, in front of the real server.</summary>
public sealed class NginxTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private readonly ApiServer _server = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("ag-nginx-").FullName;
    private readonly int _port = FreePort();

    public async Task InitializeAsync()
    {
        await postgres.InitializeAsync();
        await _server.InitializeAsync();
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [FactOf("nginx")]
    public async Task It_refuses_what_is_blocked_and_serves_the_others()
    {
        string key = (await _server.Keys.CreateAsync(new ApiKey("edge-1", ApiRole.Bouncer, null), default))!;
        await using RunningProcess nginx = await StartAsync(key);

        Assert.Equal(HttpStatusCode.OK, await AskAsync("198.51.100.7", "/live/seg.ts?token=good"));

        await _server.PostAsync("/ip", """{"ip":"198.51.100.0/24","type":"deny"}""", HttpStatusCode.OK);
        await _server.PostAsync("/token", """{"token":"bad","type":"deny"}""", HttpStatusCode.OK);
        await _server.PostAsync("/referer", """{"domain":"bad.example","type":"deny"}""", HttpStatusCode.OK);

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

        await _server.Client.DeleteAsync("/ip?ip=198.51.100.0%2F24");
        Assert.Equal(HttpStatusCode.OK, await AskAsync("198.51.100.7", "/live/seg.ts?token=good"));
    }

    [FactOf("nginx")]
    public async Task Told_to_it_serves_everybody_while_the_key_is_wrong()
    {
        await using RunningProcess nginx = await StartAsync("wrong");
        await _server.PostAsync("/ip", """{"ip":"198.51.100.7","type":"deny"}""", HttpStatusCode.OK);

        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync("198.51.100.7", "/live/seg.ts"));
        Assert.Equal(HttpStatusCode.OK, await AskAsync("198.51.100.7", "/open/seg.ts"));
    }

    [FactOf("nginx")]
    public async Task It_takes_the_exported_list()
    {
        await _server.PostAsync("/ip", """{"ip":"198.51.100.0/24","type":"deny"}""", HttpStatusCode.OK);
        await _server.PostAsync("/ip", """{"ip":"2001:db8::7","type":"deny"}""", HttpStatusCode.OK);
        string list = await _server.Client.GetStringAsync("/export/nginx.conf");
        await File.WriteAllTextAsync(Path.Combine(_folder, "denied.conf"), list);
        await File.WriteAllTextAsync(
            Path.Combine(_folder, "nginx.conf"),
            $"pid {_folder}/pid; error_log stderr; events {{}} http {{ access_log off; {Folders()} include {_folder}/denied.conf; server {{ listen 127.0.0.1:{_port}; }} }}");

        (int status, string said) = await Programs.RunAsync("nginx", "-t", "-c", Path.Combine(_folder, "nginx.conf"), "-p", _folder);

        Assert.True(status == 0, said);
        Assert.Contains("deny 198.51.100.0/24;\ndeny 2001:db8::7;\n", list, StringComparison.Ordinal);
    }

    // The test sits on loopback, so it names the viewer's address as a load balancer before nginx would.
    private async Task<HttpStatusCode> AskAsync(string viewer, string path, string? referrer = null, string? bearer = null, bool spoof = false)
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
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_port}") };
        using HttpResponseMessage response = await client.SendAsync(request);
        return response.StatusCode;
    }

    private async Task<RunningProcess> StartAsync(string key)
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "content"), "content");
        string guide = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "nginx-guide.conf"));
        string conf = guide.Replace("ADDRESS_OF_AUTOGUARD", _server.Address.Authority, StringComparison.Ordinal).Replace("YOUR_BOUNCER_KEY", key, StringComparison.Ordinal);
        await File.WriteAllTextAsync(Path.Combine(_folder, "autoguard.conf"), conf);
        await File.WriteAllTextAsync(
            Path.Combine(_folder, "nginx.conf"),
            $$"""
            daemon off; pid {{_folder}}/pid; error_log stderr notice; {{(Environment.UserName == "root" ? "user root;" : "")}}
            events {}
            http {
              access_log off; {{Folders()}}
              set_real_ip_from 127.0.0.1; real_ip_header X-Test-Viewer;
              include {{_folder}}/autoguard.conf;
              server {
                listen 127.0.0.1:{{_port}};
                location /live/ { auth_request /_autoguard; rewrite ^ /content break; root {{_folder}}; }
                location /open/ { auth_request /_autoguard_open; rewrite ^ /content break; root {{_folder}}; }
                include {{_folder}}/locations.conf;
              }
            }
            """);
        int server = conf.IndexOf("# Within server { }", StringComparison.Ordinal);
        Assert.True(server > 0, "the guide has lost its mark");
        await File.WriteAllTextAsync(Path.Combine(_folder, "autoguard.conf"), conf[..server]);
        await File.WriteAllTextAsync(Path.Combine(_folder, "locations.conf"), conf[server..]);
        var nginx = new RunningProcess("nginx", _folder, "-c", Path.Combine(_folder, "nginx.conf"), "-p", _folder);
        await Eventually.TrueAsync(
            async () =>
            {
                using var socket = new TcpClient();
                try
                {
                    await socket.ConnectAsync(IPAddress.Loopback, _port);
                    return true;
                }
                catch (SocketException)
                {
                    return false;
                }
            },
            () => "nginx to listen; it says: " + nginx.Said);
        return nginx;
    }

    private string Folders() => string.Concat(
        new[] { "client_body", "proxy", "fastcgi", "uwsgi", "scgi" }.Select(kind => $"{kind}_temp_path {_folder}/{kind}; "));

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
