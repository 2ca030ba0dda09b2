using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using AutoGuard.Guardian.Api;
using AutoGuard.Guardian.Rules;
using AutoGuard.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AutoGuard.Guardian.Tests.Api;

public sealed class GuardianApiTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new();
    private TestDatabase _database = null!;
    private WebApplication _app = null!;
    private HttpClient _client = null!;
    private string _key = "";

    public async Task InitializeAsync()
    {
        _database = await postgres.CreateMigratedAsync();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<TimeProvider>(_time);
        builder.Services.AddSingleton(_database.DataSource);
        builder.Services.AddLocalGuardian(new LocalGuardianOptions());
        _app = builder.Build();
        _app.MapGuardianApi();
        await _app.StartAsync();
        _key = await Keys.EnsureFirstKeyAsync(default) ?? throw new InvalidOperationException("There was a key already.");
        _client = MakeClient(_app.Urls.First(), "X-BINTU-APIKEY", _key);
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Theory]
    [InlineData("X-BINTU-TOKEN", "203.0.113.7")]
    [InlineData("X-BINTU-APIKEY", "203.0.113.0/24")]
    public async Task The_documented_call_works_from_curl_with_only_the_address_replaced(string header, string ip)
    {
        string[] arguments =
        [
            "--silent", "--show-error", "--location", _client.BaseAddress + "ip", "--header", "Content-Type: application/json", "--header", $"{header}: {_key}",
            "--data", $$"""{"ip": "{{ip}}", "type": "deny", "tag": "suspected restreaming"}""", "--write-out", " %{http_code}",
        ];
        var start = new ProcessStartInfo("curl", arguments) { RedirectStandardOutput = true };
        using Process curl = Process.Start(start)!;
        string output = await curl.StandardOutput.ReadToEndAsync();
        await curl.WaitForExitAsync();

        Assert.EndsWith(" 200", output, StringComparison.Ordinal);
        using JsonDocument body = JsonDocument.Parse(output[..^4]);
        Assert.True(body.RootElement.GetProperty("success").GetBoolean());
        JsonElement data = body.RootElement.GetProperty("data");
        Assert.Equal((ip, "deny", "suspected restreaming"), (data.GetProperty("ip").GetString(), data.GetProperty("type").GetString(), data.GetProperty("tag").GetString()));
        Assert.Equal("2025-11-14T12:00:00.000Z", data.GetProperty("createdAt").GetString());
        Assert.Equal("2025-11-15T12:00:00.000Z", data.GetProperty("expiresAt").GetString());
        Assert.False(await IsAllowedAsync("ip=203.0.113.7"));
    }

    [Theory]
    [InlineData("/referer")]
    [InlineData("/referrer")]
    public async Task Both_spellings_of_the_referrer_call_work(string path)
    {
        JsonElement body = await PostAsync(path, """{ "domain": "bad-site.example", "info": "free text", "type": "deny" }""", HttpStatusCode.OK);

        JsonElement data = body.GetProperty("data");
        Assert.Equal(("bad-site.example", "free text"), (data.GetProperty("domain").GetString(), data.GetProperty("info").GetString()));
        Assert.False(data.TryGetProperty("expiresAt", out _));
        Assert.False(await IsAllowedAsync("referrer=https://Bad-Site.example:8443/page?x=1"));
        Assert.True(await IsAllowedAsync("referrer=-"));
        Assert.Equal(HttpStatusCode.NoContent, (await _client.DeleteAsync($"{path}/{data.GetProperty("id").GetString()}")).StatusCode);
        Assert.True(await IsAllowedAsync("referrer=bad-site.example"));
    }

    [Fact]
    public async Task The_documented_recipe_for_an_allow_list_works()
    {
        await PostAsync("/referer", """{"domain":"*","type":"deny"}""", HttpStatusCode.BadRequest);
        await PostAsync("/referer", """{"domain":"shop.example","type":"allow"}""", HttpStatusCode.OK);
        await PostAsync("/referer", """{"domain":"*","type":"deny"}""", HttpStatusCode.OK);

        Assert.True(await IsAllowedAsync("referrer=shop.example"));
        Assert.False(await IsAllowedAsync("referrer=other.example"));
        HttpResponseMessage refused = await _client.DeleteAsync("/referer?domain=shop.example&type=allow");
        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
    }

    [Fact]
    public async Task A_block_ends_after_24_hours_or_the_time_asked_for()
    {
        await PostAsync("/ip", """{"ip":"203.0.113.7","type":"deny","tag":""}""", HttpStatusCode.OK);
        await PostAsync("/ip", """{"ip":"203.0.113.8","type":"deny","duration":60}""", HttpStatusCode.OK);
        await PostAsync("/ip", """{"ip":"203.0.113.9","type":"deny","duration":0}""", HttpStatusCode.OK);

        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.True(await IsAllowedAsync("ip=203.0.113.8"));
        Assert.False(await IsAllowedAsync("ip=203.0.113.7"));
        _time.Advance(TimeSpan.FromHours(24));
        Assert.True(await IsAllowedAsync("ip=203.0.113.7"));
        Assert.False(await IsAllowedAsync("ip=203.0.113.9"));
    }

    [Fact]
    public async Task Lists_are_paged_and_filtered_and_entries_deleted_by_value()
    {
        for (int i = 1; i <= 5; i++)
        {
            await PostAsync("/ip", $$"""{"ip":"203.0.113.{{i}}","type":"deny","tag":"t"}""", HttpStatusCode.OK);
        }
        await PostAsync("/ip", """{"ip":"198.51.100.0/24","type":"allow"}""", HttpStatusCode.OK);
        await PostAsync("/referer", """{"domain":"bad.example","type":"deny"}""", HttpStatusCode.OK);

        JsonElement first = await GetAsync("/ip?type=deny&limit=3");
        JsonElement second = await GetAsync($"/ip?type=deny&limit=3&cursor={first.GetProperty("cursor").GetString()}");
        Assert.Equal(["203.0.113.5", "203.0.113.4", "203.0.113.3", "203.0.113.2", "203.0.113.1"], Values(first).Concat(Values(second)));
        Assert.False(second.TryGetProperty("cursor", out _));

        Assert.Equal(HttpStatusCode.NoContent, (await _client.DeleteAsync("/ip?ip=203.0.113.5&reason=mistake")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await _client.DeleteAsync("/ip?ip=203.0.113.5")).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await _client.DeleteAsync("/ip?ip=198.51.100.0%2F24&type=allow")).StatusCode);
        Assert.True(await IsAllowedAsync("ip=203.0.113.5"));
        Assert.Equal(4, Values(await GetAsync("/ip")).Count);
        IReadOnlyList<RuleAuditEntry> audit = await _app.Services.GetRequiredService<RuleStore>().Queries.AuditAsync(
            RuleDraft.IdOf(Target("203.0.113.5"), RuleType.Deny, null), default);
        Assert.Equal(("first-admin", "mistake"), (audit[^1].Who, audit[^1].Why));
    }

    [Fact]
    public async Task A_rule_is_not_deleted_through_another_resource()
    {
        JsonElement rule = await PostAsync("/ip", """{"ip":"203.0.113.7","type":"deny"}""", HttpStatusCode.OK);

        Assert.Equal(HttpStatusCode.NotFound, (await _client.DeleteAsync("/referer/" + rule.GetProperty("data").GetProperty("id").GetString())).StatusCode);
        Assert.False(await IsAllowedAsync("ip=203.0.113.7"));
    }

    [Theory]
    [InlineData("""{"type":"deny","tag":"x"}""", 1000, "ip")]
    [InlineData("""{"ip":"203.0.113.7","tag":"x"}""", 1000, "type")]
    [InlineData("""{"ip":"","type":"deny"}""", 1000, "ip")]
    [InlineData("""{"ip":null,"type":"deny"}""", 1000, "ip")]
    [InlineData("""{"ip":["203.0.113.7"],"type":"deny"}""", 1004, "ip")]
    [InlineData("""{"ip":3405803783,"type":"deny"}""", 1004, "ip")]
    [InlineData("""{"ip":"203.0.113.7","type":"DENY"}""", 1004, "type")]
    [InlineData("""{"ip":"203.0.113.7","type":"ban"}""", 1004, "type")]
    [InlineData("""{"ip":"203.0.113.7","type":"deny","duration":-1}""", 1004, "duration")]
    [InlineData("""{"ip":"203.0.113.7","type":"deny","duration":1e30}""", 1004, "duration")]
    [InlineData("""{"ip":"203.0.113.7","type":"deny","tag":"nul\u0000"}""", 1004, "tag")]
    [InlineData("""{"ip":"203.0.113.7","type":"deny","tag":"half\ud83d"}""", 1004, "tag")]
    [InlineData("""{"ip":"203.0.113.7","type":"deny","tag":"\u001b[31m"}""", 1004, "tag")]
    [InlineData("""{"ip":"203.0.113.7/24","type":"deny"}""", 1004, "host bits")]
    [InlineData("""{"ip":"203.0.113.0/33","type":"deny"}""", 1004, "ip")]
    [InlineData("""{"ip":"203.0.113.0/-1","type":"deny"}""", 1004, "ip")]
    [InlineData("""{"ip":"0.0.0.0/0","type":"deny"}""", 1004, "wider")]
    [InlineData("""{"ip":"::/0","type":"deny"}""", 1004, "wider")]
    [InlineData("""{"ip":"0.0.0.0/0","type":"allow"}""", 1004, "wider")]
    [InlineData("""{"ip":"10.0.0.1","type":"deny"}""", 1004, "private")]
    [InlineData("""{"ip":"::ffff:127.0.0.1","type":"deny"}""", 1004, "loopback")]
    [InlineData("""{"ip":"127.1","type":"deny"}""", 1004, "ip")]
    [InlineData("""{"ip":"0x7f000001","type":"deny"}""", 1004, "ip")]
    [InlineData("""{"ip":"fe80::1%eth0","type":"deny"}""", 1004, "ip")]
    [InlineData("""{"ip":"203.0.113.7\r\nX-Evil: 1","type":"deny"}""", 1004, "ip")]
    [InlineData("""{"ip":"203.0.113.7'; drop table rules; --","type":"deny"}""", 1004, "ip")]
    [InlineData("""{"ip":"\ud800","type":"deny"}""", 1004, "ip")]
    [InlineData("""["203.0.113.7"]""", 1004, "object")]
    [InlineData("""{"ip":"203.0.113.7",""", 1004, "JSON")]
    [InlineData("", 1004, "JSON")]
    [InlineData("""{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":1}}}}}}}}}""", 1004, "JSON")]
    public async Task Hostile_or_mistaken_addresses_get_a_400_that_says_what_is_wrong_and_no_rule(string json, int code, string message)
    {
        JsonElement error = await PostAsync("/ip", json, HttpStatusCode.BadRequest);

        Assert.False(error.GetProperty("success").GetBoolean());
        Assert.Equal(code, error.GetProperty("errorCode").GetInt32());
        Assert.Contains(message, error.GetProperty("message").GetString(), StringComparison.Ordinal);
        await NoRuleAsync();
    }

    [Theory]
    [InlineData("*")]
    [InlineData("*.com")]
    [InlineData("**")]
    [InlineData("*.*")]
    [InlineData("a.*.example")]
    [InlineData("bad.example\r\nX-Evil: 1")]
    [InlineData("https://bad.example/")]
    [InlineData("bad.example:80")]
    [InlineData("bad..example")]
    [InlineData(".bad.example")]
    [InlineData("bad example")]
    [InlineData("\"><script>alert(1)</script>")]
    [InlineData("..")]
    public async Task Hostile_or_mistaken_domains_get_a_400_and_no_rule(string domain)
    {
        JsonElement error = await PostAsync("/referer", JsonSerializer.Serialize(new Dictionary<string, string> { ["domain"] = domain, ["type"] = "deny" }), HttpStatusCode.BadRequest);

        Assert.Contains("domain", error.GetProperty("message").GetString(), StringComparison.Ordinal);
        await NoRuleAsync();
    }

    [Fact]
    public async Task Domains_are_stored_in_one_spelling()
    {
        JsonElement upper = await PostAsync("/referer", """{"domain":"BÜCHER.Example.","type":"deny"}""", HttpStatusCode.OK);
        JsonElement lower = await PostAsync("/referer", """{"domain":"xn--bcher-kva.example","type":"deny"}""", HttpStatusCode.OK);

        Assert.Equal("xn--bcher-kva.example", upper.GetProperty("data").GetProperty("domain").GetString());
        Assert.Equal(upper.GetProperty("data").GetProperty("id").GetString(), lower.GetProperty("data").GetProperty("id").GetString());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_beyond_16_KiB_is_refused_whether_its_length_is_told_or_not(bool isChunked)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/ip");
        string json = $$"""{"ip":"203.0.113.7","type":"deny","tag":"{{new string('x', 17_000)}}"}""";
        request.Content = isChunked ? new StreamContent(new MemoryStream(Encoding.UTF8.GetBytes(json))) : new StringContent(json);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.TransferEncodingChunked = isChunked;

        HttpResponseMessage response = await _client.SendAsync(request);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Contains("\"errorCode\":1413", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await NoRuleAsync();
    }

    [Theory]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("text/plain")]
    [InlineData("multipart/form-data; boundary=x")]
    [InlineData(null)]
    public async Task Another_content_type_is_refused(string? contentType)
    {
        using var content = new ByteArrayContent("""{"ip":"203.0.113.7","type":"deny"}"""u8.ToArray());
        content.Headers.ContentType = contentType is null ? null : MediaTypeHeaderValue.Parse(contentType);

        HttpResponseMessage response = await _client.PostAsync("/ip", content);

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
        await NoRuleAsync();
    }

    [Theory]
    [InlineData("GET", "/ip")]
    [InlineData("POST", "/ip")]
    [InlineData("DELETE", "/ip?ip=203.0.113.7")]
    [InlineData("DELETE", "/referer/0123456789abcdef0123456789abcdef")]
    [InlineData("GET", "/check?ip=203.0.113.7")]
    public async Task Without_a_key_nothing_is_told_and_a_wrong_key_opens_nothing(string method, string path)
    {
        using var stranger = new HttpClient { BaseAddress = _client.BaseAddress };
        async Task<(HttpStatusCode, int)> SendAsync(string? key)
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path);
            if (key is not null)
            {
                request.Headers.TryAddWithoutValidation("X-BINTU-TOKEN", key);
            }
            HttpResponseMessage response = await stranger.SendAsync(request);
            using JsonDocument body = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
            return (response.StatusCode, body.RootElement.GetProperty("errorCode").GetInt32());
        }

        Assert.Equal((HttpStatusCode.Unauthorized, 4002), await SendAsync(null));
        Assert.Equal((HttpStatusCode.Forbidden, 1001), await SendAsync("wrong"));
        Assert.Equal((HttpStatusCode.Forbidden, 1001), await SendAsync(_key.ToUpperInvariant()));
        Assert.Equal((HttpStatusCode.Forbidden, 1001), await SendAsync(new string('k', 4000)));
    }

    [Fact]
    public async Task Roles_and_organizations_confine_a_key()
    {
        using HttpClient reader = await ClientAsync(new ApiKey("reader", ApiRole.Read, null));
        using HttpClient tenant = await ClientAsync(new ApiKey("tenant", ApiRole.Write, "org-a"));
        JsonElement global = await PostAsync("/ip", """{"ip":"203.0.113.7","type":"deny"}""", HttpStatusCode.OK);

        Assert.Equal(HttpStatusCode.Forbidden, (await reader.PostAsync("/ip", Json("""{"ip":"203.0.113.8","type":"deny"}"""))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await reader.GetAsync("/ip")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await tenant.PostAsync("/ip", Json("""{"ip":"203.0.113.8","type":"deny"}"""))).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await tenant.DeleteAsync("/ip/" + global.GetProperty("data").GetProperty("id").GetString())).StatusCode);
        Assert.Contains("203.0.113.8", await tenant.GetStringAsync("/ip"), StringComparison.Ordinal);
        Assert.DoesNotContain("203.0.113.7", await tenant.GetStringAsync("/ip"), StringComparison.Ordinal);
        Assert.False(await IsAllowedAsync("ip=203.0.113.8&organization=org-a"));
        Assert.True(await IsAllowedAsync("ip=203.0.113.8&organization=org-b"));
    }

    [Fact]
    public async Task A_revoked_key_opens_nothing_and_the_first_key_is_made_once()
    {
        using HttpClient writer = await ClientAsync(new ApiKey("writer", ApiRole.Write, null));
        Assert.Equal(HttpStatusCode.OK, (await writer.GetAsync("/ip")).StatusCode);

        Assert.True(await Keys.RevokeAsync("writer", default));
        Assert.False(await Keys.RevokeAsync("writer", default));
        Assert.Equal(HttpStatusCode.Forbidden, (await writer.GetAsync("/ip")).StatusCode);
        Assert.Null(await Keys.EnsureFirstKeyAsync(default));
        Assert.Null(await Keys.CreateAsync(new ApiKey("writer", ApiRole.Read, null), default));
        await using var command = _database.DataSource.CreateCommand("select count(*) from api_keys where position($1::bytea in hash) > 0");
        command.Parameters.AddWithValue(Encoding.ASCII.GetBytes(_key));
        Assert.Equal(0L, await command.ExecuteScalarAsync());
    }

    [Theory]
    [InlineData("ip=not-an-address")]
    [InlineData("ip=203.0.113.7&ip=198.51.100.7")]
    [InlineData("token=a&token=b")]
    public async Task A_question_that_cannot_be_understood_is_refused(string query) =>
        Assert.Equal(HttpStatusCode.BadRequest, (await _client.GetAsync("/check?" + query)).StatusCode);

    [Fact]
    public async Task A_token_is_known_by_its_identity_however_it_is_sent()
    {
        string jwt = $"{Encode("""{"alg":"none"}""")}.{Encode("""{"jti":"jti-1"}""")}.";
        string anonymous = $"{Encode("""{"alg":"none"}""")}.{Encode("""{"sub":"x"}""")}.";
        JsonElement rule = await PostAsync("/token", """{"token":"jti-1","type":"deny","tag":"leaked"}""", HttpStatusCode.OK);
        JsonElement hashed = await PostAsync("/token", $$"""{"token":"{{anonymous}}","type":"deny"}""", HttpStatusCode.OK);

        Assert.Equal("jti-1", rule.GetProperty("data").GetProperty("token").GetString());
        Assert.StartsWith("sha256:", hashed.GetProperty("data").GetProperty("token").GetString(), StringComparison.Ordinal);
        Assert.False(await IsAllowedAsync("token=" + jwt));
        Assert.False(await IsAllowedAsync("token=jti-1"));
        Assert.False(await IsAllowedAsync("token=" + anonymous));
        Assert.True(await IsAllowedAsync("token=" + anonymous + "x"));
        Assert.True(await IsAllowedAsync("token=" + new string('a', 5000)));
    }

    [Theory]
    [InlineData("GET /ip HTTP/1.1\r\nHost: x\r\nX-BINTU-APIKEY: KEY\r\nX-BINTU-APIKEY: KEY\r\nConnection: close\r\n\r\n")]
    [InlineData("POST /ip HTTP/1.1\r\nHost: x\r\nX-BINTU-APIKEY: KEY\r\nContent-Type: application/json\r\nContent-Length: -5\r\nConnection: close\r\n\r\n{}")]
    [InlineData("POST /ip HTTP/1.1\r\nHost: x\r\nX-BINTU-APIKEY: KEY\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n{}\r\n0\r\n\r\n")]
    [InlineData("DELETE /ip/%00%0d%0a HTTP/1.1\r\nHost: x\r\nX-BINTU-APIKEY: KEY\r\nConnection: close\r\n\r\n")]
    [InlineData("DELETE /ip?ip=%ff%fe&reason=%00 HTTP/1.1\r\nHost: x\r\nX-BINTU-APIKEY: KEY\r\nConnection: close\r\n\r\n")]
    [InlineData("GET /ip?cursor=99999999999999999999&limit=0 HTTP/1.1\r\nHost: x\r\nX-BINTU-APIKEY: KEY\r\nConnection: close\r\n\r\n")]
    [InlineData("GET /check?token=%00&referrer=%ed%a0%80&organization=%00 HTTP/1.1\r\nHost: x\r\nX-BINTU-APIKEY: KEY\r\nConnection: close\r\n\r\n")]
    public async Task Raw_nonsense_on_the_wire_is_no_server_error(string request)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, _client.BaseAddress!.Port);
        NetworkStream stream = socket.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request.Replace("KEY", _key, StringComparison.Ordinal)));
        using var reader = new StreamReader(stream, Encoding.ASCII);
        string answer = await reader.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(20));

        int status = int.Parse(answer.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture);
        Assert.True(status is >= 200 and < 500, answer);
        await NoRuleAsync();
    }

    [Fact]
    public async Task Without_its_database_the_API_says_so_and_checks_go_on()
    {
        await PostAsync("/ip", """{"ip":"203.0.113.7","type":"deny"}""", HttpStatusCode.OK);
        await using (var rename = _database.DataSource.CreateCommand("alter table rules rename to gone"))
        {
            await rename.ExecuteNonQueryAsync();
        }

        HttpResponseMessage response = await _client.GetAsync("/ip");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Contains("\"success\":false", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.False(await IsAllowedAsync("ip=203.0.113.7"));
    }

    private ApiKeys Keys => _app.Services.GetRequiredService<ApiKeys>();

    private async Task<HttpClient> ClientAsync(ApiKey key) =>
        MakeClient(_app.Urls.First(), "X-BINTU-TOKEN", (await Keys.CreateAsync(key, default))!);

    private static HttpClient MakeClient(string address, string header, string key)
    {
        var client = new HttpClient { BaseAddress = new Uri(address) };
        client.DefaultRequestHeaders.Add(header, key);
        return client;
    }

    private async Task<bool> IsAllowedAsync(string query) =>
        (await GetAsync("/check?" + query)).GetProperty("data").GetProperty("allowed").GetBoolean();

    private async Task<JsonElement> GetAsync(string path)
    {
        HttpResponseMessage response = await _client.GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return JsonElement.Parse(await response.Content.ReadAsStringAsync());
    }

    private async Task<JsonElement> PostAsync(string path, string json, HttpStatusCode expected)
    {
        HttpResponseMessage response = await _client.PostAsync(path, Json(json));
        string body = await response.Content.ReadAsStringAsync();
        Assert.True(expected == response.StatusCode, $"{(int)response.StatusCode} {body}");
        return JsonElement.Parse(body);
    }

    private async Task NoRuleAsync()
    {
        await using var command = _database.DataSource.CreateCommand("select (select count(*) from rules) + (select count(*) from rule_audit)");
        Assert.Equal(0L, await command.ExecuteScalarAsync());
    }

    private static List<string?> Values(JsonElement list) => [.. list.GetProperty("data").EnumerateArray().Select(static r => r.GetProperty("ip").GetString())];

    private static StringContent Json(string json) => new(json, Encoding.UTF8, "application/json");

    private static string Encode(string text) => System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));

    private static RuleTarget Target(string ip) => RuleTarget.TryParseAddress(ip, out RuleTarget target, out string why) ? target : throw new FormatException(why);
}
