using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace AutoGuard.Core.Events;

/// <summary>Values of JSON tokens as bytes and numbers, without exceptions and without allocation.</summary>
internal static class JsonText
{
    /// <summary>
    /// Resolves the escapes of a text that the reader has accepted; writes at most <paramref name="escaped"/>'s length and
    /// returns how much. Half a surrogate pair becomes U+FFFD: some writers put the bytes of a user agent that is not
    /// UTF-8 that way, and a viewer must not get an event refused by it.
    /// </summary>
    public static int Unescape(ReadOnlySpan<byte> escaped, Span<byte> destination)
    {
        int from = 0;
        int to = 0;
        while (true)
        {
            int plain = escaped[from..].IndexOf((byte)'\\');
            ReadOnlySpan<byte> run = plain < 0 ? escaped[from..] : escaped.Slice(from, plain);
            run.CopyTo(destination[to..]);
            to += run.Length;
            if (plain < 0)
            {
                return to;
            }
            from += plain;
            if (escaped[from + 1] != (byte)'u')
            {
                destination[to++] = Simple(escaped[from + 1]);
                from += 2;
                continue;
            }
            to += Scalar(escaped, ref from).EncodeToUtf8(destination[to..]);
        }
    }

    /// <summary>The bytes of the reader's current name or text; <paramref name="scratch"/> must be as long as it.</summary>
    public static ReadOnlySpan<byte> Value(in Utf8JsonReader reader, Span<byte> scratch) =>
        reader.ValueIsEscaped ? scratch[..Unescape(reader.ValueSpan, scratch)] : reader.ValueSpan;

    /// <summary>The greatest integer not above a JSON number, held within the range of the type.</summary>
    public static long Floor(ReadOnlySpan<byte> number)
    {
        long value = 0;
        int digits = 0;
        while (digits < number.Length && (uint)(number[digits] - '0') <= 9)
        {
            if (digits == 18)
            {
                return FloorOfDouble(number);
            }
            value = (value * 10) + (number[digits] - '0');
            digits++;
        }
        bool simple = digits > 0 && (digits == number.Length || (number[digits] == (byte)'.' && !number.ContainsAny((byte)'e', (byte)'E')));
        return simple ? value : FloorOfDouble(number);
    }

    private static long FloorOfDouble(ReadOnlySpan<byte> number)
    {
        if (Utf8Parser.TryParse(number, out long whole, out int consumed) && consumed == number.Length)
        {
            return whole;
        }
        double value = double.Parse(number, NumberStyles.Float, CultureInfo.InvariantCulture);
        return (long)Math.Floor(value);
    }

    private static byte Simple(byte escape) => escape switch
    {
        (byte)'n' => (byte)'\n',
        (byte)'t' => (byte)'\t',
        (byte)'r' => (byte)'\r',
        (byte)'b' => (byte)'\b',
        (byte)'f' => (byte)'\f',
        _ => escape,
    };

    private static Rune Scalar(ReadOnlySpan<byte> escaped, ref int from)
    {
        char first = Hex4(escaped.Slice(from + 2, 4));
        from += 6;
        if (!char.IsSurrogate(first))
        {
            return new Rune(first);
        }
        ReadOnlySpan<byte> rest = escaped[from..];
        if (char.IsHighSurrogate(first) && rest.Length >= 6 && rest.StartsWith("\\u"u8))
        {
            char second = Hex4(rest.Slice(2, 4));
            if (char.IsLowSurrogate(second))
            {
                from += 6;
                return new Rune(first, second);
            }
        }
        return Rune.ReplacementChar;
    }

    private static char Hex4(ReadOnlySpan<byte> digits)
    {
        int value = 0;
        foreach (byte digit in digits)
        {
            value = (value << 4) | ((digit & 0xF) + (digit > '9' ? 9 : 0));
        }
        return (char)value;
    }
}
