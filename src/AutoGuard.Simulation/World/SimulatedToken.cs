using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace AutoGuard.Simulation.World;

/// <summary>A playback token: what events carry, and by which identity decisions name it.</summary>
/// <param name="Text">The event's <c>token</c>: an encoded JWT, or the identity itself.</param>
/// <param name="Identity">As the contract defines it: <c>jti</c>, digest, or the text.</param>
/// <param name="User">The user it is bound to.</param>
/// <param name="Scope">JSON of <c>tokenScope</c>, sent with starts; empty for a JWT, which says it itself.</param>
internal sealed record SimulatedToken(string Text, string Identity, string? User, string Scope);

/// <summary>Makes tokens as the platform's token service would.</summary>
internal sealed class TokenMint(double jwtShare, string[] streams)
{
    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    public SimulatedToken ForUser(DeterministicRandom random, string user, long now, bool revocable = true, long lifetime = 0) =>
        Make(random, user, streams, now, revocable, mayLackId: false, lifetime);

    /// <summary>An identity that nobody was ever given: a guess.</summary>
    public static SimulatedToken Guess(DeterministicRandom random)
    {
        string identity = NewIdentity(random);
        return new(identity, identity, null, "");
    }

    public SimulatedToken ForSession(DeterministicRandom random, string stream, long now) =>
        Make(random, null, [stream], now, revocable: random.Chance(0.5), mayLackId: true);

    public SimulatedToken ForEverybody(DeterministicRandom random, long now) =>
        Make(random, null, streams, now, revocable: false, mayLackId: false);

    public static string NewUser(DeterministicRandom random) =>
        string.Create(CultureInfo.InvariantCulture, $"u-{random.Next() >> 16:x12}");

    private SimulatedToken Make(DeterministicRandom random, string? user, string[] opens, long now, bool revocable, bool mayLackId, long seconds = 0)
    {
        string identity = NewIdentity(random);
        string names = string.Join(',', opens.Select(s => $"\"{s}\""));
        string revocableText = revocable ? "true" : "false";
        if (!random.Chance(jwtShare))
        {
            return new(identity, identity, user, $$"""{"streams":[{{names}}],"revocable":{{revocableText}}}""");
        }

        bool hasId = !mayLackId || !random.Chance(0.2);
        long issued = now / 1000;
        long lifetime = seconds > 0 ? seconds : revocable ? 86_400 : 14 * 86_400;
        StringBuilder payload = new();
        payload.Append("""{"iss":"arena-live","aud":"splay",""");
        payload.Append(hasId ? $"\"jti\":\"{identity}\"," : "").Append(user is null ? "" : $"\"user\":\"{user}\",");
        payload.Append(CultureInfo.InvariantCulture, $"\"streams\":[{names}],\"revocable\":{revocableText},\"iat\":{issued},\"exp\":{issued + lifetime}}}");
        string encoded = Encode("""{"alg":"EdDSA","typ":"JWT","kid":"arena-1"}"""u8) + "." + Encode(Encoding.ASCII.GetBytes(payload.ToString()))
            + "." + Signature(random);
        return new(encoded, hasId ? identity : "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(encoded))), user, "");
    }

    private static string NewIdentity(DeterministicRandom random)
    {
        Span<char> text = stackalloc char[12];
        foreach (ref char c in text)
        {
            c = Alphabet[(int)random.Below(Alphabet.Length)];
        }

        return new string(text);
    }

    /// <summary>64 bytes in the place of an Ed25519 signature; nobody who reads events can verify one anyway.</summary>
    private static string Signature(DeterministicRandom random)
    {
        Span<byte> bytes = stackalloc byte[64];
        foreach (ref byte b in bytes)
        {
            b = (byte)random.Next();
        }

        return Encode(bytes);
    }

    private static string Encode(ReadOnlySpan<byte> bytes) => Base64Url.EncodeToString(bytes);
}
