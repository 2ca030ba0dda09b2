using System.ComponentModel.DataAnnotations;
using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Configuration;

/// <summary>Section <c>Policy</c>: from score to decision.</summary>
public sealed class PolicyOptions
{
    /// <summary>Whether decisions are enforced.</summary>
    public EnforcementMode Mode { get; set; } = EnforcementMode.Observe;

    /// <summary>Score from which a subject is flagged, 0 to 1.</summary>
    [Range(0.0, 1.0)]
    public double FlagScore { get; set; } = 0.6;

    /// <summary>Score from which it is blocked or revoked, 0 to 1; not below <see cref="FlagScore"/>.</summary>
    [Range(0.0, 1.0)]
    public double BlockScore { get; set; } = 0.9;

    /// <summary>Sessions a subject must have shown before anything is decided, 1 to 1,000.</summary>
    [Range(1, 1_000)]
    public int MinimumSessions { get; set; } = 3;

    /// <summary>Consecutive judgements above the block level before a block, 1 to 60.</summary>
    [Range(1, 60)]
    public int BlockPersistence { get; set; } = 2;

    /// <summary>
    /// How long a token must have stayed above the block level before it is revoked, which cannot be undone. 0 to 1 hour.
    /// </summary>
    [TimeRange("00:00:00", "01:00:00")]
    public TimeSpan RevokeAfter { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Whether a token that others got hold of stays good at the line where it was first, while that shows no more than a household's
    /// screens. Engines that know no exceptions revoke it everywhere.
    /// </summary>
    public bool SpareHome { get; set; } = true;

    /// <summary>
    /// How long an address, network or page must have stayed above the flag level, after it was flagged, before it is blocked
    /// although its score stays below the block level; 0 for never. Tokens are not: that cannot be undone. 0 to 1 day.
    /// </summary>
    [TimeRange("00:00:00", "1.00:00:00")]
    public TimeSpan BlockAfter { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>A subject is decided again only when the action rises, or after this long. 1 minute to 30 days.</summary>
    [TimeRange("00:01:00", "30.00:00:00")]
    public TimeSpan HoldOff { get; set; } = TimeSpan.FromHours(6);

    /// <summary>How long the first block of an address or network lasts; each repeat lasts twice as long. 1 minute to 30 days.</summary>
    [TimeRange("00:01:00", "30.00:00:00")]
    public TimeSpan BlockDuration { get; set; } = TimeSpan.FromHours(24);

    /// <summary>Longest block of a repeat offender, not below <see cref="BlockDuration"/>. 1 minute to 90 days.</summary>
    [TimeRange("00:01:00", "90.00:00:00")]
    public TimeSpan LongestBlock { get; set; } = TimeSpan.FromDays(7);

    /// <summary>Time without an offence after which one repeat is forgiven. 1 hour to 90 days.</summary>
    [TimeRange("01:00:00", "90.00:00:00")]
    public TimeSpan EscalationDecay { get; set; } = TimeSpan.FromDays(7);

    /// <summary>Most other tokens with sessions in the window that a block may cut off, 0 to 1,000,000; beyond it is a flag.</summary>
    [Range(0, 1_000_000)]
    public int HarmLimitTokens { get; set; } = 3;

    /// <summary>Widest IPv4 network that is blocked, a prefix length from 20 to 32.</summary>
    [Range(20, 32)]
    public int WidestPrefixV4 { get; set; } = 24;

    /// <summary>Widest IPv6 network that is blocked, a prefix length from 48 to 128.</summary>
    [Range(48, 128)]
    public int WidestPrefixV6 { get; set; } = 64;

    /// <summary>Most blocks and revocations per minute of event time, 1 to 10,000; beyond it they become flags.</summary>
    [Range(1, 10_000)]
    public int BlocksPerMinute { get; set; } = 60;

    /// <summary>Most flags per minute of event time, the highest scores first, 1 to 10,000; the others wait.</summary>
    [Range(1, 10_000)]
    public int FlagsPerMinute { get; set; } = 120;

    /// <summary>
    /// Share of the audience (running sessions or tokens held, whichever are more) that blocks and revocations may touch
    /// within ten minutes, 0.0001 to 1; beyond it the breaker opens, and blocks become flags. 1 switches this off.
    /// </summary>
    [Range(0.0001, 1.0)]
    public double BreakerAudienceShare { get; set; } = 0.02;

    /// <summary>Viewers that blocks may touch within ten minutes however small the audience is, 1 to 1,000,000.</summary>
    [Range(1, 1_000_000)]
    public int BreakerAudienceFloor { get; set; } = 100;

    /// <summary>How long the input must have been normal before the breaker closes. 1 minute to 1 day.</summary>
    [TimeRange("00:01:00", "1.00:00:00")]
    public TimeSpan BreakerRecovery { get; set; } = TimeSpan.FromMinutes(10);
}
