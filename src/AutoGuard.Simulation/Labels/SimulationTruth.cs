using System.Collections.Immutable;
using AutoGuard.Core.Policy;
using AutoGuard.Simulation.Profiles;

namespace AutoGuard.Simulation.Labels;

/// <summary>What really happens in a recording: the labels that decisions are measured against.</summary>
public sealed record SimulationTruth
{
    /// <summary>The version this generator writes.</summary>
    public const int CurrentVersion = 6;

    /// <summary>Version of this file's shape and of the generator: with profile and seed it determines every byte.</summary>
    public required int Version { get; init; }

    /// <summary>Seed of the recording; also the key to the labels in its session ids (<see cref="SessionLabels"/>).</summary>
    public required ulong Seed { get; init; }

    /// <summary>Name of the profile.</summary>
    public required string Profile { get; init; }

    /// <summary>First instant of the recording.</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>First instant after it.</summary>
    public required DateTimeOffset To { get; init; }

    /// <summary>What the operator has configured as <c>Referrers:Official</c>.</summary>
    public required ImmutableArray<string> OfficialReferrers { get; init; }

    /// <summary>What the operator has put on the allowlist.</summary>
    public required ImmutableArray<AllowedSubject> Allowlist { get; init; }

    /// <summary>The misuse, by start.</summary>
    public required ImmutableArray<Incident> Incidents { get; init; }

    /// <summary>Honest subjects that look odd and must never be flagged.</summary>
    public required ImmutableArray<HonestSubjects> Honest { get; init; }
}

/// <summary>One entry of the operator's allowlist.</summary>
/// <param name="Subject">Address or token.</param>
/// <param name="Reason">Why.</param>
public sealed record AllowedSubject(Subject Subject, string Reason);

/// <summary>Honest subjects of one kind.</summary>
/// <param name="Kind">Why they look odd.</param>
/// <param name="Subjects">Who they are.</param>
public sealed record HonestSubjects(HonestKind Kind, ImmutableArray<Subject> Subjects);

/// <summary>What the operator may expect of a good configuration, at least.</summary>
public enum ExpectedAction
{
    /// <summary>Flagged for a person.</summary>
    Flag,

    /// <summary>Blocked, or the token revoked.</summary>
    Block,

    /// <summary>The token revoked.</summary>
    Revoke,
}

/// <summary>One case of misuse.</summary>
public sealed record Incident
{
    private DateTimeOffset? _firstAbnormal;

    /// <summary>Kind and number, for example <c>token-sharing-1</c>.</summary>
    public required string Id { get; init; }

    /// <summary>What is done.</summary>
    public required AttackKind Kind { get; init; }

    /// <summary>How well it hides.</summary>
    public required Difficulty Difficulty { get; init; }

    /// <summary>Time of its first event.</summary>
    public required DateTimeOffset Start { get; init; }

    /// <summary>
    /// Time of its first event that no honest viewer would cause, rather too early than too late: what a detector's time
    /// counts from. <see cref="Start"/> where the file does not say.
    /// </summary>
    /// <remarks>
    /// Known before the first event: of those who play session after session, what comes before is drawn ahead, and the
    /// time is exact unless the attack is over before (then it is what the shortest sessions and pauses would give). A move within a
    /// session counts from when it is due; the next heartbeat shows it, unless an outage drops the session before.
    /// Two networks at once are honest (a second home, a phone on the road), a third is not.
    /// <list type="table">
    /// <item><term>token sharing</term><description>The third member begins.</description></item>
    /// <item><term>leaked token</term><description>The second stranger beside the owner begins.</description></item>
    /// <item><term>session cloning</term><description>The first clone shows another address (easy, slow); the third (hard).</description></item>
    /// <item><term>baton sharing, residential relay</term><description>The fourth home line, the fifth operator or the third country.</description></item>
    /// <item><term>country hopping</term><description>The third country.</description></item>
    /// <item><term>data-centre relay, token succession</term><description>Its first session.</description></item>
    /// <item><term>careful relay</term><description>After two hours, or half its time when that is less: until then it is one viewer.</description></item>
    /// <item><term>token farm</term><description>The 31st token without a referrer: thirty are a company's apps behind its proxy; the 51st with one (hard).</description></item>
    /// <item><term>address flood</term><description>The 20th connection.</description></item>
    /// <item><term>IPv6 flood</term><description>The 20th address.</description></item>
    /// <item><term>distributed flood</term><description>The 20th of its addresses begins.</description></item>
    /// <item><term>automated reconnects, silent probing, token guessing</term><description>The tenth session; the 19th, of silent probing the 30th (hard).</description></item>
    /// <item><term>subnet offenders</term><description>The tenth session of the first address.</description></item>
    /// <item><term>illegal embed</term><description>The 22nd viewer: up to 21 come from pages of honest people that nobody listed.</description></item>
    /// <item><term>pirate app</term><description>The tenth viewer.</description></item>
    /// <item><term>framing</term><description>The 20th connection.</description></item>
    /// </list>
    /// </remarks>
    public DateTimeOffset FirstAbnormal
    {
        get => _firstAbnormal ?? Start;
        set => _firstAbnormal = value;
    }

    /// <summary>None of its events comes after this.</summary>
    public required DateTimeOffset End { get; init; }

    /// <summary>The least that counts as dealt with.</summary>
    public required ExpectedAction Expected { get; init; }

    /// <summary>Subjects of which any counts as a catch.</summary>
    public required ImmutableArray<Subject> Catch { get; init; }

    /// <summary>Honest subjects near the attacker: touching them is a mistake even if the attacker is hit as well.</summary>
    public required ImmutableArray<Subject> NeverTouch { get; init; }
}
