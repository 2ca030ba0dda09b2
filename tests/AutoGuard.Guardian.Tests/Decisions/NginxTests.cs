using System.Net;
using AutoGuard.Guardian.Api;
using AutoGuard.Testing;

namespace AutoGuard.Guardian.Tests.Decisions;

/// <summary>The distribution's nginx with <c>auth_request</c>, configured as the guide says, in front of the real server.</summary>
public sealed class NginxTests(PostgresFixture postgres) : EdgeBench(postgres)
{
    [FactOf("nginx")]
    public async Task It_refuses_what_is_blocked_and_serves_the_others()
    {
        string key = (await Server.Keys.CreateAsync(new ApiKey("edge-1", ApiRole.Bouncer, null), default))!;
        await using RunningProcess nginx = await StartAsync(key);

        await AssertItRefusesWhatIsBlockedAsync();
    }

    [FactOf("nginx")]
    public async Task Told_to_it_serves_everybody_while_the_key_is_wrong()
    {
        await using RunningProcess nginx = await StartAsync("wrong");
        await Server.PostAsync("/ip", """{"ip":"198.51.100.7","type":"deny"}""", HttpStatusCode.OK);

        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync("198.51.100.7", "/live/seg.ts"));
        Assert.Equal(HttpStatusCode.OK, await AskAsync("198.51.100.7", "/open/seg.ts"));
    }

    [FactOf("nginx")]
    public async Task It_takes_the_exported_list()
    {
        await Server.PostAsync("/ip", """{"ip":"198.51.100.0/24","type":"deny"}""", HttpStatusCode.OK);
        await Server.PostAsync("/ip", """{"ip":"2001:db8::7","type":"deny"}""", HttpStatusCode.OK);
        string list = await Server.Client.GetStringAsync("/export/nginx.conf");
        await File.WriteAllTextAsync(Path.Combine(Folder, "denied.conf"), list);
        await File.WriteAllTextAsync(
            Path.Combine(Folder, "nginx.conf"),
            $"pid {Folder}/pid; error_log stderr; events {{}} http {{ access_log off; {Folders()} include {Folder}/denied.conf; server {{ listen 127.0.0.1:{Port}; }} }}");

        (int status, string said) = await Programs.RunAsync("nginx", "-t", "-c", Path.Combine(Folder, "nginx.conf"), "-p", Folder);

        Assert.True(status == 0, said);
        Assert.Contains("deny 198.51.100.0/24;\ndeny 2001:db8::7;\n", list, StringComparison.Ordinal);
    }

    private async Task<RunningProcess> StartAsync(string key)
    {
        await File.WriteAllTextAsync(Path.Combine(Folder, "content"), "content");
        string guide = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "nginx-guide.conf"));
        string conf = guide.Replace("ADDRESS_OF_AUTOGUARD", Server.Address.Authority, StringComparison.Ordinal).Replace("YOUR_BOUNCER_KEY", key, StringComparison.Ordinal);
        await File.WriteAllTextAsync(Path.Combine(Folder, "autoguard.conf"), conf);
        await File.WriteAllTextAsync(
            Path.Combine(Folder, "nginx.conf"),
            $$"""
            daemon off; pid {{Folder}}/pid; error_log stderr notice; {{(Environment.UserName == "root" ? "user root;" : "")}}
            events {}
            http {
              access_log off; {{Folders()}}
              set_real_ip_from 127.0.0.1; real_ip_header X-Test-Viewer;
              include {{Folder}}/autoguard.conf;
              server {
                listen 127.0.0.1:{{Port}};
                location /live/ { auth_request /_autoguard; rewrite ^ /content break; root {{Folder}}; }
                location /open/ { auth_request /_autoguard_open; rewrite ^ /content break; root {{Folder}}; }
                include {{Folder}}/locations.conf;
              }
            }
            """);
        int server = conf.IndexOf("# Within server { }", StringComparison.Ordinal);
        Assert.True(server > 0, "the guide has lost its mark");
        await File.WriteAllTextAsync(Path.Combine(Folder, "autoguard.conf"), conf[..server]);
        await File.WriteAllTextAsync(Path.Combine(Folder, "locations.conf"), conf[server..]);
        var nginx = new RunningProcess("nginx", Folder, "-c", Path.Combine(Folder, "nginx.conf"), "-p", Folder);
        await UntilItListensAsync(nginx);
        return nginx;
    }

    private string Folders() => string.Concat(
        new[] { "client_body", "proxy", "fastcgi", "uwsgi", "scgi" }.Select(kind => $"{kind}_temp_path {Folder}/{kind}; "));
}
