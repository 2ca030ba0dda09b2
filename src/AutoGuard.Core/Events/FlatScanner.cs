using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Text.Json;

namespace AutoGuard.Core.Events;

/// <summary>
/// Takes the common event apart in one pass: an object of texts without escapes and plain numbers; what is nested in it is
/// left to the framework's reader. It never says that an event is wrong, only that it is not such an object, and
/// <see cref="EventJson"/> then decides. What it accepts must be valid JSON and give the same places as there.
/// </summary>
/// <remarks>
/// A writer names its fields in the same order in every event, so the scanner remembers which field followed which and first
/// compares with that one's name as a whole. It is not safe to share between threads.
/// </remarks>
internal sealed class FlatScanner
{
    // A quote ends a text; a backslash or a control character makes it the reader's business.
    private static readonly SearchValues<byte> s_textStops = SearchValues.Create(
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
        (byte)'"', (byte)'\\');

    /// <summary>For each field, and at the end for the object's start, the field that came next the last time.</summary>
    private readonly EventField[] _next = [.. Enumerable.Repeat(EventField.Unknown, EventFields.Count + 1)];

    /// <summary>Whether <paramref name="utf8"/> is a flat object; if so <paramref name="fields"/> holds its known fields.</summary>
    public bool TryScan(ReadOnlySpan<byte> utf8, Span<RawField> fields)
    {
        fields.Clear();
        int at = SkipBlanks(utf8, 0);
        if (!TryByte(utf8, ref at, (byte)'{'))
        {
            return false;
        }
        at = SkipBlanks(utf8, at);
        if (TryByte(utf8, ref at, (byte)'}'))
        {
            return SkipBlanks(utf8, at) == utf8.Length;
        }
        int before = EventFields.Count;
        while (true)
        {
            EventField field = _next[before];
            if (!EventFields.TryExpected(utf8, ref at, field))
            {
                if (!TryName(utf8, ref at, out field))
                {
                    return false;
                }
                _next[before] = field != EventField.Unknown ? field : _next[before];
            }
            at = SkipBlanks(utf8, at);
            if (!TryValue(utf8, ref at, out RawField value))
            {
                return false;
            }
            if (field != EventField.Unknown)
            {
                fields[(int)field] = value;
                before = (int)field;
            }
            at = SkipBlanks(utf8, at);
            if (TryByte(utf8, ref at, (byte)','))
            {
                at = SkipBlanks(utf8, at);
                continue;
            }
            return TryByte(utf8, ref at, (byte)'}') && SkipBlanks(utf8, at) == utf8.Length;
        }
    }

    /// <summary>A name and its colon.</summary>
    private static bool TryName(ReadOnlySpan<byte> utf8, ref int at, out EventField field)
    {
        field = EventField.Unknown;
        if (!TryText(utf8, ref at, out RawField name))
        {
            return false;
        }
        at = SkipBlanks(utf8, at);
        if (!TryByte(utf8, ref at, (byte)':'))
        {
            return false;
        }
        field = EventFields.Of(utf8.Slice(name.Start, name.Length));
        return true;
    }

    private static bool TryValue(ReadOnlySpan<byte> utf8, ref int at, out RawField value)
    {
        value = default;
        if ((uint)at >= (uint)utf8.Length)
        {
            return false;
        }
        switch (utf8[at])
        {
            case (byte)'"':
                return TryText(utf8, ref at, out value);
            case (byte)'n':
                return TryWord(utf8, ref at, "null"u8);
            case (byte)'t':
                value = new RawField(RawKind.Other, at, 4);
                return TryWord(utf8, ref at, "true"u8);
            case (byte)'f':
                value = new RawField(RawKind.Other, at, 5);
                return TryWord(utf8, ref at, "false"u8);
            case (byte)'{' or (byte)'[':
                return TryNested(utf8, ref at, out value);
            default:
                return TryNumber(utf8, ref at, out value);
        }
    }

