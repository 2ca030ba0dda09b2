namespace AutoGuard.Core.Events;

/// <summary>ISO 3166-1 alpha-2 codes packed into 16 bits: first letter in the upper byte, 0 for unknown.</summary>
public static class CountryCode
{
    /// <summary>Packs two ASCII letters (either case); anything else gives 0.</summary>
    public static ushort Pack(ReadOnlySpan<byte> text)
    {
        if (text.Length != 2)
        {
            return 0;
        }
        int first = text[0] & ~0x20;
        int second = text[1] & ~0x20;
        return first is >= 'A' and <= 'Z' && second is >= 'A' and <= 'Z' ? (ushort)((first << 8) | second) : (ushort)0;
    }

    /// <summary>The two letters, or an empty text for 0.</summary>
    public static string Text(ushort code) =>
        code == 0 ? "" : string.Create(2, code, static (span, value) =>
        {
            span[0] = (char)(value >> 8);
            span[1] = (char)(value & 0xFF);
        });
}
