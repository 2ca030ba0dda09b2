using System.Collections.Immutable;
using System.Globalization;
using AutoGuard.Core.Events;

namespace AutoGuard.Guardian.Rules;

/// <summary>
/// What many rules have in common; one object serves them all. Exceptions stand here because nearly all rules have none in common.
/// </summary>
internal sealed record RuleLabel(RuleOrigin Origin, string Creator, string Tag, string? Organization, string? Stream, ImmutableArray<IpNetwork> Except);

/// <summary>What a look-up asks beside the text or address that it looks up.</summary>
/// <param name="Organization">Tenant, or null.</param>
/// <param name="Stream">Stream or channel, or null.</param>
/// <param name="Now">Unix milliseconds.</param>
/// <param name="From">Where the viewer is; null: not known, and then no exception holds.</param>
internal readonly record struct RuleCircumstances(string? Organization, string? Stream, long Now, IpAddress? From);

/// <summary>
/// A rule as the matcher holds it: about a hundred bytes, because there may be a million. Reasons stay in the database.
/// Texts were written by strangers: escape before showing.
/// </summary>
public sealed class HeldRule : IPrefixEntry
{
    internal const string ConfigurationPrefix = "configuration:";

    private readonly UInt128 _id;
    private readonly string? _text;
    private readonly RuleLabel _label;
    private readonly long _created;
    private readonly long _expires;
    private readonly byte _length;
    private readonly byte _scope;
    private readonly byte _type;

    internal HeldRule(Rule rule, ulong high, ulong low, int length, RuleLabel label)
    {
        _id = KeyOf(rule.Id);
        _text = rule.Scope is RuleScope.Ip or RuleScope.Cidr ? null : rule.Value;
        _label = label;
        _created = rule.CreatedAt.ToUnixTimeMilliseconds();
        _expires = rule.ExpiresAt?.ToUnixTimeMilliseconds() ?? long.MaxValue;
        _length = (byte)length;
        _scope = (byte)rule.Scope;
        _type = (byte)rule.Type;
        High = high;
        Low = low;
        Revision = rule.Revision;
        IsV4 = rule.Network.Address.IsV4;
    }

    private HeldRule(HeldRule other, HeldRule? next)
    {
        _id = other._id;
        _text = other._text;
        _label = other._label;
        _created = other._created;
        _expires = other._expires;
        _length = other._length;
        _scope = other._scope;
        _type = other._type;
        High = other.High;
        Low = other.Low;
        Revision = other.Revision;
        IsV4 = other.IsV4;
        Next = next;
    }

    /// <summary>As <see cref="Rule.Id"/>.</summary>
    public string Id => _label.Origin == RuleOrigin.Configuration ? ConfigurationPrefix + Hex(_id ^ ConfigurationMark) : Hex(_id);

    public RuleScope Scope => (RuleScope)_scope;

    public RuleType Type => (RuleType)_type;

    public RuleOrigin Origin => _label.Origin;

    public string Creator => _label.Creator;

    public string Tag => _label.Tag;

    public string? Organization => _label.Organization;

    /// <summary>The only stream or channel that it holds for; null: all.</summary>
    public string? Stream => _label.Stream;

    /// <summary>As <see cref="Rule.Except"/>.</summary>
    public ImmutableArray<IpNetwork> Except => _label.Except;

    public DateTimeOffset CreatedAt => DateTimeOffset.FromUnixTimeMilliseconds(_created);

    public DateTimeOffset? ExpiresAt => _expires == long.MaxValue ? null : DateTimeOffset.FromUnixTimeMilliseconds(_expires);

    /// <summary>Canonical text, as <see cref="Rule.Value"/>.</summary>
    public string Value => _text ?? (Scope == RuleScope.Ip ? Network.Address.ToString() : Network.ToString());

    /// <summary>The network of an address or network rule; meaningless for the others.</summary>
    public IpNetwork Network => new(IsV4 ? IpAddress.FromV4((uint)(High >> 32)) : new IpAddress(High, Low), _length);

    internal ulong High { get; }

    internal ulong Low { get; }

    internal bool IsV4 { get; }

    internal long Revision { get; }

    /// <summary>The next rule of the same prefix, of another type, tenant or stream.</summary>
    internal HeldRule? Next { get; }

    internal UInt128 Key => _id;

    internal long Expires => _expires;

    internal RuleLabel Label => _label;

    ulong IPrefixEntry.High => High;

    ulong IPrefixEntry.Low => Low;

    int IPrefixEntry.Length => _length;

    internal int PrefixLength => _length;

    private static UInt128 ConfigurationMark => UInt128.One << 127;

    internal HeldRule Before(HeldRule? next) => new(this, next);

    internal bool Holds(in RuleCircumstances asked) =>
        _expires > asked.Now
        && (_label.Organization is null || string.Equals(_label.Organization, asked.Organization, StringComparison.Ordinal))
        && (_label.Stream is null || string.Equals(_label.Stream, asked.Stream, StringComparison.Ordinal))
        && (_label.Except.IsEmpty || asked.From is not { } address || !RuleExceptions.Hold(_label.Except, address));

    /// <summary>The 128 bits that an id writes in hexadecimal.</summary>
    internal static UInt128 KeyOf(string id)
    {
        bool isConfigured = id.StartsWith(ConfigurationPrefix, StringComparison.Ordinal);
        ReadOnlySpan<char> digits = isConfigured ? id.AsSpan(ConfigurationPrefix.Length) : id;
        UInt128 key = UInt128.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        return isConfigured ? key ^ ConfigurationMark : key;
    }

    private static string Hex(UInt128 key) => key.ToString("x32", CultureInfo.InvariantCulture);
}
