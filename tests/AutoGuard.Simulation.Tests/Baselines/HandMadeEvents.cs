using System.Text;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Simulation.Baselines;
using AutoGuard.Simulation.Labels;

namespace AutoGuard.Simulation.Tests.Baselines;

/// <summary>Events written by hand, already parsed, in the order they are added.</summary>
internal sealed class HandMadeEvents
{
    /// <summary>Midnight: times in the tests are seconds after it.</summary>
    public const long Midnight = 1_763_078_400_000;

    private readonly KeyedHasher _hasher = new(3, 5);
    private readonly StringPool _strings;
    private readonly IdentityKeys _keys;
    private long _offset;

    public HandMadeEvents()
    {
        _strings = new StringPool(_hasher);
        _keys = new IdentityKeys(_hasher);
        Context = new BaselineContext(
            _strings,
            new ReferrersOptions { Official = ["tv.example"] },
            new AllowlistOptions { Tokens = [new AllowlistEntry { Value = "probe" }], Addresses = [new AllowlistEntry { Value = "198.51.100.0/24" }] });
    }

    public BaselineContext Context { get; }

    public EventBatch Batch { get; } = new(100_000);

    public static long At(double seconds) => Midnight + (long)(seconds * 1000);

    public HandMadeEvents Add(
        double seconds, string session, string? token, string address = "203.0.113.1", string? referrer = "tv.example", string? agent = "Firefox",
        string country = "DE", string? user = "anna", PlaybackEventType type = PlaybackEventType.Heartbeat, bool dataCentre = false, int duration = 0, string organization = "")
    {
        Assert.True(IpAddress.TryParse(address, out IpAddress parsed));
        ulong tenant = _keys.Tenant(Encoding.UTF8.GetBytes(organization));
        ref PlaybackEvent e = ref Batch.Next();
        e.Timestamp = At(seconds);
        e.Session = _keys.Session(Encoding.UTF8.GetBytes(session), tenant);
        e.OrderKey = e.Session.Low;
        e.Offset = _offset++;
        e.Address = parsed;
        e.Type = type;
        e.Duration = duration;
        e.Country = (ushort)((country[0] << 8) | country[1]);
        e.Referrer = _strings.Intern(referrer ?? "", StringKind.Referrer);
        e.UserAgent = _strings.Intern(agent ?? "", StringKind.UserAgent);
        e.Organization = _strings.Intern(organization);
        e.Traits = dataCentre ? EventTraits.DataCentre : EventTraits.None;
        if (token is not null)
        {
            e.Token = _keys.Token(Encoding.UTF8.GetBytes(token), tenant);
            e.TokenText = Batch.AppendText(Encoding.UTF8.GetBytes(token));
            e.User = user is null ? default : _keys.User(Encoding.UTF8.GetBytes(user), tenant);
        }
        Batch.Commit();
        return this;
    }

    /// <summary>So many events of one token, evenly from one second to another, both included.</summary>
    public HandMadeEvents Spread(string token, int count, double from, double to, string address = "203.0.113.1", string? referrer = "tv.example", string? agent = "Firefox")
    {
        for (int i = 0; i < count; i++)
        {
            Add(from + ((to - from) * i / (count - 1)), "session of " + token, token, address, referrer, agent);
        }
        return this;
    }

    /// <summary>The decisions of a baseline that sees all of it in order of time.</summary>
    public IReadOnlyList<JudgedDecision> Decisions(Func<BaselineContext, IBaseline> make)
    {
        IBaseline baseline = make(Context);
        EventBatch ordered = new(Batch.Count);
        foreach (PlaybackEvent e in Batch.Events.ToArray().OrderBy(e => e.Timestamp).ThenBy(e => e.Offset))
        {
            ref PlaybackEvent place = ref ordered.Next();
            place = e;
            place.TokenText = ordered.AppendText(Batch.Text(e.TokenText));
            ordered.Commit();
        }
        baseline.Process(ordered);
        baseline.Complete();
        return baseline.Decisions;
    }
}
