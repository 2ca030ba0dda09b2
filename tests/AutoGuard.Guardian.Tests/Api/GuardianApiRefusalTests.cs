using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace AutoGuard.Guardian.Tests.Api;

/// <summary>What must be refused. No test here leaves a rule, so all share one server.</summary>
public sealed class GuardianApiRefusalTests : IClassFixture<ApiServer>
{
    private readonly ApiServer _server;

    public GuardianApiRefusalTests(ApiServer server) => _server = server;

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
        JsonElement error = await _server.PostAsync("/ip", json, HttpStatusCode.BadRequest);

        Assert.False(error.GetProperty("success").GetBoolean());
        Assert.Equal(code, error.GetProperty("errorCode").GetInt32());
        Assert.Contains(message, error.GetProperty("message").GetString(), StringComparison.Ordinal);
        await _server.AssertNoRuleAsync();
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
        JsonElement error = await _server.PostAsync("/referer", JsonSerializer.Serialize(new Dictionary<string, string> { ["domain"] = domain, ["type"] = "deny" }), HttpStatusCode.BadRequest);

        Assert.Contains("domain", error.GetProperty("message").GetString(), StringComparison.Ordinal);
        await _server.AssertNoRuleAsync();
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

        HttpResponseMessage response = await _server.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Contains("\"errorCode\":1413", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await _server.AssertNoRuleAsync();
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

        HttpResponseMessage response = await _server.Client.PostAsync("/ip", content);

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
        await _server.AssertNoRuleAsync();
    }

    [Theory]
    [InlineData("GET", "/ip")]
    [InlineData("POST", "/ip")]
    [InlineData("DELETE", "/ip?ip=203.0.113.7")]
    [InlineData("DELETE", "/referer/0123456789abcdef0123456789abcdef")]
    [InlineData("GET", "/check?ip=203.0.113.7")]
    public async Task Without_a_key_nothing_is_told_and_a_wrong_key_opens_nothing(string method, string path)
    {
        using var stranger = new HttpClient { BaseAddress = _server.Client.BaseAddress };
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

        // A proxy takes 403 for a verdict on the viewer, so a check says 401 whatever is wrong with the key.
        bool isCheck = path.StartsWith("/check", StringComparison.Ordinal);
        (HttpStatusCode, int) wrong = (isCheck ? HttpStatusCode.Unauthorized : HttpStatusCode.Forbidden, 1001);
        Assert.Equal((HttpStatusCode.Unauthorized, isCheck ? 1001 : 4002), await SendAsync(null));
        Assert.Equal(wrong, await SendAsync("wrong"));
        Assert.Equal(wrong, await SendAsync(_server.Key.ToUpperInvariant()));
        Assert.Equal(wrong, await SendAsync(new string('k', 4000)));
    }

    [Theory]
    [InlineData("ip=not-an-address")]
    [InlineData("ip=203.0.113.7&ip=198.51.100.7")]
    [InlineData("token=a&token=b")]
    public async Task A_question_that_cannot_be_understood_is_refused(string query) =>
        Assert.Equal(HttpStatusCode.BadRequest, (await _server.Client.GetAsync("/check?" + query)).StatusCode);

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
        await socket.ConnectAsync(IPAddress.Loopback, _server.Client.BaseAddress!.Port);
        NetworkStream stream = socket.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request.Replace("KEY", _server.Key, StringComparison.Ordinal)));
        using var reader = new StreamReader(stream, Encoding.ASCII);
        string answer = await reader.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(20));

        int status = int.Parse(answer.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture);
        Assert.True(status is >= 200 and < 500, answer);
        await _server.AssertNoRuleAsync();
    }
}
