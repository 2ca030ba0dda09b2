using AutoGuard.Simulation.World;

namespace AutoGuard.Simulation.Attacks;

/// <summary>
/// What was drawn of a client's first sessions before it begins, so that the truth can say when one of them comes;
/// milliseconds. The client draws what comes after.
/// </summary>
internal sealed record FirstSteps
{
    public static readonly FirstSteps None = new();

    /// <summary>Lengths of the sessions.</summary>
    public long[] Lengths { get; init; } = [];

    /// <summary>Pauses after them.</summary>
    public long[] Pauses { get; init; } = [];

    /// <summary>Times from the session's beginning, or the move before, to its next move.</summary>
    public long[] Moves { get; init; } = [];

    /// <summary>Whether the outage, if it comes while they run, drops those of the sessions whose lengths were drawn.</summary>
    public bool IsDropped { get; set; }

    /// <summary>When the platform serves the client again whose session it dropped, Unix milliseconds.</summary>
    public long ServedAgain { get; set; }
}

/// <summary>What one client of an attack does, over and over.</summary>
internal sealed record ClientPlan
{
    private const long ShortestSession = 500;

    public required int Label { get; init; }

    /// <summary>Places it connects from, in turn.</summary>
    public required Location[] Places { get; init; }

    /// <summary>Draws a place for each session instead.</summary>
    public Func<DeterministicRandom, Location>? AnyPlace { get; init; }

    /// <summary>Range of the time after which a running session moves to the next place, milliseconds; null: it stays.</summary>
    public (long From, long To)? MoveEvery { get; init; }

    /// <summary>Streams it plays, in turn.</summary>
    public required string[] Streams { get; init; }

    /// <summary>Accounts whose tokens it shows, in turn; empty: none.</summary>
    public TokenLine[] Tokens { get; init; } = [];

    /// <summary>Whether its player takes the account's new token within a running session, as half of the honest ones do.</summary>
    public bool RenewsWithin { get; init; }

    /// <summary>Gets an ordinary token for each session instead, from this mint.</summary>
    public TokenMint? TokenPerSession { get; init; }

    /// <summary>Makes a token up for each session instead.</summary>
    public bool GuessesTokens { get; init; }

    public string? Referrer { get; init; }

    public string? UserAgent { get; init; }

    /// <summary>User agents it shows, in turn, in the place of the one; empty: that one.</summary>
    public string?[] UserAgents { get; init; } = [];

    public string? Organization { get; init; }

    /// <summary>Range of a session's length, milliseconds.</summary>
    public required (long From, long To) Length { get; init; }

    /// <summary>Range of the pause between two sessions, milliseconds.</summary>
    public (long From, long To) Pause { get; init; } = (1_000, 5_000);

    /// <summary>What of these was drawn ahead.</summary>
    public FirstSteps First { get; init; } = FirstSteps.None;

    public int MostSessions { get; init; } = int.MaxValue;

    /// <summary>Sends starts only.</summary>
    public bool IsSilent { get; init; }

    /// <summary>When it stops; sessions still running end then.</summary>
    public required long Until { get; init; }

    /// <summary>Whether it begins another session at <paramref name="time"/>, or stops before.</summary>
    public bool StillPlaysAt(long time) => time < Until - ShortestSession;
}

/// <summary>A client that plays, pauses and plays again; nearly every kind of misuse is a group of them.</summary>
internal sealed class LoopingClient(ClientPlan plan, DeterministicRandom random) : Actor
{
    private int _sessions;
    private int _moves;
    private long _movesAt;

