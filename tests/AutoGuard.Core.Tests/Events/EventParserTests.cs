using System.Security.Cryptography;
using System.Text;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Tests.Events;

public sealed class EventParserTests
{
    private readonly Parsing _parsing = new();

    [Fact]
    public void A_complete_event_fills_every_field()
    {
        PlaybackEvent e = _parsing.Accept("""
            {"type":"heartbeat","timestamp":"2025-11-14T17:03:21.250Z","sessionId":"s-1","ip":"2001:db8::7","token":"tok-1","userId":"u-1",
             "country":"de","asn":64500,"provider":"Example Net","referrer":"https://www.Example.com/watch?v=1","userAgent":"Player/1.0",
             "stream":"XXXXX-YYYY1","duration":30.9,"tokenScope":{"streams":["XXXXX-YYYY1"],"domains":["example.com"],"ips":["203.0.113.0/24"],"revocable":true},
             "organization":"acme","somethingElse":{"deep":[1,{"ip":"1.1.1.1"}]}}
            """);
        Assert.Equal(PlaybackEventType.Heartbeat, e.Type);
        Assert.Equal(new DateTimeOffset(2025, 11, 14, 17, 3, 21, 250, TimeSpan.Zero).ToUnixTimeMilliseconds(), e.Timestamp);
        Assert.Equal("2001:db8::7", e.Address.ToString());
        Assert.Equal("tok-1", _parsing.Text(e.TokenText));
        Assert.Equal("u-1", _parsing.Text(e.UserText));
        Assert.Equal("DE", CountryCode.Text(e.Country));
        Assert.Equal(64500u, e.Asn);
        Assert.Equal("Example Net", _parsing.Strings.Text(e.Provider));
        Assert.Equal("www.example.com", _parsing.Strings.Text(e.Referrer));
        Assert.Equal("Player/1.0", _parsing.Strings.Text(e.UserAgent));
        Assert.Equal("XXXXX-YYYY1", _parsing.Strings.Text(e.Stream));
        Assert.Equal("acme", _parsing.Strings.Text(e.Organization));
        Assert.Equal(30, e.Duration);
        Assert.Equal((1, 2, 3L), (e.Topic, e.Partition, e.Offset));
        Assert.Equal(EventTraits.None, e.Traits);
        TokenClaims claims = _parsing.Claims.Get(e.Claims)!;
        Assert.Equal("XXXXX-YYYY1;example.com;203.0.113.0/24;True;;;;;;", Parsing.DescribeClaims(claims));
    }

    [Fact]
    public void A_minimal_event_leaves_the_rest_absent()
    {
        PlaybackEvent e = _parsing.Accept(Parsing.Minimal);
        Assert.Equal(PlaybackEventType.Start, e.Type);
        Assert.False(e.Session.IsAbsent);
        Assert.True(e.Token.IsAbsent);
        Assert.True(e.User.IsAbsent);
        Assert.Equal(-1, e.Duration);
        Assert.Equal((0, 0, 0, 0, 0, 0, 0u, (ushort)0), (e.Provider, e.Organization, e.Stream, e.Referrer, e.UserAgent, e.Claims, e.Asn, e.Country));
        Assert.Equal((0, 0), (e.TokenText.Length, e.UserText.Length));
    }

    [Theory]
    [InlineData("start", PlaybackEventType.Start)]
    [InlineData("heartbeat", PlaybackEventType.Heartbeat)]
    [InlineData("end", PlaybackEventType.End)]
    public void Each_type_is_read(string text, PlaybackEventType type) =>
        Assert.Equal(type, _parsing.AcceptWith("type", $"\"{text}\"").Type);

    [Theory]
    [InlineData("type", EventRejection.MissingType)]
    [InlineData("timestamp", EventRejection.MissingTimestamp)]
    [InlineData("sessionId", EventRejection.MissingSessionId)]
    [InlineData("ip", EventRejection.MissingAddress)]
    public void A_required_field_that_is_absent_or_null_is_missing(string field, EventRejection reason)
    {
        Assert.Equal(reason, _parsing.Parse(Parsing.Without(field)));
        Assert.Equal(reason, _parsing.Parse(Parsing.With(field, "null")));
    }

