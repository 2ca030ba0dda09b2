using AutoGuard.Core.Events;

namespace AutoGuard.Core.Policy;

/// <summary>What a decision is about.</summary>
public enum SubjectType
{
    /// <summary>A playback token, by its identity (never the encoded form).</summary>
    Token,

    /// <summary>One address.</summary>
    Ip,

    /// <summary>A network in CIDR form.</summary>
    Cidr,

    /// <summary>A referrer host.</summary>
    Referrer,
}

/// <summary>Type and value of a subject; the value in its canonical text form.</summary>
/// <param name="Type">Kind of subject.</param>
/// <param name="Value">Token identity, address, CIDR or host in lower case. Written by strangers: escape before showing.</param>
public readonly record struct Subject(SubjectType Type, string Value) : IComparable<Subject>
{
    /// <summary>The spelling used in JSON, CSV and SQL: <c>token</c>, <c>ip</c>, <c>cidr</c>, <c>referrer</c>.</summary>
    public string TypeName => Type switch
    {
        SubjectType.Token => "token",
        SubjectType.Ip => "ip",
        SubjectType.Cidr => "cidr",
        _ => "referrer",
    };

    /// <summary>The subject of one address.</summary>
    public static Subject Of(IpAddress address) => new(SubjectType.Ip, address.ToString());

    /// <summary>The subject of a network.</summary>
    public static Subject Of(IpNetwork network) => new(SubjectType.Cidr, network.ToString());

    /// <summary>Orders by type, then by value, ordinally: the order of decisions made at the same instant.</summary>
    public int CompareTo(Subject other) =>
        Type != other.Type ? Type.CompareTo(other.Type) : string.CompareOrdinal(Value, other.Value);
}
