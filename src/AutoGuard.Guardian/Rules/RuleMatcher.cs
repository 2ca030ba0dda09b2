using AutoGuard.Core.Events;

namespace AutoGuard.Guardian.Rules;

/// <summary>
/// Answers whether a connection may play. Look-ups take a snapshot and never wait; changes make a new snapshot and put it
/// in place whole, so no look-up sees half a change.
/// </summary>
/// <remarks>
/// A connection is denied when its address, its token or its referrer is. Within each of the three, allow outranks deny at
/// any length of prefix or pattern. A connection without a referrer is not matched by any referrer rule.
/// </remarks>
public sealed class RuleMatcher
{
    private readonly Lock _changes = new();
    private readonly Dictionary<string, Rule> _rules = new(StringComparer.Ordinal);
    private volatile RuleSnapshot _snapshot = RuleSnapshot.Empty;

    /// <summary>How many rules it holds, lapsed ones included until the next reload.</summary>
    public int Count
    {
        get
        {
            lock (_changes)
            {
                return _rules.Count;
            }
        }
    }

    /// <summary>Whether a connection may play.</summary>
    /// <param name="address">Viewer's address, or null when not asked.</param>
    /// <param name="token">Identity of the token, or null.</param>
    /// <param name="referrer">Host of the referrer in lower case, or null when missing.</param>
    /// <param name="organization">Tenant, or null; rules of other tenants do not apply.</param>
    /// <param name="now">The time that expiry is measured against.</param>
    public Verdict Check(IpAddress? address, string? token, string? referrer, string? organization, DateTimeOffset now) =>
        _snapshot.Check(address, token, referrer, organization, now.ToUnixTimeMilliseconds());

    /// <summary>Puts changed rules in place and takes removed ones out.</summary>
    public void Apply(IReadOnlyCollection<Rule> changed, IReadOnlyCollection<string> removedIds)
    {
        ArgumentNullException.ThrowIfNull(changed);
        ArgumentNullException.ThrowIfNull(removedIds);
        lock (_changes)
        {
            var gone = new List<Rule>(removedIds.Count);
            foreach (string id in removedIds)
            {
                if (_rules.Remove(id, out Rule? rule))
                {
                    gone.Add(rule);
                }
            }
            foreach (Rule rule in changed)
            {
                _rules[rule.Id] = rule;
            }
            if (gone.Count + changed.Count > 0)
            {
                _snapshot = _snapshot.With(gone, changed);
            }
        }
    }

    /// <summary>Replaces everything.</summary>
    public void Load(IReadOnlyCollection<Rule> rules)
    {
        ArgumentNullException.ThrowIfNull(rules);
        lock (_changes)
        {
            _rules.Clear();
            foreach (Rule rule in rules)
            {
                _rules[rule.Id] = rule;
            }
            _snapshot = RuleSnapshot.Empty.With([], _rules.Values);
        }
    }
}