    [Theory]
    [InlineData("type", EventRejection.InvalidType)]
    [InlineData("timestamp", EventRejection.InvalidTimestamp)]
    [InlineData("sessionId", EventRejection.InvalidSessionId)]
    [InlineData("ip", EventRejection.InvalidAddress)]
    [InlineData("token", EventRejection.InvalidToken)]
    public void A_required_field_or_token_of_the_wrong_kind_is_invalid(string field, EventRejection reason)
    {
        foreach (string json in new[] { "true", "false", "[]", "[\"start\"]", "{}", "{\"a\":1}" })
        {
            Assert.Equal(reason, _parsing.Parse(Parsing.With(field, json)));
        }
        if (field != "timestamp")
        {
            Assert.Equal(reason, _parsing.Parse(Parsing.With(field, "5")));
        }
    }

    [Theory]
    [InlineData("userId", "5")]
    [InlineData("country", "49")]
    [InlineData("asn", "true")]
    [InlineData("asn", "[64500]")]
    [InlineData("provider", "{}")]
    [InlineData("referrer", "1.5")]
    [InlineData("userAgent", "[]")]
    [InlineData("stream", "false")]
    [InlineData("tokenScope", "\"all\"")]
    [InlineData("tokenScope", "[]")]
    [InlineData("tokenScope", "1")]
    [InlineData("organization", "12")]
    public void Another_known_field_of_the_wrong_kind_is_an_invalid_field(string field, string json) =>
        Assert.Equal(EventRejection.InvalidField, _parsing.Parse(Parsing.With(field, json)));

    [Theory]
    [InlineData("type", "\"Start\"", EventRejection.InvalidType)]
    [InlineData("type", "\"\"", EventRejection.InvalidType)]
    [InlineData("type", "\"pause\"", EventRejection.InvalidType)]
    [InlineData("sessionId", "\"\"", EventRejection.MissingSessionId)]
    [InlineData("ip", "\"\"", EventRejection.InvalidAddress)]
    [InlineData("ip", "\"::\"", EventRejection.InvalidAddress)]
    [InlineData("ip", "\"203.0.113.7:443\"", EventRejection.InvalidAddress)]
    [InlineData("timestamp", "\"yesterday\"", EventRejection.InvalidTimestamp)]
    [InlineData("timestamp", "\"\"", EventRejection.InvalidTimestamp)]
    public void A_required_field_with_a_wrong_value_says_so(string field, string json, EventRejection reason) =>
        Assert.Equal(reason, _parsing.Parse(Parsing.With(field, json)));

