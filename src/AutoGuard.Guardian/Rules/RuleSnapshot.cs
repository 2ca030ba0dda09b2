using AutoGuard.Core.Events;

namespace AutoGuard.Guardian.Rules;

/// <summary>
/// All rules at one moment, never changed once made. Networks are held in one hash table per prefix length, longest first:
/// a look-up masks the address once per length in use, of which there are a handful. The successor of a change copies only
/// the tables that the change touches.
/// </summary>
internal sealed class RuleSnapshot
{
    public static readonly RuleSnapshot Empty = new([], [], [], [], [], [], []);

    private readonly PrefixTable[] _v4;
    private readonly PrefixTable[] _v6;
    private readonly Dictionary<string, Entry[]> _tokens;
    private readonly Dictionary<string, Entry[]> _hosts;
    private readonly Dictionary<string, Entry[]> _suffixes;
    private readonly Entry[] _wildcards;
    private readonly Entry[] _allowedReferrers;

    private RuleSnapshot(
        PrefixTable[] v4, PrefixTable[] v6, Dictionary<string, Entry[]> tokens, Dictionary<string, Entry[]> hosts, Dictionary<string, Entry[]> suffixes,
        Entry[] wildcards, Entry[] allowedReferrers)
    {
        _v4 = v4;
        _v6 = v6;
        _tokens = tokens;
        _hosts = hosts;
        _suffixes = suffixes;
        _wildcards = wildcards;
        _allowedReferrers = allowedReferrers;
    }

    /// <summary>The snapshot after some rules went and others came; a rule that comes replaces the one of its id.</summary>
    public RuleSnapshot With(IReadOnlyCollection<Rule> removed, IReadOnlyCollection<Rule> added)
    {
        var builder = new Builder(this);
        foreach (Rule rule in removed)
        {
            builder.Change(rule, isAdded: false);
        }
        foreach (Rule rule in added)
        {
            builder.Change(rule, isAdded: true);
        }
        return builder.Build();
    }

    public Verdict Check(IpAddress? address, string? token, string? referrer, string? organization, long now)
    {
        Rule? allowed = null;
        if (address is IpAddress ip && Decide(ip, organization, now, ref allowed) is Rule byAddress)
        {
            return new Verdict(false, byAddress);
        }
        if (token is not null && _tokens.TryGetValue(token, out Entry[]? entries))
        {
            Rule? denied = null;
            if (!Weigh(entries, organization, now, ref denied, ref allowed) && denied is not null)
            {
                return new Verdict(false, denied);
            }
        }
        if (referrer is not null && Decide(referrer, organization, now, ref allowed) is Rule byReferrer)
        {
            return new Verdict(false, byReferrer);
        }
        return new Verdict(true, allowed);
    }

    private Rule? Decide(IpAddress address, string? organization, long now, ref Rule? allowed)
    {
        Rule? denied = null;
        foreach (PrefixTable table in address.IsV4 ? _v4 : _v6)
        {
            if (table.Rules.TryGetValue(address.Mask(table.Length), out Entry[]? entries) && Weigh(entries, organization, now, ref denied, ref allowed))
            {
                return null;
            }
        }
        return denied;
    }

    private Rule? Decide(string referrer, string? organization, long now, ref Rule? allowed)
    {
        Rule? denied = null;
        if (_hosts.TryGetValue(referrer, out Entry[]? exact) && Weigh(exact, organization, now, ref denied, ref allowed))
        {
            return null;
        }
        if (_suffixes.Count > 0)
        {
            Dictionary<string, Entry[]>.AlternateLookup<ReadOnlySpan<char>> suffixes = _suffixes.GetAlternateLookup<ReadOnlySpan<char>>();
            ReadOnlySpan<char> rest = referrer;
            for (int dot = rest.IndexOf('.'); dot >= 0; dot = rest.IndexOf('.'))
            {
                rest = rest[(dot + 1)..];
                if (suffixes.TryGetValue(rest, out Entry[]? entries) && Weigh(entries, organization, now, ref denied, ref allowed))
                {
                    return null;
                }
            }
        }
        Rule? anybody = null;
        if (Weigh(_wildcards, organization, now, ref anybody, ref allowed))
        {
            return null;
        }
        // Without a host that may play, denying every host would deny the whole audience: the wildcard waits for one.
        return denied ?? (anybody is not null && AnyInForce(_allowedReferrers, organization, now) ? anybody : null);
    }

    /// <summary>Takes the first denying entry if none was found before; true as soon as an entry allows.</summary>
    private static bool Weigh(Entry[] entries, string? organization, long now, ref Rule? denied, ref Rule? allowed)
    {
        foreach (ref readonly Entry entry in entries.AsSpan())
        {
            if (!entry.Holds(organization, now))
            {
                continue;
            }
            if (entry.Rule.Type == RuleType.Allow)
            {
                allowed ??= entry.Rule;
                return true;
            }
            denied ??= entry.Rule;
        }
        return false;
    }

