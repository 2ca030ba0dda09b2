using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;

namespace AutoGuard.Guardian.Rules;

/// <summary>One entry of the configured allowlist.</summary>
/// <param name="Target">What is never denied.</param>
/// <param name="Reason">Why.</param>
/// <param name="Until">Until when; null: for ever.</param>
public sealed record AllowlistTarget(RuleTarget Target, string Reason, DateTimeOffset? Until);

/// <summary>The guard rails that hold for every rule, whoever asks for it. Replacing the allowlist is atomic.</summary>
public sealed class RuleRails
{
    // An allow rule wider than this would switch the engine off by accident.
    private const int WidestAllowV4 = 8;
    private const int WidestAllowV6 = 16;

    private readonly int _widestV4;
    private readonly int _widestV6;
    private volatile AllowlistTarget[] _allowlist;

    /// <param name="widestV4">Widest IPv4 prefix that is denied.</param>
    /// <param name="widestV6">Widest IPv6 prefix that is denied.</param>
    /// <param name="allowlist">What the configuration allows.</param>
    /// <param name="referrers">Official referrers count as allowed, too.</param>
    public RuleRails(int widestV4, int widestV6, AllowlistOptions allowlist, ReferrersOptions referrers)
    {
        _widestV4 = widestV4;
        _widestV6 = widestV6;
        _allowlist = Compile(allowlist, referrers);
    }

    /// <summary>The configured allowlist.</summary>
    public IReadOnlyList<AllowlistTarget> Allowlist => _allowlist;

    /// <summary>Puts another allowlist in place; the rule store must reload the matcher afterwards.</summary>
    public void Replace(AllowlistOptions allowlist, ReferrersOptions referrers) => _allowlist = Compile(allowlist, referrers);

    /// <summary>Whether a rule may be made.</summary>
    /// <param name="target">What it is about.</param>
    /// <param name="type">Which way it decides.</param>
    /// <param name="hasAllowedReferrers">Whether allow rules for referrers are in force beside the configured ones.</param>
    /// <param name="now">The time.</param>
    /// <param name="why">A sentence that says why not.</param>
    public bool Permits(RuleTarget target, RuleType type, bool hasAllowedReferrers, DateTimeOffset now, out string why)
    {
        bool isNetwork = target.Scope is RuleScope.Ip or RuleScope.Cidr;
        if (type == RuleType.Allow)
        {
            int widest = WidestAllow(target.Network);
            why = isNetwork && target.Network.PrefixLength < widest ? $"{target.Value} is wider than /{widest}, the widest network that may be allowed." : "";
            return why.Length == 0;
        }
        if (isNetwork && !GuardRails.MayBlock(target.Network, _widestV4, _widestV6, out why))
        {
            return false;
        }
        foreach (AllowlistTarget entry in _allowlist)
        {
            if ((entry.Until is null || entry.Until > now) && Collides(entry.Target, target))
            {
                why = $"{target.Value} is allowlisted by {entry.Target.Value}{(entry.Reason.Length > 0 ? $" ({entry.Reason})" : "")}.";
                return false;
            }
        }
        if (target is { Scope: RuleScope.Referrer, Value: "*" } && !hasAllowedReferrers && !HasAllowedReferrers(now))
        {
            why = "Denying every referrer needs an allow rule for at least one first, or nobody could watch.";
            return false;
        }
        why = "";
        return true;
    }

    /// <summary>Whether the configuration itself allows a referrer.</summary>
    public bool HasAllowedReferrers(DateTimeOffset now) =>
        _allowlist.Any(entry => entry.Target.Scope == RuleScope.Referrer && (entry.Until is null || entry.Until > now));

    /// <summary>Length of the widest network that may be allowed, in the network's family.</summary>
    internal static int WidestAllow(IpNetwork network) => network.Address.IsV4 ? WidestAllowV4 : WidestAllowV6;

    internal static bool Collides(RuleTarget allowed, RuleTarget denied)
    {
        // "*" may be denied beside allowed hosts: that is how an allow list is made, and allow outranks it.
        return RuleOverlaps.Touches(allowed, denied)
            || (allowed.Scope == RuleScope.Referrer && denied.Scope == RuleScope.Referrer && RuleOverlaps.Covers(denied.Value, allowed.Value));
    }

    private static AllowlistTarget[] Compile(AllowlistOptions allowlist, ReferrersOptions referrers)
    {
        ArgumentNullException.ThrowIfNull(allowlist);
        ArgumentNullException.ThrowIfNull(referrers);
        var targets = new List<AllowlistTarget>();
        foreach (AllowlistEntry entry in allowlist.Addresses)
        {
            Add(entry, RuleTarget.TryParseAddress(entry.Value, out RuleTarget target, out string why), target, why, "Allowlist:Addresses");
        }
        foreach (AllowlistEntry entry in allowlist.Tokens)
        {
            Add(entry, RuleTarget.TryParseToken(entry.Value, out RuleTarget target, out string why), target, why, "Allowlist:Tokens");
        }
        foreach (AllowlistEntry entry in allowlist.Referrers)
        {
            Add(entry, RuleTarget.TryParseReferrer(entry.Value, out RuleTarget target, out string why), target, why, "Allowlist:Referrers");
        }
        foreach (string official in referrers.Official)
        {
            var entry = new AllowlistEntry { Value = official, Reason = "official referrer" };
            Add(entry, RuleTarget.TryParseReferrer(official, out RuleTarget target, out string why), target, why, "Referrers:Official");
        }
        return [.. targets];

        void Add(AllowlistEntry entry, bool parsed, RuleTarget target, string why, string key)
        {
            if (!parsed)
            {
                throw new FormatException($"{key} has '{entry.Value}': {why}.");
            }
            targets.Add(new AllowlistTarget(target, entry.Reason ?? "", entry.Until));
            if (target.Scope == RuleScope.Referrer && target.Value.StartsWith("*.", StringComparison.Ordinal))
            {
                // Whoever lists a domain's sub-domains as official would be surprised to see the domain itself denied.
                targets.Add(new AllowlistTarget(target with { Value = target.Value[2..] }, entry.Reason ?? "", entry.Until));
            }
        }
    }
}
