using AutoGuard.Core.Events;
using AutoGuard.Core.Features;

namespace AutoGuard.Core.Policy;

/// <summary>
/// Watches what the events look like: of all, and of every tenant for what its sessions carry. Not sessions but networks are
/// counted, each once a minute by its first, so that one abuser who sends a thousand sessions without a referrer does not
/// make the input look sick.
/// </summary>
/// <remarks>
/// A network is one bit in a table of 262,144 per minute; two that share a bit count as one. The hash has no secret, because
/// the count decides and must be the same in every run.
/// </remarks>
internal sealed class InputHealth
{
    /// <summary>Tenants watched by themselves, the first that are seen.</summary>
    public const int MostTenants = 64;

    private const int Bits = 18;

    private readonly MinuteShares _all = new();
    private readonly List<(int Organization, MinuteShares Shares)> _scopes;
    private readonly ulong[] _starting = new ulong[1 << (Bits - 6)];
    private readonly ulong[] _heard = new ulong[1 << (Bits - 6)];
    private readonly ulong[] _repeating = new ulong[1 << (Bits - 6)];
    private readonly ulong[] _tardy = new ulong[1 << (Bits - 6)];
    private long _minute = long.MinValue;
    private long _tardyMinute = long.MinValue;
    private int _tardyNetworks;
    private readonly List<(long Minute, Symptom Symptom, int Count)> _ahead = [];

    public InputHealth() => _scopes = [(StringPool.Absent, _all)];

    /// <summary>What is watched: the shares of all, as tenant 0, and those of each tenant.</summary>
    public List<(int Organization, MinuteShares Shares)> Scopes => _scopes;

    /// <summary>The change of a symptom's share in one of <see cref="Scopes"/>; all zeros while too little is known.</summary>
    /// <remarks>
    /// What the sessions of all tenants carry is compared with what each tenant's did before, in the proportions of now: when a
    /// tenant whose players send no referrer has its kick-off, nothing is sick. Tenants of which too little is known are taken
    /// together with what belongs to none.
    /// </remarks>
    public ShareChange Change(int organization, MinuteShares shares, Symptom symptom)
    {
        ShareTally rest = shares.Tally(symptom);
        if (organization != StringPool.Absent || symptom >= Symptom.Duplicates)
        {
            return rest.Change(rest.Expected);
        }
        ShareTally all = rest;
        double expected = 0;
        foreach ((int tenant, MinuteShares own) in _scopes)
        {
            if (tenant != StringPool.Absent)
            {
                ShareTally tally = own.Tally(symptom);
                if (tally.IsUsualKnown)
                {
                    expected += tally.Expected;
                    rest = rest.Without(in tally);
                }
            }
        }
        return all.Change(expected + rest.Expected);
    }

    /// <summary>An event takes effect.</summary>
    public void Hear(ref readonly PlaybackEvent e)
    {
        Advance(e.Timestamp / 60_000);
        ulong network = NetworkSketch.Hash(e.Address);
        if (Mark(_heard, network))
        {
            _all.Add(_minute, Symptom.Duplicates, 1, 0);
            _all.Add(_minute, Symptom.Late, 1, 0);
        }
        _all.Add(_minute, Symptom.Malformed, 1, 0);
        // A tool is not a viewer whose player or edge has begun to leave something out: a flood by tools is no sickness.
        if (e.Type != PlaybackEventType.Start || (e.Traits & EventTraits.ToolAgent) != 0 || !Mark(_starting, network ^ ((ulong)(uint)e.Organization * 0x9E37_79B9_7F4A_7C15)))
        {
            return;
        }
        Count(_all, in e);
        if (e.Organization != StringPool.Absent && SharesOf(e.Organization) is { } tenant)
        {
            Count(tenant, in e);
        }
    }

    /// <summary>An event came a second time.</summary>
    public void HearAgain(ref readonly PlaybackEvent e)
    {
        Advance(e.Timestamp / 60_000);
        if (Mark(_repeating, NetworkSketch.Hash(e.Address)))
        {
            _all.Add(_minute, Symptom.Duplicates, 0, 1);
        }
    }

