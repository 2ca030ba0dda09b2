using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;
using AutoGuard.Simulation.Attacks;
using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.Profiles;
using AutoGuard.Simulation.Transport;
using AutoGuard.Simulation.World;

namespace AutoGuard.Simulation;

/// <summary>
/// Labelled playback events from a profile and a seed: equal arguments and version give equal bytes on every machine.
/// Pull line after line; memory follows the number of running sessions. Not safe for use by several threads at once.
/// </summary>
public sealed class TrafficSimulator
{
    private readonly SimulatedWorld _world;
    private readonly TransportProfile _transport;
    private readonly DeterministicRandom _random;
    private readonly EventLineWriter _writer = new();
    private readonly EventSchedule<PendingLine> _onTheWay = new();
    private readonly Stack<PendingLine> _spare = new();
    private readonly ArrayBufferWriter<byte> _scratch = new(2048);
    private readonly long[] _malformed = new long[MalformedLines.Reasons.Length];
    private readonly bool _perfect;
    private long _lines;
    private long _events;
    private long _duplicates;
    private long _late;
    private long _veryLate;
    private long _missingEnds;
    private long _missingStarts;
    private long _malformedLines;
    private long _worldTime;
    private bool _worldOver;

    /// <param name="profile">The scenario.</param>
    /// <param name="seed">Any number.</param>
    /// <exception cref="ArgumentException">The profile is impossible; the message says all that is wrong with it.</exception>
    public TrafficSimulator(SimulationProfile profile, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(profile);
        ProfileCheck.ThrowIfImpossible(profile);
        Profile = profile;
        Seed = seed;
        _transport = profile.Transport;
        _perfect = _transport is { JitterMilliseconds: 0, Late: 0, VeryLate: 0, Duplicate: 0, Malformed: 0 };
        _random = new DeterministicRandom(seed, RandomDomain.Transport);
        _world = new SimulatedWorld(profile, seed);
        Audience audience = new(_world);
        Truth = Describe(audience, PlanAttacks(audience));
        _world.Addresses.ForgetDrawn();
    }

    /// <summary>The scenario.</summary>
    public SimulationProfile Profile { get; }

    /// <summary>The seed.</summary>
    public ulong Seed { get; }

    /// <summary>The labels; complete from the beginning.</summary>
    public SimulationTruth Truth { get; }

    /// <summary>Sessions and viewers that the simulation holds in memory now.</summary>
    public int Held => _world.Waiting + _onTheWay.Count;

    /// <summary>What has been written so far.</summary>
    public TrafficCounts Counts => new()
    {
        Lines = _lines,
        Events = _events,
        Duplicates = _duplicates,
        Late = _late,
        VeryLate = _veryLate,
        MissingEnds = _missingEnds,
        MissingStarts = _missingStarts,
        Malformed = MalformedLines.Reasons.Zip(_malformed).Where(p => p.Second > 0)
            .ToImmutableSortedDictionary(p => p.First, p => p.Second),
    };

    /// <summary>
    /// Writes the next line, without its end, in order of arrival; false when the recording is over. The key of
    /// <paramref name="line"/> stays valid.
    /// </summary>
    public bool TryNext(IBufferWriter<byte> output, out SimulatedLine line)
    {
        ArgumentNullException.ThrowIfNull(output);
        if (_perfect)
        {
            return TryNextInOrder(output, out line);
        }

        while (!_worldOver && (_onTheWay.Count == 0 || _onTheWay.NextTime > _worldTime))
        {
            SendNext();
        }

        if (!_onTheWay.TryTake(out long arrival, out PendingLine pending))
        {
            line = default;
            return false;
        }

        pending.CopyTo(output);
        line = new(pending.EventTime, arrival, pending.Kind, pending.Key);
        _spare.Push(pending);
        _lines++;
        return true;
    }

    private bool TryNextInOrder(IBufferWriter<byte> output, out SimulatedLine line)
    {
        while (_world.TryNext())
        {
            if (IsLost())
            {
                continue;
            }

            WriteEvent(output);
            _events++;
            _lines++;
            line = new(_world.Time, _world.Time, SimulatedLineKind.Event, KeyOf(_world.Session));
            return true;
        }

        line = default;
        return false;
    }

    /// <summary>Takes one event out of the world and puts it, or what becomes of it, on its way.</summary>
    private void SendNext()
    {
        if (!_world.TryNext())
        {
            _worldOver = true;
            return;
        }

        _worldTime = _world.Time;
        if (IsLost())
        {
            return;
        }

        _scratch.ResetWrittenCount();
        WriteEvent(_scratch);
        _events++;
        long delay = Delay();
        ReadOnlyMemory<byte> key = KeyOf(_world.Session);
        Send(SimulatedLineKind.Event, _worldTime, delay, key);
        if (_random.Chance(_transport.Duplicate))
        {
            _duplicates++;
            Send(SimulatedLineKind.Duplicate, _worldTime, delay + _random.Between(0, 5_000), key);
        }

        if (_random.Chance(_transport.Malformed))
        {
            int reason = (int)(_malformedLines++ % MalformedLines.Reasons.Length);
            _malformed[reason]++;
            _scratch.ResetWrittenCount();
            MalformedLines.Write(_scratch, MalformedLines.Reasons[reason], _worldTime, _random);
            Send(SimulatedLineKind.Malformed, _worldTime, _random.Below(500), default);
        }
    }

