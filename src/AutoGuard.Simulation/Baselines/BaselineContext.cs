using System.Text;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Enrichment;
using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;
using AutoGuard.Simulation.Labels;

namespace AutoGuard.Simulation.Baselines;

/// <summary>
/// What the operator has told every detector alike, official referrers and allowlist, and the names of tokens, kept once
/// for all baselines of a run. For one thread.
/// </summary>
public sealed class BaselineContext
{
    private readonly Allowlist _allowlist;
    private readonly Dictionary<Key128, string> _tokens = [];

    /// <param name="strings">The pool of the parser.</param>
    /// <param name="referrers">Official pages.</param>
    /// <param name="allowlist">Who is never acted on.</param>
    public BaselineContext(StringPool strings, ReferrersOptions referrers, AllowlistOptions allowlist)
    {
        ArgumentNullException.ThrowIfNull(strings);
        ArgumentNullException.ThrowIfNull(referrers);
        Strings = strings;
        Referrers = new ReferrerList(referrers, strings);
        _allowlist = new Allowlist(allowlist);
    }

    /// <summary>The pool of the parser.</summary>
    public StringPool Strings { get; }

    /// <summary>Official pages.</summary>
    public ReferrerList Referrers { get; }

    /// <summary>The name of an event's token.</summary>
    public string TokenOf(ref readonly PlaybackEvent e, EventBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (!_tokens.TryGetValue(e.Token, out string? name))
        {
            _tokens.Add(e.Token, name = Encoding.UTF8.GetString(batch.Text(e.TokenText)));
        }
        return name;
    }

    /// <summary>The tenant of an event; null when it names none.</summary>
    public string? OrganizationOf(int organization) => organization == 0 ? null : Strings.Text(organization);

    /// <summary>Whether the operator has said that a subject is never to be acted on.</summary>
    public bool IsAllowed(Subject subject, long now) => subject.Type switch
    {
        SubjectType.Token => _allowlist.Covers(subject.Value, null, now),
        SubjectType.Referrer => _allowlist.Covers(subject.Value, now),
        _ when IpNetwork.TryParse(subject.Value, out IpNetwork network) =>
            network.IsSingleAddress ? _allowlist.Covers(network.Address, 0, now) : _allowlist.Covers(network, 0, now),
        _ => null,
    } is not null;
}

/// <summary>The decisions of a baseline: nobody on the allowlist, and nobody twice for the same while the first still holds.</summary>
internal sealed class DecisionLog(BaselineContext context)
{
    /// <summary>How long addresses and networks stay blocked.</summary>
    public const long BlockLength = 24 * 3_600_000L;

    private readonly List<JudgedDecision> _all = [];
    private readonly Dictionary<(Subject, DecisionAction, string?), long> _until = [];

    public IReadOnlyList<JudgedDecision> All => _all;

    /// <summary>Flags, blocks or revokes: addresses and networks for a day, all else until somebody removes it.</summary>
    public void Add(Subject subject, DecisionAction action, long time, string? organization, string reason)
    {
        bool lapses = action == DecisionAction.Block && subject.Type is SubjectType.Ip or SubjectType.Cidr;
        long? expires = lapses ? time + BlockLength : null;
        if ((_until.TryGetValue((subject, action, organization), out long until) && time < until) || context.IsAllowed(subject, time))
        {
            return;
        }
        _until[(subject, action, organization)] = expires ?? long.MaxValue;
        _all.Add(new JudgedDecision(subject, action, time) { Organization = organization, Expires = expires, Reason = reason });
    }
}
