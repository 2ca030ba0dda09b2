using System.Collections.Immutable;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Core.Features;
using AutoGuard.Core.Indicators;
using AutoGuard.Core.Policy;
using AutoGuard.Core.Scoring;

namespace AutoGuard.Core.Pipeline;

/// <summary>Explains live subjects from the detection thread's own state, with the same code that judges them.</summary>
public sealed class Explainer
{
    private readonly FeatureState _state;
    private readonly Judge _judge;
    private readonly CaseFiles _cases;
    private readonly StringPool _strings;
    private readonly PolicyOptions _policy;
    private readonly HarmEstimator _harm;

    internal Explainer(FeatureState state, Judge judge, CaseFiles cases, StringPool strings, PolicyOptions policy)
    {
        _state = state;
        _judge = judge;
        _cases = cases;
        _strings = strings;
        _policy = policy;
        _harm = new HarmEstimator(state, judge.Meter.Windows);
    }

    /// <summary>The tenants in which a token is known, null for the nameless one, in ordinal order.</summary>
    /// <param name="identity">The token's identity.</param>
    /// <param name="tokenKey">The key of a token's identity within a tenant.</param>
    public ImmutableArray<string?> Organizations(string identity, Func<string, string?, Key128> tokenKey)
    {
        ArgumentNullException.ThrowIfNull(identity);
        ArgumentNullException.ThrowIfNull(tokenKey);
        List<string?> found = [];
        for (int i = 0; i < _state.Tenants.HighWater; i++)
        {
            if (!_state.Tenants.IsLive(i))
            {
                continue;
            }
            string? organization = Tenant((int)_state.Tenants.KeyAt(i));
            if (_state.Tokens.Find(tokenKey(identity, organization)) >= 0)
            {
                found.Add(organization);
            }
        }
        found.Sort(StringComparer.Ordinal);
        return [.. found];
    }

    /// <summary>Explains a token by its key, at <paramref name="now"/> (Unix milliseconds); null when nothing is known of it.</summary>
    public Explanation? Token(Key128 key, long now)
    {
        int index = _state.Tokens.Find(key);
        return index < 0 ? null : At(SubjectType.Token, index, now);
    }

    /// <summary>
    /// Explains an address at <paramref name="now"/> (Unix milliseconds); null when nothing is known of it.
    /// </summary>
    /// <param name="address">The address.</param>
    /// <param name="now">Unix milliseconds.</param>
    /// <param name="organization">The tenant whose viewers are meant, empty for the nameless one; null: the one in which the address scores highest.</param>
    public Explanation? Address(IpAddress address, long now, string? organization = null)
    {
        Explanation? found = null;
        for (int i = 0; i < _state.Tenants.HighWater; i++)
        {
            if (!_state.Tenants.IsLive(i))
            {
                continue;
            }
            int tenant = (int)_state.Tenants.KeyAt(i);
            int index = organization is null || organization == (Tenant(tenant) ?? "") ? _state.Addresses.Find(new(address, tenant)) : -1;
            Explanation? explanation = index < 0 ? null : At(SubjectType.Ip, index, now);
            if (explanation is not null && (found is null || explanation.Score > found.Score))
            {
                found = explanation;
            }
        }
        return found;
    }

    /// <summary>The subject at a place of its table.</summary>
    internal Subject SubjectAt(SubjectType type, int index) => type switch
    {
        SubjectType.Token => new Subject(type, _state.Texts.Text(_state.Tokens[index].Text)),
        SubjectType.Ip => Subject.Of(_state.Addresses.KeyAt(index).Address),
        SubjectType.Cidr => Subject.Of(FeatureWindows.NetworkOfKey(_state.Networks.KeyAt(index).Address)),
        _ => new Subject(type, _strings.Text((int)(uint)_state.Referrers.KeyAt(index))),
    };

    /// <summary>What a judgement of the subject at a place reads.</summary>
    internal Judgement JudgementAt(SubjectType type, int index, long now)
    {
        Span<Reading> room = stackalloc Reading[IndicatorPanel.MostReadings];
        ReadOnlySpan<Reading> readings = Read(type, index, now, room, out Facts facts);
        return new Judgement(now, SubjectAt(type, index), Tenant(facts.Organization), RiskScore.Of(readings), facts.Evidence, [.. readings]);
    }

