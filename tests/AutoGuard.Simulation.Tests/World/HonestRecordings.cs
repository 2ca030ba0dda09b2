using AutoGuard.Simulation.Profiles;

namespace AutoGuard.Simulation.Tests.World;

/// <summary>Recordings of one kind of honest viewer.</summary>
internal static class HonestRecordings
{
    /// <summary>Nobody else, on tokens that are bound to users.</summary>
    public static Recording Alone(
        AudienceProfile audience, int viewers, double hours = 4, TokenProfile? tokens = null, string profile = "privacy", int streams = int.MaxValue)
    {
        SimulationProfile known = Recording.Profile(profile, viewers, hours);
        return Recording.Of(
            known with { HeartbeatSeconds = 60, Audience = audience, Tokens = tokens ?? new TokenProfile { PerSession = 0, Public = 0 }, Streams = [.. known.Streams.Take(streams)] }, 17);
    }

    /// <summary>Sessions by their user, of those who have one.</summary>
    public static IGrouping<string?, RecordedSession>[] ByUser(Recording recording) =>
        [.. recording.Sessions.Values.GroupBy(s => s.First.User).Where(u => u.Key is not null)];
}
