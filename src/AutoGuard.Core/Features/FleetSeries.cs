using AutoGuard.Core.Events;
using AutoGuard.Core.Spikes;

namespace AutoGuard.Core.Features;

/// <summary>
/// What everybody does, per minute of event time: starts, running and short sessions and the networks that started, of all
/// viewers and by tenant, stream, country and kind of provider. Says whether a rise is everyone's (a kick-off, the end of an
/// outage) or one key's.
/// </summary>
/// <remarks>
/// At most <see cref="MostLanes"/> lanes of about 410 kB, taken as they are needed; the largest keys have one each, the others of their
/// kind share one. Nothing here depends on the order of arrival within the allowed lateness or on a secret.
/// </remarks>
public sealed class FleetSeries
{
    /// <summary>Most lanes: everybody, the two kinds of provider, and the places of each division with its rest.</summary>
    public const int MostLanes = 3 + TenantPlaces + 1 + StreamPlaces + 1 + CountryPlaces + 1;

    /// <summary>Sessions or networks in a minute below which nothing is everyone's.</summary>
    public const int LeastCount = 20;

    /// <summary>Least rise of a spike, natural logarithm: half as much again as usual.</summary>
    public const float LeastRise = 0.405f;

    private const int TenantPlaces = 4;
    private const int StreamPlaces = 16;
    private const int CountryPlaces = 8;

    /// <summary>Starts of a usual minute below which a stream or tenant has no level to rise from.</summary>
    private const double LeastUsualStarts = 5;

    private readonly FleetLane _all;
    private readonly FleetLane[] _kinds;
    private readonly FleetRanking _tenants;
    private readonly FleetRanking _streams;
    private readonly FleetRanking _countries;
    private readonly List<FleetFigure> _figures = new(MostLanes * FleetLane.Measures);

    /// <summary>Makes the series of one detection thread.</summary>
    /// <param name="strings">Names of tenants and streams.</param>
    /// <param name="history">Minutes whose mean is the usual level, at least 2.</param>
    public FleetSeries(StringPool strings, int history)
    {
        ArgumentNullException.ThrowIfNull(strings);
        ArgumentOutOfRangeException.ThrowIfLessThan(history, 2);
        _all = new FleetLane(FleetGroup.All, "", history);
        _kinds = [new(FleetGroup.ProviderKind, "elsewhere", history), new(FleetGroup.ProviderKind, "data centre", history)];
        _tenants = new FleetRanking(FleetGroup.Tenant, TenantPlaces, history, key => strings.Text((int)key));
        _streams = new FleetRanking(FleetGroup.Stream, StreamPlaces, history, key => StreamName(strings, key));
        _countries = new FleetRanking(FleetGroup.Country, CountryPlaces, history, key => key == 0 ? "unknown" : CountryCode.Text((ushort)key));
    }

    /// <summary>All series as of the minute that ended last, everybody's first.</summary>
    public IReadOnlyList<FleetFigure> Figures => _figures;

    /// <summary>Sessions that everybody started in that minute.</summary>
    public int AllStarts => _all.Figures[(int)FleetMeasure.Starts].Value;

    /// <summary>How far everybody's starts lay above their usual level in that minute, natural logarithm, 0 to 8.</summary>
    public float AllRise => _all.Rise;

    /// <summary>
    /// The series that rose most abnormally in that minute, or null: whether this minute is everyone's spike, and whose.
    /// Only what comes from many networks counts.
    /// </summary>
    public FleetFigure? Spike { get; private set; }

    /// <summary>Running sessions of everybody.</summary>
    public int Running => _all.Running;

    /// <summary>A session started.</summary>
    public void Start(in SessionState session)
    {
        ulong network = NetworkSketch.Hash(session.Address);
        _all.CountStart(network);
        _kinds[KindOf(in session)].CountStart(network);
        if (session.Organization != StringPool.Absent)
        {
            _tenants.LaneOf((ulong)session.Organization).CountStart(network);
            _tenants.Rank((ulong)session.Organization);
        }
        if (session.Stream != StringPool.Absent)
        {
            _streams.LaneOf(StreamKey(session.Organization, session.Stream)).CountStart(network);
            _streams.Rank(StreamKey(session.Organization, session.Stream));
        }
        _countries.LaneOf(session.Country).CountStart(network);
        _countries.Rank(session.Country);
    }

