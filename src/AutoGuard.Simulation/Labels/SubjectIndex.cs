using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;

namespace AutoGuard.Simulation.Labels;

/// <summary>Finds which of a set of subjects a session falls under, as a guardian would.</summary>
internal sealed class SubjectIndex(LabelledSessions sessions)
{
    /// <summary>Most subjects a session can fall under: its token, and per tenant and for all its address, page, site, and every prefix.</summary>
    public const int MostFound = 3 + 2 + 2 + 2 + (2 * 161);

    private const int Everybody = -1;

    private readonly Dictionary<(Subject, string?), int> _numbers = [];
    private readonly Dictionary<Key128, int> _tokens = [];
    private readonly Dictionary<(IpAddress, int Organization), int> _addresses = [];
    private readonly Dictionary<(IpNetwork, int Organization), int> _networks = [];
    private readonly Dictionary<(int Referrer, int Organization), int> _referrers = [];
    private readonly SortedSet<int> _prefixes4 = [];
    private readonly SortedSet<int> _prefixes6 = [];

    /// <summary>Number of subjects.</summary>
    public int Count => _numbers.Count;

    /// <summary>The number of a subject of one tenant, or of all when <paramref name="organization"/> is null; added if need be.</summary>
    public int Add(Subject subject, string? organization)
    {
        if (_numbers.TryGetValue((subject, organization), out int number))
        {
            return number;
        }
        number = _numbers.Count;
        _numbers.Add((subject, organization), number);
        int tenant = organization is null ? Everybody : sessions.NumberOf(organization);
        switch (subject.Type)
        {
            case SubjectType.Token:
                _tokens.TryAdd(sessions.TokenKey(subject.Value, organization), number);
                break;
            case SubjectType.Referrer:
                StringKind kind = subject.Value.StartsWith("*.", StringComparison.Ordinal) ? StringKind.Site : StringKind.Referrer;
                _referrers.TryAdd((sessions.NumberOf(subject.Value, kind), tenant), number);
                break;
            case SubjectType.Ip when IpAddress.TryParse(subject.Value, out IpAddress address):
                _addresses.TryAdd((address, tenant), number);
                break;
            case SubjectType.Cidr when IpNetwork.TryParse(subject.Value, out IpNetwork network):
                _networks.TryAdd((network, tenant), number);
                (network.Address.IsV4 ? _prefixes4 : _prefixes6).Add(network.PrefixLength);
                break;
            default:
                throw new ArgumentException($"'{subject.Value}' is no {subject.TypeName}.", nameof(subject));
        }
        return number;
    }

    /// <summary>The subjects a session falls under, written to <paramref name="found"/>; their number.</summary>
    public int Find(in LabelledSession session, Span<int> found)
    {
        int count = 0;
        if (!session.Token.IsAbsent && _tokens.TryGetValue(session.Token, out int number))
        {
            found[count++] = number;
        }
        foreach (int tenant in (ReadOnlySpan<int>)[session.Organization, Everybody])
        {
            if (_addresses.TryGetValue((session.Address, tenant), out number))
            {
                found[count++] = number;
            }
            if (session.Referrer != 0 && _referrers.TryGetValue((session.Referrer, tenant), out number))
            {
                found[count++] = number;
            }
            if (session.Referrer != 0 && sessions.SiteOf(session.Referrer) is > 0 and var site && _referrers.TryGetValue((site, tenant), out number))
            {
                found[count++] = number;
            }
            foreach (int prefix in session.Address.IsV4 ? _prefixes4 : _prefixes6)
            {
                if (_networks.TryGetValue((IpNetwork.Of(session.Address, prefix), tenant), out number))
                {
                    found[count++] = number;
                }
            }
        }
        return count;
    }
}
