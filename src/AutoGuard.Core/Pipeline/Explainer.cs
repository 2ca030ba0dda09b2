using System.Collections.Immutable;
using System.Text;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Core.Features;
using AutoGuard.Core.Indicators;
using AutoGuard.Core.Policy;
using AutoGuard.Core.Reporting;
using AutoGuard.Core.Scoring;

namespace AutoGuard.Core.Pipeline;

/// <summary>One indicator in an explanation, whether it speaks against the subject or not.</summary>
/// <param name="Indicator">Name, as in the configuration.</param>
/// <param name="Value">Measured value.</param>
/// <param name="Threshold">Configured threshold.</param>
/// <param name="Grade">0 to 1.</param>
/// <param name="Weight">Weight in the score; 0 when only observed.</param>
/// <param name="Contribution">Share of the score.</param>
/// <param name="Text">The sentence an operator would say.</param>
public sealed record ExplainedIndicator(string Indicator, double Value, double Threshold, double Grade, double Weight, double Contribution, string Text);

/// <summary>Why a subject was or was not acted on.</summary>
public sealed record Explanation
{
    /// <summary>Whom it concerns.</summary>
    public required Subject Subject { get; init; }

    /// <summary>Tenant, or null.</summary>
    public string? Organization { get; init; }

    /// <summary>What the token means; null for an address.</summary>
    public TokenWorkflow? Workflow { get; init; }

    /// <summary>Score now, 0 to 1.</summary>
    public required double Score { get; init; }

    /// <summary>Sessions within the window.</summary>
    public required int Sessions { get; init; }

    /// <summary>Every indicator that is computed for such a subject.</summary>
    public required ImmutableArray<ExplainedIndicator> Indicators { get; init; }

    /// <summary>Why it was or was not acted on, a sentence.</summary>
    public required string Outcome { get; init; }

    /// <summary>The case file, if it was ever decided on.</summary>
    public FlaggedSubject? Case { get; init; }
}

/// <summary>Explains live subjects from the detection thread's own state, with the same code that judges them.</summary>
public sealed class Explainer
{
    private readonly FeatureState _state;
    private readonly Judge _judge;
    private readonly CaseFiles _cases;
    private readonly StringPool _strings;
    private readonly PolicyOptions _policy;

    internal Explainer(FeatureState state, Judge judge, CaseFiles cases, StringPool strings, PolicyOptions policy)
    {
        _state = state;
        _judge = judge;
        _cases = cases;
        _strings = strings;
        _policy = policy;
    }

    /// <summary>Explains a token by its identity, at <paramref name="now"/> (Unix milliseconds); null when nothing is known of it.</summary>
    public Explanation? Token(string identity, long now)
    {
        ReadOnlySpan<byte> text = Encoding.UTF8.GetBytes(identity);
        for (int i = 0; i < _state.Tokens.HighWater; i++)
        {
            if (_state.Tokens.IsLive(i) && text.SequenceEqual(_state.Texts.Bytes(_state.Tokens[i].Text)))
            {
                return ExplainToken(i, identity, now);
            }
        }
        return null;
    }

    /// <summary>Explains an address; null when nothing is known of it.</summary>
    public Explanation? Address(IpAddress address, long now)
    {
        int index = _state.Addresses.Find(address);
        if (index < 0)
        {
            return null;
        }
        Span<Reading> readings = stackalloc Reading[IndicatorPanel.MostReadings];
        _judge.Meter.Measure(index, now, out AddressFeatures features);
        readings = readings[.._judge.Panel.Read(in features, readings)];
        ref AddressState state = ref _state.Addresses[index];
        LedgerKey key = new(SubjectType.Ip, address.High, address.Low);
        return Explain(
            Subject.Of(address), state.Organization, null, readings, features.Sessions, key, _judge.Allowlist.Covers(address, state.Asn, now), now);
    }

    private Explanation ExplainToken(int index, string identity, long now)
    {
        Span<Reading> readings = stackalloc Reading[IndicatorPanel.MostReadings];
        _judge.Meter.Measure(index, now, out TokenFeatures features);
        readings = readings[.._judge.Panel.Read(in features, readings)];
        ref TokenState token = ref _state.Tokens[index];
        Key128 tokenKey = _state.Tokens.KeyAt(index);
        string? user = token.IsBound ? _state.Texts.Text(token.UserText) : null;
        return Explain(
            new Subject(SubjectType.Token, identity), token.Organization, features.Workflow, readings, features.Sessions,
            new LedgerKey(SubjectType.Token, tokenKey.High, tokenKey.Low), _judge.Allowlist.Covers(identity, user, now), now);
    }

    private Explanation Explain(
        Subject subject, int organization, TokenWorkflow? workflow, ReadOnlySpan<Reading> readings, int sessions, LedgerKey key, string? allowlisted,
        long now)
    {
        Span<double> contributions = stackalloc double[IndicatorPanel.MostReadings];
        RiskScore.Contributions(readings, contributions);
        ImmutableArray<ExplainedIndicator>.Builder indicators = ImmutableArray.CreateBuilder<ExplainedIndicator>(readings.Length);
        for (int i = 0; i < readings.Length; i++)
        {
            ref readonly Reading reading = ref readings[i];
            indicators.Add(new ExplainedIndicator(
                reading.Indicator.ToString(), Math.Round(reading.Value, 6), reading.Threshold, Math.Round(reading.Grade, 6), reading.Weight,
                Math.Round(contributions[i], 6), Sentences.Of(in reading, workflow ?? TokenWorkflow.Auto)));
        }
        double score = RiskScore.Of(readings);
        string? tenant = organization == 0 ? null : _strings.Text(organization);
        return new Explanation
        {
            Subject = subject,
            Organization = tenant,
            Workflow = workflow,
            Score = Math.Round(score, 6),
            Sessions = sessions,
            Indicators = indicators.ToImmutable(),
            Outcome = Outcome(score, sessions, workflow, allowlisted, key, now),
            Case = _cases.Find(subject, tenant),
        };
    }

    private string Outcome(double score, int sessions, TokenWorkflow? workflow, string? allowlisted, LedgerKey key, long now)
    {
        if (_judge.Ledger.IsBlocked(key, now))
        {
            return _policy.Mode == EnforcementMode.Enforce ? "It was blocked." : "It would have been blocked; the mode is Observe.";
        }
        if (_judge.Ledger.IsDecided(key))
        {
            return "It was flagged.";
        }
        if (allowlisted is not null)
        {
            return FormattableString.Invariant($"Nothing was done: {allowlisted}.");
        }
        if (workflow == TokenWorkflow.Shared)
        {
            return "Nothing was done: the token is one that everybody gets, so reuse says nothing.";
        }
        if (score < _policy.FlagScore)
        {
            return FormattableString.Invariant($"Nothing was done: the score {score:0.00} is below the flag level {_policy.FlagScore:0.00}.");
        }
        return sessions < _policy.MinimumSessions
            ? FormattableString.Invariant($"Nothing was done yet: {sessions} of the {_policy.MinimumSessions} sessions that a decision needs were seen.")
            : "It is about to be decided at the next tick.";
    }
}