    /// <summary>Explains the subject at a place of its table.</summary>
    internal Explanation At(SubjectType type, int index, long now)
    {
        Span<Reading> room = stackalloc Reading[IndicatorPanel.MostReadings];
        ReadOnlySpan<Reading> readings = Read(type, index, now, room, out Facts facts);
        Span<double> contributions = stackalloc double[IndicatorPanel.MostReadings];
        RiskScore.Contributions(readings, contributions);
        double score = RiskScore.Of(readings);
        ImmutableArray<ExplainedIndicator>.Builder indicators = ImmutableArray.CreateBuilder<ExplainedIndicator>(readings.Length);
        for (int i = 0; i < readings.Length; i++)
        {
            ref readonly Reading reading = ref readings[i];
            indicators.Add(new ExplainedIndicator(
                reading.Indicator.ToString(), Math.Round(reading.Value, 6), reading.Threshold, Math.Round(reading.Grade, 6), reading.Weight,
                Math.Round(contributions[i], 6), Sentences.Of(in reading, facts.Workflow ?? TokenWorkflow.Auto)));
        }
        Subject subject = SubjectAt(type, index);
        string? organization = Tenant(facts.Organization);
        return new Explanation
        {
            Subject = subject,
            Organization = organization,
            Time = DateTimeOffset.FromUnixTimeMilliseconds(now),
            Workflow = facts.Workflow,
            Score = Math.Round(score, 6),
            Sessions = facts.Sessions,
            Evidence = score >= _policy.BlockScore ? facts.EvidenceForBlock : facts.Evidence,
            Indicators = indicators.ToImmutable(),
            CounterEvidence = CounterEvidence(readings, in facts, score),
            Harm = facts.Harm,
            Outcome = Outcome(score, readings, in facts, now),
            Case = _cases.Find(subject, organization),
        };
    }

    private ReadOnlySpan<Reading> Read(SubjectType type, int index, long now, Span<Reading> room, out Facts facts) => type switch
    {
        SubjectType.Token => ReadToken(index, now, room, out facts),
        SubjectType.Ip => ReadAddress(index, now, room, out facts),
        SubjectType.Cidr => ReadNetwork(index, now, room, out facts),
        _ => ReadReferrer(index, now, room, out facts),
    };

    private ReadOnlySpan<Reading> ReadToken(int index, long now, Span<Reading> room, out Facts facts)
    {
        _judge.Measure(index, now, out TokenFeatures features);
        ref TokenState token = ref _state.Tokens[index];
        Key128 key = _state.Tokens.KeyAt(index);
        string? user = token.IsBound ? _state.Texts.Text(token.UserText) : null;
        facts = new Facts(new LedgerKey(SubjectType.Token, key.High, key.Low), token.Organization, features.EvidenceForFlag)
        {
            Sessions = features.Sessions,
            EvidenceForBlock = features.Evidence,
            Workflow = features.Workflow,
            WorkflowText = Sentences.Of(in features),
            Allowlisted = _judge.Allowlist.Covers(_state.Texts.Text(token.Text), user, now),
        };
        return room[.._judge.Panel.Read(in features, room)];
    }

    private ReadOnlySpan<Reading> ReadAddress(int index, long now, Span<Reading> room, out Facts facts)
    {
        _judge.Meter.Measure(index, now, out AddressFeatures features);
        ref AddressState address = ref _state.Addresses[index];
        (IpAddress value, int organization) = _state.Addresses.KeyAt(index);
        GuardRails.MayBlock(IpNetwork.Of(value, value.IsV4 ? 32 : 128), 32, 128, out string rail);
        facts = new Facts(new LedgerKey(SubjectType.Ip, value.High, value.Low, organization), organization, features.Sessions)
        {
            Allowlisted = _judge.Allowlist.Covers(value, address.Asn, now),
            Harm = _harm.OfAddress(index, now),
            Rail = rail,
            NetworkBlocked = _judge.IsNetworkBlocked(value, organization, now),
        };
        facts = facts with { TokensSuffice = _judge.TokensSuffice(index, in features, facts.Key, now) };
        return room[.._judge.Panel.Read(in features, room)];
    }

    private ReadOnlySpan<Reading> ReadNetwork(int index, long now, Span<Reading> room, out Facts facts)
    {
        _judge.Meter.Measure(index, now, out NetworkFeatures features);
        (IpAddress key, int organization) = _state.Networks.KeyAt(index);
        IpNetwork value = FeatureWindows.NetworkOfKey(key);
        GuardRails.MayBlock(value, _policy.WidestPrefixV4, _policy.WidestPrefixV6, out string rail);
        facts = new Facts(LedgerKeys.OfNetwork(key, organization), organization, features.Evidence)
        {
            Allowlisted = _judge.Allowlist.Covers(value, _state.Networks[index].Asn, now),
            Harm = _harm.OfNetwork(index, now),
            Rail = rail,
        };
        return room[.._judge.Panel.Read(in features, room)];
    }

    private ReadOnlySpan<Reading> ReadReferrer(int index, long now, Span<Reading> room, out Facts facts)
    {
        _judge.Meter.Measure(index, now, out ReferrerFeatures features);
        ulong pair = _state.Referrers.KeyAt(index);
        string host = _strings.Text((int)(uint)pair);
        GuardRails.MayBlock(host, out string rail);
        facts = new Facts(LedgerKeys.OfReferrer(host, (int)(pair >> 32), _strings), (int)(pair >> 32), features.Sessions)
        {
            Allowlisted = _judge.Allowlist.Covers(host, now),
            Harm = _harm.OfReferrer(index, now),
            Rail = rail,
        };
        return room[.._judge.Panel.Read(in features, room)];
    }