    private static bool TryNested(ReadOnlySpan<byte> utf8, ref int at, out RawField value)
    {
        // one level less than a whole event may have, since this one is inside it
        Utf8JsonReader reader = new(utf8[at..], isFinalBlock: false, new JsonReaderState(new JsonReaderOptions { MaxDepth = EventJson.Deepest - 1 }));
        value = default;
        try
        {
            if (!reader.Read() || !reader.TrySkip())
            {
                return false;
            }
        }
        catch (JsonException)
        {
            return false;
        }
        int length = (int)reader.BytesConsumed;
        value = new RawField(utf8[at] == (byte)'{' ? RawKind.Object : RawKind.Other, at, length);
        at += length;
        return true;
    }

    private static bool TryText(ReadOnlySpan<byte> utf8, ref int at, out RawField text)
    {
        text = default;
        if (!TryByte(utf8, ref at, (byte)'"'))
        {
            return false;
        }
        int length = IndexOfStop(utf8[at..]);
        if (length < 0 || utf8[at + length] != (byte)'"')
        {
            return false;
        }
        text = new RawField(RawKind.Text, at, length);
        at += length + 1;
        return true;
    }

    /// <summary>Texts are short: a look at 32 bytes at a time, in place, costs less than the call of a general search.</summary>
    private static int IndexOfStop(ReadOnlySpan<byte> text)
    {
        int at = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            for (; at <= text.Length - Vector256<byte>.Count; at += Vector256<byte>.Count)
            {
                Vector256<byte> bytes = Vector256.Create(text[at..]);
                Vector256<byte> stops = Vector256.Equals(bytes, Vector256.Create((byte)'"')) | Vector256.Equals(bytes, Vector256.Create((byte)'\\'))
                    | Vector256.Equals(Vector256.Min(bytes, Vector256.Create((byte)0x1F)), bytes);
                uint mask = stops.ExtractMostSignificantBits();
                if (mask != 0)
                {
                    return at + BitOperations.TrailingZeroCount(mask);
                }
            }
        }
        int rest = text[at..].IndexOfAny(s_textStops);
        return rest < 0 ? rest : at + rest;
    }

    /// <summary>An integer or a decimal fraction; a number with an exponent is left to the reader.</summary>
    private static bool TryNumber(ReadOnlySpan<byte> utf8, ref int at, out RawField number)
    {
        int start = at;
        if (utf8[at] == (byte)'-')
        {
            at++;
        }
        int digits = at;
        SkipDigits(utf8, ref at);
        bool valid = at > digits && (at == digits + 1 || utf8[digits] != (byte)'0');
        if (valid && TryByte(utf8, ref at, (byte)'.'))
        {
            digits = at;
            SkipDigits(utf8, ref at);
            valid = at > digits;
        }
        number = new RawField(RawKind.Number, start, at - start);
        return valid;
    }

    private static void SkipDigits(ReadOnlySpan<byte> utf8, ref int at)
    {
        while ((uint)at < (uint)utf8.Length && (uint)(utf8[at] - '0') <= 9)
        {
            at++;
        }
    }

    private static bool TryWord(ReadOnlySpan<byte> utf8, ref int at, ReadOnlySpan<byte> word)
    {
        bool found = utf8[at..].StartsWith(word);
        at += word.Length;
        return found;
    }

    private static bool TryByte(ReadOnlySpan<byte> utf8, ref int at, byte expected)
    {
        if ((uint)at >= (uint)utf8.Length || utf8[at] != expected)
        {
            return false;
        }
        at++;
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int SkipBlanks(ReadOnlySpan<byte> utf8, int at) =>
        (uint)at < (uint)utf8.Length && utf8[at] > ' ' ? at : SkipManyBlanks(utf8, at);

    private static int SkipManyBlanks(ReadOnlySpan<byte> utf8, int at)
    {
        while ((uint)at < (uint)utf8.Length && utf8[at] is (byte)' ' or (byte)'\t' or (byte)'\n' or (byte)'\r')
        {
            at++;
        }
        return at;
    }
}
