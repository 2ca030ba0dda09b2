using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.Profiles;

namespace AutoGuard.Simulation.World;

/// <summary>An honest viewer with one screen: plays, perhaps zaps, perhaps comes back later.</summary>
internal class Viewer : Actor
{
    private static readonly QuantileTable BrowserWatch = new(
        (0, 4_000), (50, 12_000), (200, 95_000), (500, 1_080_000), (800, 4_200_000), (950, 10_800_000), (990, 21_600_000), (1000, 32_400_000));

    private static readonly QuantileTable NativeWatch = new(
        (0, 20_000), (100, 300_000), (500, 7_200_000), (850, 21_600_000), (960, 43_200_000), (1000, 86_400_000));

    private readonly Audience _audience;
    private int _stream;
    private int _visits;
    private Location? _abroad;

    public Viewer(Audience audience, ViewerIdentity identity, DeterministicRandom random, int stream)
    {
        _audience = audience;
        Identity = identity;
        Random = random;
        _stream = stream;
    }

    public ViewerIdentity Identity { get; }

    /// <summary>Other screens of the same account, which come within half an hour of this one.</summary>
    public Viewer[] Companions { get; init; } = [];

    public Purse Purse { get; init; } = new();

    /// <summary>How often the player stalls before the first session holds.</summary>
    public int Stalls { get; init; }

    /// <summary>The longest a session of this viewer may have been running when the recording begins, milliseconds.</summary>
    public virtual long LongestBefore => 45 * 60_000;

    /// <summary>How long the first session has been running when the recording begins.</summary>
    public long StartedBefore { get; set; }

    protected DeterministicRandom Random { get; }

    protected Audience Audience => _audience;

    /// <summary>The index of the stream of the next session.</summary>
    protected int Stream
    {
        get => _stream;
        set => _stream = value;
    }

    /// <summary>Where the next session plays.</summary>
    protected virtual Location Place => _abroad ?? Identity.Home;

    /// <summary>Comes for the first time: at once, or after a few attempts when the player stalls or the platform is unwell.</summary>
    public void Arrive(SimulatedWorld world, long now)
    {
        long served = world.ServedAgainAt(now, Random, isDropped: false);
        if (Stalls > 0 || served > now)
        {
            new Retries(this, null, served, served > now ? int.MaxValue : Stalls, Random).Wake(world, now);
        }
        else
        {
            Wake(world, now);
        }

        Invite(world, now);
    }

    /// <summary>Lets the other screens come.</summary>
    public void Invite(SimulatedWorld world, long now)
    {
        foreach (Viewer companion in Companions)
        {
            world.Schedule(now + Random.Between(10_000, 1_800_000), companion);
        }
    }

    public override void Wake(SimulatedWorld world, long now) => Watch(world, now, WatchTime(world, now));

    public sealed override void Ended(SimulatedWorld world, PlaybackSession session, long now)
    {
        if (session.DroppedByOutage)
        {
            ComeBack(world, session, now);
        }
        else
        {
            AfterSession(world, now);
        }
    }

    public override void Beating(SimulatedWorld world, PlaybackSession session, long now)
    {
        SessionPlan plan = Moved(session.Plan, now);
        if (Purse.Until != long.MaxValue && (Identity.Number & 1) == 0 && plan.Token?.User is not null)
        {
            SimulatedToken current = CurrentToken(world, plan.Stream, now);
            plan = ReferenceEquals(current, plan.Token) ? plan : plan with { Token = current };
        }

        if (!ReferenceEquals(plan, session.Plan))
        {
            world.Rewrite(session, plan);
        }
    }

    /// <summary>A session that lasts a few seconds because the platform does not serve it.</summary>
    public SessionPlan Attempt(SimulatedWorld world, SessionPlan? resumed, long now)
    {
        long length = Random.Between(1_000, 10_000);
        bool saysGoodbye = Random.Chance(0.5);
        return resumed is null
            ? PlanSession(world, now, length) with { SaysGoodbye = saysGoodbye, FeelsOutages = false }
            : Continued(world, resumed, now) with { Length = length, SaysGoodbye = saysGoodbye, FeelsOutages = false };
    }

    /// <summary>Plays on after an interruption, unless there is nearly nothing left to play.</summary>
    public void Resume(SimulatedWorld world, SessionPlan resumed, long plannedEnd, long at)
    {
        if (plannedEnd > at + 5_000)
        {
            world.Open(Continued(world, resumed, at) with { Length = plannedEnd - at }, this, at);
        }
    }

    /// <summary>Whether an interrupted session goes on from there: nobody reconnects from where he no longer is.</summary>
    public virtual bool IsStillAt(Location place) => true;

