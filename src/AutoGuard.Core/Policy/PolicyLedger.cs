using AutoGuard.Core.Configuration;

namespace AutoGuard.Core.Policy;

/// <summary>Identity of a subject in the ledger.</summary>
/// <param name="Type">Kind of subject.</param>
/// <param name="High">Upper half of the token key or address; 0 of a page.</param>
/// <param name="Low">Lower half, or a page's hash.</param>
/// <param name="Organization">Interned tenant of an address, network or page; a token's key holds it in itself.</param>
public readonly record struct LedgerKey(SubjectType Type, ulong High, ulong Low, int Organization = 0)
{
    /// <summary>Of the two numbers that tell subjects apart nearly always: every token that is judged is looked up.</summary>
    public override int GetHashCode() => HashCode.Combine(High, Low);
}

/// <summary>What the policy would do with a subject.</summary>
public enum Verdict
{
    /// <summary>Nothing.</summary>
    Allow,

    /// <summary>Have a person look.</summary>
    Flag,

    /// <summary>Block or revoke, if nobody else is harmed.</summary>
    Block,
}

/// <summary>
/// Remembers what was decided, so that a subject is decided again only when the action rises or the hold-off has passed,
/// and a block needs several judgements in a row.
/// </summary>
public sealed class PolicyLedger(PolicyOptions options)
{
    /// <summary>Most subjects remembered; beyond it those that were decided on or suspected longest ago are forgotten.</summary>
    public const int MostSubjects = 1 << 18;

    /// <summary>Judgements further apart than this are not in a row, milliseconds: twice the longest tick.</summary>
    private const long LongestPause = 120_000;

    /// <summary>
    /// The same below the block level, where nothing asks for the next judgement: a subject is judged again when one of its sessions is renewed, two
    /// minutes and a heartbeat later.
    /// </summary>
    private const long LongestSilence = 300_000;

    private readonly Dictionary<LedgerKey, Entry> _entries = [];
    private readonly long _holdOff = (long)options.HoldOff.TotalMilliseconds;
    private readonly long _blockAfter = (long)options.BlockAfter.TotalMilliseconds;
    private readonly long _revokeAfter = (long)options.RevokeAfter.TotalMilliseconds;
    private long _minute;
    private int _blocksThisMinute;
    private int _flagsThisMinute;

    /// <summary>Subjects remembered.</summary>
    public int Count => _entries.Count;

    /// <summary>Blocks that became flags because the limit per minute was reached.</summary>
    public long BlocksOverLimit { get; private set; }

    /// <summary>Flags that were put off because the limit per minute was reached.</summary>
    public long FlagsOverLimit { get; private set; }

    /// <summary>How long blocks last.</summary>
    public Escalation Escalation { get; } = new(options);

    /// <summary>
    /// What is due for a subject with this score at this judgement (<paramref name="now"/>, Unix milliseconds). A block
    /// that is still gathering judgements gives <see cref="Verdict.Flag"/> or nothing, and asks to be judged again soon by
    /// <paramref name="again"/>.
    /// </summary>
    public Verdict Consider(LedgerKey key, double score, int sessions, long now, out bool again)
    {
        again = false;
        if (score < options.FlagScore || sessions < options.MinimumSessions)
        {
            Calm(key);
            return Verdict.Allow;
        }
        Verdict wanted = Verdict.Flag;
        bool stays = _entries.TryGetValue(key, out Entry? entry) && key.Type != SubjectType.Token && Stays(entry, now);
        if (score >= options.BlockScore)
        {
            if (entry is null)
            {
                entry = new Entry();
                _entries.Add(key, entry);
            }
            if (entry.LastAbove != now)
            {
                bool inARow = entry.Above > 0 && now - entry.LastAbove <= LongestPause;
                entry.Above = inARow ? entry.Above + 1 : 1;
                entry.AboveSince = inARow ? entry.AboveSince : now;
                entry.LastAbove = now;
            }
            bool longEnough = key.Type != SubjectType.Token || now - entry.AboveSince >= _revokeAfter;
            wanted = longEnough && entry.Above >= options.BlockPersistence ? Verdict.Block : Verdict.Flag;
            again = wanted != Verdict.Block;
        }
        else if (entry is not null)
        {
            entry.Above = 0;
        }
        wanted = stays ? Verdict.Block : wanted;
        return entry is null || IsDue(entry, wanted, now) ? wanted : Verdict.Allow;
    }

    /// <summary>A subject is below the flag level: what stood in a row begins anew.</summary>
    public void Calm(LedgerKey key)
    {
        if (_entries.TryGetValue(key, out Entry? entry))
        {
            entry.Above = 0;
            entry.SuspectSince = null;
        }
    }

    /// <summary>
    /// A subject was blocked but for what was spared: while that deserves it no more, a block of all is a rise, and due before the hold-off
    /// once the judgements since then stand in a row.
    /// </summary>
    public void NoteSpared(LedgerKey key, bool deserved)
    {
        if (!_entries.TryGetValue(key, out Entry? entry) || entry.Decided == Verdict.Allow)
        {
            return;
        }
        if (entry.Decided == Verdict.Block && !deserved)
        {
            entry.Above = 0;
        }
        entry.Decided = deserved ? Verdict.Block : Verdict.Flag;
    }

