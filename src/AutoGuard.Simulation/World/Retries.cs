namespace AutoGuard.Simulation.World;

/// <summary>
/// Attempts of a few seconds, one after another, until the platform serves the viewer or the player holds; then the
/// viewer begins, or plays on where the outage stopped the session.
/// </summary>
internal sealed class Retries(Viewer viewer, PlaybackSession? interrupted, long until, int most, DeterministicRandom random) : Actor
{
    private int _attempts;

    public override void Wake(SimulatedWorld world, long now)
    {
        if (interrupted is not null && !viewer.IsStillAt(interrupted.Plan.From))
        {
            return;
        }

        if (_attempts < most && (now < until || most != int.MaxValue))
        {
            _attempts++;
            world.Open(viewer.Attempt(world, interrupted?.Plan, now), this, now);
        }
        else if (interrupted is null)
        {
            viewer.Wake(world, now);
        }
        else
        {
            viewer.Resume(world, interrupted.Plan, interrupted.PlannedEnd, now);
        }
    }

    public override void Ended(SimulatedWorld world, PlaybackSession session, long now) =>
        world.Schedule(now + random.Between(1_500, 9_000), this);
}
