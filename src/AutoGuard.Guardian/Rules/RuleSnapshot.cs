using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using AutoGuard.Core.Events;

namespace AutoGuard.Guardian.Rules;

/// <summary>
/// All rules at one moment, never changed once made. Networks stand in a radix tree per family; tokens, hosts and suffixes
/// stand in a third one under a keyed hash of 128 bits, so that nobody who chooses texts can choose their places.
/// </summary>
internal sealed class RuleSnapshot
{
    public static readonly RuleSnapshot Empty = new(
        PrefixTrie<HeldRule>.Empty, PrefixTrie<HeldRule>.Empty, PrefixTrie<HeldRule>.Empty, 0, null, ImmutableDictionary<(string? Organization, string? Stream), ImmutableSortedSet<(long Expires, UInt128 Key)>>.Empty);

    private const ulong TokenSpace = 1;
    private const ulong HostSpace = 2;
    private const ulong SuffixSpace = 3;
    private const int UsualLength = 85;
    private const int LongestHashed = 1_024;

    private static readonly KeyedHasher Hasher = new(
        BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)), BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)));

    private readonly PrefixTrie<HeldRule> _v4;
    private readonly PrefixTrie<HeldRule> _v6;
    private readonly PrefixTrie<HeldRule> _texts;
    private readonly int _suffixes;
    private readonly HeldRule? _wildcards;
    private readonly ImmutableDictionary<(string? Organization, string? Stream), ImmutableSortedSet<(long Expires, UInt128 Key)>> _allowedReferrers;

    private RuleSnapshot(
        PrefixTrie<HeldRule> v4, PrefixTrie<HeldRule> v6, PrefixTrie<HeldRule> texts, int suffixes, HeldRule? wildcards,
        ImmutableDictionary<(string? Organization, string? Stream), ImmutableSortedSet<(long Expires, UInt128 Key)>> allowedReferrers)
    {
        _v4 = v4;
        _v6 = v6;
        _texts = texts;
        _suffixes = suffixes;
        _wildcards = wildcards;
        _allowedReferrers = allowedReferrers;
    }

    /// <summary>The rule in the form that snapshots hold.</summary>
    public static HeldRule Hold(Rule rule, RuleLabel label)
    {
        if (rule.Scope is RuleScope.Ip or RuleScope.Cidr)
        {
            (ulong high, ulong low) = KeyOf(rule.Network.Address);
            return new HeldRule(rule, high, low, rule.Network.PrefixLength, label);
        }
        bool isSuffix = rule.Scope == RuleScope.Referrer && rule.Value.StartsWith("*.", StringComparison.Ordinal);
        ulong space = rule.Scope == RuleScope.Token ? TokenSpace : isSuffix ? SuffixSpace : HostSpace;
        Key128 key = Hash(isSuffix ? rule.Value.AsSpan(2) : rule.Value, space);
        return new HeldRule(rule, key.High, key.Low, 128, label);
    }

    /// <summary>The snapshot after some rules went and others came; those that replace one are among both.</summary>
    public RuleSnapshot With(IEnumerable<HeldRule> removed, IEnumerable<HeldRule> added)
    {
        var builder = new Builder(this);
        foreach (HeldRule rule in removed)
        {
            builder.Change(rule, isAdded: false);
        }
        foreach (HeldRule rule in added)
        {
            builder.Change(rule, isAdded: true);
        }
        return builder.Build();
    }

    public Verdict Check(IpAddress? address, string? token, string? referrer, string? organization, string? stream, long now)
    {
        var asked = new RuleCircumstances(organization, stream, now, address);
        HeldRule? allowed = null;
        if (address is IpAddress ip)
        {
            (ulong high, ulong low) = KeyOf(ip);
            HeldRule? denied = null;
            if (!Weigh(ip.IsV4 ? _v4 : _v6, high, low, asked, ref denied, ref allowed) && denied is not null)
            {
                return new Verdict(false, denied);
            }
        }
        if (token is not null && Decide(token, asked, ref allowed) is HeldRule byToken)
        {
            return new Verdict(false, byToken);
        }
        if (referrer is not null && DecideReferrer(referrer, asked, ref allowed) is HeldRule byReferrer)
        {
            return new Verdict(false, byReferrer);
        }
        return new Verdict(true, allowed);
    }

    /// <summary>Looks at a token alone, of a viewer at an address whose own rules were looked at.</summary>
    public Verdict CheckToken(string token, in RuleCircumstances asked)
    {
        HeldRule? allowed = null;
        return Decide(token, asked, ref allowed) is HeldRule denied ? new Verdict(false, denied) : new Verdict(true, allowed);
    }

    private HeldRule? Decide(string token, in RuleCircumstances asked, ref HeldRule? allowed)
    {
        HeldRule? denied = null;
        return Weigh(_texts, Hash(token, TokenSpace), asked, ref denied, ref allowed) ? null : denied;
    }

    private HeldRule? DecideReferrer(string referrer, in RuleCircumstances asked, ref HeldRule? allowed)
    {
        HeldRule? denied = null;
        if (Weigh(_texts, Hash(referrer, HostSpace), asked, ref denied, ref allowed))
        {
            return null;
        }
        ReadOnlySpan<char> rest = referrer;
        for (int dot = _suffixes == 0 ? -1 : rest.IndexOf('.'); dot >= 0; dot = rest.IndexOf('.'))
        {
            rest = rest[(dot + 1)..];
            HeldRule? bySuffix = null;
            if (Weigh(_texts, Hash(rest, SuffixSpace), asked, ref bySuffix, ref allowed))
            {
                return null;
            }
            denied ??= bySuffix;
        }
        HeldRule? anybody = null;
        if (Weigh(_wildcards, asked, ref anybody, ref allowed))
        {
            return null;
        }
        // Without a host that may play, denying every host would deny the whole audience: the wildcard waits for one.
        return denied ?? (anybody is not null && AnyAllowedReferrer(asked) ? anybody : null);
    }

    private static bool Weigh(PrefixTrie<HeldRule> rules, Key128 key, in RuleCircumstances asked, ref HeldRule? denied, ref HeldRule? allowed) =>
        Weigh(rules, key.High, key.Low, asked, ref denied, ref allowed);

    /// <summary>Takes the longest prefix that denies; true when any allows.</summary>
    private static bool Weigh(PrefixTrie<HeldRule> rules, ulong high, ulong low, in RuleCircumstances asked, ref HeldRule? denied, ref HeldRule? allowed)
    {
        bool isAllowed = false;
        foreach (HeldRule head in rules.Over(high, low))
        {
            isAllowed |= Weigh(head, asked, ref denied, ref allowed);
        }
        return isAllowed;
    }

    private static bool Weigh(HeldRule? head, in RuleCircumstances asked, ref HeldRule? denied, ref HeldRule? allowed)
    {
        bool isAllowed = false;
        for (HeldRule? rule = head; rule is not null; rule = rule.Next)
        {
            if (!rule.Holds(asked))
            {
                continue;
            }
            if (rule.Type == RuleType.Allow)
            {
                allowed = rule;
                isAllowed = true;
            }
            else
            {
                denied = rule;
            }
        }
        return isAllowed;
    }

    private bool AnyAllowedReferrer(in RuleCircumstances asked) =>
        InForce(null, null, asked.Now) || (asked.Organization is not null && InForce(asked.Organization, null, asked.Now))
        || (asked.Stream is not null
            && (InForce(null, asked.Stream, asked.Now) || (asked.Organization is not null && InForce(asked.Organization, asked.Stream, asked.Now))));

    private bool InForce(string? organization, string? stream, long now) =>
        _allowedReferrers.TryGetValue((organization, stream), out ImmutableSortedSet<(long Expires, UInt128 Key)>? expiries) && expiries.Max.Expires > now;

    private static (ulong High, ulong Low) KeyOf(IpAddress address) => address.IsV4 ? ((ulong)address.V4 << 32, 0) : (address.High, address.Low);

    private static Key128 Hash(ReadOnlySpan<char> text, ulong space)
    {
        Span<byte> buffer = stackalloc byte[text.Length <= UsualLength ? 3 * UsualLength : LongestHashed];
        return Encoding.UTF8.TryGetBytes(text, buffer, out int length)
            ? Hasher.Hash128(buffer[..length], space)
            : Hasher.Hash128(Encoding.UTF8.GetBytes(text.ToString()), space);
    }

    private sealed class Builder(RuleSnapshot before)
    {
        private PrefixTrie<HeldRule>.Editor? _v4;
        private PrefixTrie<HeldRule>.Editor? _v6;
        private PrefixTrie<HeldRule>.Editor? _texts;
        private int _suffixes = before._suffixes;
        private HeldRule? _wildcards = before._wildcards;
        private ImmutableDictionary<(string? Organization, string? Stream), ImmutableSortedSet<(long Expires, UInt128 Key)>> _allowedReferrers = before._allowedReferrers;

        public void Change(HeldRule rule, bool isAdded)
        {
            if (rule is { Scope: RuleScope.Referrer, Type: RuleType.Allow })
            {
                (string? Organization, string? Stream) whose = (rule.Organization, rule.Stream);
                ImmutableSortedSet<(long Expires, UInt128 Key)> expiries = _allowedReferrers.GetValueOrDefault(whose) ?? [];
                expiries = isAdded ? expiries.Add((rule.Expires, rule.Key)) : expiries.Remove((rule.Expires, rule.Key));
                _allowedReferrers = expiries.IsEmpty ? _allowedReferrers.Remove(whose) : _allowedReferrers.SetItem(whose, expiries);
            }
            if (rule is { Scope: RuleScope.Referrer, Value: "*" })
            {
                _wildcards = Chain(_wildcards, rule, isAdded);
                return;
            }
            bool isNetwork = rule.Scope is RuleScope.Ip or RuleScope.Cidr;
            PrefixTrie<HeldRule>.Editor editor = !isNetwork ? _texts ??= before._texts.Edit() : rule.IsV4 ? _v4 ??= before._v4.Edit() : _v6 ??= before._v6.Edit();
            HeldRule? present = editor.Find(rule.High, rule.Low, rule.PrefixLength);
            HeldRule? chain = Chain(present, rule, isAdded);
            if (chain is null)
            {
                editor.Remove(rule.High, rule.Low, rule.PrefixLength);
            }
            else
            {
                editor.Put(chain);
            }
            if (!isNetwork && rule.Scope == RuleScope.Referrer && rule.Value.StartsWith("*.", StringComparison.Ordinal))
            {
                _suffixes += (chain is null ? 0 : 1) - (present is null ? 0 : 1);
            }
        }

        public RuleSnapshot Build() => new(
            _v4?.Finish() ?? before._v4, _v6?.Finish() ?? before._v6, _texts?.Finish() ?? before._texts, _suffixes, _wildcards, _allowedReferrers);

        private static HeldRule? Chain(HeldRule? head, HeldRule rule, bool isAdded)
        {
            HeldRule? chain = null;
            for (HeldRule? other = head; other is not null; other = other.Next)
            {
                if (other.Key != rule.Key)
                {
                    chain = other.Before(chain);
                }
            }
            return !isAdded ? chain : chain is null && rule.Next is null ? rule : rule.Before(chain);
        }
    }
}
