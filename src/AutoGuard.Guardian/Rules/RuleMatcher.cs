using AutoGuard.Core.Events;

namespace AutoGuard.Guardian.Rules;

/// <summary>
/// Answers whether a connection may play. Look-ups take a snapshot and never wait; changes make a new snapshot and put it
/// in place whole, so no look-up sees half a change. A change costs microseconds however many rules there are.
/// </summary>
/// <remarks>
/// A connection is denied when its address, its token or its referrer is. Within each of the three, allow outranks deny at
/// any length of prefix or pattern. A connection without a referrer is not matched by any referrer rule, one without a
/// stream by no rule of a single stream. A rule on a token does not apply at an address that it excepts; without an address
/// it does.
/// </remarks>
public sealed class RuleMatcher
{
    private const int MostLabels = 100_000;

    private readonly Lock _changes = new();
    private Dictionary<UInt128, HeldRule> _rules = [];
    private Dictionary<RuleLabel, RuleLabel> _labels = [];
    private volatile RuleSnapshot _snapshot = RuleSnapshot.Empty;

    /// <summary>How many rules it holds, lapsed ones included until they are swept.</summary>
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
    /// <param name="stream">Stream or channel, or null; rules of others do not apply.</param>
    public Verdict Check(IpAddress? address, string? token, string? referrer, string? organization, DateTimeOffset now, string? stream = null) =>
        _snapshot.Check(address, token, referrer, organization, stream, now.ToUnixTimeMilliseconds());

    /// <summary>Whether one more token of a connection may play, whose address was checked already.</summary>
    /// <param name="token">Identity of the token.</param>
    /// <param name="from">Viewer's address, which a rule may except; null when not known.</param>
    /// <param name="organization">Tenant, or null.</param>
    /// <param name="now">The time that expiry is measured against.</param>
    /// <param name="stream">Stream or channel, or null.</param>
    public Verdict CheckToken(string token, IpAddress? from, string? organization, DateTimeOffset now, string? stream = null) =>
        _snapshot.CheckToken(token, new RuleCircumstances(organization, stream, now.ToUnixTimeMilliseconds(), from));

    /// <summary>Puts changed rules in place and takes removed ones out.</summary>
    public void Apply(IReadOnlyCollection<Rule> changed, IReadOnlyCollection<string> removedIds)
    {
        ArgumentNullException.ThrowIfNull(changed);
        ArgumentNullException.ThrowIfNull(removedIds);
        lock (_changes)
        {
            var gone = new List<HeldRule>(removedIds.Count + changed.Count);
            var come = new Dictionary<UInt128, HeldRule>(changed.Count);
            foreach (string id in removedIds)
            {
                if (_rules.Remove(HeldRule.KeyOf(id), out HeldRule? rule))
                {
                    gone.Add(rule);
                }
            }
            foreach (Rule rule in changed)
            {
                HeldRule held = Hold(rule, _labels);
                come[held.Key] = held;
            }
            foreach (HeldRule held in come.Values)
            {
                if (_rules.TryGetValue(held.Key, out HeldRule? before))
                {
                    gone.Add(before);
                }
                _rules[held.Key] = held;
            }
            if (gone.Count + come.Count > 0)
            {
                _snapshot = _snapshot.With(gone, come.Values);
            }
        }
    }

    /// <summary>Replaces everything.</summary>
    public void Load(IEnumerable<Rule> rules)
    {
        ArgumentNullException.ThrowIfNull(rules);
        Loading loading = BeginLoad();
        foreach (Rule rule in rules)
        {
            loading.Add(rule);
        }
        loading.Build();
        loading.PutInPlace();
    }

    /// <summary>Starts to replace everything; what is in force stays so until the new rules are put in place.</summary>
    internal Loading BeginLoad() => new(this);

    /// <summary>Forgets rules that lapsed before a time, and returns how many those were.</summary>
    public int Sweep(DateTimeOffset before)
    {
        long time = before.ToUnixTimeMilliseconds();
        lock (_changes)
        {
            List<HeldRule> lapsed = [.. _rules.Values.Where(rule => rule.Expires <= time)];
            foreach (HeldRule rule in lapsed)
            {
                _rules.Remove(rule.Key);
            }
            if (lapsed.Count > 0)
            {
                _snapshot = _snapshot.With(lapsed, []);
            }
            return lapsed.Count;
        }
    }

    /// <summary>How many stored rules are in force at a time, and the sum of their revisions: two nodes with the same rules have the same.</summary>
    internal (long Count, long Revisions) Digest(DateTimeOffset at)
    {
        long time = at.ToUnixTimeMilliseconds();
        (long count, long revisions) = (0, 0);
        lock (_changes)
        {
            foreach (HeldRule rule in _rules.Values)
            {
                if (rule.Expires > time && rule.Origin != RuleOrigin.Configuration)
                {
                    count++;
                    revisions += rule.Revision;
                }
            }
        }
        return (count, revisions);
    }

    private static HeldRule Hold(Rule rule, Dictionary<RuleLabel, RuleLabel> labels)
    {
        var label = new RuleLabel(rule.Origin, rule.Creator, rule.Tag, rule.Organization, rule.Stream, rule.Except);
        if (!labels.TryGetValue(label, out RuleLabel? known))
        {
            // Labels outlive the rules that brought them; forgetting all now and then costs a few duplicates.
            if (labels.Count >= MostLabels)
            {
                labels.Clear();
            }
            labels.Add(label, label);
            known = label;
        }
        return RuleSnapshot.Hold(rule, known);
    }

    /// <summary>New rules on their way in.</summary>
    internal sealed class Loading(RuleMatcher matcher)
    {
        private readonly RuleMatcher _fresh = new();

        public void Add(Rule rule)
        {
            HeldRule held = Hold(rule, _fresh._labels);
            _fresh._rules[held.Key] = held;
        }

        /// <summary>Does all the work, outside of any lock.</summary>
        public void Build() => _fresh._snapshot = RuleSnapshot.Empty.With([], _fresh._rules.Values);

        /// <summary>Brings what was built up to date.</summary>
        public void Apply(IReadOnlyCollection<Rule> changed, IReadOnlyCollection<string> removedIds) => _fresh.Apply(changed, removedIds);

        public void PutInPlace()
        {
            lock (matcher._changes)
            {
                matcher._labels = _fresh._labels;
                matcher._rules = _fresh._rules;
                matcher._snapshot = _fresh._snapshot;
            }
        }
    }
}
