using System.Net;
using System.Text.Json;
using AutoGuard.Guardian.Api;
using AutoGuard.Guardian.Tests.Api;
using AutoGuard.Testing;

namespace AutoGuard.Guardian.Tests.Bouncers;

/// <summary>The distribution's own bouncer, as it is, against the real server.</summary>
public sealed class CustomBouncerTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ApiServer _server = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("ag-bouncer-").FullName;

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

    [FactOf("crowdsec-custom-bouncer")]
    public async Task It_calls_its_script_for_every_block_and_its_release()
    {
        await _server.PostAsync("/ip", """{"ip":"203.0.113.7","type":"deny","tag":"before the bouncer \"came\""}""", HttpStatusCode.OK);
        await _server.PostAsync("/token", """{"token":"jti-1","type":"deny","tag":"leaked"}""", HttpStatusCode.OK);
        string key = (await _server.Keys.CreateAsync(new ApiKey("edge-1", ApiRole.Bouncer, null), default))!;
        await WriteFilesAsync(key);
        await using var bouncer = new RunningProcess("crowdsec-custom-bouncer", _folder, "-c", Path.Combine(_folder, "bouncer.yaml"));

        await CalledAsync(bouncer, "add 203.0.113.7 86400 before the bouncer \"came\"", "Ip");
        await CalledAsync(bouncer, "add jti-1 ", "token");

        JsonElement rule = await _server.PostAsync("/ip", """{"ip":"198.51.100.0/24","type":"deny","tag":"a range","duration":3600}""", HttpStatusCode.OK);
        await _server.PostAsync("/referer", """{"domain":"bad.example","type":"deny","info":"a page"}""", HttpStatusCode.OK);
        await CalledAsync(bouncer, "add 198.51.100.0/24 3600 a range", "Range");
        await CalledAsync(bouncer, "add bad.example ", "referrer");

        await _server.Client.DeleteAsync("/ip/" + rule.GetProperty("data").GetProperty("id").GetString());
        await _server.PostAsync("/ip", """{"ip":"203.0.113.0/28","type":"allow","tag":"our own"}""", HttpStatusCode.OK);
        await CalledAsync(bouncer, "del 198.51.100.0/24 -", "Range");
        await CalledAsync(bouncer, "del 203.0.113.7 -", "Ip");

        _server.Time.Advance(TimeSpan.FromMinutes(1));
        await _server.PostAsync("/ip", """{"ip":"192.0.2.66","type":"deny","tag":"short","duration":60}""", HttpStatusCode.OK);
        await CalledAsync(bouncer, "add 192.0.2.66 60 short", "Ip");
        _server.Time.Advance(TimeSpan.FromSeconds(61));
        await CalledAsync(bouncer, "del 192.0.2.66 -1 short", "Ip");
    }

    private async Task CalledAsync(RunningProcess bouncer, string start, string scope)
    {
        string calls = Path.Combine(_folder, "calls");
        await Eventually.TrueAsync(
            async () => File.Exists(calls) && (await File.ReadAllLinesAsync(calls)).Any(line => line.StartsWith(start, StringComparison.Ordinal) && line.Contains($"\"scope\":\"{scope}\"", StringComparison.Ordinal)),
            () => $"the bouncer to call its script with {start}; it was called:\n{(File.Exists(calls) ? File.ReadAllText(calls) : "")}\nand says:\n{bouncer.Said}\nthe server says:\n{string.Join('\n', _server.Log.Lines.Where(static l => l.StartsWith("Error", StringComparison.Ordinal)))}");
    }

    private async Task WriteFilesAsync(string key)
    {
        string script = Path.Combine(_folder, "hook.sh");
        await File.WriteAllTextAsync(script, $"#!/bin/sh\nprintf '%s ' \"$@\" >>{_folder}/calls\necho >>{_folder}/calls\n");
        Assert.Equal(0, (await Programs.RunAsync("chmod", "700", script)).Status);
        await File.WriteAllTextAsync(
            Path.Combine(_folder, "bouncer.yaml"),
            $"""
            bin_path: {script}
            feed_via_stdin: false
            total_retries: 0
            scopes: [ip, range, token, referrer]
            scenarios_containing: []
            scenarios_not_containing: []
            origins: []
            piddir: {_folder}/
            update_frequency: 1s
            cache_retention_duration: 1s
            daemonize: false
            log_mode: stdout
            log_dir: {_folder}/
            log_level: debug
            api_url: {_server.Address}
            api_key: {key}
            prometheus:
              enabled: false
            """);
    }
}
