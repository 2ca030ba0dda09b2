using System.Buffers.Text;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Enrichment;

/// <summary>
/// Reads what AutoGuard wants out of one record. The vendors name things differently; all their names are understood
/// at once: GeoLite2, GeoIP2 and DB-IP (Country, City, ASN, ISP, Anonymous IP, Enterprise), IPinfo (Lite, Country ASN,
/// ASN, Privacy).
/// </summary>
internal ref struct MmdbRecord
{
    private const int DeepestNesting = 1;

    private readonly MmdbSection _section;
    private ushort _country;
    private ushort _registeredCountry;
    private uint _asn;
    private MmdbField _provider;
    private int _providerRank;
    private AddressTraits _traits;
    private bool _hostingAsn;

    private MmdbRecord(MmdbSection section)
    {
        _section = section;
        _providerRank = int.MaxValue;
    }

    /// <summary>Reads the record at a position of the data section, which lies at the start of <paramref name="memory"/>.</summary>
    public static AddressRecord Read(MmdbSection section, ReadOnlyMemory<byte> memory, int position)
    {
        MmdbField root = section.Resolve(position);
        if (root.Type != MmdbType.Map)
        {
            throw section.Malformed(position, $"a network's record is a {root.Type}, not a map");
        }
        MmdbRecord record = new(section);
        record.ReadMap(root, nesting: 0);
        return record.Result(memory);
    }

    private readonly AddressRecord Result(ReadOnlyMemory<byte> memory)
    {
        // "name", "domain" and "type" say something of the operator only beside a number.
        bool named = _provider.Size > 0 && (_asn != 0 || _providerRank < Rank.OnlyBesideNumber);
        return new AddressRecord(
            _country != 0 ? _country : _registeredCountry,
            _asn,
            named ? memory.Slice(_provider.Start, _provider.Size) : default,
            _asn != 0 && _hostingAsn ? _traits | AddressTraits.Hosting : _traits);
    }

    private void ReadMap(MmdbField map, int nesting)
    {
        int position = map.Start;
        for (int i = 0; i < map.Size; i++)
        {
            ReadOnlySpan<byte> key = _section.Key(ref position);
            MmdbField value = _section.Resolve(position);
            switch (value.Type)
            {
                case MmdbType.Map:
                    OnMap(key, value, nesting);
                    break;
                case MmdbType.Text:
                    OnText(key, value);
                    break;
                case MmdbType.Boolean when value.Size == 1:
                    _traits |= TraitOf(key);
                    break;
                default:
                    OnNumber(key, value);
                    break;
            }
            position = _section.Skip(position);
        }
    }

    private void OnMap(scoped ReadOnlySpan<byte> key, MmdbField map, int nesting)
    {
        if (key.SequenceEqual("country"u8))
        {
            _country = IsoCode(map);
        }
        else if (key.SequenceEqual("registered_country"u8))
        {
            _registeredCountry = IsoCode(map);
        }
        else if (key.SequenceEqual("traits"u8) && nesting < DeepestNesting)
        {
            ReadMap(map, nesting + 1);
        }
    }

    private readonly ushort IsoCode(MmdbField map)
    {
        int position = map.Start;
        for (int i = 0; i < map.Size; i++)
        {
            bool wanted = _section.Key(ref position).SequenceEqual("iso_code"u8);
            if (wanted && _section.Resolve(position) is { Type: MmdbType.Text } text)
            {
                return RegionCodes.PackCountry(_section.Content(text));
            }
            position = _section.Skip(position);
        }
        return 0;
    }

    private void OnText(scoped ReadOnlySpan<byte> key, MmdbField value)
    {
        ReadOnlySpan<byte> text = _section.Content(value);
        int rank = Rank.Of(key);
        if (rank < _providerRank && value.Size > 0)
        {
            _provider = value;
            _providerRank = rank;
        }
        else if (key.SequenceEqual("country_code"u8))
        {
            _country = RegionCodes.PackCountry(text);
        }
        else if (key.SequenceEqual("country"u8) && text.Length == 2)
        {
            _country = RegionCodes.PackCountry(text);
        }
        else if (key.SequenceEqual("asn"u8))
        {
            _asn = ParseAsn(text);
        }
        else if (key.SequenceEqual("type"u8) || key.SequenceEqual("user_type"u8))
        {
            _hostingAsn |= text.SequenceEqual("hosting"u8);
        }
        else if (text.SequenceEqual("true"u8) || text.SequenceEqual("1"u8))
        {
            _traits |= TraitOf(key);
        }
    }

    private void OnNumber(scoped ReadOnlySpan<byte> key, MmdbField value)
    {
        if (!value.IsNumber || !(key.SequenceEqual("autonomous_system_number"u8) || key.SequenceEqual("asn"u8)))
        {
            return;
        }
        ulong number = _section.Number(value);
        _asn = number <= uint.MaxValue ? (uint)number : 0;
    }

    private static uint ParseAsn(ReadOnlySpan<byte> text)
    {
        if (text.Length > 2 && (text[0] | 0x20) == 'a' && (text[1] | 0x20) == 's')
        {
            text = text[2..];
        }
        return Utf8Parser.TryParse(text, out uint number, out int read) && read == text.Length ? number : 0;
    }

    private static AddressTraits TraitOf(ReadOnlySpan<byte> key)
    {
        if (key.StartsWith("is_"u8))
        {
            key = key[3..];
        }
        return key.SequenceEqual("hosting_provider"u8) || key.SequenceEqual("hosting"u8) ? AddressTraits.Hosting
            : key.SequenceEqual("anonymous_vpn"u8) || key.SequenceEqual("vpn"u8)
                || key.SequenceEqual("anonymous_proxy"u8) || key.SequenceEqual("public_proxy"u8) || key.SequenceEqual("proxy"u8)
                || key.SequenceEqual("tor_exit_node"u8) || key.SequenceEqual("tor"u8) ? AddressTraits.AnonymousProxy
            : key.SequenceEqual("satellite_provider"u8) ? AddressTraits.Satellite
            : key.SequenceEqual("anycast"u8) ? AddressTraits.Anycast
            : AddressTraits.None;
    }

    /// <summary>Which of several names is the operator's: lower is better.</summary>
    private static class Rank
    {
        public const int OnlyBesideNumber = 4;

        public static int Of(ReadOnlySpan<byte> key) =>
            key.SequenceEqual("autonomous_system_organization"u8) ? 0
            : key.SequenceEqual("as_name"u8) ? 1
            : key.SequenceEqual("isp"u8) ? 2
            : key.SequenceEqual("organization"u8) ? 3
            : key.SequenceEqual("name"u8) ? OnlyBesideNumber
            : key.SequenceEqual("as_domain"u8) ? 5
            : key.SequenceEqual("domain"u8) ? 6
            : int.MaxValue;
    }
}
