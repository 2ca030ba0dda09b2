using System.Diagnostics;
using System.Text.Unicode;

namespace AutoGuard.Core.Events;

/// <summary>
/// Turns one JSON object into a <see cref="PlaybackEvent"/>. Never throws, whatever the bytes, and allocates nothing
/// once the strings and tokens that occur have been seen. One parser per ingest thread; it is not safe to share.
/// </summary>
/// <remarks>
/// The JSON is read strictly: one object, nothing after it, at most 64 levels; a byte order mark before it is tolerated.
/// Unknown fields are skipped, the last of several equal names counts, and <c>null</c> is absent. A text is refused
/// (<see cref="EventRejection.InvalidJson"/>) if it is kept and not UTF-8. What viewers write can neither get an event
/// refused by its length or content nor take an unbounded amount of memory: long identities become digests, long user
/// agents are cut, unreadable referrers become <c>(invalid)</c>.
/// </remarks>
public sealed class EventParser
{
    /// <summary>Most bytes of an event.</summary>
    public const int LongestEvent = 64 * 1024;

    /// <summary>Most bytes of a session id.</summary>
    public const int LongestSessionId = 128;

    /// <summary>Most bytes of an encoded token.</summary>
    public const int LongestToken = 8 * 1024;

    /// <summary>The referrer of events whose referrer is neither missing nor names a host.</summary>
    public const string InvalidReferrer = "(invalid)";

    private readonly StringPool _strings;
    private readonly IdentityKeys _keys;
    private readonly TokenReader _tokens;
    private readonly FlatScanner _scanner = new();
    private readonly RecentTexts _hosts = new();
    private readonly int _invalidReferrer;
    private readonly RawField[] _fields = new RawField[EventFields.Count];
    private readonly byte[] _scratch = new byte[LongestEvent];
    private readonly byte[] _buffer = new byte[Math.Max(ReferrerHost.LongestResult, IdentityKeys.LongestIdentity)];
    private readonly byte[] _lastOrganization = new byte[StringPool.LongestText];
    private int _lastOrganizationLength;
    private int _lastOrganizationNumber;
    private ulong _lastTenant;

    /// <summary>Makes a parser.</summary>
    /// <param name="hasher">Secret of all keys; the same for every parser of a process.</param>
    /// <param name="strings">Where strings of few values go; only this parser's thread may add to it meanwhile.</param>
    /// <param name="claims">Where claims go; only this parser's thread may add to it.</param>
    /// <param name="rememberedTokensBits">
    /// 2^this many encoded tokens and token scopes are remembered (2 to 24): 40 bytes each and what they say. Should cover
    /// the tokens in use at a time and not exceed the size of <paramref name="claims"/>.
    /// </param>
    public EventParser(KeyedHasher hasher, StringPool strings, ClaimsPool claims, int rememberedTokensBits = 16)
    {
        ArgumentNullException.ThrowIfNull(hasher);
        ArgumentNullException.ThrowIfNull(strings);
        ArgumentNullException.ThrowIfNull(claims);
        ArgumentOutOfRangeException.ThrowIfLessThan(rememberedTokensBits, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rememberedTokensBits, 24);
        _strings = strings;
        _keys = new IdentityKeys(hasher);
        _tokens = new TokenReader(hasher, claims, rememberedTokensBits);
        _invalidReferrer = strings.Intern(InvalidReferrer, StringKind.Name);
    }

    /// <summary>Adds the event in <paramref name="utf8"/> to a batch that is not full, or says why it is none.</summary>
    /// <param name="utf8">The JSON object.</param>
    /// <param name="batch">Where the event goes; unchanged when it is rejected.</param>
    /// <param name="topic">Topic or file name, interned.</param>
    /// <param name="partition">Partition; 0 for a file.</param>
    /// <param name="offset">Offset; line number from 0 for a file.</param>
    public EventRejection TryParse(ReadOnlySpan<byte> utf8, EventBatch batch, int topic, int partition, long offset) =>
        TryParse(utf8, default, batch, topic, partition, offset);

    /// <summary>As the other overload, for an event in an envelope.</summary>
    /// <param name="utf8">The JSON object.</param>
    /// <param name="defaults">What the envelope says in place of absent fields.</param>
    /// <param name="batch">Where the event goes; unchanged when it is rejected.</param>
    /// <param name="topic">Topic or file name, interned.</param>
    /// <param name="partition">Partition; 0 for a file.</param>
    /// <param name="offset">Offset; line number from 0 for a file.</param>
    public EventRejection TryParse(ReadOnlySpan<byte> utf8, EventDefaults defaults, EventBatch batch, int topic, int partition, long offset)
    {
        ArgumentNullException.ThrowIfNull(batch);
        Debug.Assert(!batch.IsFull, "a full batch is handed over before the next event is parsed");
        if (utf8.IsEmpty)
        {
            return EventRejection.Empty;
        }
        if (utf8.Length > LongestEvent)
        {
            return EventRejection.TooLarge;
        }
        if (utf8.StartsWith("\uFEFF"u8))
        {
            utf8 = utf8[3..];
        }
        int used = 0;
        if (!_scanner.TryScan(utf8, _fields) && !EventJson.TryRead(utf8, _scratch, _fields, out used))
        {
            return EventRejection.InvalidJson;
        }
        RawEvent raw = new(utf8, _scratch, _fields);
        ref PlaybackEvent parsed = ref batch.Next();
        EventRejection rejection = EventChecks.Required(raw, defaults, ref parsed);
        if (rejection == EventRejection.None)
        {
            rejection = EventChecks.Optional(raw, Utf8.IsValid(utf8), ref parsed);
        }
        if (rejection == EventRejection.None)
        {
            parsed.Topic = topic;
            parsed.Partition = partition;
            parsed.Offset = offset;
            KeepTexts(raw, ref parsed, batch);
            batch.Commit();
        }
        // a token that was written with escapes must not stay behind
        _scratch.AsSpan(0, used).Clear();
        return rejection;
    }