    private ImmutableArray<string> CounterEvidence(ReadOnlySpan<Reading> readings, in Facts facts, double score)
    {
        List<string> found = [];
        if (facts.Allowlisted is { } allowlisted)
        {
            found.Add(allowlisted);
        }
        if (facts.Rail.Length > 0)
        {
            found.Add(facts.Rail.TrimEnd('.'));
        }
        if (facts.WorkflowText is { } workflow)
        {
            found.Add(workflow);
        }
        if (facts.Harm is { OtherTokens: > 0 } harm)
        {
            found.Add(Neighbours(harm));
        }
        if (score > 0 && facts.Evidence < _policy.MinimumSessions)
        {
            found.Add(Sentences.Say($"only {facts.Evidence} of the {_policy.MinimumSessions} sessions that a decision needs were seen"));
        }
        foreach (ref readonly Reading reading in readings)
        {
            if (reading.Grade == 0 && Sentences.InFavour(in reading) is { } sentence)
            {
                found.Add(sentence);
            }
        }
        return [.. found];
    }

    private string Outcome(double score, ReadOnlySpan<Reading> readings, in Facts facts, long now)
    {
        if (_judge.Ledger.IsBlocked(facts.Key, now))
        {
            return _policy.Mode == EnforcementMode.Enforce ? "It was blocked." : "It would have been blocked; the mode is Observe.";
        }
        if (_judge.Ledger.IsDecided(facts.Key))
        {
            return score >= _policy.BlockScore && WhyNotBlocked(readings, in facts) is { } why ? $"It was flagged and not blocked: {why}." : "It was flagged.";
        }
        if (facts.NetworkBlocked)
        {
            return "Nothing was done: the network that it belongs to was decided on.";
        }
        if (facts.Allowlisted is { } allowlisted)
        {
            return FormattableString.Invariant($"Nothing was done: {allowlisted}.");
        }
        if (facts.Workflow == TokenWorkflow.Shared)
        {
            return "Nothing was done: the token is one that everybody gets, so reuse says nothing.";
        }
        if (score < _policy.FlagScore)
        {
            return FormattableString.Invariant($"Nothing was done: the score {score:0.00} is below the flag level {_policy.FlagScore:0.00}.");
        }
        if (facts.Evidence < _policy.MinimumSessions)
        {
            return FormattableString.Invariant($"Nothing was done yet: {facts.Evidence} of the {_policy.MinimumSessions} sessions that a decision needs were seen.");
        }
        return facts.Key.Type == SubjectType.Cidr && facts.Rail.Length > 0
            ? $"Nothing was done: {facts.Rail}"
            : "It is about to be decided at the next tick.";
    }

    private string? WhyNotBlocked(ReadOnlySpan<Reading> readings, in Facts facts) =>
        facts.Harm is { } harm && harm.OtherTokens > _policy.HarmLimitTokens ? Neighbours(harm)
        : facts.Key.Type == SubjectType.Ip && Judge.ScoreWithoutCrowd(readings) < _policy.FlagScore
        ? "nothing but the number of its tokens speaks against it, and staff behind a company's proxy are as many"
        : facts.TokensSuffice ? $"tokens under suspicion are revoked by themselves where others watch from the same line, and {Neighbours(facts.Harm!)}"
        : facts.EvidenceForBlock >= _policy.MinimumSessions && facts.Rail.Length == 0 && _judge.Breaker.ReasonFor(facts.Organization) is { } reason ? $"blocks are held back for now, since {reason.TrimEnd('.')}"
        : null;

    private string Neighbours(HarmPreview harm) => Sentences.Say(
        $"a block would cut off {Sentences.Count(harm.OtherTokens, "other viewer")} ({Sentences.Count(harm.OtherUsers, "known user")}, {Sentences.Count(harm.OtherSessions, "running session")}; the limit is {_policy.HarmLimitTokens})");

    private string? Tenant(int organization) => organization == 0 ? null : _strings.Text(organization);

    /// <summary>What is known of a subject besides its readings.</summary>
    private readonly record struct Facts(LedgerKey Key, int Organization, int Evidence)
    {
        public int Sessions { get; init; } = Evidence;

        /// <summary>What is held against it before it is blocked or revoked.</summary>
        public int EvidenceForBlock { get; init; } = Evidence;

        public TokenWorkflow? Workflow { get; init; }

        public string? WorkflowText { get; init; }

        public string? Allowlisted { get; init; }

        public HarmPreview? Harm { get; init; }

        public bool NetworkBlocked { get; init; }

        /// <summary>Whether its suspects are revoked rather than the address blocked.</summary>
        public bool TokensSuffice { get; init; }

        /// <summary>Why nothing may ever block it; empty when something may.</summary>
        public string Rail { get; init; } = "";
    }
}
