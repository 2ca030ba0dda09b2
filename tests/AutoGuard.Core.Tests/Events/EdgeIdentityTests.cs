using System.Buffers.Text;
using System.Globalization;
using System.Text;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Tests.Events;

public sealed class EdgeIdentityTests
{
    public static TheoryData<string> Tokens =>
    [
        "plain-token", "a.b.c", "a.b", new string('x', 64), new string('x', 65), new string('ä', 64),
        Jwt("""{"jti":"abc123"}"""), Jwt("""{"sub":"x"}"""), Jwt("""{"jti":""}"""), Jwt("""{"jti":17}"""), Jwt("[1]"), "sha256:0011",
        Jwt("""{"jti":"JJJ"}""").Replace("JJJ", new string('j', 80), StringComparison.Ordinal),
    ];

    public static TheoryData<string> Referrers =>
    [
        "https://WWW.Example.com:8443/path?x#y", "www.example.com.", "http://user:pw@evil.example/", "-", "n/a", " ", "about:blank", "data:text/html,x",
        "android-app://com.example.tv", "!!", "http://", "[::1]",
    ];

    [Theory]
    [MemberData(nameof(Tokens))]
    public void A_token_at_the_edge_has_the_identity_that_its_events_have(string token)
    {
        (string? identity, _) = Parse(token, "https://a.example/");
        Assert.Equal(identity, EdgeIdentity.OfToken(token));
    }

    [Theory]
    [MemberData(nameof(Referrers))]
    public void A_referrer_at_the_edge_has_the_host_that_its_events_have(string referrer)
    {
        (_, string? host) = Parse("t", referrer);
        Assert.Equal(host, EdgeIdentity.OfReferrer(referrer));
    }

    [Fact]
    public void Nothing_has_no_identity()
    {
        Assert.Null(EdgeIdentity.OfToken(null));
        Assert.Null(EdgeIdentity.OfToken(""));
        Assert.Null(EdgeIdentity.OfReferrer(null));
    }

    private static string Jwt(string payload) => string.Create(
        CultureInfo.InvariantCulture, $"{Base64Url.EncodeToString("{\"alg\":\"EdDSA\"}"u8)}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(payload))}.c2lnbmF0dXJl");

    private static (string? Token, string? Referrer) Parse(string token, string referrer)
    {
        KeyedHasher hasher = new(1, 2);
        StringPool strings = new(hasher);
        EventParser parser = new(hasher, strings, new ClaimsPool());
        EventBatch batch = new(1);
        string json = System.Text.Json.JsonSerializer.Serialize(
            new { type = "start", timestamp = 1_763_121_600_000, sessionId = "s", ip = "203.0.113.7", token, referrer });
        Assert.Equal(EventRejection.None, parser.TryParse(Encoding.UTF8.GetBytes(json), batch, 0, 0, 0));
        PlaybackEvent e = batch.Events[0];
        return (Encoding.UTF8.GetString(batch.Text(e.TokenText)), e.Referrer == 0 ? null : strings.Text(e.Referrer));
    }
}
