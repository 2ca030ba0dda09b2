using System.Collections.Immutable;
using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Pipeline;

/// <summary>What the policy would decide about one subject at a tick, before what all of them may take is shared out.</summary>
/// <param name="Key">The subject in the ledger.</param>
/// <param name="Subject">The subject.</param>
/// <param name="Organization">Tenant, interned; 0 for none.</param>
/// <param name="Verdict">Flag or block.</param>
/// <param name="Score">Its score.</param>
/// <param name="Reasons">What led to it.</param>
/// <param name="Harm">Who else it would touch.</param>
/// <param name="Viewers">Viewers it would touch, the subject's own included; at least 1.</param>
/// <param name="Follows">Id of the revocation that it follows, or null.</param>
/// <param name="Evidence">How much was seen of a token; 0 for other subjects.</param>
/// <param name="Except">Networks that a revocation leaves alone; default for none.</param>
internal sealed record Proposal(
    LedgerKey Key, Subject Subject, int Organization, Verdict Verdict, double Score, ImmutableArray<DecisionReason> Reasons, HarmPreview Harm, int Viewers,
    string? Follows = null, int Evidence = 0, ImmutableArray<IpNetwork> Except = default);
