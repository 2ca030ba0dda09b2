using System.Text.Json;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Tests.Events;

public sealed class ClaimsTests
{
    private const string Everything = """
        {"jti":"j","streams":["a","b"],"domain":"Example.com","ip":"203.0.113.7","revocable":true,"orgawide":false,
         "forceDisconnect":true,"tag":"t1","iat":1763130000,"nbf":1763130001.9,"exp":1.7632e9}
        """;

    private readonly Parsing _parsing = new();

    [Fact]
    public void Every_claim_of_a_jwt_is_read() =>
        Assert.Equal("a,b;example.com;203.0.113.7;True;False;True;t1;1763130000;1763130001;1763200000", OfToken(Everything));

    [Theory]
    [InlineData("""{"domains":["a.example","*.B.example","https://c.example/x"],"ips":["203.0.113.0/24","::1"]}""", ";a.example,*.b.example,c.example;203.0.113.0/24,::1;;;;;;;")]
    [InlineData("""{"domain":["a.example"],"ip":["1.2.3.4"],"streams":"one"}""", "one;a.example;1.2.3.4;;;;;;;")]
    [InlineData("""{"domain":"a.example","domains":["b.example"]}""", ";b.example;;;;;;;;")]
    [InlineData("""{"domain":"a.example","domains":null}""", ";a.example;;;;;;;;")]
    [InlineData("""{"streams":["a","","b"],"domain":""}""", "a,b;;;;;;;;;")]
    [InlineData("""{"revocable":"yes","orgawide":1,"tag":5,"iat":"1","exp":null,"forceDisconnect":{}}""", null)]
    [InlineData("""{"streams":5,"domains":{},"ips":true}""", null)]
    [InlineData("""{"tag":""}""", null)]
    [InlineData("""{"sub":"5e0c","aud":"splay","optiview":{"ch":["x"]},"groupid":"g"}""", null)]
    [InlineData("""{"exp":1e400,"nbf":-5}""", ";;;;;;;;-5;9223372036854775807")]
    [InlineData("""{"str\u0065ams":["\u0061"],"revocable":false,"revocable":true}""", "a;;;True;;;;;;")]
    public void Spellings_and_kinds_are_taken_leniently(string payload, string? expected) => Assert.Equal(expected, OfToken(payload));

    [Theory]
    [InlineData("""["*"]""")]
    [InlineData("""["a.example","not a host"]""")]
    [InlineData("""["a.example","*.not a host"]""")]
    [InlineData("""["a.example",5]""")]
    [InlineData("""["a.example",["b.example"]]""")]
    [InlineData("""["a.example",null]""")]
    public void A_list_that_cannot_be_compared_with_restricts_nothing(string domains) =>
        Assert.Equal(";;;True;;;;;;", OfToken($"{{\"domains\":{domains},\"revocable\":true}}"));

    [Fact]
    public void A_list_beyond_its_bounds_restricts_nothing()
    {
        Assert.Equal(32, Streams(32, 10));
        Assert.Equal(0, Streams(33, 10));
        Assert.Equal(2, Streams(2, 256));
        Assert.Equal(0, Streams(2, 257));
        Assert.Equal(16, Streams(16, 256));
        Assert.Equal(0, Streams(17, 256));
        Assert.Null(OfToken($"{{\"tag\":\"{new string('t', 257)}\"}}"));

        int Streams(int count, int length)
        {
            string streams = JsonSerializer.Serialize(Enumerable.Range(0, count).Select(i => i.ToString("d4", null).PadLeft(length, 's')));
            PlaybackEvent e = _parsing.AcceptWith("token", $"\"short\",\"tokenScope\":{{\"streams\":{streams},\"revocable\":true}}");
            TokenClaims claims = _parsing.Claims.Get(e.Claims)!;
            Assert.True(claims.Revocable);
            return claims.Streams.Length;
        }
    }

