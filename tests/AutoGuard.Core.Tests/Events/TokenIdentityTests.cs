using System.Security.Cryptography;
using System.Text;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Tests.Events;

public sealed class TokenIdentityTests
{
    private readonly Parsing _parsing = new();

    [Fact]
    public void A_jwt_is_known_by_its_jti()
    {
        string encoded = Jwt.Of("""{"iss":"nanocosmos","jti":"abc123XYZ","sub":"5e0c"}""");
        Assert.Equal("abc123XYZ", _parsing.TokenOf(encoded));
        Key128 key = _parsing.AcceptWith("token", $"\"{encoded}\"").Token;
        Assert.Equal(new IdentityKeys(_parsing.Hasher).Token("abc123XYZ"u8, 0), key);
        Assert.Equal(key, _parsing.AcceptWith("token", "\"abc123XYZ\"").Token);
        Assert.Equal(key, _parsing.AcceptWith("token", $"\"{Jwt.Of("""{"jti":"abc123XYZ","other":1}""")}\"").Token);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"jti":""}""")]
    [InlineData("""{"jti":null}""")]
    [InlineData("""{"jti":true}""")]
    [InlineData("""{"jti":["x"]}""")]
    [InlineData("""{"jti":{"jti":"x"}}""")]
    public void A_jwt_without_a_jti_is_known_by_its_digest(string payload)
    {
        string encoded = Jwt.Of(payload);
        Assert.Equal(Digest(encoded), _parsing.TokenOf(encoded));
    }

    [Theory]
    [InlineData("""{"jti":"\u0061\n\ud83d\ude00"}""", "a\n\U0001F600")]
    [InlineData("""{"j\u0074i":"x"}""", "x")]
    [InlineData("""{"jti":42}""", "42")]
    [InlineData("""{"jti":"first","jti":"last"}""", "last")]
    [InlineData(""" {"nested":{"jti":"not me","deep":[[{"jti":"nor me"}]]},"jti":"me"} """, "me")]
    public void The_jti_is_read_from_any_json(string payload, string identity) => Assert.Equal(identity, _parsing.TokenOf(Jwt.Of(payload)));

    [Theory]
    [InlineData(64, true)]
    [InlineData(65, false)]
    public void More_than_64_characters_become_a_digest_for_jtis_and_plain_tokens_alike(int characters, bool kept)
    {
        foreach (string character in new[] { "t", "é", "€", "\U0001F600" })
        {
            string text = string.Concat(Enumerable.Repeat(character, characters));
            Assert.Equal(kept ? text : Digest(text), _parsing.TokenOf(text));
            Assert.Equal(kept ? text : Digest(text), _parsing.TokenOf(Jwt.Of($"{{\"jti\":\"{text}\"}}")));
            string dotted = string.Concat(text.AsSpan(0, text.Length - (2 * character.Length)), "..");
            Assert.Equal(kept ? dotted : Digest(dotted), _parsing.TokenOf(dotted));
        }
    }

    public static TheoryData<string> NearlyJwts()
    {
        string header = Jwt.Encode(Jwt.Header);
        string payload = Jwt.Encode("""{"jti":"inner"}""");
        string longer = Jwt.Encode("""{"jti":"inner","pad":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}""");
        return new TheoryData<string>
        {
            $"{header}.{payload}",
            $"{header}.{payload}.sig.more",
            $"{header}..sig{longer}",
            $".{longer}.sig",
            $"{header}.{payload}.s+g",
            $"{header}.{payload}.sig===",
            $"{header}.{payload}*.sig",
            $"{header} .{payload}.sig",
            $"{header}.{payload}\n.sig",
            $"{header}.{payload[..^1]}.sig",
            $"{header}.{Jwt.Encode("""["jti","inner"]""")}.sig{longer}",
            $"{header}.{Jwt.Encode("""{"jti":"inner"} trailing""")}.sig{longer}",
            $"{header}.{Jwt.Encode("""{"jti":"inner",}""")}.sig{longer}",
            $"{header}.{Jwt.Encode([.. """{"jti":"inn"""u8, 0xC3, .. "\"}"u8])}.sig{longer}",
            $"{header}.{Jwt.Encode(new string('[', 3000))}.sig",
            $"{header}.{Jwt.Encode(string.Concat(Enumerable.Repeat("{\"a\":", 500)))}.sig",
            $"{Jwt.Encode("not json")}.{longer}.sig",
            $"{Jwt.Encode("[]")}.{longer}.sig",
            new string('.', 70),
        };
    }

    [Theory]
    [MemberData(nameof(NearlyJwts))]
    public void What_is_nearly_a_jwt_is_a_text_like_any_other(string token)
    {
        Assert.True(token.Length > 64);
        Assert.Equal(Digest(token), _parsing.TokenOf(token));
        Assert.Equal(0, _parsing.AcceptWith("token", System.Text.Json.JsonSerializer.Serialize(token)).Claims);
    }

    [Fact]
    public void An_empty_signature_and_padding_do_not_hide_a_jwt()
    {
        const string payload = """{"jti":"ab","exp":1}""";
        Assert.Equal("ab", _parsing.TokenOf(Jwt.Of(payload, """{"alg":"none"}""", "")));
        Assert.Equal("ab", _parsing.TokenOf($"{Jwt.Encode(Jwt.Header)}==.{Jwt.Encode(payload)}=.c2ln="));
    }

    [Fact]
    public void The_user_of_the_event_stands_before_the_one_of_the_claims()
    {
        string token = Jwt.Of("""{"jti":"a","user":"claimed","userId":"second","sub":"5e0c"}""");
        PlaybackEvent claimed = _parsing.AcceptWith("token", $"\"{token}\"");
        Assert.Equal("claimed", _parsing.Text(claimed.UserText));
        Assert.Equal(EventTraits.UserFromClaims, claimed.Traits);
        PlaybackEvent own = _parsing.AcceptWith("token", $"\"{token}\",\"userId\":\"own\"");
        Assert.Equal("own", _parsing.Text(own.UserText));
        Assert.Equal(EventTraits.None, own.Traits);
        Assert.Equal(claimed.User, _parsing.AcceptWith("userId", "\"claimed\"").User);
        Assert.Equal("claimed", _parsing.Text(_parsing.AcceptWith("token", $"\"{token}\",\"userId\":\"\"").UserText));
    }

    [Theory]
    [InlineData("""{"userId":"u"}""", "u")]
    [InlineData("""{"userId":"u","user":""}""", "u")]
    [InlineData("""{"userId":"u","user":null}""", "u")]
    [InlineData("""{"user":17}""", "17")]
    [InlineData("""{"sub":"5e0c"}""", "")]
    [InlineData("""{"user":{"id":1}}""", "")]
    [InlineData("""{"optiview":{"tid":"t","user":"no"}}""", "")]
    public void User_claims_are_read_leniently(string payload, string user)
    {
        PlaybackEvent e = _parsing.AcceptWith("token", $"\"{Jwt.Of(payload)}\"");
        Assert.Equal(user, _parsing.Text(e.UserText));
        Assert.Equal(user.Length > 0, e.Traits.HasFlag(EventTraits.UserFromClaims));
    }

    [Fact]
    public void A_long_user_of_the_claims_becomes_its_digest()
    {
        string user = new('u', 65);
        Assert.Equal(Digest(user), _parsing.Text(_parsing.AcceptWith("token", $"\"{Jwt.Of($"{{\"user\":\"{user}\"}}")}\"").UserText));
    }

    [Fact]
    public void Nothing_of_the_encoded_token_is_left_after_parsing()
    {
        string token = Jwt.Of("""{"jti":"identity","note":"remembered by nobody"}""");
        // written with escapes, so that it passes through the parser's own memory too
        PlaybackEvent e = _parsing.AcceptWith("token", "\"\\u0065" + token[1..] + "\"");
        Assert.Equal("identity", _parsing.Text(e.TokenText));
        Assert.Equal(0, Reachable.CountBytes(_parsing, Encoding.UTF8.GetBytes(token.Split('.')[1])));
        Assert.Equal(0, Reachable.CountBytes(_parsing, "remembered by nobody"u8.ToArray()));
        Assert.NotEqual(0, Reachable.CountBytes(_parsing, "identity"u8.ToArray()));
    }

    private static string Digest(string text) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