    /// <summary>A session ended within seconds of its start.</summary>
    public void EndShort(in SessionState session)
    {
        _all.CountShort();
        _kinds[KindOf(in session)].CountShort();
        if (session.Organization != StringPool.Absent)
        {
            _tenants.LaneOf((ulong)session.Organization).CountShort();
        }
        if (session.Stream != StringPool.Absent)
        {
            _streams.LaneOf(StreamKey(session.Organization, session.Stream)).CountShort();
        }
        _countries.LaneOf(session.Country).CountShort();
    }

    /// <summary>A session runs from now on, or under another description; see <see cref="Leave"/>.</summary>
    public void Enter(in SessionState session) => Move(in session, 1);

    /// <summary>Whether two descriptions of a session count in different series.</summary>
    public static bool AreApart(in SessionState one, in SessionState other) =>
        one.Organization != other.Organization || one.Stream != other.Stream || one.Country != other.Country || KindOf(in one) != KindOf(in other);

    /// <summary>A session no longer runs as it is described. Before its description changes it leaves, and enters after.</summary>
    public void Leave(in SessionState session) => Move(in session, -1);

    /// <summary>Ends a minute: every series takes its value, then the lanes go to the keys that start most.</summary>
    /// <param name="minute">The minute that ended, Unix minutes.</param>
    public void EndMinute(long minute)
    {
        int minuteOfDay = (int)(((minute % 1440) + 1440) % 1440);
        _all.EndMinute(minuteOfDay);
        _figures.Clear();
        Spike = null;
        Note(_all);
        foreach (FleetRanking ranking in (ReadOnlySpan<FleetRanking>)[_tenants, _streams, _countries])
        {
            ranking.EndMinute(minuteOfDay);
            foreach (FleetLane lane in ranking.Lanes)
            {
                Note(lane);
            }
        }
        foreach (FleetLane lane in _kinds)
        {
            lane.EndMinute(minuteOfDay);
            Note(lane);
        }
        _tenants.Rerank();
        _streams.Rerank();
        _countries.Rerank();
    }

    /// <summary>
    /// How far starts lay above their usual level in the last minute: everybody's, the tenant's or the stream's, whichever rose
    /// most, natural logarithm, 0 to 8. Both starts and the networks they came from must have risen, so that nobody can hide in a
    /// rise of one's own making.
    /// </summary>
    /// <param name="organization">Interned tenant.</param>
    /// <param name="stream">Interned stream; 0 when there is none.</param>
    /// <param name="withAll">Whether everybody's rise counts; false when the caller has another measure of it.</param>
    public float Rise(int organization, int stream, bool withAll = true)
    {
        float rise = withAll ? _all.Rise : 0;
        rise = Math.Max(rise, RiseOf(_tenants.Find((ulong)organization)));
        return Math.Max(rise, RiseOf(_streams.Find(StreamKey(organization, stream))));
    }

    // What nobody started before rises from nothing without end, and no single viewer with it.
    private static float RiseOf(FleetLane? lane) => lane is not null && lane.UsualStarts >= LeastUsualStarts ? lane.Rise : 0;

    private static ulong StreamKey(int organization, int stream) => ((ulong)(uint)organization << 32) | (uint)stream;

    private static string StreamName(StringPool strings, ulong key)
    {
        string stream = strings.Text((int)(uint)key);
        return key >> 32 == 0 ? stream : $"{strings.Text((int)(key >> 32))}/{stream}";
    }

    private static int KindOf(in SessionState session) => (session.Traits & SessionTraits.DataCentre) != 0 ? 1 : 0;

    private void Move(in SessionState session, int step)
    {
        _all.Running += step;
        _kinds[KindOf(in session)].Running += step;
        if (session.Organization != StringPool.Absent)
        {
            _tenants.Move((ulong)session.Organization, step);
        }
        if (session.Stream != StringPool.Absent)
        {
            _streams.Move(StreamKey(session.Organization, session.Stream), step);
        }
        _countries.Move(session.Country, step);
    }

    private void Note(FleetLane lane)
    {
        foreach (ref readonly FleetFigure figure in lane.Figures)
        {
            _figures.Add(figure);
            bool isSpike = figure.Measure is FleetMeasure.Starts or FleetMeasure.Running && figure.Value >= LeastCount
                && figure.Reading.IsAbnormal && figure.Rise >= LeastRise && lane.Rise >= LeastRise;
            if (isSpike && !(Spike?.Reading.Level >= figure.Reading.Level))
            {
                Spike = figure;
            }
        }
    }
}