    /// <summary>Hashes and interns; runs only for events that are accepted, so that rejected ones leave nothing behind.</summary>
    private void KeepTexts(in RawEvent raw, ref PlaybackEvent parsed, EventBatch batch)
    {
        ReadOnlySpan<byte> sessionId = raw.Bytes(EventField.SessionId);
        ulong tenant = Organization(raw.Bytes(EventField.Organization), out parsed.Organization);
        parsed.Session = _keys.Session(sessionId, tenant);
        parsed.OrderKey = OrderKeyOf(sessionId);
        parsed.Stream = _strings.Intern(Name(raw.Bytes(EventField.Stream), _buffer), StringKind.Label);
        parsed.Provider = _strings.Intern(raw.Bytes(EventField.Provider), StringKind.Label);
        parsed.UserAgent = _strings.Intern(raw.Bytes(EventField.UserAgent), StringKind.UserAgent);
        parsed.Referrer = Referrer(raw.Bytes(EventField.Referrer));
        KeepToken(raw, tenant, ref parsed, batch);
    }

    private void KeepToken(in RawEvent raw, ulong tenant, ref PlaybackEvent parsed, EventBatch batch)
    {
        ReadOnlySpan<byte> user = IdentityKeys.Identity(raw.Bytes(EventField.UserId), _buffer);
        ReadOnlySpan<byte> token = raw.Bytes(EventField.Token);
        if (!token.IsEmpty)
        {
            _tokens.Read(token, out TokenReader.Entry read);
            ReadOnlySpan<byte> identity = read.Identity ?? token;
            parsed.Token = _keys.Token(identity, tenant);
            parsed.TokenText = batch.AppendText(identity);
            ReadOnlySpan<byte> scope = raw.Bytes(EventField.TokenScope);
            parsed.Claims = scope.IsEmpty ? read.Claims : _tokens.Join(scope, read);
            if (user.IsEmpty && read.User is not null)
            {
                user = read.User;
                parsed.Traits |= EventTraits.UserFromClaims;
            }
        }
        if (!user.IsEmpty)
        {
            parsed.User = _keys.User(user, tenant);
            parsed.UserText = batch.AppendText(user);
        }
    }

    private ulong Organization(ReadOnlySpan<byte> text, out int number)
    {
        if (text.SequenceEqual(_lastOrganization.AsSpan(0, _lastOrganizationLength)))
        {
            number = _lastOrganizationNumber;
            return _lastTenant;
        }
        ReadOnlySpan<byte> name = Name(text, _buffer);
        number = _strings.Intern(name);
        ulong tenant = _keys.Tenant(name);
        if (text.Length <= _lastOrganization.Length)
        {
            text.CopyTo(_lastOrganization);
            _lastOrganizationLength = text.Length;
            _lastOrganizationNumber = number;
            _lastTenant = tenant;
        }
        return tenant;
    }

    private int Referrer(ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> authority = ReferrerHost.PlainAuthority(text);
        if (!authority.IsEmpty && _strings.Is(_hosts.Place(authority), authority, StringKind.Referrer))
        {
            return _hosts.Place(authority);
        }
        switch (ReferrerHost.Read(text, _buffer, out int length))
        {
            case ReferrerKind.Missing:
                return StringPool.Absent;
            case ReferrerKind.Host:
                ReadOnlySpan<byte> host = _buffer.AsSpan(0, length);
                int number = _strings.Intern(host, StringKind.Referrer);
                if (!authority.IsEmpty && authority.SequenceEqual(host))
                {
                    // the next time this authority needs no closer look: it is its own host
                    _hosts.Place(authority) = number;
                }
                return number;
            default:
                return _invalidReferrer;
        }
    }

    /// <summary>
    /// A stream or tenant as interned: cutting a long one would let two become one, so it becomes its digest, and so does
    /// a text that looks like a digest, lest it pass for another's.
    /// </summary>
    private static ReadOnlySpan<byte> Name(ReadOnlySpan<byte> text, Span<byte> buffer) =>
        text.Length > StringPool.LongestText || text.StartsWith("sha256:"u8) ? IdentityKeys.Digest(text, buffer) : text;

    /// <summary>
    /// Words of eight bytes, little-endian, multiplied and folded; the last one is what is left, with the length above
    /// it. Any good mixing would do: it breaks ties, and must only be the same everywhere.
    /// </summary>
    private static ulong OrderKeyOf(ReadOnlySpan<byte> text)
    {
        const ulong Multiplier = 0x9E37_79B9_7F4A_7C15;
        ulong key = (ulong)text.Length * Multiplier;
        while (text.Length >= 8)
        {
            key = (key ^ System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(text)) * Multiplier;
            key ^= key >> 32;
            text = text[8..];
        }
        ulong last = 0;
        for (int i = 0; i < text.Length; i++)
        {
            last |= (ulong)text[i] << (8 * i);
        }
        key = (key ^ last) * Multiplier;
        return key ^ (key >> 32);
    }
}
