using System.Net;
using AutoGuard.Guardian.Api;
using AutoGuard.Testing;

namespace AutoGuard.Guardian.Tests.Decisions;

/// <summary>The distribution's HAProxy, with the script and the configuration of the guide, in front of the real server.</summary>
public sealed class HaproxyTests(PostgresFixture postgres) : EdgeBench(postgres)
{
    [FactOf("haproxy")]
    public async Task It_refuses_what_is_blocked_and_serves_the_others()
    {
        string key = (await Server.Keys.CreateAsync(new ApiKey("edge-2", ApiRole.Bouncer, null), default))!;
        await using RunningProcess haproxy = await StartAsync(key, Server.Address.Authority);

        await AssertItRefusesWhatIsBlockedAsync();
    }

    [FactOf("haproxy")]
    public async Task While_AutoGuard_is_away_or_refuses_the_key_nobody_plays_unless_it_is_told_to_let_them()
    {
        await using (RunningProcess wrongKey = await StartAsync("wrong", Server.Address.Authority))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, await AskAsync("198.51.100.7", "/live/seg.ts"));
        }
        await using (RunningProcess away = await StartAsync("wrong", $"127.0.0.1:{FreePort()}"))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, await AskAsync("198.51.100.7", "/live/seg.ts"));
        }
        await using RunningProcess open = await StartAsync("wrong", $"127.0.0.1:{FreePort()}", isOpen: true);
        Assert.Equal(HttpStatusCode.OK, await AskAsync("198.51.100.7", "/live/seg.ts"));
    }

    private async Task<RunningProcess> StartAsync(string key, string autoGuard, bool isOpen = false)
    {
        File.Copy(Path.Combine(AppContext.BaseDirectory, "haproxy.lua"), Path.Combine(Folder, "haproxy.lua"), overwrite: true);
        string guide = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "haproxy.cfg"));
        int origin = FreePort();
        foreach ((string from, string to) in (ReadOnlySpan<(string, string)>)[
            ("ADDRESS_OF_AUTOGUARD", autoGuard), ("YOUR_BOUNCER_KEY", key), ("ADDRESS_OF_ORIGIN", $"127.0.0.1:{origin}"), ("127.0.0.1:8089", $"127.0.0.1:{FreePort()}"),
            ("bind :80\n", $"bind 127.0.0.1:{Port}\n  http-request set-src req.hdr(X-Test-Viewer)\n")])
        {
            Assert.Contains(from, guide, StringComparison.Ordinal);
            guide = guide.Replace(from, to, StringComparison.Ordinal);
        }
        string refusal = guide.Split('\n').Single(static line => line.Contains("deny_status 503", StringComparison.Ordinal));
        guide = isOpen ? guide.Replace(refusal, "", StringComparison.Ordinal) : guide;
        string content = $"\nfrontend content\n  bind 127.0.0.1:{origin}\n  http-request return status 200 content-type text/plain string content\n";
        await File.WriteAllTextAsync(Path.Combine(Folder, "haproxy.cfg"), guide + content);
        var haproxy = new RunningProcess("haproxy", Folder, "-db", "-f", Path.Combine(Folder, "haproxy.cfg"));
        await UntilItListensAsync(haproxy);
        return haproxy;
    }
}
