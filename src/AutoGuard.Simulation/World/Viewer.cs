using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.Profiles;

namespace AutoGuard.Simulation.World;

/// <summary>How a viewer comes by a token.</summary>
internal enum TokenWorkflowKind
{
    UserBound,
    PerSession,
    Public,
}

/// <summary>Who a viewer is; a pure function of the seed and the viewer's number.</summary>
internal sealed record ViewerIdentity
{
    public required long Number { get; init; }

    public required HonestKind Kind { get; init; }

    public required TokenWorkflowKind Workflow { get; init; }

    public required Location Home { get; init; }

    public required string UserAgent { get; init; }

    /// <summary>Null: the client sends none.</summary>
    public required string? Referrer { get; init; }

    public string? User { get; init; }

    public string? Organization { get; init; }
}

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

    /// <summary>How long the first session has been running when the recording begins.</summary>
    public long StartedBefore { get; set; }

    protected DeterministicRandom Random { get; }

    protected SimulatedToken? Token { get; set; }

    public override void Wake(SimulatedWorld world, long now) => Watch(world, now, WatchTime(world, now));

    public sealed override void Ended(SimulatedWorld world, PlaybackSession session, long now)
    {
        if (session.DroppedByOutage)
        {
            long back = now + Random.Between(3_000, Math.Max(3_000, world.OutageSpread));
            if (session.PlannedEnd > back + 5_000)
            {
                world.Open(Continued(world, session, back), this, back);
            }
        }
        else
        {
            AfterSession(world, now);
        }
    }

    protected virtual void AfterSession(SimulatedWorld world, long now)
    {
        _visits++;
        if (_visits > 5)
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
            Token = Random.Chance(0.5) ? null : Token;
            Revisit(world, later);
        }
    }

    /// <summary>Opens a session now.</summary>
    protected void Watch(SimulatedWorld world, long now, long length, Location? from = null, bool saysGoodbye = true, string? userAgent = null)
    {
        StreamProfile stream = world.Profile.Streams[_stream];
        long startedBefore = StartedBefore;
        StartedBefore = 0;
        world.Open(
            new SessionPlan
            {
                Label = SessionLabels.CodeOf(Identity.Kind),
                From = from ?? _abroad ?? Identity.Home,
                Stream = stream.Name,
                Length = Math.Max(1_500, length),
                Token = CurrentToken(world, stream.Name, now),
                Referrer = Identity.Referrer is { Length: > 8 } ? Pages.Sent(Random, stream.Name, Identity.Referrer) : Identity.Referrer,
                UserAgent = userAgent ?? Identity.UserAgent,
                Organization = Identity.Organization,
                SaysGoodbye = saysGoodbye,
                StartedBefore = startedBefore,
                FeelsOutages = true,
            },
            this,
            now);
    }

    protected long WatchTime(SimulatedWorld world, long now)
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

    private void Revisit(SimulatedWorld world, long at)
    {
        _stream = _audience.PickStreamAt(at, Random);
        world.Schedule(at, this);
    }

    private SimulatedToken CurrentToken(SimulatedWorld world, string stream, long now)
    {
        switch (Identity.Workflow)
        {
            case TokenWorkflowKind.Public:
                return _audience.PublicToken(Identity.Organization);
            case TokenWorkflowKind.PerSession:
                return world.Tokens.ForSession(Random, stream, now);
            default:
                return Token ??= world.Tokens.ForUser(Random, Identity.User!, now);
        }
    }

    private SessionPlan Continued(SimulatedWorld world, PlaybackSession session, long at) => session.Plan with
    {
        Length = session.PlannedEnd - at,
        StartedBefore = 0,
        Token = CurrentToken(world, session.Plan.Stream, at),
    };
}