    [Fact]
    public void The_lengths_of_session_id_token_and_event_have_exact_limits()
    {
        Assert.Equal(EventRejection.None, _parsing.Parse(Parsing.With("sessionId", Quoted('s', 128))));
        Assert.Equal(EventRejection.InvalidSessionId, _parsing.Parse(Parsing.With("sessionId", Quoted('s', 129))));
        Assert.Equal(EventRejection.InvalidSessionId, _parsing.Parse(Parsing.With("sessionId", Quoted('é', 65))));
        Assert.Equal(EventRejection.None, _parsing.Parse(Parsing.With("token", Quoted('t', 8192))));
        Assert.Equal(EventRejection.InvalidToken, _parsing.Parse(Parsing.With("token", Quoted('t', 8193))));
        string padded = Parsing.With("padding", Quoted('p', 1));
        string full = Parsing.With("padding", Quoted('p', 1 + EventParser.LongestEvent - padded.Length));
        Assert.Equal(EventRejection.None, _parsing.Parse(full));
        Assert.Equal(EventRejection.TooLarge, _parsing.Parse(full + " "));
        Assert.Equal(EventRejection.None, _parsing.Parse(Parsing.With("padding", "\"" + string.Concat(Enumerable.Repeat("\\u0041", 10_000)) + "\"")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    public void An_empty_or_null_token_is_absent(string kind)
    {
        PlaybackEvent e = _parsing.AcceptWith("token", kind.Length == 0 ? "\"\"" : "null");
        Assert.True(e.Token.IsAbsent);
        Assert.Equal(0, e.TokenText.Length);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("\"\"")]
    public void Null_and_empty_mean_absent_for_every_optional_text(string json)
    {
        string[] fields = ["userId", "country", "provider", "referrer", "userAgent", "stream", "organization", "token"];
        PlaybackEvent bare = _parsing.Accept(Parsing.Minimal);
        string expected = _parsing.Describe(bare);
        foreach (string field in fields)
        {
            Assert.Equal(expected, _parsing.Describe(_parsing.AcceptWith(field, json)));
        }
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("-0", 0)]
    [InlineData("59.999", 59)]
    [InlineData("3e2", 300)]
    [InlineData("2147483648", int.MaxValue)]
    [InlineData("1e300", int.MaxValue)]
    [InlineData("1e999", int.MaxValue)]
    [InlineData("123456789012345678901234567890", int.MaxValue)]
    [InlineData("-1", -1)]
    [InlineData("-0.5", -1)]
    [InlineData("-1e999", -1)]
    [InlineData("\"30\"", -1)]
    [InlineData("true", -1)]
    [InlineData("{}", -1)]
    [InlineData("null", -1)]
    public void Duration_is_whole_seconds_or_unknown(string json, int seconds) =>
        Assert.Equal(seconds, _parsing.AcceptWith("duration", json).Duration);

    [Theory]
    [InlineData("64500", 64500u)]
    [InlineData("64500.0", 64500u)]
    [InlineData("4294967295", uint.MaxValue)]
    [InlineData("4294967296", 0u)]
    [InlineData("-1", 0u)]
    [InlineData("\"64500\"", 64500u)]
    [InlineData("\"AS64500\"", 64500u)]
    [InlineData("\" as64500 \"", 64500u)]
    [InlineData("\"AS\"", 0u)]
    [InlineData("\"ASN64500\"", 0u)]
    [InlineData("\"64500x\"", 0u)]
    [InlineData("\"-5\"", 0u)]
    [InlineData("\"4294967296\"", 0u)]
    [InlineData("\"\"", 0u)]
    [InlineData("null", 0u)]
    public void Asn_is_a_number_or_its_text_and_nonsense_is_unknown(string json, uint asn) =>
        Assert.Equal(asn, _parsing.AcceptWith("asn", json).Asn);

    [Theory]
    [InlineData("\"DE\"", "DE")]
    [InlineData("\"de\"", "DE")]
    [InlineData("\"DEU\"", "")]
    [InlineData("\"D1\"", "")]
    [InlineData("\"Germany\"", "")]
    [InlineData("\"\\ud83d\\ude00\"", "")]
    public void Country_is_two_letters_or_unknown(string json, string country) =>
        Assert.Equal(country, CountryCode.Text(_parsing.AcceptWith("country", json).Country));

    [Theory]
    [InlineData(64, true)]
    [InlineData(65, false)]
    public void A_user_id_of_more_than_64_characters_becomes_its_digest(int characters, bool kept)
    {
        foreach (string character in new[] { "u", "é", "€", "\U0001F600" })
        {
            string user = string.Concat(Enumerable.Repeat(character, characters));
            PlaybackEvent e = _parsing.AcceptWith("userId", $"\"{user}\"");
            Assert.Equal(kept ? user : Digest(user), _parsing.Text(e.UserText));
            Assert.Equal(new IdentityKeys(_parsing.Hasher).User(_parsing.Batch.Text(e.UserText), 0), e.User);
        }
    }

    [Fact]
    public void Long_streams_and_organizations_become_digests_and_long_user_agents_and_providers_are_cut()
    {
        string fits = new('x', 256);
        string longer = new('x', 257);
        foreach (string field in new[] { "stream", "organization" })
        {
            Assert.Equal(fits, Named(field, fits));
            Assert.Equal(Digest(longer), Named(field, longer));
            Assert.NotEqual(Named(field, longer), Named(field, Digest(longer)));
        }
        Assert.Equal(fits, _parsing.Strings.Text(_parsing.AcceptWith("userAgent", $"\"{longer}\"").UserAgent));
        Assert.Equal(fits, _parsing.Strings.Text(_parsing.AcceptWith("provider", $"\"{longer}\"").Provider));
        Assert.Equal(new string('é', 128), _parsing.Strings.Text(_parsing.AcceptWith("userAgent", Quoted('é', 200)).UserAgent));

        string Named(string field, string text)
        {
            PlaybackEvent e = _parsing.AcceptWith(field, $"\"{text}\"");
            return _parsing.Strings.Text(field == "stream" ? e.Stream : e.Organization);
        }
    }

    [Fact]
    public void Equal_ids_of_different_tenants_and_kinds_have_unrelated_keys()
    {
        const string body = "\"type\":\"start\",\"timestamp\":1763139801000,\"sessionId\":\"same\",\"token\":\"same\",\"userId\":\"same\",\"ip\":\"1.2.3.4\"";
        HashSet<Key128> keys = [];
        foreach (string tenant in new[] { "", ",\"organization\":\"a\"", ",\"organization\":\"b\"", $",\"organization\":{Quoted('a', 300)}", $",\"organization\":{Quoted('a', 301)}" })
        {
            for (int time = 0; time < 2; time++)
            {
                PlaybackEvent e = _parsing.Accept($"{{{body}{tenant}}}");
                Assert.Equal(time == 0, keys.Add(e.Session));
                Assert.Equal(time == 0, keys.Add(e.Token));
                Assert.Equal(time == 0, keys.Add(e.User));
            }
        }
        Assert.Equal(15, keys.Count);
    }

    [Fact]
    public void The_order_key_is_the_same_in_every_run_whatever_the_secret()
    {
        PlaybackEvent one = new Parsing(secret: 1).AcceptWith("sessionId", "\"c0ffee00-1234-5678-9abc-def012345678\"");
        PlaybackEvent other = new Parsing(secret: 2).AcceptWith("sessionId", "\"c0ffee00-1234-5678-9abc-def012345678\"");
        Assert.NotEqual(one.Session, other.Session);
        Assert.Equal(one.OrderKey, other.OrderKey);
        Assert.Equal(0xC3DC_001B_5DB4_2EDBUL, one.OrderKey);
        HashSet<ulong> keys = [];
        for (int i = 0; i < 2_000; i++)
        {
            Assert.True(keys.Add(_parsing.AcceptWith("sessionId", $"\"{i:x}\"").OrderKey));
        }
    }

    [Fact]
    public void A_rejected_event_leaves_the_batch_and_the_strings_as_they_were()
    {
        EventBatch batch = new(4);
        Assert.Equal(EventRejection.None, _parsing.Parser.TryParse(Encoding.UTF8.GetBytes(Parsing.With("token", "\"first\"")), batch, 1, 2, 3));
        (int count, int text, int strings) before = (batch.Count, batch.TextLength, _parsing.Strings.Count);
        string bad = """{"type":"start","timestamp":1763139801000,"sessionId":"s","ip":"1.2.3.4","token":"t","stream":"new1","referrer":"new2.example","userAgent":"new3","asn":true}""";
        Assert.Equal(EventRejection.InvalidField, _parsing.Parser.TryParse(Encoding.UTF8.GetBytes(bad), batch, 1, 2, 4));
        Assert.Equal(before, (batch.Count, batch.TextLength, _parsing.Strings.Count));
        Assert.Equal(EventRejection.None, _parsing.Parser.TryParse(Encoding.UTF8.GetBytes(Parsing.Minimal), batch, 1, 2, 5));
        Assert.Equal(5, batch.Events[1].Offset);
        Assert.True(batch.Events[1].Token.IsAbsent);
    }

    [Fact]
    public void The_envelope_stands_in_only_for_what_the_event_leaves_out()
    {
        EventDefaults defaults = new(PlaybackEventType.End, 1_763_139_802_000);
        Assert.Equal((EventRejection.None, PlaybackEventType.End, 1_763_139_801_000), Parse(Parsing.Without("type")));
        Assert.Equal((EventRejection.None, PlaybackEventType.Start, 1_763_139_802_000), Parse(Parsing.With("timestamp", "null")));
        Assert.Equal((EventRejection.None, PlaybackEventType.Start, 1_763_139_801_000), Parse(Parsing.Minimal));
        Assert.Equal(EventRejection.InvalidType, Parse(Parsing.With("type", "\"pause\"")).Item1);
        Assert.Equal(EventRejection.InvalidTimestamp, Parse(Parsing.With("timestamp", "1")).Item1);

        (EventRejection, PlaybackEventType, long) Parse(string json)
        {
            EventBatch batch = new(1);
            EventRejection rejection = _parsing.Parser.TryParse(Encoding.UTF8.GetBytes(json), defaults, batch, 1, 2, 3);
            return rejection == EventRejection.None ? (rejection, batch.Events[0].Type, batch.Events[0].Timestamp) : (rejection, default, 0);
        }
    }

    private static string Quoted(char c, int count) => "\"" + new string(c, count) + "\"";

    private static string Digest(string text) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
