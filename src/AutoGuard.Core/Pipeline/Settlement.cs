using AutoGuard.Core.Features;
using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Pipeline;

/// <summary>
/// Decides between the proposals of one tick: what may be blocked and flagged in a minute, and how many viewers may be touched,
/// goes to the highest scores first.
/// </summary>
internal sealed class Settlement(PolicyLedger ledger, CircuitBreaker breaker, PipelineCounters counters)
{
    /// <summary>Flags put off that are judged again at the next tick whether or not their subject is heard.</summary>
    private const int MostRetried = 256;

    private readonly List<(Proposal Proposal, StateHandle Handle)> _putOff = [];

    /// <summary>Subjects whose flag was put off at the last settlement, highest scores first.</summary>
    public IReadOnlyList<(Proposal Proposal, StateHandle Handle)> PutOff => _putOff;

    /// <summary>Settles all proposals of a tick.</summary>
    /// <param name="proposals">The proposals; put in order of their score.</param>
    /// <param name="now">Unix milliseconds.</param>
    /// <param name="decide">Called for each that is decided, with what it came to and when that lapses.</param>
    public void Settle(List<(Proposal Proposal, StateHandle Handle)> proposals, long now, Action<Proposal, StateHandle, Verdict, long?> decide)
    {
        _putOff.Clear();
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
                    if (_putOff.Count < MostRetried)
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

    private bool MayBlock(Proposal proposal, long now) =>
        ledger.HasBlockLeft(now)
        && breaker.TryBlock(proposal.Key, proposal.Organization, proposal.Viewers, now)
        && ledger.TryTakeBlock(now);
}