    /// <summary>Where and as what a running session plays on: the plan itself, or a changed one.</summary>
    protected virtual SessionPlan Moved(SessionPlan plan, long now) => plan;

    protected virtual void AfterSession(SimulatedWorld world, long now)
    {
        _visits++;
        if (_visits > (Identity.Kind == HonestKind.UnlistedPage ? 2 : 5))
        {
            return;
        }

        if (Identity.Kind == HonestKind.Traveller && _abroad is null)
        {
            _abroad = _audience.Abroad(Identity, Random);
            Revisit(world, now + Random.Between(3 * 3_600_000, 7 * 3_600_000));
        }
        else if (Random.Chance(0.1))
        {
            Revisit(world, now + Random.Between(900, 5_000));
        }
        else if (Random.Chance(0.12))
        {
            long later = now + Random.Between(20 * 60_000, 200 * 60_000);
            Purse.Token = Random.Chance(0.5) ? null : Purse.Token;
            Revisit(world, later);
        }
    }

    /// <summary>Opens a session now.</summary>
    protected void Watch(SimulatedWorld world, long now, long length, Location? from = null, bool saysGoodbye = true, string? userAgent = null)
    {
        long startedBefore = StartedBefore;
        StartedBefore = 0;
        SessionPlan plan = PlanSession(world, now, length, from);
        world.Open(plan with { SaysGoodbye = saysGoodbye, UserAgent = userAgent ?? plan.UserAgent, StartedBefore = startedBefore }, this, now);
    }

    protected SessionPlan PlanSession(SimulatedWorld world, long now, long length, Location? from = null)
    {
        StreamProfile stream = world.Profile.Streams[_stream];
        return new SessionPlan
        {
            Label = SessionLabels.CodeOf(Identity.Kind),
            From = from ?? Place,
            Stream = stream.Name,
            Length = Math.Max(1_500, length),
            Token = CurrentToken(world, stream.Name, now),
            Referrer = Identity.Referrer is { Length: > 8 } ? Pages.Sent(Random, stream.Name, Identity.Referrer) : Identity.Referrer,
            UserAgent = Identity.UserAgent,
            Organization = Identity.Organization,
            FeelsOutages = true,
        };
    }

    protected virtual long WatchTime(SimulatedWorld world, long now)
    {
        StreamProfile stream = world.Profile.Streams[_stream];
        long wanted = (Identity.Kind == HonestKind.NativeApp ? NativeWatch : BrowserWatch).Draw(Random);
        if (stream.KickOff is not { } kickOff)
        {
            return wanted;
        }

        long remaining = Math.Max(60_000, world.Begin + (long)(kickOff + stream.Length).TotalMilliseconds - now);
        return Random.Chance(0.6) ? remaining + Random.Between(-45_000, 180_000) : Math.Min(wanted, remaining + 180_000);
    }

    /// <summary>Dropped by an outage: back at the first attempt, or after many where the platform stays unwell.</summary>
    private void ComeBack(SimulatedWorld world, PlaybackSession session, long now)
    {
        long served = world.ServedAgainAt(now, Random, isDropped: true);
        long next = now + (served > now ? Random.Between(1_000, 10_000) : Random.Between(world.OutageIsSwitch ? 200 : 3_000, Math.Max(3_000, world.OutageSpread)));
        world.Schedule(next, new Retries(this, session, served, int.MaxValue, Random));
    }

    private void Revisit(SimulatedWorld world, long at)
    {
        _stream = Identity.Tenant.Name is null ? _audience.PickStreamAt(at, Random) : _audience.PickStreamAt(at, Random, Identity.Tenant);
        world.Schedule(at, this);
    }

    private SimulatedToken CurrentToken(SimulatedWorld world, string stream, long now)
    {
        switch (Identity.Workflow)
        {
            case TokenWorkflowKind.Public:
                return _audience.PublicToken(Identity.Organization);
            case TokenWorkflowKind.PerSession:
                return Identity.Tenant.Mint.ForSession(Random, stream, now);
            default:
                return Purse.Token is { } held && now < Purse.Until ? held : NewToken(now);
        }
    }

    private SimulatedToken NewToken(long now)
    {
        long life = (long)Identity.Tenant.Tokens.RenewAfter.TotalMilliseconds;
        Purse.Token = Identity.Tenant.Mint.ForUser(Random, Identity.User!, now, lifetime: life / 1_000);
        Purse.Until = life == 0 ? long.MaxValue : now + life;
        return Purse.Token;
    }

    private SessionPlan Continued(SimulatedWorld world, SessionPlan plan, long at) => plan with
    {
        StartedBefore = 0,
        Token = CurrentToken(world, plan.Stream, at),
    };
}
