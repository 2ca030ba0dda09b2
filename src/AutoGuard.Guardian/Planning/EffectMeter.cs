using System.Collections.Immutable;
using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;

namespace AutoGuard.Guardian.Planning;

/// <summary>
/// Measures whether the traffic of a subject stopped, moved or went on after an action took effect: one look when it bites, one when
/// the observation is over, both at the event time that detection has come to, so that nothing is judged before it can be seen.
/// </summary>
/// <param name="log">Where effects are kept.</param>
/// <param name="view">What detection sees.</param>
/// <param name="observation">How long to watch.</param>
/// <param name="time">The clock.</param>
public sealed class EffectMeter(EffectLog log, ITrafficView view, TimeSpan observation, TimeProvider time)
{
    private const int PageSize = 100;
    private const int MostCompanions = 8;
    private const string Elsewhere = "Those behind it went on under another token or from another address.";
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(24);

    private readonly long[] _settled = new long[Enum.GetValues<Effect>().Length];

    /// <summary>
    /// Those whose traffic would show that it moved: where a token plays from, unless it stays good there, and what plays from an
    /// address.
    /// </summary>
    public static IReadOnlyList<Companion> CompanionsOf(Subject subject, SubjectTraffic? traffic, ImmutableArray<IpNetwork> except) => subject.Type == SubjectType.Token
        ? [.. (traffic?.Addresses ?? []).Where(use => !use.IsIn(except)).Take(MostCompanions).Select(static use => new Companion("ip", use.Address, null))]
        : [.. (traffic?.Tokens ?? []).Take(MostCompanions).Select(static token => new Companion("token", token, null))];

    /// <summary>How many effects this process has settled so.</summary>
    public long Settled(Effect effect) => Volatile.Read(ref _settled[(int)effect]);

    /// <summary>Looks at everything that is due; returns how many effects were settled.</summary>
    public async Task<int> MeasureAsync(CancellationToken cancellationToken)
    {
        int settled = 0;
        foreach (WatchedEffect effect in await log.DueAsync(PageSize, cancellationToken))
        {
            settled += await MeasureAsync(effect, cancellationToken) ? 1 : 0;
        }
        return settled;
    }

    private async Task<bool> MeasureAsync(WatchedEffect effect, CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        DateTimeOffset due = effect.SessionsAtEffect is null ? effect.EffectiveAt : effect.EffectiveAt + observation;
        SubjectTraffic? traffic = await view.LookAsync(effect.Subject, effect.Organization, cancellationToken);
        if (traffic is null || traffic.At < due.ToUnixTimeMilliseconds())
        {
            if (now - due < LongestWait)
            {
                await log.PostponeAsync(effect.DecisionId, now + LookAgain, cancellationToken);
                return false;
            }
            await log.FinishAsync(effect.DecisionId, Effect.Unknown, null, null, "No events of that time were seen within a day.", cancellationToken);
            Interlocked.Increment(ref _settled[(int)Effect.Unknown]);
            return true;
        }
        var companions = new List<Companion>();
        bool moved = false;
        foreach (Companion companion in effect.Companions)
        {
            Subject subject = new(companion.Type == "ip" ? SubjectType.Ip : SubjectType.Token, companion.Value);
            SubjectTraffic? seen = await view.LookAsync(subject, effect.Organization, cancellationToken);
            moved |= companion.Started is { } before && seen is { Open: > 0 } && seen.Started > before;
            companions.Add(companion with { Started = seen?.Started ?? 0 });
        }
        if (effect.SessionsAtEffect is not { } atEffect)
        {
            await log.StartAsync(effect.DecisionId, traffic.Started, companions, effect.EffectiveAt + observation, cancellationToken);
            return false;
        }
        (Effect verdict, string? detail) = Judge(atEffect, traffic, effect.EndsSessions, moved, effect.Except);
        await log.FinishAsync(effect.DecisionId, verdict, Math.Max(0, traffic.Started - atEffect), traffic.Open, detail, cancellationToken);
        Interlocked.Increment(ref _settled[(int)verdict]);
        return true;
    }

    /// <summary>The verdict of the second look.</summary>
    internal static (Effect Effect, string? Detail) Judge(long startedAtEffect, SubjectTraffic traffic, bool endsSessions, bool moved, ImmutableArray<IpNetwork> except)
    {
        if (traffic.Started < startedAtEffect && traffic.Started > 0)
        {
            return (Effect.Unknown, "Counting began anew in between.");
        }
        long begun = Math.Max(0, traffic.Started - startedAtEffect);
        int spared = traffic.Addresses.Where(use => use.IsIn(except)).Sum(static use => use.Sessions);
        if (begun > 0 && except.IsEmpty)
        {
            return (Effect.Continued, FormattableString.Invariant($"{begun} sessions began after it took effect."));
        }
        int open = Math.Max(0, traffic.Open - spared);
        if (open > 0 && endsSessions)
        {
            return (Effect.Continued, FormattableString.Invariant($"{open} sessions still run that should have ended."));
        }
        if (begun > 0 && (open > 0 || spared == 0))
        {
            // The counter does not say where they began; where they may, if some still run there and none elsewhere.
            return (Effect.Unknown, FormattableString.Invariant($"{begun} sessions began since; of the {traffic.Open} that run, {spared} run where the token stays good."));
        }
        if (moved)
        {
            return (Effect.Moved, Elsewhere);
        }
        return open > 0
            ? (Effect.Draining, FormattableString.Invariant($"{open} sessions run on that began before; new ones are refused."))
            : (Effect.Stopped, SparedOnly(spared));
    }

    private static string? SparedOnly(int sessions) =>
        sessions == 0 ? null : FormattableString.Invariant($"{sessions} sessions run where the token stays good, and none elsewhere.");
}
