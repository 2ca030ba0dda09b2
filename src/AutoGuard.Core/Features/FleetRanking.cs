using System.Runtime.InteropServices;

namespace AutoGuard.Core.Features;

/// <summary>
/// The lanes of one division of viewers, for the keys with the most starts lately; everybody else shares one more lane. Who
/// has a lane changes at the end of a minute only, and depends on counts and names, never on numbers given out by arrival.
/// </summary>
internal sealed class FleetRanking
{
    /// <summary>Keys that are counted in the hope of a lane.</summary>
    public const int MostContenders = 1_024;

    // Half of what a key was worth is forgotten in half an hour.
    private const double Decay = 0.977;
    private const double LeastWeight = 5;
    private const double Forgotten = 0.5;

    private readonly FleetGroup _group;
    private readonly int _places;
    private readonly int _history;
    private readonly Func<ulong, string> _nameOf;
    private readonly Dictionary<ulong, Contender> _contenders = [];
    private readonly List<Contender> _ranked = [];
    private readonly List<FleetLane> _lanes = [];
    private readonly Dictionary<ulong, int> _running = [];
    private FleetLane? _rest;
    private int _allRunning;

    /// <param name="group">What the viewers are divided by.</param>
    /// <param name="places">Most lanes besides that of the rest.</param>
    /// <param name="history">Minutes whose mean is the usual level.</param>
    /// <param name="nameOf">The name of a key; different keys have different names.</param>
    public FleetRanking(FleetGroup group, int places, int history, Func<ulong, string> nameOf)
    {
        _group = group;
        _places = places;
        _history = history;
        _nameOf = nameOf;
    }

    /// <summary>All lanes, that of the rest among them.</summary>
    public List<FleetLane> Lanes => _lanes;

    /// <summary>The lane of a key; that of the rest if it has none of its own.</summary>
    public FleetLane LaneOf(ulong key) => Find(key) ?? _rest ?? MakeRest();

    /// <summary>The key's own lane, or null.</summary>
    public FleetLane? Find(ulong key) => _contenders.GetValueOrDefault(key)?.Lane;

    /// <summary>Running sessions of a key became more or fewer.</summary>
    public void Move(ulong key, int step)
    {
        LaneOf(key).Running += step;
        _allRunning += step;
        ref int running = ref CollectionsMarshal.GetValueRefOrAddDefault(_running, key, out _);
        running += step;
        if (running == 0)
        {
            _running.Remove(key);
        }
    }

    /// <summary>Counts a start for the key's rank.</summary>
    public void Rank(ulong key)
    {
        if (!_contenders.TryGetValue(key, out Contender? contender))
        {
            if (_contenders.Count == MostContenders)
            {
                MakeRoom();
            }
            if (_contenders.Count == MostContenders)
            {
                return;
            }
            contender = new Contender(key, _nameOf(key));
            _contenders.Add(key, contender);
        }
        contender.Starts++;
    }

    /// <summary>Ends the minute of all lanes.</summary>
    public void EndMinute(int minuteOfDay)
    {
        foreach (FleetLane lane in _lanes)
        {
            lane.EndMinute(minuteOfDay);
        }
    }

    /// <summary>Gives lanes to the keys that start most, with the running sessions they have.</summary>
    public void Rerank()
    {
        _ranked.Clear();
        foreach ((ulong key, Contender contender) in _contenders)
        {
            contender.Weight = (contender.Weight * Decay) + contender.Starts;
            contender.Starts = 0;
            if (contender.Weight < Forgotten && contender.Lane is null)
            {
                _contenders.Remove(key);
            }
            else
            {
                _ranked.Add(contender);
            }
        }
        _ranked.Sort(static (a, b) => a.Weight != b.Weight ? b.Weight.CompareTo(a.Weight) : string.CompareOrdinal(a.Name, b.Name));
        bool changed = false;
        int weakest = _ranked.Count - 1;
        foreach (Contender challenger in _ranked)
        {
            if (challenger.Lane is not null)
            {
                continue;
            }
            if (challenger.Weight < LeastWeight)
            {
                break;
            }
            if (_lanes.Count - (_rest is null ? 0 : 1) < _places)
            {
                challenger.Lane = new FleetLane(_group, challenger.Name, _history);
                _lanes.Add(challenger.Lane);
                changed = true;
                continue;
            }
            while (weakest >= 0 && _ranked[weakest].Lane is null)
            {
                weakest--;
            }
            // Twice as much: two keys of like rank must not take the lane, and its past, from each other for ever.
            if (weakest < 0 || challenger.Weight < LeastWeight + (2 * _ranked[weakest].Weight))
            {
                break;
            }
            (challenger.Lane, _ranked[weakest].Lane) = (_ranked[weakest].Lane, null);
            challenger.Lane!.Reset(challenger.Name);
            changed = true;
        }
        if (changed)
        {
            CountRunning();
        }
    }

    private void CountRunning()
    {
        int rest = _allRunning;
        foreach (Contender contender in _ranked)
        {
            if (contender.Lane is { } lane)
            {
                lane.Running = _running.GetValueOrDefault(contender.Key);
                rest -= lane.Running;
            }
        }
        if (rest != 0 || _rest is not null)
        {
            (_rest ?? MakeRest()).Running = rest;
        }
    }

    private FleetLane MakeRest()
    {
        _rest = new FleetLane(_group, "(rest)", _history);
        _lanes.Add(_rest);
        return _rest;
    }

    /// <summary>
    /// Takes one start off every key without a lane and lets go of those that have none left (Misra and Gries, 1982): who has more
    /// than a thousandth of the starts stays, whatever strangers invent.
    /// </summary>
    private void MakeRoom()
    {
        foreach ((ulong key, Contender contender) in _contenders)
        {
            if (contender.Lane is null && contender.Weight + --contender.Starts <= 0)
            {
                _contenders.Remove(key);
            }
        }
    }

    private sealed class Contender(ulong key, string name)
    {
        public ulong Key { get; } = key;

        public string Name { get; } = name;

        public int Starts { get; set; }

        public double Weight { get; set; }

        public FleetLane? Lane { get; set; }
    }
}
