namespace AutoGuard.Core.Pipeline;

/// <summary>What is done with an event because of its time.</summary>
public enum Admission
{
    /// <summary>It takes its place in event time.</summary>
    Accept,

    /// <summary>Its place in event time has passed.</summary>
    Late,

    /// <summary>It is far ahead of all others; it waits for others to confirm.</summary>
    Hold,

    /// <summary>It is ahead of real time by more than the limit.</summary>
    Future,

    /// <summary>It is accepted, and the events held until now were right: time has really moved on.</summary>
    AcceptHeld,
}

/// <summary>
/// The progress of event time. Each partition has a clock, the largest time its events agree on; the watermark is the
/// smallest clock of those partitions that are not idle, less the allowed lateness, and never goes back.
/// </summary>
/// <remarks>
/// A single event must not be able to move time: one line with a date far ahead would make everything after it late. So a
/// clock follows an event at once only for small steps; to a jump it follows when <see cref="Witnesses"/> events in a row
/// agree. With a real-time bound (a live source) nothing beyond it moves a clock at all.
/// </remarks>
public sealed class EventClock(long allowedLateness)
{
    /// <summary>Furthest an event may be ahead of its partition's clock or of real time, milliseconds.</summary>
    public const long FurthestAhead = 5 * 60_000;

    /// <summary>Events in a row that must lie ahead before time jumps.</summary>
    public const int Witnesses = 8;

    /// <summary>Furthest an event of a live source may be ahead of its partition's clock without being confirmed, milliseconds.</summary>
    public const long FurthestUnconfirmed = 23 * 3_600_000L;

    private const long SmallStep = 60_000;
    private readonly List<Partition> _partitions = [];
    private Partition? _current;

    /// <summary>The slowest of the partitions that count; null when it has to be looked for.</summary>
    private Partition? _slowest;

    /// <summary>The watermark, Unix milliseconds: all before it is complete. <see cref="long.MinValue"/> before the first event.</summary>
    public long Watermark { get; private set; } = long.MinValue;

    /// <summary>Real time of a live source, Unix milliseconds; 0 for recorded events.</summary>
    public long RealTime { get; set; }

    /// <summary>Largest time accepted so far, confirmed or not, Unix milliseconds; <see cref="long.MinValue"/> before the first event.</summary>
    public long Latest { get; private set; } = long.MinValue;

    /// <summary>Largest of the partitions' clocks, Unix milliseconds; <see cref="long.MinValue"/> before the first event.</summary>
    public long Confirmed
    {
        get
        {
            long largest = long.MinValue;
            foreach (Partition partition in _partitions)
            {
                largest = partition.Started ? Math.Max(largest, partition.Time) : largest;
            }
            return largest;
        }
    }

    /// <summary>A partition will be read: until its first event, or until it is marked idle, the watermark waits for it.</summary>
    public void Expect(int partition) => Wake(Of(partition));

    /// <summary>Decides about an event of a partition.</summary>
    public Admission Admit(int partition, long time)
    {
        Admission admission = Decide(partition, time);
        if (admission is Admission.Accept || (admission is Admission.AcceptHeld && !IsUnconfirmed(partition, time)))
        {
            Latest = Math.Max(Latest, time);
        }
        return admission;
    }

    private Admission Decide(int partition, long time)
    {
        if (RealTime != 0 && time > RealTime + FurthestAhead)
        {
            return Admission.Future;
        }
        Partition clock = Of(partition);
        Wake(clock);
        if (!clock.Started)
        {
            clock.Started = true;
            clock.Time = Bounded(time);
            Move(clock);
            return time < Watermark ? Admission.Late : Admission.Accept;
        }
        if (time <= clock.Time + SmallStep)
        {
            clock.Ahead = 0;
            if (Bounded(time) > clock.Time)
            {
                clock.Time = Bounded(time);
                Move(clock);
            }
            return time < Watermark ? Admission.Late : Admission.Accept;
        }
        bool near = time <= clock.Time + FurthestAhead;
        clock.Least = clock.Ahead == 0 ? time : Math.Min(clock.Least, time);
        clock.Ahead++;
        if (clock.Ahead >= Witnesses)
        {
            clock.Ahead = 0;
            clock.Time = Math.Max(clock.Time, Bounded(clock.Least));
            Move(clock);
            return Admission.AcceptHeld;
        }
        return near || (RealTime != 0 && time <= clock.Time + FurthestUnconfirmed) ? Admission.Accept : Admission.Hold;
    }

    /// <summary>Whether a time lies beyond all that its partition's events agree on so far.</summary>
    public bool IsAhead(int partition, long time) => time > Of(partition).Time;

    /// <summary>Whether a time is further ahead of its partition's clock than any unconfirmed one may be.</summary>
    public bool IsUnconfirmed(int partition, long time) => Of(partition) is not { Started: true } clock || time > clock.Time + FurthestUnconfirmed;

    /// <summary>Whether events of the partition are held, waiting for confirmation.</summary>
    public bool IsWaiting(int partition) => Of(partition).Ahead > 0;

    /// <summary>A partition has nothing to read: it no longer holds the watermark back.</summary>
    public void MarkIdle(int partition)
    {
        Of(partition).Idle = true;
        _slowest = null;
        Move();
    }

    /// <summary>A partition is read elsewhere from now on.</summary>
    public void Forget(int partition)
    {
        _partitions.RemoveAll(p => p.Id == partition);
        _current = _slowest = null;
        Move();
    }

    /// <summary>Moves the watermark to a time at which nothing older can come any more.</summary>
    public void AdvanceTo(long watermark) => Watermark = Math.Max(Watermark, watermark);

    private long Bounded(long time) => RealTime == 0 ? time : Math.Min(time, RealTime);

    private void Wake(Partition partition)
    {
        if (partition.Idle)
        {
            partition.Idle = false;
            _slowest = null;
        }
    }

    // Events come in runs of one partition.
    private Partition Of(int id) => _current?.Id == id ? _current : _current = Find(id);

    private Partition Find(int id)
    {
        foreach (Partition partition in _partitions)
        {
            if (partition.Id == id)
            {
                return partition;
            }
        }
        Partition added = new(id);
        _partitions.Add(added);
        _slowest = null;
        return added;
    }

    private void Move(Partition moved)
    {
        // Clocks only go forward: while another one is the slowest, it still is.
        if (_slowest is null || _slowest == moved)
        {
            Move();
        }
    }

    private void Move()
    {
        Partition? slowest = null;
        foreach (Partition partition in _partitions)
        {
            if (!partition.Idle && (slowest is null || partition.Position < slowest.Position))
            {
                slowest = partition;
            }
        }
        _slowest = slowest;
        if (slowest is { Started: true })
        {
            Watermark = Math.Max(Watermark, slowest.Time - allowedLateness);
        }
    }

    private sealed class Partition(int id)
    {
        public int Id { get; } = id;

        public bool Started { get; set; }

        public bool Idle { get; set; }

        public long Time { get; set; }

        public long Position => Started ? Time : long.MinValue;

        public int Ahead { get; set; }

        public long Least { get; set; }
    }
}
