using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using AutoGuard.Testing;
using Xunit.Abstractions;

namespace AutoGuard.Guardian.Tests.Api;

/// <summary>Ten thousand requests of somebody who wants to break the server or be believed.</summary>
public sealed class HostileRequestTests(PostgresFixture postgres, ITestOutputHelper output) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private const int Count = 10_000;
    private const string Mark = "qzhostileqz";

    private static readonly string[] Paths =
    [
        "/ip", "/referer", "/referrer", "/token", "/rules", "/rules/import", "/rules/export", "/history", "/keys", "/check", "/check/live/seg.ts", "/v1/decisions", "/v1/decisions/stream",
        "/v1/usage-metrics", "/channels/abc", "/channels/abc/aliases/def", "/aliases/def", "/v2/distributions/abc", "/export/nginx.conf", "/export/nftables.nft", "/openapi.json", "/health", "/",
    ];

    private static readonly string[] Values =
    [
        "203.0.113.7/24", "203.0.113.0/33", "203.0.113.0/-1", "0.0.0.0/0", "::/0", "10.0.0.1", "127.0.0.1", "169.254.169.254", "http://169.254.169.254/latest/meta-data", "127.1", "0x7f000001", "2130706433",
        "fe80::1%eth0", "::ffff:10.0.0.1", "64:ff9b::/64", "224.0.0.1", "[::1]", "203.0.113.7\r\nX-Evil: 1", "1.2.3.4'; drop table rules; --", "\u0000", "\ud800", "*", "*.com", "**", "..", "../../etc/passwd",
        "file:///etc/passwd", "gopher://127.0.0.1:5432/_", "<script>alert(1)</script>", "${jndi:ldap://x/}", "{{7*7}}", "%00", "%0d%0aX-Evil:%201", "\u202e", "a.b.c.d.e", "999.999.999.999", "-1", "1e309", "",
    ];

    private readonly ApiServer _server = new();

    public async Task InitializeAsync()
    {
        await postgres.InitializeAsync();
        await _server.InitializeAsync();
    }

    public Task DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Ten_thousand_hostile_requests_cause_no_server_error_no_rule_and_no_line_of_theirs_in_the_log()
    {
        int seed = Environment.ProcessId;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        byte[][] requests = [.. Enumerable.Range(0, Count).Select(_ => Make(random))];
        var statuses = new int[Count];

        await Parallel.ForEachAsync(Enumerable.Range(0, Count), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (i, _) => statuses[i] = await SendAsync(requests[i]));

        output.WriteLine(string.Join(", ", statuses.GroupBy(static s => s).OrderBy(static g => g.Key).Select(static g => $"{g.Key}: {g.Count()}")));
        int bad = Array.FindIndex(statuses, static status => status is not (>= 200 and < 500));
        Assert.True(bad < 0, bad < 0 ? "" : $"seed {seed}: {statuses[bad]} to\n{Encoding.Latin1.GetString(requests[bad])[..Math.Min(2_000, requests[bad].Length)]}");
        Assert.True(statuses.Count(static status => status == 499) < Count / 10, "most of them have to be answered");
        await _server.AssertNoRuleAsync();
        await using (var command = _server.Database.DataSource.CreateCommand("select (select count(*) from publications) + (select count(*) from api_keys) - 1"))
        {
            Assert.Equal(0L, await command.ExecuteScalarAsync());
        }
        Assert.DoesNotContain(_server.Log.Lines, static line => line.Contains(Mark, StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain(_server.Log.Lines, line => line.Contains(_server.Key, StringComparison.Ordinal));
        Assert.True(await _server.IsAllowedAsync("ip=203.0.113.7"));
    }

    private byte[] Make(Random random)
    {
        string method = random.Next(12) switch { 0 => "GET", 1 => "DELETE", 2 or 3 => "PATCH", 4 => "PUT", 5 => "HEAD", 6 => "OPTIONS", _ => "POST" };
        string path = Pick(random, Paths);
        if (random.Next(4) == 0)
        {
            path = path.TrimEnd('/') + "/" + Escape(random, Pick(random, Values) + Mark);
        }
        string query = random.Next(3) == 0
            ? "?" + string.Join('&', Enumerable.Range(0, random.Next(1, 5)).Select(_ => $"{Pick(random, ["ip", "domain", "token", "type", "limit", "cursor", "reason", "scopes", "startup", "range", "value", "subject", "url", Mark])}={Escape(random, Pick(random, Values) + Mark)}"))
            : "";
        string body = Body(random);
        // Whatever could be a valid change comes with a key that may not make it.
        string key = random.Next(5) switch { 0 => "", 1 => Mark, 2 => _server.Key.ToUpperInvariant(), 3 => _server.Key + "\t" + Mark, _ => _server.Key };
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{method} {path}{query} HTTP/1.1\r\nHost: {Pick(random, ["x", "169.254.169.254", "localhost:5432", Mark])}\r\nConnection: close\r\n");
        text.Append(CultureInfo.InvariantCulture, $"{Pick(random, ["X-BINTU-APIKEY", "X-BINTU-TOKEN", "X-Api-Key", "x-bintu-apikey"])}: {key}\r\n");
        text.Append(CultureInfo.InvariantCulture, $"Content-Type: {Pick(random, ["application/json", "application/json; charset=utf-16", "application/x-ndjson", "text/xml", "application/x-www-form-urlencoded", Mark])}\r\n");
        for (int i = random.Next(4); i > 0; i--)
        {
            text.Append(CultureInfo.InvariantCulture, $"{Pick(random, ["X-Real-IP", "X-Forwarded-For", "X-Original-URI", "X-Decision-Token", "Referer", "User-Agent", "Authorization", "X-HTTP-Method-Override", "Accept-Encoding", "Range"])}: {Header(Pick(random, Values))}{Mark}\r\n");
        }
        int length = random.Next(12) switch { 0 => 0, 1 => body.Length / 2, _ => Encoding.UTF8.GetByteCount(body) };
        text.Append(random.Next(10) == 0 && body.Length > 0 ? "Transfer-Encoding: chunked\r\n\r\n" : $"Content-Length: {length}\r\n\r\n").Append(body);
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static string Body(Random random)
    {
        string field = Pick(random, ["ip", "domain", "token", "name", "publicationConfig", "security"]);
        // A token of any text is valid, and some of the values with the mark are a page's name: control characters are in neither.
        string value = Json(Pick(random, Values) + Mark + (field is "token" or "domain" ? new string('\u0001', 3) : ""));
        return random.Next(12) switch
        {
            0 => "",
            1 => "{" + new string('[', 2_000),
            2 => $$"""{"{{field}}":{{value}}""",
            3 => $$"""[{"{{field}}":{{value}},"type":"deny"}]""",
            4 => $$"""{"{{field}}":{ "{{Mark}}":[{{value}}] },"type":"deny","role":"admin"}""",
            5 => $$"""{"{{field}}":{{value}},"type":"deny","tag":"{{new string('x', 20_000)}}"}""",
            6 => """{"publicationConfig":{"ipBlocking":{"enabled":true,"mode":"blacklist","cidrs":[""" + value + "]}}}",
            7 => """{"publicationConfig":{"ipBlocking":{"enabled":true,"cidrs":[]}},"security":{"ipBlocking":{"enabled":true,"mode":"allow"}}}""",
            8 => $$"""{"scope":"ip","value":{{value}},"type":"deny"}""" + "\n" + $$"""{"scope":"{{Mark}}"}""",
            9 => $$"""{"{{field}}":{{value}},"type":"deny","duration":-1}""",
            10 => $$"""<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;{{Mark}}</x>""",
            _ => $$"""{"{{field}}":{{value}},"type":"{{Pick(random, ["deny", "allow", "DENY", Mark])}}","tag":{{value}},"info":{{value}}}""",
        };
    }

    private async Task<int> SendAsync(byte[] request)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, _server.Address.Port);
        NetworkStream stream = socket.GetStream();
        try
        {
            await stream.WriteAsync(request);
            using var reader = new StreamReader(stream, Encoding.Latin1);
            string answer = await reader.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(30));
            // The server may cut off who has not sent what was promised; then it has answered nothing.
            return answer.Length == 0 ? 499 : int.Parse(answer.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 499;
        }
    }

    private static string Pick(Random random, string[] of) => of[random.Next(of.Length)];

    private static string Json(string text) => System.Text.Json.JsonSerializer.Serialize(text);

    private static string Header(string text) => text.Replace("\r", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal);

    private static string Escape(Random random, string text) => random.Next(4) == 0 ? text.Replace(' ', '+').Replace("\r\n", "%0d%0a", StringComparison.Ordinal) : Uri.EscapeDataString(text.Replace("\ud800", "%ed%a0%80", StringComparison.Ordinal));
}
