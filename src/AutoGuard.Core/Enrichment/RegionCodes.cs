using AutoGuard.Core.Events;

namespace AutoGuard.Core.Enrichment;

/// <summary>Codes that registries and databases put where a country belongs.</summary>
internal static class RegionCodes
{
    private static readonly ushort Europe = CountryCode.Pack("EU"u8);
    private static readonly ushort AsiaPacific = CountryCode.Pack("AP"u8);
    private static readonly ushort Undefined = CountryCode.Pack("XX"u8);
    private static readonly ushort Unknown = CountryCode.Pack("ZZ"u8);

    /// <summary>
    /// Packs a country; regions and placeholders give 0, because a viewer "in Europe" has not left France.
    /// </summary>
    public static ushort PackCountry(ReadOnlySpan<byte> text)
    {
        ushort code = CountryCode.Pack(text);
        return code == Europe || code == AsiaPacific || code == Undefined || code == Unknown ? (ushort)0 : code;
    }
}
