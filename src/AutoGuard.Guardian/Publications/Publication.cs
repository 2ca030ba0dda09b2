using System.Text.Json.Serialization;

namespace AutoGuard.Guardian.Publications;

/// <summary>What a publication is: the vendor's first interface knows channels and their aliases, the second distributions.</summary>
public enum PublicationKind
{
    Channel,

    Alias,

    Distribution,
}

/// <summary>Names one publication.</summary>
/// <param name="Organization">Tenant; empty: of keys without a tenant, for everybody.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Id">Its id at the platform.</param>
public readonly record struct PublicationKey(string Organization, PublicationKind Kind, string Id)
{
    /// <summary>Longest id, characters.</summary>
    public const int LongestId = 128;

    /// <summary>How the audit calls it.</summary>
    public string Name => $"{KindName}:{Id}";

    internal string KindName => NameOf(Kind);

    /// <summary>Whether the audit's subject is a publication and no rule.</summary>
    internal static bool IsName(string text) => text.Contains(':', StringComparison.Ordinal);

    internal static string NameOf(PublicationKind kind) => kind switch
    {
        PublicationKind.Channel => "channel",
        PublicationKind.Alias => "alias",
        PublicationKind.Distribution => "distribution",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    internal static PublicationKind KindOf(string name) => name switch
    {
        "channel" => PublicationKind.Channel,
        "alias" => PublicationKind.Alias,
        "distribution" => PublicationKind.Distribution,
        _ => throw new InvalidOperationException($"The kind '{name}' of a publication is not known."),
    };
}

/// <summary>Networks that alone may watch, or that may not.</summary>
/// <param name="Enabled">Whether the list is in force.</param>
/// <param name="IsAllow">Whether it names who may watch, instead of who may not.</param>
/// <param name="Cidrs">Addresses and networks, canonical.</param>
public sealed record AddressList(bool Enabled, bool IsAllow, IReadOnlyList<string> Cidrs);

/// <summary>Countries that alone may watch, or that may not.</summary>
/// <param name="Enabled">Whether the list is in force.</param>
/// <param name="IsAllow">Whether it names who may watch, instead of who may not.</param>
/// <param name="Countries">ISO 3166-1 alpha-2, upper case.</param>
public sealed record CountryList(bool Enabled, bool IsAllow, IReadOnlyList<string> Countries);

/// <summary>Pages that alone may embed the player.</summary>
/// <param name="Enabled">Whether the list is in force.</param>
/// <param name="AllowedDomains">Hosts, with port where it is not the usual one; matched exactly.</param>
/// <param name="AllowNativeApps">Whether who sends no referrer may watch.</param>
public sealed record EmbedderList(bool Enabled, IReadOnlyList<string> AllowedDomains, bool AllowNativeApps);

/// <summary>The lists of one publication. Each is replaced whole by whoever changes it.</summary>
public sealed record Publication
{
    /// <summary>Nothing is refused. The mode is the one that the vendor documents for when none was ever given.</summary>
    public static Publication NewOf(PublicationKind kind)
    {
        bool isAllow = kind != PublicationKind.Distribution;
        return new Publication { IpBlocking = new AddressList(false, isAllow, []), GeoBlocking = new CountryList(false, isAllow, []) };
    }

    public required AddressList IpBlocking { get; init; }

    public required CountryList GeoBlocking { get; init; }

    public EmbedderList RefererBlocking { get; init; } = new(false, [], false);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Publication))]
[JsonSerializable(typeof(string))]
internal sealed partial class PublicationJsonContext : JsonSerializerContext;