    /// <summary>An event came too late.</summary>
    /// <param name="address">Its address.</param>
    /// <param name="minute">The minute that event time had come to, Unix minutes: events are applied in batches, and this may be ahead of them.</param>
    public void HearLate(IpAddress address, long minute)
    {
        if (minute != _tardyMinute)
        {
            CloseTardy();
            _tardyMinute = minute;
        }
        _tardyNetworks += Mark(_tardy, NetworkSketch.Hash(address)) ? 1 : 0;
    }

    /// <summary>Records were no events.</summary>
    /// <param name="count">How many.</param>
    /// <param name="minute">The minute that event time had come to, Unix minutes.</param>
    public void HearMalformed(int count, long minute) => Note(minute, Symptom.Malformed, count);

    /// <summary>Moves on to a minute (Unix minutes).</summary>
    public void Advance(long minute)
    {
        if (minute <= _minute)
        {
            return;
        }
        _minute = minute;
        Array.Clear(_starting);
        Array.Clear(_heard);
        Array.Clear(_repeating);
        if (_tardyMinute < minute)
        {
            CloseTardy();
        }
        foreach ((_, MinuteShares shares) in _scopes)
        {
            shares.Advance(minute);
        }
        int waiting = 0;
        for (int i = 0; i < _ahead.Count; i++)
        {
            (long Minute, Symptom Symptom, int Count) noted = _ahead[i];
            if (noted.Minute < minute)
            {
                _all.Add(noted.Minute, noted.Symptom, noted.Symptom == Symptom.Malformed ? noted.Count : 0, noted.Count);
            }
            else
            {
                _ahead[waiting++] = noted;
            }
        }
        _ahead.RemoveRange(waiting, _ahead.Count - waiting);
        _scopes.RemoveAll(static scope => scope.Organization != StringPool.Absent && scope.Shares.IsEmpty);
    }

    private static void Count(MinuteShares shares, ref readonly PlaybackEvent e)
    {
        long minute = e.Timestamp / 60_000;
        shares.Add(minute, Symptom.NoReferrer, 1, e.Referrer == StringPool.Absent ? 1 : 0);
        shares.Add(minute, Symptom.NoToken, 1, e.Token.IsAbsent ? 1 : 0);
        shares.Add(minute, Symptom.NoCountry, 1, e.Country == 0 ? 1 : 0);
        shares.Add(minute, Symptom.NoOperator, 1, e.Asn == 0 ? 1 : 0);
        shares.Add(minute, Symptom.DataCentre, 1, (e.Traits & EventTraits.DataCentre) != 0 ? 1 : 0);
    }

    private void CloseTardy()
    {
        if (_tardyNetworks > 0)
        {
            Note(_tardyMinute, Symptom.Late, _tardyNetworks);
            Array.Clear(_tardy);
            _tardyNetworks = 0;
        }
    }

    private void Note(long minute, Symptom symptom, int count)
    {
        if (_ahead.Count > 0 && _ahead[^1] is var last && last.Minute == minute && last.Symptom == symptom)
        {
            count += last.Count;
            _ahead.RemoveAt(_ahead.Count - 1);
        }
        _ahead.Add((minute, symptom, count));
    }

    private MinuteShares? SharesOf(int organization)
    {
        foreach ((int known, MinuteShares shares) in _scopes)
        {
            if (known == organization)
            {
                return shares;
            }
        }
        if (_scopes.Count > MostTenants)
        {
            return null;
        }
        MinuteShares added = new();
        added.Advance(_minute);
        _scopes.Add((organization, added));
        return added;
    }

    /// <summary>Sets a network's bit; false when it was set.</summary>
    private static bool Mark(ulong[] table, ulong hash)
    {
        ref ulong word = ref table[(int)(hash >> (64 - Bits + 6))];
        ulong bit = 1UL << (int)(hash & 63);
        bool isNew = (word & bit) == 0;
        word |= bit;
        return isNew;
    }
}
