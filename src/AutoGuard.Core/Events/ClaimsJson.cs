using System.Collections.Immutable;
using System.Text;
using System.Text.Json;

namespace AutoGuard.Core.Events;

/// <summary>
/// Reads a JWT payload or a <c>tokenScope</c> object leniently: a claim of the wrong type counts as not given, the last
/// of several spellings wins. A list that breaks its bounds (32 texts, 256 bytes each, 4 KiB for all claims together) or
/// holds something that cannot be compared counts as "not restricted": a cut list would accuse honest viewers.
/// </summary>
internal static class ClaimsJson
{
    private const int MostTexts = 32;
    private const int LongestText = StringPool.LongestText;
    private const int MostBytes = 4096;

    /// <summary>
    /// Whether <paramref name="json"/> is one JSON object; if so the draft holds its claims. <paramref name="scratch"/>
    /// must be as long as it.
    /// </summary>
    public static bool TryRead(ReadOnlySpan<byte> json, Span<byte> scratch, out ClaimsDraft draft)
    {
        draft = default;
        int budget = MostBytes;
        try
        {
            Utf8JsonReader reader = new(json);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return false;
            }
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                ReadClaim(ref reader, scratch, ref draft, ref budget);
            }
            reader.Read();
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static void ReadClaim(ref Utf8JsonReader reader, Span<byte> scratch, ref ClaimsDraft draft, ref int budget)
    {
        ReadOnlySpan<byte> name = JsonText.Value(reader, scratch);
        switch (name.Length)
        {
            case 2 when name.SequenceEqual("ip"u8):
            case 3 when name.SequenceEqual("ips"u8):
                draft.Addresses = ReadList(ref reader, scratch, hosts: false, ref budget, draft.Addresses);
                break;
            case 3 when name.SequenceEqual("jti"u8):
                draft.Identity = ReadIdentity(ref reader, scratch) ?? draft.Identity;
                break;
            case 3 when name.SequenceEqual("iat"u8):
                draft.IssuedAt = ReadSeconds(ref reader) ?? draft.IssuedAt;
                break;
            case 3 when name.SequenceEqual("nbf"u8):
                draft.NotBefore = ReadSeconds(ref reader) ?? draft.NotBefore;
                break;
            case 3 when name.SequenceEqual("exp"u8):
                draft.Expires = ReadSeconds(ref reader) ?? draft.Expires;
                break;
            case 3 when name.SequenceEqual("tag"u8):
                draft.Tag = ReadTag(ref reader, scratch, ref budget) ?? draft.Tag;
                break;
            case 4 when name.SequenceEqual("user"u8):
                draft.User = ReadIdentity(ref reader, scratch) ?? draft.User;
                break;
            case 6 when name.SequenceEqual("userId"u8):
                draft.UserId = ReadIdentity(ref reader, scratch) ?? draft.UserId;
                break;
            case 6 when name.SequenceEqual("domain"u8):
            case 7 when name.SequenceEqual("domains"u8):
                draft.Domains = ReadList(ref reader, scratch, hosts: true, ref budget, draft.Domains);
                break;
            case 7 when name.SequenceEqual("streams"u8):
                draft.Streams = ReadList(ref reader, scratch, hosts: false, ref budget, draft.Streams);
                break;
            case 8 when name.SequenceEqual("orgawide"u8):
                draft.OrganizationWide = ReadFlag(ref reader) ?? draft.OrganizationWide;
                break;
            case 9 when name.SequenceEqual("revocable"u8):
                draft.Revocable = ReadFlag(ref reader) ?? draft.Revocable;
                break;
            case 15 when name.SequenceEqual("forceDisconnect"u8):
                draft.ForceDisconnect = ReadFlag(ref reader) ?? draft.ForceDisconnect;
                break;
            default:
                reader.Skip();
                break;
        }
    }

    private static byte[]? ReadIdentity(ref Utf8JsonReader reader, Span<byte> scratch)
    {
        reader.Read();
        if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.Number))
        {
            reader.Skip();
            return null;
        }
        ReadOnlySpan<byte> text = JsonText.Value(reader, scratch);
        Span<byte> buffer = stackalloc byte[IdentityKeys.LongestIdentity];
        return text.IsEmpty ? null : IdentityKeys.Identity(text, buffer).ToArray();
    }

    private static long? ReadSeconds(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Number)
        {
            return JsonText.Floor(reader.ValueSpan);
        }
        reader.Skip();
        return null;
    }

    private static bool? ReadFlag(ref Utf8JsonReader reader)
    {
        reader.Read();
        bool? flag = reader.TokenType switch
        {
            JsonTokenType.True => true,
            JsonTokenType.False => false,
            _ => null,
        };
        reader.Skip();
        return flag;
    }

    private static string? ReadTag(ref Utf8JsonReader reader, Span<byte> scratch, ref int budget)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.String)
        {
            reader.Skip();
            return null;
        }
        ReadOnlySpan<byte> text = JsonText.Value(reader, scratch);
        if (text.IsEmpty || text.Length > LongestText || text.Length > budget)
        {
            return null;
        }
        budget -= text.Length;
        return Encoding.UTF8.GetString(text);
    }

    private static ImmutableArray<string> ReadList(
        ref Utf8JsonReader reader, Span<byte> scratch, bool hosts, ref int budget, ImmutableArray<string> before)
    {
        reader.Read();
        ImmutableArray<string>.Builder texts = ImmutableArray.CreateBuilder<string>();
        if (reader.TokenType == JsonTokenType.String)
        {
            return TryAdd(JsonText.Value(reader, scratch), hosts, texts, ref budget) ? texts.ToImmutable() : [];
        }
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return before;
        }
        bool restricts = true;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            restricts = restricts && reader.TokenType == JsonTokenType.String && TryAdd(JsonText.Value(reader, scratch), hosts, texts, ref budget);
            reader.Skip();
        }
        return restricts ? texts.ToImmutable() : [];
    }

    /// <summary>Adds a text unless it is empty; false when the list cannot be kept as it is, or lets everything through.</summary>
    private static bool TryAdd(scoped ReadOnlySpan<byte> text, bool host, ImmutableArray<string>.Builder texts, ref int budget)
    {
        if (text.Length > LongestText || texts.Count == MostTexts)
        {
            return false;
        }
        Span<byte> normal = stackalloc byte[ReferrerHost.LongestResult + 2];
        if (host)
        {
            if (!TryDomain(text, normal, out int length))
            {
                return false;
            }
            text = normal[..length];
        }
        if (text.IsEmpty)
        {
            return true;
        }
        budget -= text.Length;
        if (budget < 0)
        {
            return false;
        }
        texts.Add(Encoding.UTF8.GetString(text));
        return true;
    }

    /// <summary>A domain in the form in which referrers are kept, a leading <c>*.</c> left as it is.</summary>
    private static bool TryDomain(ReadOnlySpan<byte> text, Span<byte> result, out int length)
    {
        text = text.Trim(" \t\r\n"u8);
        int wildcard = text.StartsWith("*."u8) ? 2 : 0;
        text[..wildcard].CopyTo(result);
        ReferrerKind kind = ReferrerHost.Read(text[wildcard..], result[wildcard..], out length);
        length = kind == ReferrerKind.Host ? length + wildcard : 0;
        return kind == ReferrerKind.Host || (kind == ReferrerKind.Missing && wildcard == 0);
    }
}
