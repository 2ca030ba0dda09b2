using AutoGuard.Core.Features;
using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Pipeline;

/// <summary>
/// Decides between the proposals of one tick: what may be blocked and flagged in a minute, and how many viewers may be touched,
/// goes to the highest scores first.
/// </summary>
internal sealed class Settlement(PolicyLedger ledger, CircuitBreaker breaker, PipelineCounters counters)
{
    /// <summary>Flags put off that are remembered; others are proposed again if their subject still deserves it.</summary>
    public const int MostPutOff = 1_024;

    private readonly List<(Proposal Proposal, StateHandle Handle)> _putOff = [];
    private readonly HashSet<LedgerKey> _proposed = [];

    /// <summary>Flags that wait for a minute with room, highest scores first; what led to them may be over by then.</summary>
    public IReadOnlyList<(Proposal Proposal, StateHandle Handle)> PutOff => _putOff;

    /// <summary>Settles all proposals of a tick.</summary>
    /// <param name="proposals">The proposals; put in order of their score.</param>
    /// <param name="now">Unix milliseconds.</param>
    /// <param name="decide">Called for each that is decided, with what it came to and when that lapses.</param>
    public void Settle(List<(Proposal Proposal, StateHandle Handle)> proposals, long now, Action<Proposal, StateHandle, Verdict, long?> decide)
    {
        TakeUp(proposals);
        proposals.Sort(static (a, b) => a.Proposal.Score != b.Proposal.Score
            ? b.Proposal.Score.CompareTo(a.Proposal.Score)
            : a.Proposal.Subject.CompareTo(b.Proposal.Subject) is var order && order != 0 ? order
            : a.Proposal.Organization.CompareTo(b.Proposal.Organization));
        foreach ((Proposal proposal, StateHandle handle) in proposals)
        {
            Verdict verdict = proposal.Verdict;
            if (verdict == Verdict.Block && !MayBlock(proposal, now))
            {
                counters.CountRefusedBlock();
                verdict = Verdict.Flag;
            }
            if (verdict == Verdict.Flag)
            {
                if (!ledger.IsNews(proposal.Key, verdict, now))
                {
                    continue;
                }
                if (!ledger.TryTakeFlag(now))
                {
                    if (_putOff.Count < MostPutOff)
                    {
                        _putOff.Add((proposal, handle));
                    }
                    continue;
                }
            }
            bool lapses = verdict == Verdict.Block && proposal.Subject.Type is (SubjectType.Ip or SubjectType.Cidr);
            long? end = lapses ? now + ledger.Escalation.DurationOf(proposal.Key, now) : null;
            ledger.Record(proposal.Key, verdict, now, end);
            decide(proposal, handle, verdict, end);
        }
    }

    /// <summary>Drops flags put off whose subject's state was given away.</summary>
    public void Forget(Predicate<(Proposal Proposal, StateHandle Handle)> isGone) => _putOff.RemoveAll(isGone);

    /// <summary>Adds what was put off to the proposals, unless the subject has a new one.</summary>
    private void TakeUp(List<(Proposal Proposal, StateHandle Handle)> proposals)
    {
        if (_putOff.Count == 0)
        {
            return;
        }
        _proposed.Clear();
        foreach ((Proposal proposal, _) in proposals)
        {
            _proposed.Add(proposal.Key);
        }
        foreach ((Proposal Proposal, StateHandle Handle) waiting in _putOff)
        {
            if (_proposed.Add(waiting.Proposal.Key))
            {
                proposals.Add((waiting.Proposal with { Verdict = Verdict.Flag }, waiting.Handle));
            }
        }
        _putOff.Clear();
    }

    private bool MayBlock(Proposal proposal, long now) =>
        ledger.HasBlockLeft(now)
        && breaker.TryBlock(proposal.Key, proposal.Organization, proposal.Viewers, now)
        && ledger.TryTakeBlock(now);
}