    /// <summary>Notes that a subject's block was refused for the harm it would do; false when that has been noted since its last decision.</summary>
    public bool NoteRefused(LedgerKey key)
    {
        if (!_entries.TryGetValue(key, out Entry? entry))
        {
            entry = new Entry();
            _entries.Add(key, entry);
        }
        bool isNew = !entry.IsRefused;
        entry.IsRefused = true;
        return isNew;
    }

    /// <summary>Whether one more block fits in this minute; one that does not is counted as over the limit.</summary>
    public bool HasBlockLeft(long now)
    {
        BeginMinute(now);
        if (_blocksThisMinute < options.BlocksPerMinute)
        {
            return true;
        }
        BlocksOverLimit++;
        return false;
    }

    /// <summary>Whether one more block fits in this minute; counts it if so.</summary>
    public bool TryTakeBlock(long now)
    {
        if (!HasBlockLeft(now))
        {
            return false;
        }
        _blocksThisMinute++;
        return true;
    }

    /// <summary>Whether one more flag fits in this minute; counts it if so.</summary>
    public bool TryTakeFlag(long now)
    {
        BeginMinute(now);
        if (_flagsThisMinute >= options.FlagsPerMinute)
        {
            FlagsOverLimit++;
            return false;
        }
        _flagsThisMinute++;
        return true;
    }

    /// <summary>Whether a flag would be news for the subject; when a block was refused it may have been flagged already.</summary>
    public bool IsNews(LedgerKey key, Verdict verdict, long now) =>
        !_entries.TryGetValue(key, out Entry? entry) || IsDue(entry, verdict, now);

    /// <summary>Remembers a decision.</summary>
    /// <param name="key">The subject.</param>
    /// <param name="verdict">What was decided.</param>
    /// <param name="now">When, Unix milliseconds.</param>
    /// <param name="lapses">When it lapses, Unix milliseconds; null for never.</param>
    public void Record(LedgerKey key, Verdict verdict, long now, long? lapses = null)
    {
        if (verdict == Verdict.Block && lapses is { } end)
        {
            Escalation.Record(key, now, end);
        }
        if (!_entries.TryGetValue(key, out Entry? entry))
        {
            entry = new Entry();
            _entries.Add(key, entry);
        }
        entry.Decided = verdict;
        entry.DecidedAt = now;
        entry.Lapses = lapses ?? long.MaxValue;
    }

    /// <summary>Whether a block or revocation of the subject is remembered that still runs at <paramref name="now"/>.</summary>
    public bool IsBlocked(LedgerKey key, long now) =>
        _entries.TryGetValue(key, out Entry? entry) && entry.Decided == Verdict.Block && now < entry.Lapses;

    /// <summary>How long a subject that was decided on has been above the flag level, milliseconds; 0 when it is not. Tokens are not followed.</summary>
    public long SuspectFor(LedgerKey key, long now) => _entries.TryGetValue(key, out Entry? entry) && entry.SuspectSince is { } since ? now - since : 0;

    /// <summary>Whether any decision on the subject is remembered.</summary>
    public bool IsDecided(LedgerKey key) => _entries.TryGetValue(key, out Entry? entry) && entry.Decided != Verdict.Allow;

    /// <summary>Forgets subjects whose hold-off passed long ago, unless a block of theirs still runs.</summary>
    public void Prune(long now)
    {
        Escalation.Prune(now);
        foreach ((LedgerKey key, Entry entry) in _entries)
        {
            bool runs = entry.Lapses != long.MaxValue && now < entry.Lapses;
            if (!runs && now - Math.Max(entry.DecidedAt, entry.LastAbove) > 2 * _holdOff)
            {
                _entries.Remove(key);
            }
        }
        if (_entries.Count > MostSubjects)
        {
            // Among equals the dictionary's order decides, which is that of adding and removing, whatever the hashes.
            foreach ((LedgerKey key, _) in _entries
                .OrderBy(pair => Math.Max(pair.Value.DecidedAt, pair.Value.LastAbove))
                .ThenBy(pair => pair.Value.Decided).Take(_entries.Count - (MostSubjects * 3 / 4)).ToList())
            {
                _entries.Remove(key);
            }
        }
    }

    /// <summary>Whether a subject that was flagged has been above the flag level for so long that it will not go by itself.</summary>
    private bool Stays(Entry entry, long now)
    {
        if (entry.Decided == Verdict.Allow)
        {
            return false;
        }
        if (entry.SuspectSince is null || now - entry.LastSuspect > LongestSilence)
        {
            entry.SuspectSince = now;
        }
        entry.LastSuspect = now;
        return _blockAfter > 0 && now - entry.SuspectSince >= _blockAfter;
    }

    /// <summary>A subject is decided on when the action rises, when the hold-off has passed, or when its block has lapsed.</summary>
    private bool IsDue(Entry entry, Verdict wanted, long now) =>
        wanted > entry.Decided || now - entry.DecidedAt >= _holdOff || now >= entry.Lapses;

    private void BeginMinute(long now)
    {
        if (now / 60_000 != _minute)
        {
            _minute = now / 60_000;
            _blocksThisMinute = _flagsThisMinute = 0;
        }
    }

    private sealed class Entry
    {
        public Verdict Decided { get; set; }

        public long DecidedAt { get; set; } = long.MinValue / 2;

        public long Lapses { get; set; } = long.MaxValue;

        public long LastAbove { get; set; } = long.MinValue / 2;

        public long AboveSince { get; set; }

        public long? SuspectSince { get; set; }

        public bool IsRefused { get; set; }

        public long LastSuspect { get; set; } = long.MinValue / 2;

        public int Above { get; set; }
    }
}
