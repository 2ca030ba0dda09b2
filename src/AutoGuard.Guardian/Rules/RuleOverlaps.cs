using AutoGuard.Core.Events;
using Dapper;

namespace AutoGuard.Guardian.Rules;

/// <summary>Finds rules of one type that touch rules of the other: what is allowed is not denied beside it.</summary>
internal static class RuleOverlaps
{
    private const int ShortestPrefix = 1;

    /// <summary>Whether what one rule allows takes another's deny away: it must hold wherever the other does.</summary>
    public static bool Outranks(Rule allow, RuleTarget denied, string? organization, string? stream) =>
        (allow.Organization is null || allow.Organization == organization) && (allow.Stream is null || allow.Stream == stream)
        && Touches(new RuleTarget(allow.Scope, allow.Value, allow.Network), denied);

    /// <summary>Whether a deny of one target would deny something of what another allows, or be without effect beside it.</summary>
    public static bool Touches(RuleTarget allowed, RuleTarget denied)
    {
        if (allowed.Scope is RuleScope.Ip or RuleScope.Cidr)
        {
            return denied.Scope is RuleScope.Ip or RuleScope.Cidr && (allowed.Network.Contains(denied.Network) || denied.Network.Contains(allowed.Network));
        }
        if (allowed.Scope != denied.Scope)
        {
            return false;
        }
        return allowed.Value == denied.Value || (allowed.Scope == RuleScope.Referrer && Covers(allowed.Value, denied.Value));
    }

    /// <summary>Whether a pattern such as <c>*.example.com</c> stands for a host or a narrower pattern.</summary>
    public static bool Covers(string pattern, string host) =>
        pattern.StartsWith("*.", StringComparison.Ordinal) && host.EndsWith(pattern.AsSpan(1), StringComparison.Ordinal);

    /// <summary>The stored rules in force that may touch any of some targets; the caller looks closer.</summary>
    public static async Task<List<Rule>> FindAsync(RuleWriter writer, RuleType type, IReadOnlyCollection<RuleTarget> targets, CancellationToken cancellationToken)
    {
        const string Sql = $"""
            with wanted as materialized (
              select id from rules where type = @Type and network = any(@Around::cidr[])
              union
              select r.id from unnest(@From::cidr[], @To::cidr[]) as n (low, high) join rules r on r.network between n.low and n.high where r.type = @Type
              union
              select id from rules where type = @Type and scope in ('token', 'referrer') and value = any(@Values)
              union
              select r.id from unnest(@Endings) as e (ending) join rules r on r.scope = 'referrer' and right(r.value, length(e.ending)) = e.ending where r.type = @Type
            )
            select {RuleRow.Columns} from rules where id in (select id from wanted) and (expires_at is null or expires_at > @Now)
            """;
        List<IpNetwork> networks = [.. targets.Where(static t => t.Scope is RuleScope.Ip or RuleScope.Cidr).Select(static t => t.Network)];
        List<IpNetwork> wide = [.. networks.Where(static n => !n.IsSingleAddress).Distinct()];
        IEnumerable<RuleRow> rows = await writer.Connection.QueryAsync<RuleRow>(new CommandDefinition(
            Sql,
            new
            {
                Type = RuleNames.Of(type),
                Around = networks.SelectMany(Around).Distinct().Select(static n => n.ToString()).ToArray(),
                From = wide.Select(static n => n.ToString()).ToArray(),
                To = wide.Select(static n => Last(n).ToString()).ToArray(),
                Values = targets.SelectMany(Texts).Distinct(StringComparer.Ordinal).ToArray(),
                Endings = targets.Where(static t => t.Scope == RuleScope.Referrer && t.Value.StartsWith("*.", StringComparison.Ordinal)).Select(static t => t.Value[1..]).ToArray(),
                Now = writer.Now.UtcDateTime,
            },
            writer.Transaction,
            cancellationToken: cancellationToken));
        return [.. rows.Select(static row => row.ToRule())];
    }

    private static IEnumerable<IpNetwork> Around(IpNetwork network)
    {
        for (int length = network.PrefixLength; length >= ShortestPrefix; length--)
        {
            yield return IpNetwork.Of(network.Address, length);
        }
    }

    // In the order of PostgreSQL's networks everything within a network follows it, up to its last address.
    private static IpNetwork Last(IpNetwork network)
    {
        int bits = network.PrefixLength + (network.Address.IsV4 ? 96 : 0);
        ulong high = network.Address.High | (bits >= 64 ? 0 : ulong.MaxValue >> bits);
        ulong low = network.Address.Low | (bits >= 128 ? 0 : bits <= 64 ? ulong.MaxValue : ulong.MaxValue >> (bits - 64));
        var last = new IpAddress(high, low);
        return new IpNetwork(last, last.IsV4 ? 32 : 128);
    }

    // A referrer and every pattern that stands for it.
    private static IEnumerable<string> Texts(RuleTarget target)
    {
        if (target.Scope is RuleScope.Ip or RuleScope.Cidr)
        {
            yield break;
        }
        yield return target.Value;
        if (target.Scope != RuleScope.Referrer)
        {
            yield break;
        }
        for (int dot = target.Value.IndexOf('.', StringComparison.Ordinal); dot >= 0; dot = target.Value.IndexOf('.', dot + 1))
        {
            yield return "*" + target.Value[dot..];
        }
    }
}
