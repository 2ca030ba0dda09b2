using System.Net;
using AutoGuard.Guardian.Tests.Api;
using AutoGuard.Testing;

namespace AutoGuard.Guardian.Tests.Bouncers;

public sealed class ExportTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private readonly ApiServer _server = new();
    private readonly string _file = Path.GetTempFileName();

    public async Task InitializeAsync()
    {
        await postgres.InitializeAsync();
        await _server.InitializeAsync();
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        File.Delete(_file);
    }

    [Fact]
    public async Task Lists_hold_one_value_a_line_and_nothing_of_streams()
    {
        await FillAsync();

        Assert.Equal(["2001:db8:0:1::/64", "198.51.100.0/24", "198.51.100.7", "203.0.113.7"], await LinesAsync("/export/addresses.txt"));
        Assert.Equal(["jti-1"], await LinesAsync("/export/tokens.txt"));
        Assert.Equal(["*.bad.example"], await LinesAsync("/export/referrers.txt"));
        Assert.Equal(["deny 2001:db8:0:1::/64;", "deny 198.51.100.0/24;", "deny 198.51.100.7;", "deny 203.0.113.7;"], await LinesAsync("/export/nginx.conf"));
    }

    [FactOf("nft")]
    public async Task The_nftables_table_loads_and_loads_again()
    {
        await FillAsync();
        string table = await _server.Client.GetStringAsync("/export/nftables.nft");
        await File.WriteAllTextAsync(_file, table);

        // A name space of its own keeps this machine's firewall out of it.
        (int status, string said) = await Programs.RunAsync("unshare", "--map-root-user", "--net", "sh", "-c", $"nft -f {_file} && nft -f {_file} && nft list ruleset");

        Assert.True(status == 0, said + table);
        Assert.Contains("198.51.100.0/24 timeout 1h", said, StringComparison.Ordinal);
        Assert.Contains("2001:db8:0:1::/64", said, StringComparison.Ordinal);
        Assert.DoesNotContain("198.51.100.7 ", said, StringComparison.Ordinal);
    }

    private async Task FillAsync()
    {
        await _server.PostAsync("/ip", """{"ip":"2001:db8:0:1::/64","type":"deny","duration":0}""", HttpStatusCode.OK);
        await _server.PostAsync("/ip", """{"ip":"198.51.100.0/24","type":"deny","duration":3600}""", HttpStatusCode.OK);
        await _server.PostAsync("/ip", """{"ip":"198.51.100.7","type":"deny"}""", HttpStatusCode.OK);
        await _server.PostAsync("/ip", """{"ip":"203.0.113.7","type":"deny"}""", HttpStatusCode.OK);
        await _server.PostAsync("/ip", """{"ip":"203.0.113.8","type":"deny","stream":"s"}""", HttpStatusCode.OK);
        await _server.PostAsync("/token", """{"token":"jti-1","type":"deny"}""", HttpStatusCode.OK);
        await _server.PostAsync("/referer", """{"domain":"*.bad.example","type":"deny"}""", HttpStatusCode.OK);
    }

    private async Task<string[]> LinesAsync(string path)
    {
        string[] lines = (await _server.Client.GetStringAsync(path)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith("# AutoGuard, 2025-11-14T12:00:00Z", lines[0], StringComparison.Ordinal);
        return lines[1..];
    }
}
