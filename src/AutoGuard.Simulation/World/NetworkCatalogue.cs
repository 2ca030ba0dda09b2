using System.Collections.Immutable;
using AutoGuard.Core.Events;

namespace AutoGuard.Simulation.World;

/// <summary>What kind of operator a network belongs to.</summary>
internal enum NetworkKind
{
    Home,
    Mobile,
    Business,
    Hosting,

    /// <summary>Egress of privacy relays, in the networks of content carriers.</summary>
    Relay,

    /// <summary>Cloud proxies of companies.</summary>
    Proxy,

    /// <summary>Campuses, hotels, stadiums.</summary>
    Campus,
}

/// <summary>One operator in one country, and a range to draw its addresses from.</summary>
/// <param name="Prefix">An IPv4 range that looks like the operator's; synthetic in the sense that nobody in it is meant.</param>
/// <param name="PrefixV6">The upper 32 bits of an IPv6 range; 0: IPv4 only.</param>
/// <param name="Weight">Relative share of the audience; 0: never drawn for viewers at home or on the move.</param>
internal sealed record SimulatedNetwork(uint Asn, string Provider, string Country, NetworkKind Kind, IpNetwork Prefix, uint PrefixV6, int Weight);

/// <summary>
/// Operators with their real numbers, names and countries. The ranges are plausible, not authoritative: events carry
/// operator and country themselves. No two overlap, and every country with viewers has three operators of homes and one of
/// phones at least, as any market has, so that places of one country are not all of one operator.
/// </summary>
internal static class NetworkCatalogue
{
    public static ImmutableArray<SimulatedNetwork> All { get; } =
    [
        Home(3320, "Deutsche Telekom AG", "DE", "87.128.0.0/10", 0x20030000, 140),
        Home(3209, "Vodafone GmbH", "DE", "88.64.0.0/12", 0x2A020810, 90),
        Home(8881, "1&1 Versatel GmbH", "DE", "92.116.0.0/15", 0x20010160, 40),
        Home(2856, "British Telecommunications PLC", "GB", "86.128.0.0/10", 0x2A000200, 90),
        Home(5089, "Virgin Media Limited", "GB", "82.0.0.0/11", 0, 60),
        Home(5607, "Sky UK Limited", "GB", "90.192.0.0/11", 0x2A020C00, 70),
        Home(3215, "Orange S.A.", "FR", "90.0.0.0/10", 0x2A010CB0, 60),
        Home(12322, "Free SAS", "FR", "82.224.0.0/11", 0x2A010E00, 40),
        Home(5410, "Bouygues Telecom SA", "FR", "176.128.0.0/10", 0x20010861, 30),
        Home(3352, "Telefonica de Espana S.A.U.", "ES", "83.32.0.0/11", 0, 25),
        Home(12479, "Orange Espagne SA", "ES", "90.160.0.0/12", 0x2A01C500, 12),
        Home(6739, "Vodafone Ono, S.A.", "ES", "84.120.0.0/13", 0, 8),
        Home(3269, "Telecom Italia S.p.A.", "IT", "79.0.0.0/10", 0, 20),
        Home(30722, "Vodafone Italia S.p.A.", "IT", "2.32.0.0/12", 0, 9),
        Home(12874, "Fastweb SpA", "IT", "93.32.0.0/11", 0x20010B07, 9),
        Home(1267, "Wind Tre S.p.A.", "IT", "151.16.0.0/12", 0, 7),
        Home(1136, "KPN B.V.", "NL", "77.160.0.0/11", 0x2A02A440, 9),
        Home(33915, "Vodafone Libertel B.V.", "NL", "84.24.0.0/13", 0x20011C00, 9),
        Home(50266, "Odido Netherlands B.V.", "NL", "85.144.0.0/13", 0, 4),
        Home(6830, "Liberty Global B.V.", "AT", "84.112.0.0/14", 0, 6),
        Home(8447, "A1 Telekom Austria AG", "AT", "188.20.0.0/14", 0x20010871, 6),
        Home(8412, "T-Mobile Austria GmbH", "AT", "178.112.0.0/13", 0, 3),
        Home(3301, "Telia Company AB", "SE", "78.64.0.0/12", 0, 7),
        Home(1257, "Tele2 Sverige AB", "SE", "83.248.0.0/13", 0x2A000801, 5),
        Home(8434, "Telenor Sverige AB", "SE", "85.224.0.0/13", 0, 3),
        Home(5617, "Orange Polska S.A.", "PL", "83.0.0.0/11", 0, 12),
        Home(12741, "Netia SA", "PL", "77.252.0.0/14", 0, 6),
        Home(29314, "Vectra S.A.", "PL", "88.156.0.0/14", 0, 5),
        Home(9121, "Turk Telekom", "TR", "78.160.0.0/11", 0, 16),
        Home(34984, "Superonline Iletisim Hizmetleri A.S.", "TR", "176.232.0.0/13", 0x2A020FF0, 9),
        Home(12735, "TurkNet Iletisim Hizmetleri A.S.", "TR", "176.88.0.0/14", 0, 5),
        Home(7922, "Comcast Cable Communications, LLC", "US", "73.0.0.0/9", 0x26010000, 100),
        Home(7018, "AT&T Enterprises, LLC", "US", "99.0.0.0/10", 0x26000000, 60),
        Home(20115, "Charter Communications LLC", "US", "97.80.0.0/13", 0, 50),
        Home(577, "Bell Canada", "CA", "70.24.0.0/13", 0, 6),
        Home(812, "Rogers Communications Canada Inc.", "CA", "99.224.0.0/11", 0x2607FEA8, 5),
        Home(852, "TELUS Communications Inc.", "CA", "75.152.0.0/13", 0x2001056A, 4),
        Home(8151, "UNINET (Telmex)", "MX", "187.128.0.0/10", 0, 13),
        Home(13999, "Mega Cable, S.A. de C.V.", "MX", "177.224.0.0/12", 0, 6),
        Home(22884, "Total Play Telecomunicaciones SA de CV", "MX", "189.200.0.0/13", 0x280602F0, 4),
        Home(28573, "Claro NXT Telecomunicacoes", "BR", "189.0.0.0/11", 0x28040140, 20),
        Home(27699, "Telefonica Brasil S.A", "BR", "187.56.0.0/13", 0x28040431, 18),
        Home(7738, "V tal", "BR", "201.8.0.0/13", 0, 12),
        Home(7552, "Viettel Group", "VN", "171.224.0.0/11", 0x24020800, 50),
        Home(45899, "VNPT Corp", "VN", "113.160.0.0/11", 0x2001EE00, 50),
        Home(18403, "FPT Telecom", "VN", "118.68.0.0/14", 0, 20),
        Home(4713, "NTT DOCOMO BUSINESS", "JP", "153.128.0.0/9", 0, 8),
        Home(17676, "SoftBank Corp.", "JP", "126.0.0.0/9", 0x24002410, 8),
        Home(2516, "KDDI Corporation", "JP", "106.128.0.0/10", 0x20010268, 7),
        Home(1221, "Telstra Limited", "AU", "101.160.0.0/11", 0, 12),
        Home(7545, "TPG Telecom Limited", "AU", "27.32.0.0/14", 0, 6),
        Home(4804, "SingTel Optus Pty Ltd", "AU", "49.176.0.0/12", 0, 5),
        Home(7713, "PT Telekomunikasi Indonesia", "ID", "36.64.0.0/11", 0, 9),
        Home(17451, "Biznet Networks", "ID", "182.252.0.0/14", 0, 3),
        Home(23700, "PT Link Net Tbk", "ID", "139.192.0.0/14", 0, 3),
        Home(24560, "Bharti Airtel Ltd., Telemedia Services", "IN", "122.160.0.0/12", 0x24014900, 6),
        Home(17488, "Hathway IP Over Cable Internet", "IN", "116.72.0.0/14", 0, 5),
        Home(9829, "National Internet Backbone (BSNL)", "IN", "117.192.0.0/10", 0, 4),
        Mobile(3320, "Deutsche Telekom AG", "DE", "80.187.0.0/16", 50),
        Mobile(6805, "Telefonica Germany GmbH", "DE", "176.0.0.0/13", 40),
        Mobile(12576, "EE Limited", "GB", "31.64.0.0/13", 50),
        Mobile(51207, "Free Mobile SAS", "FR", "37.160.0.0/13", 30),
        Mobile(12430, "Vodafone Espana S.A.U.", "ES", "77.208.0.0/13", 15),
        Mobile(24608, "Wind Tre S.p.A.", "IT", "37.176.0.0/13", 15),
        Mobile(31615, "Odido Netherlands B.V.", "NL", "188.88.0.0/14", 8),
        Mobile(25255, "Hutchison Drei Austria GmbH", "AT", "77.116.0.0/14", 5),
        Mobile(44034, "Hi3G Access AB", "SE", "2.64.0.0/13", 5),
        Mobile(8374, "Polkomtel Sp. z o.o.", "PL", "31.60.0.0/14", 7),
        Mobile(16135, "Turkcell A.S.", "TR", "5.24.0.0/14", 20),
        Mobile(21928, "T-Mobile USA, Inc.", "US", "172.32.0.0/11", 60),
        Mobile(22394, "Verizon Business (Cellco)", "US", "174.192.0.0/10", 40),
        Mobile(36522, "Bell Mobility Inc.", "CA", "184.144.0.0/13", 5),
        Mobile(28403, "Radiomovil Dipsa, S.A. de C.V.", "MX", "187.200.0.0/13", 7),
        Mobile(26599, "Telefonica Brasil S.A. (Vivo)", "BR", "177.24.0.0/14", 30),
        Mobile(7552, "Viettel Group", "VN", "27.64.0.0/12", 40),
        Mobile(9605, "NTT DOCOMO, INC.", "JP", "1.72.0.0/13", 7),
        Mobile(133612, "Vodafone Australia Pty Ltd", "AU", "120.16.0.0/13", 7),
        Mobile(24203, "PT XL Axiata Tbk", "ID", "112.214.0.0/15", 5),
        Mobile(55836, "Reliance Jio Infocomm Limited", "IN", "49.32.0.0/11", 45),
        Business(680, "Deutsches Forschungsnetz e.V.", "DE", "141.24.0.0/14"),
        Business(5400, "British Telecommunications PLC", "GB", "194.72.0.0/14"),
        Business(15557, "Societe Francaise Du Radiotelephone - SFR SA", "FR", "80.118.0.0/15"),
        Business(7029, "Windstream Communications LLC", "US", "75.88.0.0/13"),
        Hosting(16509, "Amazon.com, Inc.", "US", "3.208.0.0/12", 0),
        Hosting(16509, "Amazon.com, Inc.", "DE", "18.184.0.0/15", 0),
        Hosting(16276, "OVH SAS", "FR", "51.68.0.0/14", 0),
        Hosting(24940, "Hetzner Online GmbH", "DE", "88.198.0.0/16", 0),
        Hosting(24940, "Hetzner Online GmbH", "FI", "95.216.0.0/15", 0),
        Hosting(14061, "DigitalOcean, LLC", "US", "159.65.0.0/16", 0),
        Hosting(14061, "DigitalOcean, LLC", "NL", "178.62.128.0/17", 0),
        Hosting(51167, "Contabo GmbH", "DE", "161.97.64.0/18", 0),
        Hosting(20473, "The Constant Company, LLC", "US", "45.76.0.0/15", 0),
        Hosting(60781, "LeaseWeb Netherlands B.V.", "NL", "81.171.0.0/19", 0),
        Hosting(12876, "Scaleway S.a.s.", "FR", "51.15.0.0/16", 0),
        Hosting(45102, "Alibaba (US) Technology Co., Ltd.", "SG", "47.74.128.0/17", 0),
        Hosting(9009, "M247 Europe SRL", "GB", "146.70.0.0/18", 3),
        Hosting(9009, "M247 Europe SRL", "RO", "146.70.64.0/18", 2),
        Hosting(9009, "M247 Europe SRL", "US", "146.70.128.0/18", 2),
        Hosting(60068, "Datacamp Limited", "DE", "89.187.160.0/20", 3),
        Hosting(212238, "Datacamp Limited", "NL", "156.146.32.0/19", 2),
    ];

    public static ImmutableArray<SimulatedNetwork> Of(NetworkKind kind) => [.. All.Where(n => n.Kind == kind)];

    private static SimulatedNetwork Home(uint asn, string provider, string country, string prefix, uint prefixV6, int weight) =>
        new(asn, provider, country, NetworkKind.Home, Parse(prefix), prefixV6, weight);

    private static SimulatedNetwork Mobile(uint asn, string provider, string country, string prefix, int weight) =>
        new(asn, provider, country, NetworkKind.Mobile, Parse(prefix), 0, weight);

    private static SimulatedNetwork Business(uint asn, string provider, string country, string prefix) =>
        new(asn, provider, country, NetworkKind.Business, Parse(prefix), 0, 1);

    private static SimulatedNetwork Hosting(uint asn, string provider, string country, string prefix, int vpnWeight) =>
        new(asn, provider, country, NetworkKind.Hosting, Parse(prefix), 0, vpnWeight);

    private static IpNetwork Parse(string prefix) =>
        IpNetwork.TryParse(prefix, out IpNetwork network) ? network : throw new FormatException($"{prefix} is no network.");
}