    [Fact]
    public void What_the_scope_gives_stands_before_what_the_token_says()
    {
        string token = Jwt.Of(Everything.ReplaceLineEndings(""));
        Assert.Equal("c;example.com;203.0.113.7;False;False;True;t1;1763130000;1763130001;1763200000", WithScope("""{"streams":["c"],"revocable":false}"""));
        Assert.Equal(";;;True;False;True;t1;1763130000;1763130001;1763200000", WithScope("""{"streams":[],"domains":[],"ips":[]}"""));
        Assert.Equal(OfToken(Everything), WithScope("""{"streams":null,"unknown":1}"""));
        Assert.Equal(OfToken(Everything), WithScope("{}"));

        string WithScope(string scope)
        {
            PlaybackEvent e = _parsing.AcceptWith("token", $"\"{token}\",\"tokenScope\":{scope}");
            return Parsing.DescribeClaims(_parsing.Claims.Get(e.Claims)!);
        }
    }

    [Fact]
    public void A_scope_without_a_token_has_nothing_to_describe()
    {
        Assert.Equal(0, _parsing.AcceptWith("tokenScope", """{"streams":["a"]}""").Claims);
        Assert.Equal(0, _parsing.AcceptWith("token", """ "t","tokenScope":{}""").Claims);
        Assert.Equal(0, _parsing.AcceptWith("token", """ "t","tokenScope":null""").Claims);
        Assert.NotEqual(0, _parsing.AcceptWith("token", """ "t","tokenScope":{"streams":["a"]}""").Claims);
    }

    [Fact]
    public void Claims_of_a_token_seen_again_keep_their_number_until_the_pool_has_gone_round()
    {
        Parsing parsing = new(claimsBits: 4, tokenBits: 8);
        string first = $"\"{Jwt.Of("""{"jti":"first","tag":"first"}""")}\"";
        string scoped = first + ",\"tokenScope\":{\"streams\":[\"s\"]}";
        int number = parsing.AcceptWith("token", first).Claims;
        int scopedNumber = parsing.AcceptWith("token", scoped).Claims;
        Assert.NotEqual(number, scopedNumber);
        Assert.Equal(number, parsing.AcceptWith("token", first).Claims);
        Assert.Equal(scopedNumber, parsing.AcceptWith("token", scoped).Claims);
        for (int i = 0; i < 40; i++)
        {
            string tag = $"t{i}";
            PlaybackEvent e = parsing.AcceptWith("token", $"\"{Jwt.Of($"{{\"jti\":\"j{i}\",\"tag\":\"{tag}\"}}")}\"");
            Assert.Equal(tag, parsing.Claims.Get(e.Claims)!.Tag);
            PlaybackEvent again = parsing.AcceptWith("token", scoped);
            Assert.Equal("s;;;;;;first;;;", Parsing.DescribeClaims(parsing.Claims.Get(again.Claims)!));
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(6)]
    public void However_many_tokens_pass_through_a_small_memory_each_event_is_the_same(int tokenBits)
    {
        Parsing small = new(tokenBits: tokenBits);
        Parsing large = new(tokenBits: 14);
        Random random = new(5);
        for (int i = 0; i < 5_000; i++)
        {
            int n = random.Next(500);
            string json = Parsing.With("token", $"\"{Jwt.Of($"{{\"jti\":\"j{n}\",\"tag\":\"t{n}\",\"user\":\"u{n % 7}\"}}")}\",\"tokenScope\":{{\"streams\":[\"s{n % 5}\"]}}");
            Assert.True(large.Describe(large.Accept(json)) == small.Describe(small.Accept(json)), $"seed 5, step {i}: {json}");
        }
    }

    private string? OfToken(string payload)
    {
        PlaybackEvent e = _parsing.AcceptWith("token", $"\"{Jwt.Of(payload)}\"");
        return _parsing.Claims.Get(e.Claims) is { } claims ? Parsing.DescribeClaims(claims) : null;
    }
}
