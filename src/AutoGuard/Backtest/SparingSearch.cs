using System.Collections.Immutable;
using AutoGuard.CommandLine;
using AutoGuard.Configuration;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Pipeline;
using AutoGuard.Core.Policy;
using AutoGuard.Simulation.Labels;

namespace AutoGuard.Backtest;

/// <summary>
/// Finds the changes of the configuration that would have spared a subject. They are read off its recorded judgements, and
/// then each is run: what is proposed was seen to work, and what else it costs was counted, not estimated. A change that
/// was not enough is enlarged by what its own run recorded, a few times.
/// </summary>
internal sealed class SparingSearch(SharedReplay replay, VerbContext context, Subject subject, SimulationTruth? truth)
{
    private const int Rounds = 3;

    private readonly List<Judgement> _judgements = [];
    private double _highest;
    private bool _seen;

    /// <summary>Records the subject's judgements; for the run of the base configuration.</summary>
    public void Record(DetectionPipeline pipeline) => pipeline.Watch.Add(subject, judgement =>
    {
        _seen = true;
        _highest = Math.Max(_highest, judgement.Score);
        PolicyOptions policy = context.Settings.Values.Policy;
        if (judgement.Score >= policy.FlagScore && judgement.Evidence >= policy.MinimumSessions)
        {
            _judgements.Add(judgement);
        }
    });

    /// <summary>The changes, each tried; to be called when the base configuration has run.</summary>
    /// <exception cref="VerbException">The subject does not occur in the recording.</exception>
    public async Task<SparingReport> RunAsync(IReadOnlyList<Decision> decisions, CancellationToken cancellation)
    {
        if (!_seen)
        {
            throw new VerbException($"{subject.TypeName} {Live.TerminalText.Visible(subject.Value, 100)} does not occur in the recording.");
        }
        ImmutableArray<Decision> own = [.. decisions.Where(decision => decision.Subject == subject)];
        List<Attempt> attempts = [];
        List<FutileChange> futile = [];
        if (own.Any(IsBlock))
        {
            Propose(SparingGoal.NotBlocked, attempts, futile);
        }
        if (!own.IsEmpty)
        {
            Propose(SparingGoal.NotDecided, attempts, futile);
        }
        for (int round = 1; round <= Rounds && attempts.Exists(attempt => attempt.IsOpen); round++)
        {
            await TryAsync([.. attempts.Where(attempt => attempt.IsOpen)], round, cancellation);
        }
        futile.AddRange(attempts.Where(attempt => !attempt.Spares).Select(attempt => new FutileChange(
            attempt.Proposal.Goal, attempt.Proposal.Name, $"with {string.Join(", ", attempt.Proposal.Sets)} it was decided on all the same")));
        CollateralCount collateral = new(subject, decisions, truth);
        return new SparingReport
        {
            Subject = subject,
            Decisions = own,
            HighestScore = Math.Round(_highest, 6),
            Changes = [.. attempts.Where(attempt => attempt.Spares).Select(attempt => collateral.Of(attempt.Proposal, attempt.Decisions))
                .OrderBy(change => change.Goal)
                .ThenBy(change => change.IncidentsLost?.Length ?? 0)
                .ThenBy(change => change.Lost.Length)
                .ThenBy(change => change.Weakened.Length)
                .ThenBy(change => change.Gained.Length)
                .ThenBy(change => change.Relative ?? double.MaxValue)
                .ThenBy(change => change.Name, StringComparer.Ordinal)],
            Futile = [.. futile.OrderBy(change => change.Goal).ThenBy(change => change.Name, StringComparer.Ordinal)],
        };
    }

    private static bool IsBlock(Decision decision) => decision.Action is DecisionAction.Block or DecisionAction.Revoke;

    private void Propose(SparingGoal goal, List<Attempt> attempts, List<FutileChange> futile)
    {
        ThresholdSearch search = new(context.Settings.Values, goal, _judgements);
        foreach (string indicator in search.Contributing)
        {
            if (search.Threshold(indicator) is { } proposal)
            {
                attempts.Add(new Attempt(IsAllowed(proposal) ? proposal : search.Observing(indicator)));
            }
            else
            {
                futile.Add(new FutileChange(goal, indicator, "the other evidence is enough without it"));
            }
        }
        if (search.Level() is { } level)
        {
            attempts.Add(new Attempt(level));
        }
        TimeSpan blockAfter = context.Settings.Values.Policy.BlockAfter;
        if (goal == SparingGoal.NotBlocked && subject.Type != SubjectType.Token && blockAfter > TimeSpan.Zero)
        {
            // It may have been blocked for staying flagged, whatever its score.
            SettingChange never = new("Policy:BlockAfter", blockAfter.ToString("c"), TimeSpan.Zero.ToString("c"));
            attempts.Add(new Attempt(new ChangeProposal(goal, nameof(PolicyOptions.BlockAfter), [never], null)));
        }
    }

    private async Task TryAsync(List<Attempt> attempts, int round, CancellationToken cancellation)
    {
        List<(Attempt Attempt, Contender Contender, List<Judgement> Judgements)> runs = [];
        foreach (Attempt attempt in attempts)
        {
            List<Judgement> judgements = [];
            Contender contender = new(context.With(null, attempt.Proposal.Sets))
            {
                Starting = pipeline => pipeline.Watch.Add(subject, judgements.Add),
            };
            runs.Add((attempt, contender, judgements));
        }
        await replay.RunAsync(round == 1 ? "Trying changes" : "Trying larger changes", [.. runs.Select(run => run.Contender)], cancellation);
        foreach ((Attempt attempt, Contender contender, List<Judgement> judgements) in runs)
        {
            SparingGoal goal = attempt.Proposal.Goal;
            attempt.Decisions = contender.Decisions;
            attempt.Spares = !contender.Decisions.Any(decision =>
                decision.Subject == subject && decision.Action != DecisionAction.Release && (goal == SparingGoal.NotDecided || IsBlock(decision)));
            attempt.IsOpen = !attempt.Spares && Enlarge(attempt, judgements);
        }
    }

    /// <summary>Makes a change that was not enough as large as its own run asks for; false when that asks for nothing more.</summary>
    private bool Enlarge(Attempt attempt, List<Judgement> judgements)
    {
        ThresholdSearch search = new(context.Settings.Values, attempt.Proposal.Goal, _judgements.Concat(judgements));
        ChangeProposal? larger = attempt.Proposal.Relative is null ? null
            : attempt.Proposal.Name is ThresholdSearch.FlagScore or ThresholdSearch.BlockScore ? search.Level()
            : search.Threshold(attempt.Proposal.Name);
        if (larger is null || larger.Relative <= attempt.Proposal.Relative || !IsAllowed(larger))
        {
            return false;
        }
        attempt.Proposal = larger;
        return true;
    }

    private bool IsAllowed(ChangeProposal proposal)
    {
        try
        {
            context.With(null, proposal.Sets);
            return true;
        }
        catch (SettingsException)
        {
            // A share cannot be asked to pass 1, for example. The base configuration itself is right: it is in use.
            return false;
        }
    }

    /// <summary>One change and what came of trying it.</summary>
    private sealed class Attempt(ChangeProposal proposal)
    {
        public ChangeProposal Proposal { get; set; } = proposal;

        public IReadOnlyList<Decision> Decisions { get; set; } = [];

        public bool Spares { get; set; }

        /// <summary>Whether it is still to be tried.</summary>
        public bool IsOpen { get; set; } = true;
    }
}
