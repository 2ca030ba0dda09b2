using System.Globalization;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;
using AutoGuard.Guardian.Rules;

namespace AutoGuard.Guardian.Planning;

/// <summary>
/// Draws up what takes the place of a revocation that is not possible: blocks of the addresses that the token plays from now, as far
/// as nobody else is harmed and they are not those of its owner, and a flag for a person. These are decisions like all others, with ids made of the revocation's
/// time, so that drawing them up again changes nothing.
/// </summary>
/// <param name="rails">The guard rails.</param>
/// <param name="policy">Duration of blocks, harm limit, blocks per minute.</param>
/// <param name="mostAddresses">Most addresses blocked for one token.</param>
public sealed class TokenSubstitute(RuleRails rails, PolicyOptions policy, int mostAddresses)
{
    private readonly Lock _gate = new();
    private long _minute;
    private int _blocks;

    /// <summary>The decisions that take its place, the flag last.</summary>
    /// <param name="revocation">What is not possible.</param>
    /// <param name="why">Why not, a sentence.</param>
    /// <param name="traffic">What detection sees of the token; null: nothing, and then no address is blocked.</param>
    /// <param name="now">The time.</param>
    public IReadOnlyList<Decision> DrawUp(Decision revocation, string why, SubjectTraffic? traffic, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(revocation);
        var blocks = new List<Decision>();
        int spared = 0;
        foreach (AddressInUse use in (traffic?.Addresses ?? []).Where(use => !use.IsIn(revocation.Except)))
        {
            if (blocks.Count == mostAddresses)
            {
                break;
            }
            if (use.Harm.OtherTokens > policy.HarmLimitTokens || !RuleTarget.TryParseAddress(use.Address, out RuleTarget target, out _)
                || !rails.Permits(target, RuleType.Deny, hasAllowedReferrers: false, now, out _) || !TryTakeBlock(now))
            {
                spared++;
                continue;
            }
            blocks.Add(Block(revocation, use, target.Network.Address, why, now));
        }
        string text = blocks.Count > 0
            ? string.Create(CultureInfo.InvariantCulture, $"The token could not be revoked ({why.TrimEnd('.')}); blocked in its place: {string.Join(", ", blocks.Select(static b => b.Subject.Value))}")
            : string.Create(CultureInfo.InvariantCulture, $"The token could not be revoked ({why.TrimEnd('.')}), and no address was blocked in its place{(spared > 0 ? $": {spared} are used by others or may not be blocked" : "")}");
        return [.. blocks, Flag(revocation, text)];
    }

    private static Decision Flag(Decision revocation, string text) => revocation with
    {
        Id = DecisionId.Of(revocation.Time, DecisionAction.Flag, revocation.Subject, revocation.Organization),
        Action = DecisionAction.Flag,
        Except = [],
        Reasons = [.. revocation.Reasons, new DecisionReason("NotRevoked", 0, 0, 0, 0, text)],
    };

    private Decision Block(Decision revocation, AddressInUse use, IpAddress address, string why, DateTimeOffset now)
    {
        Subject subject = Subject.Of(address);
        string text = string.Create(
            CultureInfo.InvariantCulture, $"{use.Sessions} running sessions of a token that could not be revoked ({why.TrimEnd('.')}); decision {revocation.Id}");
        return revocation with
        {
            Id = DecisionId.Of(revocation.Time, DecisionAction.Block, subject, revocation.Organization),
            Action = DecisionAction.Block,
            Subject = subject,
            Except = [],
            Reasons = [.. revocation.Reasons, new DecisionReason("NotRevoked", 0, use.Sessions, 0, 0, text)],
            Harm = use.Harm,
            Expires = (now + policy.BlockDuration).ToUnixTimeMilliseconds(),
        };
    }

    private bool TryTakeBlock(DateTimeOffset now)
    {
        lock (_gate)
        {
            long minute = now.ToUnixTimeSeconds() / 60;
            (_minute, _blocks) = minute == _minute ? (minute, _blocks) : (minute, 0);
            return ++_blocks <= policy.BlocksPerMinute;
        }
    }
}