    public override void Wake(SimulatedWorld world, long now)
    {
        string stream = plan.Streams[_sessions % plan.Streams.Length];
        SimulatedToken? token = plan.TokenPerSession is { } mint ? mint.ForSession(random, stream, now)
            : plan.GuessesTokens ? TokenMint.Guess(random)
            : plan.Tokens.Length == 0 ? null
            : plan.Tokens[_sessions % plan.Tokens.Length].At(now);
        world.Open(
            new SessionPlan
            {
                Label = plan.Label,
                From = plan.AnyPlace?.Invoke(random) ?? plan.Places[(_sessions + _moves) % plan.Places.Length],
                Stream = stream,
                Length = Math.Min(Step(plan.First.Lengths, _sessions, plan.Length), plan.Until - now),
                Token = token,
                Referrer = plan.Referrer,
                UserAgent = plan.UserAgents.Length == 0 ? plan.UserAgent : plan.UserAgents[_sessions % plan.UserAgents.Length],
                Organization = plan.Organization,
                IsSilent = plan.IsSilent,
                FeelsOutages = true,
                IsDropped = _sessions < plan.First.Lengths.Length ? plan.First.IsDropped : null,
            },
            this,
            now);
        _sessions++;
        _movesAt = plan.MoveEvery is { } range ? now + Step(plan.First.Moves, _moves, range) : long.MaxValue;
    }

    public override void Beating(SimulatedWorld world, PlaybackSession session, long now)
    {
        SessionPlan shown = session.Plan;
        if (now >= _movesAt && plan.MoveEvery is { } range)
        {
            _moves++;
            // From when the move was due, not from the heartbeat that shows it, which nobody knows ahead.
            _movesAt += Step(plan.First.Moves, _moves, range);
            shown = shown with { From = plan.Places[(_sessions - 1 + _moves) % plan.Places.Length] };
        }

        if (plan.RenewsWithin && plan.Tokens is [{ IsRenewed: true } account] && !ReferenceEquals(account.At(now), shown.Token))
        {
            shown = shown with { Token = account.At(now) };
        }

        if (!ReferenceEquals(shown, session.Plan))
        {
            world.Rewrite(session, shown);
        }
    }

    public override void Ended(SimulatedWorld world, PlaybackSession session, long now)
    {
        long free = !session.DroppedByOutage ? now
            : _sessions <= plan.First.Lengths.Length ? plan.First.ServedAgain
            : world.ServedAgainAt(now, random, isDropped: true);
        long next = free + Step(plan.First.Pauses, _sessions - 1, plan.Pause);
        if (_sessions < plan.MostSessions && plan.StillPlaysAt(next))
        {
            world.Schedule(next, this);
        }
    }

    private long Step(long[] drawn, int number, (long From, long To) range) =>
        number < drawn.Length ? drawn[number] : random.Between(range.From, range.To);
}

/// <summary>
/// Several places that show one session at a time, by the same id: the first opens it, each other one joins in the middle
/// with a heartbeat, as a player does whose state was copied. None sends an end.
/// </summary>
/// <param name="plan">Length of a session, pause, token and what else they show.</param>
/// <param name="joins">When each place joins for the first time.</param>
/// <param name="random">Numbers of its own.</param>
internal sealed class CloneGroup(ClientPlan plan, long[] joins, DeterministicRandom random) : Actor
{
    private const long ShortestClone = 5_000;

    public override void Wake(SimulatedWorld world, long now)
    {
        long end = Math.Min(now + random.Between(plan.Length.From, plan.Length.To), plan.Until);
        long number = world.TakeNumber();
        for (int i = 0; i < plan.Places.Length; i++)
        {
            long at = i == 0 ? now : Math.Max(joins[i], now + random.Between(2_000, 20_000));
            if (at > end - ShortestClone)
            {
                continue;
            }

            SessionPlan session = new()
            {
                Label = plan.Label,
                From = plan.Places[i],
                Stream = plan.Streams[0],
                Length = end - at,
                Token = plan.Tokens[0].At(now),
                Referrer = plan.Referrer,
                UserAgent = plan.UserAgents[i],
                Organization = plan.Organization,
                SaysGoodbye = false,
                ClonedFrom = number,
                StartedBefore = at - now,
            };
            world.Open(session, Silence.Instance, at);
        }

        long next = end + random.Between(plan.Pause.From, plan.Pause.To);
        if (next < plan.Until - (4 * ShortestClone))
        {
            world.Schedule(next, this);
        }
    }

    /// <summary>Owns sessions whose end concerns nobody.</summary>
    private sealed class Silence : Actor
    {
        public static readonly Silence Instance = new();

        public override void Wake(SimulatedWorld world, long now)
        {
        }
    }
}