    private bool IsLost()
    {
        bool lostEnd = _world.Type == PlaybackEventType.End && _random.Chance(_transport.MissingEnd);
        bool lostStart = _world.Type == PlaybackEventType.Start && _transport.MissingStart > 0 && _random.Chance(_transport.MissingStart);
        _missingEnds += lostEnd ? 1 : 0;
        _missingStarts += lostStart ? 1 : 0;
        return lostEnd || lostStart;
    }

    private void WriteEvent(IBufferWriter<byte> output) => _writer.Write(
        output,
        _world.Session,
        _world.Type,
        _world.Time,
        _transport.NumericTimestamp > 0 && _random.Chance(_transport.NumericTimestamp),
        _transport.UnknownField > 0 && _random.Chance(_transport.UnknownField));

    private long Delay()
    {
        if (_random.Chance(_transport.VeryLate))
        {
            _veryLate++;
            return _random.Between(11_000, 180_000);
        }

        if (_random.Chance(_transport.Late))
        {
            _late++;
            return _random.Between(1_000, 9_000);
        }

        return _random.Below(_transport.JitterMilliseconds);
    }

    private void Send(SimulatedLineKind kind, long time, long delay, ReadOnlyMemory<byte> key)
    {
        PendingLine pending = _spare.TryPop(out PendingLine? spare) ? spare : new PendingLine();
        pending.Set(_scratch.WrittenSpan);
        pending.EventTime = time;
        pending.Kind = kind;
        pending.Key = key;
        _onTheWay.Add(time + delay, pending);
    }

    private static ReadOnlyMemory<byte> KeyOf(PlaybackSession session) => session.Key ??=
        session.Plan.Token is { } token ? Encoding.ASCII.GetBytes(token.Identity) : session.Body[13..49];

    private ImmutableArray<Incident> PlanAttacks(Audience audience)
    {
        Dictionary<AttackKind, int> numbers = [];
        ImmutableArray<Incident>.Builder incidents = ImmutableArray.CreateBuilder<Incident>();
        foreach (AttackProfile attack in Profile.Attacks)
        {
            int number = numbers.GetValueOrDefault(attack.Kind) + 1;
            numbers[attack.Kind] = number;
            incidents.Add(AttackPlanner.Plan(_world, audience, attack, incidents.Count, number));
        }

        return incidents.ToImmutable();
    }

    private SimulationTruth Describe(Audience audience, ImmutableArray<Incident> incidents)
    {
        Sites sites = audience.Sites;
        ImmutableArray<Subject> probes = SubjectsOf(audience.Probes);
        ImmutableArray<HonestSubjects> honest =
        [
            new(HonestKind.CarrierNat, SubjectsOf(sites.CarrierNats)),
            new(HonestKind.Office, SubjectsOf(sites.Offices)),
            new(HonestKind.ConsumerVpn, SubjectsOf(sites.VpnExits)),
            new(HonestKind.Nat64, SubjectsOf(sites.Nat64)),
            new(HonestKind.CloudProxy, SubjectsOf(sites.Proxies.SelectMany(p => p))),
            new(HonestKind.Campus, SubjectsOf(sites.Campuses.SelectMany(c => c))),
            new(HonestKind.PublicToken, [.. audience.PublicTokens.ToArray().Select(AttackContext.Of)]),
            new(HonestKind.Probe, probes),
            new(HonestKind.UnlistedProbe, SubjectsOf(audience.UnlistedProbes)),
        ];
        return new SimulationTruth
        {
            Version = SimulationTruth.CurrentVersion,
            Seed = Seed,
            Profile = Profile.Name,
            From = Profile.Start,
            To = Profile.Start + Profile.Duration,
            OfficialReferrers = [.. Pages.Official, .. Profile.Tenants.SelectMany(t => Pages.OfficialOf(t.Name))],
            Allowlist = [.. probes.Select(p => new AllowedSubject(p, "own monitoring"))],
            Incidents = incidents,
            Honest = [.. honest.Where(h => !h.Subjects.IsEmpty)],
        };
    }

    private static ImmutableArray<Subject> SubjectsOf(IEnumerable<Location> places) => [.. places.Select(l => Subject.Of(l.Address))];

    private static ImmutableArray<Subject> SubjectsOf(IEnumerable<SessionProbe> probes) =>
        [.. probes.SelectMany(p => new[] { Subject.Of(p.From.Address), AttackContext.Of(p.Token) })];
}