    private static bool AnyInForce(Entry[] entries, string? organization, long now)
    {
        foreach (ref readonly Entry entry in entries.AsSpan())
        {
            if (entry.Holds(organization, now))
            {
                return true;
            }
        }
        return false;
    }

    internal readonly struct Entry(Rule rule)
    {
        public readonly Rule Rule = rule;
        private readonly long _expires = rule.ExpiresAt?.ToUnixTimeMilliseconds() ?? long.MaxValue;

        public bool Holds(string? organization, long now) =>
            _expires > now && (Rule.Organization is null || string.Equals(Rule.Organization, organization, StringComparison.Ordinal));
    }

    internal sealed class PrefixTable(int length, Dictionary<IpAddress, Entry[]> rules)
    {
        public int Length { get; } = length;

        public Dictionary<IpAddress, Entry[]> Rules { get; } = rules;
    }

    private sealed class Builder(RuleSnapshot before)
    {
        private readonly Dictionary<(bool IsV4, int Length), Dictionary<IpAddress, Entry[]>> _networks = [];
        private Dictionary<string, Entry[]>? _tokens;
        private Dictionary<string, Entry[]>? _hosts;
        private Dictionary<string, Entry[]>? _suffixes;
        private Entry[] _wildcards = before._wildcards;
        private Dictionary<string, Entry>? _allowedReferrers;

        public void Change(Rule rule, bool isAdded)
        {
            switch (rule.Scope)
            {
                case RuleScope.Ip or RuleScope.Cidr:
                    Change(Networks(rule.Network.Address.IsV4, rule.Network.PrefixLength), rule.Network.Address, rule, isAdded);
                    break;
                case RuleScope.Token:
                    Change(_tokens ??= new(before._tokens), rule.Value, rule, isAdded);
                    break;
                default:
                    ChangeReferrer(rule, isAdded);
                    break;
            }
        }

        public RuleSnapshot Build() => new(
            Tables(before._v4, isV4: true),
            Tables(before._v6, isV4: false),
            _tokens ?? before._tokens,
            _hosts ?? before._hosts,
            _suffixes ?? before._suffixes,
            _wildcards,
            _allowedReferrers is null ? before._allowedReferrers : [.. _allowedReferrers.Values]);

        private void ChangeReferrer(Rule rule, bool isAdded)
        {
            if (rule.Type == RuleType.Allow)
            {
                _allowedReferrers ??= before._allowedReferrers.ToDictionary(static entry => entry.Rule.Id, StringComparer.Ordinal);
                _allowedReferrers.Remove(rule.Id);
                if (isAdded)
                {
                    _allowedReferrers.Add(rule.Id, new Entry(rule));
                }
            }
            if (rule.Value == "*")
            {
                _wildcards = Replaced(_wildcards, rule, isAdded);
            }
            else if (rule.Value.StartsWith("*.", StringComparison.Ordinal))
            {
                Change(_suffixes ??= new(before._suffixes), rule.Value[2..], rule, isAdded);
            }
            else
            {
                Change(_hosts ??= new(before._hosts), rule.Value, rule, isAdded);
            }
        }

        private Dictionary<IpAddress, Entry[]> Networks(bool isV4, int length)
        {
            if (!_networks.TryGetValue((isV4, length), out Dictionary<IpAddress, Entry[]>? rules))
            {
                PrefixTable? old = Array.Find(isV4 ? before._v4 : before._v6, table => table.Length == length);
                rules = old is null ? [] : new Dictionary<IpAddress, Entry[]>(old.Rules);
                _networks.Add((isV4, length), rules);
            }
            return rules;
        }

        private PrefixTable[] Tables(PrefixTable[] old, bool isV4)
        {
            IEnumerable<PrefixTable> kept = old.Where(table => !_networks.ContainsKey((isV4, table.Length)));
            IEnumerable<PrefixTable> changed = _networks
                .Where(pair => pair.Key.IsV4 == isV4 && pair.Value.Count > 0)
                .Select(static pair => new PrefixTable(pair.Key.Length, pair.Value));
            return [.. kept.Concat(changed).OrderByDescending(static table => table.Length)];
        }

        private static void Change<TKey>(Dictionary<TKey, Entry[]> rules, TKey key, Rule rule, bool isAdded)
            where TKey : notnull
        {
            Entry[] entries = Replaced(rules.GetValueOrDefault(key) ?? [], rule, isAdded);
            if (entries.Length == 0)
            {
                rules.Remove(key);
            }
            else
            {
                rules[key] = entries;
            }
        }

        private static Entry[] Replaced(Entry[] entries, Rule rule, bool isAdded)
        {
            IEnumerable<Entry> others = entries.Where(entry => entry.Rule.Id != rule.Id);
            return [.. isAdded ? others.Append(new Entry(rule)) : others];
        }
    }
}
