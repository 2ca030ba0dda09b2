using AutoGuard.Core.Configuration;

namespace AutoGuard.Core.Policy;

/// <summary>
/// How long blocks last: twice as long for every repeat, up to a longest, and one repeat forgiven for every while without an
/// offence. Who is blocked cannot offend, so that while begins when the block lapses.
/// </summary>
/// <remarks>
/// A block counts as a repeat when the one before has lapsed; one made while the other still runs (nothing is enforced in
/// mode Observe) is the same offence. Only what lapses escalates: revocations stay until they are removed.
/// </remarks>
public sealed class Escalation
{
    /// <summary>Most subjects remembered; beyond it those whose block lapsed longest ago are forgotten.</summary>
    public const int MostSubjects = 1 << 17;

    private readonly Dictionary<LedgerKey, Offence> _offences = [];
    private readonly long _first;
    private readonly long _longest;
    private readonly long _decay;
    private readonly int _mostRepeats;

    /// <summary>Makes an empty memory.</summary>
    public Escalation(PolicyOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _first = (long)options.BlockDuration.TotalMilliseconds;
        _longest = Math.Max(_first, (long)options.LongestBlock.TotalMilliseconds);
        _decay = (long)options.EscalationDecay.TotalMilliseconds;
        _mostRepeats = MostRepeats(options);
    }

    /// <summary>Subjects remembered.</summary>
    public int Count => _offences.Count;

    /// <summary>How long a decision on a block can matter for later ones: what a restarted process must remember.</summary>
    public static TimeSpan Memory(PolicyOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        TimeSpan longest = options.LongestBlock > options.BlockDuration ? options.LongestBlock : options.BlockDuration;
        return longest + (options.EscalationDecay * (MostRepeats(options) + 1));
    }

    /// <summary>How long a block of the subject would last if it were made now, milliseconds.</summary>
    /// <param name="key">The subject.</param>
    /// <param name="now">Unix milliseconds.</param>
    public long DurationOf(LedgerKey key, long now) => Math.Min(_longest, _first << RepeatsOf(key, now));

    /// <summary>Which repeat a block of the subject would be if it were made now; 0 for a first offence.</summary>
    /// <param name="key">The subject.</param>
    /// <param name="now">Unix milliseconds.</param>
    public int RepeatsOf(LedgerKey key, long now)
    {
        if (!_offences.TryGetValue(key, out Offence offence))
        {
            return 0;
        }
        if (now < offence.Lapses)
        {
            return offence.Repeats;
        }
        long forgiven = (now - offence.Lapses) / _decay;
        return (int)Math.Clamp(offence.Repeats + 1 - forgiven, 0, _mostRepeats);
    }

    /// <summary>Remembers a block. How often the subject offended before can be read off its length, so that the log need not reach back for ever.</summary>
    /// <param name="key">The subject.</param>
    /// <param name="now">When it was decided, Unix milliseconds.</param>
    /// <param name="lapses">When it lapses, Unix milliseconds.</param>
    public void Record(LedgerKey key, long now, long lapses) => _offences[key] = new Offence(RepeatsIn(lapses - now), lapses);

    /// <summary>Forgets subjects that all is forgiven, and some when there are too many.</summary>
    public void Prune(long now)
    {
        foreach ((LedgerKey key, Offence offence) in _offences)
        {
            if (now >= offence.Lapses && (now - offence.Lapses) / _decay > offence.Repeats)
            {
                _offences.Remove(key);
            }
        }
        if (_offences.Count > MostSubjects)
        {
            // Among equals the dictionary's order decides, which is that of adding and removing, whatever the hashes.
            foreach ((LedgerKey key, _) in _offences.OrderBy(pair => pair.Value.Lapses).Take(_offences.Count - (MostSubjects * 3 / 4)).ToList())
            {
                _offences.Remove(key);
            }
        }
    }

    private int RepeatsIn(long length) =>
        length >= _longest ? _mostRepeats : (int)Math.Clamp(Math.Round(Math.Log2((double)length / _first)), 0, _mostRepeats);

    /// <summary>Repeats after which blocks grow no longer.</summary>
    private static int MostRepeats(PolicyOptions options)
    {
        int repeats = 0;
        for (TimeSpan length = options.BlockDuration; length < options.LongestBlock; length *= 2)
        {
            repeats++;
        }
        return repeats;
    }

    /// <param name="Repeats">Which repeat the last block was.</param>
    /// <param name="Lapses">When it lapses or lapsed, Unix milliseconds.</param>
    private readonly record struct Offence(int Repeats, long Lapses);
}
