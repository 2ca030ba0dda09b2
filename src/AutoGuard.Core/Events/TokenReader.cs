namespace AutoGuard.Core.Events;

/// <summary>
/// Turns the token and token scope of an event into an identity, a user and claims. What needs decoding or digesting is
/// remembered under a keyed 128-bit hash of its bytes, so that a token seen again costs one hash and no allocation; the
/// encoded form itself is never kept.
/// </summary>
/// <remarks>
/// The memory is 2^<c>sizeBits</c> places in sets of four. A newcomer to a full set takes the place that its own hash
/// picks: no order of arrival, such as the round of heartbeats of a few more tokens than there are places, can push out
/// everything just before it is needed again, and nobody can aim without the secret. What was pushed out, or whose
/// claims have left the <see cref="ClaimsPool"/>, is decoded again when it returns.
/// </remarks>
internal sealed class TokenReader(KeyedHasher hasher, ClaimsPool claims, int sizeBits)
{
    private const int Ways = 4;
    private const ulong EncodedKind = 0x656e636f64656404;
    private const ulong ScopeKind = 0x73636f7065000005;

    private readonly Entry[] _entries = new Entry[1 << sizeBits];
    private readonly byte[] _decoded = new byte[EventParser.LongestToken];
    private readonly byte[] _scratch = new byte[EventParser.LongestEvent];

    /// <summary>
    /// Identity, user and claims of a token that is valid UTF-8, not empty and at most <see cref="EventParser.LongestToken"/> bytes.
    /// </summary>
    /// <param name="token">The token as the event gives it.</param>
    /// <param name="entry">What it stands for; an identity of null means the token itself.</param>
    public void Read(ReadOnlySpan<byte> token, out Entry entry)
    {
        entry = default;
        if (token.Count((byte)'.') != 2 && IdentityKeys.IsPlain(token))
        {
            return;
        }
        Key128 tag = hasher.Hash128(token, EncodedKind);
        ref Entry place = ref Place(tag);
        if (place.Tag != tag || IsStale(place))
        {
            place = Decode(token, tag);
        }
        entry = place;
    }

    /// <summary>
    /// Number of the claims of a token whose event brings a <c>tokenScope</c>: what the scope gives stands before what the
    /// token says.
    /// </summary>
    /// <param name="scope">The scope's JSON object, valid UTF-8.</param>
    /// <param name="token">What <see cref="Read"/> said of the token.</param>
    public int Join(ReadOnlySpan<byte> scope, in Entry token)
    {
        Key128 tag = hasher.Hash128(scope, ScopeKind ^ token.Tag.Low ^ token.Tag.High);
        ref Entry place = ref Place(tag);
        if (place.Tag != tag || IsStale(place))
        {
            ClaimsJson.TryRead(scope, _scratch, out ClaimsDraft draft);
            place = new Entry(tag, null, null, Number(draft.Over(claims.Get(token.Claims))));
        }
        return place.Claims;
    }

    private Entry Decode(ReadOnlySpan<byte> token, Key128 tag)
    {
        if (!JsonWebToken.TryRead(token, _decoded, _scratch, out ClaimsDraft draft))
        {
            return new Entry(tag, IdentityKeys.IsPlain(token) ? null : Digest(token), null, 0);
        }
        return new Entry(tag, draft.Identity ?? Digest(token), draft.User ?? draft.UserId, Number(draft.Over(null)));
    }

    private static byte[] Digest(ReadOnlySpan<byte> token)
    {
        Span<byte> buffer = stackalloc byte[IdentityKeys.LongestIdentity];
        return IdentityKeys.Digest(token, buffer).ToArray();
    }

    private int Number(TokenClaims? read) => read is null ? 0 : claims.Add(read);

    private bool IsStale(in Entry entry) => entry.Claims != 0 && claims.Get(entry.Claims) is null;

    private ref Entry Place(Key128 tag)
    {
        int set = (int)(tag.Low & (ulong)(_entries.Length - 1)) & ~(Ways - 1);
        int free = -1;
        for (int place = set; place < set + Ways; place++)
        {
            if (_entries[place].Tag == tag)
            {
                return ref _entries[place];
            }
            if (_entries[place].Tag.IsAbsent)
            {
                free = place;
            }
        }
        return ref _entries[free >= 0 ? free : set + (int)(tag.High & (Ways - 1))];
    }

    /// <summary>What is remembered of an encoded token, or of a scope with the token it came with.</summary>
    /// <param name="Tag">Hash of the bytes it was read from.</param>
    /// <param name="Identity">Identity in UTF-8; null when the token is its own.</param>
    /// <param name="User">User by the claims, as kept; null when they name none.</param>
    /// <param name="Claims">Number of the claims; 0 when there are none.</param>
    internal readonly record struct Entry(Key128 Tag, byte[]? Identity, byte[]? User, int Claims);
}
