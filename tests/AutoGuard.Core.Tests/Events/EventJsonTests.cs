using System.Text;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Tests.Events;

/// <summary>What counts as one JSON object, and what its texts say.</summary>
public sealed class EventJsonTests
{
    private readonly Parsing _parsing = new();

    [Fact]
    public void The_last_of_equal_names_counts_also_when_it_takes_the_field_away()
    {
        Assert.Equal(PlaybackEventType.End, _parsing.Accept("""{"type":"start","timestamp":1763139801000,"sessionId":"s","ip":"1.2.3.4","type":"end"}""").Type);
        Assert.Equal(PlaybackEventType.End, _parsing.Accept("""{"type":5,"timestamp":1763139801000,"sessionId":"s","ip":"1.2.3.4","t\u0079pe":"\u0065nd"}""").Type);
        Assert.Equal(EventRejection.MissingType, _parsing.Parse("""{"type":"start","timestamp":1763139801000,"sessionId":"s","ip":"1.2.3.4","type":null}"""));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("{")]
    [InlineData("}")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("\"text\"")]
    [InlineData("{\"a\":1,}")]
    [InlineData("{\"a\" 1}")]
    [InlineData("{a:1}")]
    [InlineData("{'a':1}")]
    [InlineData("{\"a\":01}")]
    [InlineData("{\"a\":1.}")]
    [InlineData("{\"a\":.5}")]
    [InlineData("{\"a\":+1}")]
    [InlineData("{\"a\":-}")]
    [InlineData("{\"a\":1e}")]
    [InlineData("{\"a\":NaN}")]
    [InlineData("{\"a\":nul}")]
    [InlineData("{\"a\":nullx}")]
    [InlineData("{\"a\":truefalse}")]
    [InlineData("{\"a\":\"\t\"}")]
    [InlineData("{\"a\":\"\\x\"}")]
    [InlineData("{\"a\":\"\\u12g4\"}")]
    [InlineData("{\"a\":1}{}")]
    [InlineData("{\"a\":1} x")]
    [InlineData("{\"a\":1}\0")]
    [InlineData("{\"a\":1}//c")]
    [InlineData("/*c*/{\"a\":1}")]
    [InlineData("\uFEFF\uFEFF{}")]
    [InlineData(" \uFEFF{}")]
    public void What_is_not_one_json_object_is_rejected(string json) =>
        Assert.Equal(json.Length == 0 ? EventRejection.Empty : EventRejection.InvalidJson, _parsing.Parse(json));

    [Fact]
    public void A_byte_order_mark_and_blanks_around_the_object_are_tolerated()
    {
        string expected = _parsing.Describe(_parsing.Accept(Parsing.Minimal));
        Assert.Equal(expected, _parsing.Describe(_parsing.Accept("\uFEFF" + Parsing.Minimal)));
        Assert.Equal(expected, _parsing.Describe(_parsing.Accept(" \t\r\n" + Parsing.Minimal.Replace(",", " ,\r\n\t", StringComparison.Ordinal) + "\r\n ")));
    }

    [Fact]
    public void Text_cut_in_the_middle_of_a_character_is_refused_only_where_it_is_kept()
    {
        foreach (string field in new[] { "sessionId", "token", "userId", "provider", "referrer", "userAgent", "stream", "organization" })
        {
            Assert.Equal(EventRejection.InvalidJson, _parsing.Parse(Cut(field)));
        }
        Assert.Equal(EventRejection.InvalidType, _parsing.Parse(Cut("type")));
        Assert.Equal(EventRejection.InvalidAddress, _parsing.Parse(Cut("ip")));
        Assert.Equal(EventRejection.None, _parsing.Parse(Cut("country")));
        Assert.Equal(EventRejection.None, _parsing.Parse(Cut("somethingElse")));

        static byte[] Cut(string field)
        {
            byte[] json = Encoding.UTF8.GetBytes(Parsing.With(field, "\"a~\""));
            json[Array.LastIndexOf(json, (byte)'~')] = 0xC3;
            return json;
        }
    }

    [Fact]
    public void Invalid_bytes_in_a_token_scope_are_refused()
    {
        byte[] json = Encoding.UTF8.GetBytes(Parsing.With("tokenScope", "{\"streams\":[\"a~\"]}"));
        json[Array.LastIndexOf(json, (byte)'~')] = 0xFF;
        Assert.Equal(EventRejection.InvalidJson, _parsing.Parse(json));
    }

    [Fact]
    public void Half_a_surrogate_pair_becomes_the_replacement_character()
    {
        PlaybackEvent e = _parsing.AcceptWith("userAgent", "\"a\\udcffb\\ud83dc\\ud83d\\ud83d\\ude00\\ud83d\"");
        Assert.Equal("a\uFFFDb\uFFFDc\uFFFD\U0001F600\uFFFD", _parsing.Strings.Text(e.UserAgent));
    }

    [Fact]
    public void Escapes_give_the_text_they_stand_for()
    {
        PlaybackEvent e = _parsing.AcceptWith("userAgent", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\u00e9\\u20AC\\uD83D\\uDE00\"");
        Assert.Equal("\"\\/\b\f\n\r\t\0é€\U0001F600", _parsing.Strings.Text(e.UserAgent));
        Assert.Equal(
            _parsing.Describe(_parsing.Accept(Parsing.Minimal)),
            _parsing.Describe(_parsing.Accept(Parsing.Minimal.Replace("203.0.113.7", "203\\u002e0.113.7", StringComparison.Ordinal))));
    }

    [Fact]
    public void Nesting_is_skipped_to_64_levels_and_refused_beyond()
    {
        Assert.Equal(EventRejection.None, _parsing.Parse(Parsing.With("x", Nested(63))));
        Assert.Equal(EventRejection.InvalidJson, _parsing.Parse(Parsing.With("x", Nested(64))));
        Assert.Equal(EventRejection.InvalidJson, _parsing.Parse(Parsing.With("x", Nested(30_000))));
        Assert.Equal(EventRejection.InvalidJson, _parsing.Parse(string.Concat(Enumerable.Repeat("{\"a\":", 13_000))));
        Assert.Equal(EventRejection.InvalidJson, _parsing.Parse(new string('[', 65_536)));

        static string Nested(int levels) => new string('[', levels) + new string(']', levels);
    }
}
