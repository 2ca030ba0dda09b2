using System.Buffers;
using System.Text;
using AutoGuard.Core.Events;
using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.Profiles;

namespace AutoGuard.Simulation.World;

/// <summary>
/// The world that the simulation plays: actors wake in order of event time, sessions emit events. Holds only what is
/// running or about to run, so memory follows the audience, not the recording.
/// </summary>
internal sealed class SimulatedWorld
{
    private readonly EventSchedule<Actor> _schedule = new();
    private readonly ArrayBufferWriter<byte> _scratch = new(1024);
    private readonly SessionLabels _labels;
    private readonly double _outageShare;
    private readonly long _recovery;
    private long _sessions;
    private bool _emitted;

    public SimulatedWorld(SimulationProfile profile, ulong seed)
    {
        Profile = profile;
        Seed = seed;
        Begin = profile.Start.ToUnixTimeMilliseconds();
        End = Begin + (long)profile.Duration.TotalMilliseconds;
        HeartbeatMilliseconds = profile.HeartbeatSeconds * 1000L;
        Tokens = new TokenMint(profile.Tokens.Jwt, [.. profile.Streams.Select(s => s.Name)]);
        _labels = new SessionLabels(seed);
        OutageAt = profile.Outage is { } outage ? Begin + (long)outage.At.TotalMilliseconds : long.MaxValue;
        OutageSpread = (long)(profile.Outage?.ReconnectWithin.TotalMilliseconds ?? 0);
        OutageIsSwitch = profile.Outage?.IsSwitch ?? false;
        _recovery = (long)(profile.Outage?.Recovery.TotalMilliseconds ?? 0);
        _outageShare = profile.Outage?.Share ?? 0;
    }

    public SimulationProfile Profile { get; }

    public ulong Seed { get; }

    public long Begin { get; }

    public long End { get; }

    public long HeartbeatMilliseconds { get; }

    public long OutageAt { get; }

    public long OutageSpread { get; }

    /// <summary>Whether the outage is a planned change of the edge.</summary>
    public bool OutageIsSwitch { get; }

    public AddressBook Addresses { get; } = new();

    /// <summary>For whom no tenant mints.</summary>
    public TokenMint Tokens { get; }

    /// <summary>The event that <see cref="TryNext"/> found.</summary>
    public PlaybackSession Session { get; private set; } = null!;

    public PlaybackEventType Type { get; private set; }

    public long Time { get; private set; }

    /// <summary>Actors and sessions that are waiting for their turn.</summary>
    public int Waiting => _schedule.Count;

    /// <summary>Advances to the next event; false when the recording is over.</summary>
    public bool TryNext()
    {
        _emitted = false;
        while (_schedule.TryTake(out long time, out Actor actor))
        {
            if (time >= End)
            {
                return false;
            }

            actor.Wake(this, time);
            if (_emitted)
            {
                return true;
            }
        }

        return false;
    }

    public void Schedule(long time, Actor actor) => _schedule.Add(time, actor);

    public void Emit(PlaybackSession session, PlaybackEventType type, long time)
    {
        Session = session;
        Type = type;
        Time = time;
        _emitted = true;
    }

    /// <summary>
    /// When the platform serves a client again that tries at <paramref name="now"/>; not later than that where all is well.
    /// </summary>
    public long ServedAgainAt(long now, DeterministicRandom random, bool isDropped) =>
        _recovery == 0 || now < OutageAt || now >= OutageAt + _recovery || (!isDropped && !random.Chance(_outageShare))
            ? now
            : OutageAt + random.Between(_recovery / 4, _recovery);

    /// <summary>Draws whether the outage drops a session.</summary>
    public bool IsDropped(DeterministicRandom random) => random.Chance(_outageShare);

    /// <summary>A number for a session that several clients will show.</summary>
    public long TakeNumber() => _sessions++;

    /// <summary>Opens a session at a time that is not in the past.</summary>
    public void Open(SessionPlan plan, Actor owner, long at)
    {
        long number = plan.ClonedFrom ?? _sessions++;
        ulong drift = DeterministicRandom.Mix(Seed ^ (ulong)number ^ (plan.ClonedFrom is null ? 0 : (ulong)at << 32));
        PlaybackSession session = new(plan, owner, at, number, Render(plan, number), drift);
        if (plan.FeelsOutages && at < OutageAt && session.EndAt > OutageAt && (plan.IsDropped ?? (drift >> 11) < (ulong)(_outageShare * (1UL << 53))))
        {
            session.DropAt(OutageAt);
        }

        _schedule.Add(at, session);
    }

    /// <summary>Lets a running session show something else from now on: another address, another token.</summary>
    public void Rewrite(PlaybackSession session, SessionPlan plan) => session.Become(plan, Render(plan, session.Number));

    private byte[] Render(SessionPlan plan, long number)
    {
        Span<byte> id = stackalloc byte[36];
        _labels.Write(plan.Label, number, id);
        _scratch.ResetWrittenCount();
        _scratch.Write("\"sessionId\":\""u8);
        _scratch.Write(id);
        _scratch.Write("\""u8);
        Member("ip"u8, plan.From.Address.ToString());
        if (plan.Token is { } token)
        {
            Member("token"u8, token.Text);
            if (token.User is { } user)
            {
                Member("userId"u8, user);
            }
        }

        Member("country"u8, plan.From.Network.Country);
        _scratch.Write(",\"asn\":"u8);
        _scratch.Advance(plan.From.Network.Asn.TryFormat(_scratch.GetSpan(10), out int written) ? written : 0);
        Member("provider"u8, plan.From.Network.Provider);
        if (plan.Referrer is { } referrer)
        {
            Member("referrer"u8, referrer);
        }
        else if ((number & 1) == 0)
        {
            _scratch.Write(",\"referrer\":null"u8);
        }

        if (plan.UserAgent is { } userAgent)
        {
            Member("userAgent"u8, userAgent);
        }

        Member("stream"u8, plan.Stream);
        if (plan.Organization is { } organization)
        {
            Member("organization"u8, organization);
        }

        return _scratch.WrittenSpan.ToArray();
    }

    private void Member(ReadOnlySpan<byte> name, string value)
    {
        _scratch.Write(",\""u8);
        _scratch.Write(name);
        _scratch.Write("\":\""u8);
        if (value.AsSpan().ContainsAny('"', '\\'))
        {
            value = value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
        }

        Encoding.UTF8.GetBytes(value, _scratch);
        _scratch.Write("\""u8);
    }
}
