using AutoGuard.Simulation.World;

namespace AutoGuard.Simulation.Attacks;

/// <summary>What one client of an attack does, over and over.</summary>
internal sealed record ClientPlan
{
    public required int Label { get; init; }

    /// <summary>Places it connects from, in turn.</summary>
    public required Location[] Places { get; init; }

    /// <summary>Streams it plays, in turn.</summary>
    public required string[] Streams { get; init; }

    /// <summary>Tokens it shows, in turn; empty: none.</summary>
    public SimulatedToken[] Tokens { get; init; } = [];

    /// <summary>Gets an ordinary token for each session instead.</summary>
    public bool TokenPerSession { get; init; }

    public string? Referrer { get; init; }

    public string? UserAgent { get; init; }

    public string? Organization { get; init; }

    /// <summary>Range of a session's length, milliseconds.</summary>
    public required (long From, long To) Length { get; init; }

    /// <summary>Range of the pause between two sessions, milliseconds.</summary>
    public (long From, long To) Pause { get; init; } = (1_000, 5_000);

    public int MostSessions { get; init; } = int.MaxValue;

    /// <summary>When it stops; sessions still running end then.</summary>
    public required long Until { get; init; }
}

/// <summary>A client that plays, pauses and plays again; every kind of misuse is a group of them.</summary>
internal sealed class LoopingClient(ClientPlan plan, DeterministicRandom random) : Actor
{
    private const long ShortestSession = 500;

    private int _sessions;

    public override void Wake(SimulatedWorld world, long now)
    {
        string stream = plan.Streams[_sessions % plan.Streams.Length];
        SimulatedToken? token = plan.TokenPerSession ? world.Tokens.ForSession(random, stream, now)
            : plan.Tokens.Length == 0 ? null
            : plan.Tokens[_sessions % plan.Tokens.Length];
        world.Open(
            new SessionPlan
            {
                Label = plan.Label,
                From = plan.Places[_sessions % plan.Places.Length],
                Stream = stream,
                Length = Math.Min(random.Between(plan.Length.From, plan.Length.To), plan.Until - now),
                Token = token,
                Referrer = plan.Referrer,
                UserAgent = plan.UserAgent,
                Organization = plan.Organization,
            },
            this,
            now);
        _sessions++;
    }

    public override void Ended(SimulatedWorld world, PlaybackSession session, long now)
    {
        long next = now + random.Between(plan.Pause.From, plan.Pause.To);
        if (_sessions < plan.MostSessions && next < plan.Until - ShortestSession)
        {
            world.Schedule(next, this);
        }
    }
}
