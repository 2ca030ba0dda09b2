using System.Text;
using System.Text.Json.Nodes;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Tests.Events;

/// <summary>A parser with all it writes to, and ways to look at what it wrote.</summary>
internal sealed class Parsing
{
    public const string Minimal = """{"type":"start","timestamp":1763139801000,"sessionId":"s1","ip":"203.0.113.7"}""";

    public Parsing(int claimsBits = 16, int tokenBits = 8, ulong secret = 7)
    {
        Hasher = new KeyedHasher(secret, 11);
        Strings = new StringPool(Hasher);
        Claims = new ClaimsPool(claimsBits);
        Parser = new EventParser(Hasher, Strings, Claims, tokenBits);
    }

    public KeyedHasher Hasher { get; }

    public StringPool Strings { get; }

    public ClaimsPool Claims { get; }

    public EventParser Parser { get; }

    public EventBatch Batch { get; } = new(4);

    public EventRejection Parse(string json) => Parse(Encoding.UTF8.GetBytes(json));

    public EventRejection Parse(ReadOnlySpan<byte> utf8)
    {
        Batch.Clear();
        return Parser.TryParse(utf8, Batch, topic: 1, partition: 2, offset: 3);
    }

    /// <summary>The minimal event with one more field, given as JSON.</summary>
    public static string With(string field, string json)
    {
        JsonObject node = JsonNode.Parse(Minimal)!.AsObject();
        node.Remove(field);
        string rest = node.ToJsonString();
        return $"{rest[..^1]},\"{field}\":{json}}}";
    }

    public static string Without(string field)
    {
        JsonObject node = JsonNode.Parse(Minimal)!.AsObject();
        node.Remove(field);
        return node.ToJsonString();
    }

    /// <summary>Parses an event that must be accepted.</summary>
    public PlaybackEvent Accept(string json)
    {
        Assert.Equal(EventRejection.None, Parse(json));
        Assert.Equal(1, Batch.Count);
        return Batch.Events[0];
    }

    public PlaybackEvent AcceptWith(string field, string json) => Accept(With(field, json));

    public string Text(TextRange range) => Encoding.UTF8.GetString(Batch.Text(range));

    public string TokenOf(string token) => Text(AcceptWith("token", System.Text.Json.JsonSerializer.Serialize(token)).TokenText);

    /// <summary>Everything an event says, as one text; equal texts mean equal events.</summary>
    public string Describe(in PlaybackEvent e)
    {
        TokenClaims? claims = Claims.Get(e.Claims);
        return string.Join('|', e.Timestamp, e.Session, e.Token, e.User, e.Address, e.OrderKey, e.Offset, e.Partition, e.Topic, e.Asn,
            Strings.Text(e.Provider), Strings.Text(e.Organization), Strings.Text(e.Stream), Strings.Text(e.Referrer), Strings.Text(e.UserAgent),
            claims is null ? "" : DescribeClaims(claims), e.Duration, Text(e.TokenText), Text(e.UserText), e.Country, e.Type, e.Traits);
    }

    public static string DescribeClaims(TokenClaims c) => string.Join(';',
        string.Join(',', c.Streams), string.Join(',', c.Domains), string.Join(',', c.Addresses), c.Revocable, c.OrganizationWide,
        c.ForceDisconnect, c.Tag, c.IssuedAt, c.NotBefore, c.Expires);
}
