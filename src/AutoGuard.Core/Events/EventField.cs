using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Text;

namespace AutoGuard.Core.Events;

/// <summary>The fields of an event that mean something; the values index <see cref="RawEvent"/>.</summary>
internal enum EventField
{
    Unknown = -1,
    Type = 0,
    Timestamp,
    SessionId,
    Address,
    Token,
    UserId,
    Country,
    Asn,
    Provider,
    Referrer,
    UserAgent,
    Stream,
    Duration,
    TokenScope,
    Organization,
}

/// <summary>Names of the known fields, as in the JSON.</summary>
internal static class EventFields
{
    /// <summary>Number of known fields.</summary>
    public const int Count = (int)EventField.Organization + 1;

    private static readonly (Vector128<byte> Text, Vector128<byte> Mask, int Length)[] s_written = [.. WrittenNames()];

    /// <summary>
    /// Whether <paramref name="utf8"/> has, at <paramref name="at"/>, exactly <c>"name":</c> of a field; if so
    /// <paramref name="at"/> moves behind it. No says nothing: the name may be there with blanks, or near the end.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryExpected(ReadOnlySpan<byte> utf8, ref int at, EventField field)
    {
        if (field == EventField.Unknown || (uint)at > (uint)utf8.Length || utf8.Length - at < Vector128<byte>.Count)
        {
            return false;
        }
        ref readonly (Vector128<byte> Text, Vector128<byte> Mask, int Length) written = ref s_written[(int)field];
        if ((Vector128.Create(utf8[at..]) & written.Mask) != written.Text)
        {
            return false;
        }
        at += written.Length;
        return true;
    }

    /// <summary>The field of a name; names are case-sensitive.</summary>
    public static EventField Of(ReadOnlySpan<byte> name) => name.Length switch
    {
        2 => name.SequenceEqual("ip"u8) ? EventField.Address : EventField.Unknown,
        3 => name.SequenceEqual("asn"u8) ? EventField.Asn : EventField.Unknown,
        4 => name.SequenceEqual("type"u8) ? EventField.Type : EventField.Unknown,
        5 => name.SequenceEqual("token"u8) ? EventField.Token : EventField.Unknown,
        6 => name.SequenceEqual("stream"u8) ? EventField.Stream
            : name.SequenceEqual("userId"u8) ? EventField.UserId : EventField.Unknown,
        7 => name.SequenceEqual("country"u8) ? EventField.Country : EventField.Unknown,
        8 => name.SequenceEqual("referrer"u8) ? EventField.Referrer
            : name.SequenceEqual("duration"u8) ? EventField.Duration
            : name.SequenceEqual("provider"u8) ? EventField.Provider : EventField.Unknown,
        9 => name.SequenceEqual("sessionId"u8) ? EventField.SessionId
            : name.SequenceEqual("timestamp"u8) ? EventField.Timestamp
            : name.SequenceEqual("userAgent"u8) ? EventField.UserAgent : EventField.Unknown,
        10 => name.SequenceEqual("tokenScope"u8) ? EventField.TokenScope : EventField.Unknown,
        12 => name.SequenceEqual("organization"u8) ? EventField.Organization : EventField.Unknown,
        _ => EventField.Unknown,
    };

    /// <summary>Every name with quotes and colon, which together fit into a vector.</summary>
    private static IEnumerable<(Vector128<byte> Text, Vector128<byte> Mask, int Length)> WrittenNames()
    {
        string[] names = ["type", "timestamp", "sessionId", "ip", "token", "userId", "country", "asn", "provider", "referrer", "userAgent", "stream",
            "duration", "tokenScope", "organization"];
        foreach (string name in names)
        {
            byte[] text = new byte[Vector128<byte>.Count];
            byte[] mask = new byte[Vector128<byte>.Count];
            int length = Encoding.ASCII.GetBytes($"\"{name}\":", text);
            mask.AsSpan(0, length).Fill(0xFF);
            yield return (Vector128.Create(text), Vector128.Create(mask), length);
        }
    }
}
