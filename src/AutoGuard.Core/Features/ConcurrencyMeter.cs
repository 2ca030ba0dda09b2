using System.Numerics;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Features;

/// <summary>
/// Measures what a token has open at once. A session that has gone silent is still "open" until it expires, so open sessions
/// over-count viewers who reconnect. Two sessions overlap for certain when one was heard after the other began: the largest
/// number of sessions that were all heard after the start of the latest of them is exact.
/// </summary>
internal sealed class ConcurrencyMeter(FeatureState state)
{
    /// <summary>Open sessions of one token up to which each is compared with each.</summary>
    private const int MostCompared = 64;

    /// <summary>Open sessions of one token that are looked at, the newest first.</summary>
    private const int MostMeasured = 1024;

    /// <summary>Sessions at once up to which it does not matter what was left behind.</summary>
    private const int FewAtOnce = 2;

    /// <summary>
    /// How long a session may still be heard after the same player began another elsewhere, milliseconds: a heartbeat on its way, a connection that is
    /// given up.
    /// </summary>
    private const long Lingering = 60_000;

    /// <summary>
    /// How long its player must have been there by then, milliseconds: what begins anew all the time is no phone on its way. One session before it in
    /// the same place counts.
    /// </summary>
    private const long Stay = Resumption.Stay;

    private readonly long[] _starts = new long[MostCompared];
    private readonly long[] _heard = new long[MostCompared];
    private readonly int[] _sessions = new int[MostCompared];
    private readonly ulong[] _networks = new ulong[MostCompared];
    private readonly int[] _agents = new int[MostCompared];
    private readonly long[] _there = new long[MostCompared];
    private readonly bool[] _left = new bool[MostCompared];
    private readonly int[] _goesOn = new int[MostCompared];

    /// <summary>Measures a token's open sessions at <paramref name="now"/>, Unix milliseconds.</summary>
    public void Measure(in TokenState token, long now, ref TokenFeatures features)
    {
        features.Open = token.Open;
        if (token.Open > MostCompared)
        {
            MeasureCrowd(in token, ref features);
            return;
        }
        if (token.Open <= 1)
        {
            MeasureOne(token.FirstSession, ref features);
            return;
        }
        int count = 0;
        int tools = 0;
        for (int i = token.FirstSession; i >= 0 && count < MostCompared; count++)
        {
            ref SessionState session = ref state.Sessions[i];
            _starts[count] = session.Start;
            _heard[count] = session.LastSeen;
            _sessions[count] = i;
            _networks[count] = NetworkOf(in session);
            _agents[count] = session.UserAgent;
            _there[count] = (session.Traits & SessionTraits.Resumed) != 0 ? session.Start - Stay : session.Start;
            _left[count] = false;
            tools += (session.Traits & SessionTraits.ToolAgent) != 0 ? 1 : 0;
            features.Longest = Math.Max(features.Longest, (session.LastSeen - session.Start) / 1000.0);
            i = session.NextOfToken;
        }
        features.ToolShare = count > 0 ? (double)tools / count : 0;
        // Whole vectors are compared: what lies behind the last session must overlap nothing.
        int padded = Math.Min(count + Vector<long>.Count - 1, MostCompared);
        _starts.AsSpan(count, padded - count).Fill(long.MaxValue);
        for (int candidate = 0; candidate < count; candidate++)
        {
            long instant = _starts[candidate];
            int together = RunningAt(instant, count);
            bool more = together > features.Concurrent;
            if (more || together > features.PlacesAtOnce)
            {
                _ = CountPlaces(count, instant, out int networks, out int places);
                features.ConcurrentNetworks = more ? networks : Math.Max(networks, features.ConcurrentNetworks);
                features.PlacesAtOnce = Math.Max(places, features.PlacesAtOnce);
                features.Concurrent = Math.Max(together, features.Concurrent);
            }
        }
        features.PresumedPlaces = count > features.PlacesAtOnce ? Presumed(count, now) : features.PlacesAtOnce;
        if (Math.Max(features.Concurrent, features.PresumedPlaces) > FewAtOnce && LeaveBehind(count))
        {
            int presumed = features.PresumedPlaces;
            MeasureAgain(count, ref features);
            features.PresumedPlaces = Math.Max(Math.Max(features.PlacesAtOnce, Math.Min(presumed, FewAtOnce)), Presumed(count, now));
        }
    }

    /// <summary>
    /// Finds sessions that a player left behind when it went on elsewhere: on its way a phone opens one in another network while the one before is
    /// heard for up to a minute, and two phones of a family look like four places. Each session has one before it at most. Whether there are any.
    /// </summary>
    private bool LeaveBehind(int count)
    {
        _goesOn.AsSpan(0, count).Fill(-1);
        bool any = false;
        for (int next = 0; next < count; next++)
        {
            ulong tried = 0;
            any |= _agents[next] != StringPool.Absent && Follow(next, count, ref tried);
        }
        for (int i = 0; any && i < count; i++)
        {
            _left[i] = _goesOn[i] >= 0;
        }
        return any;
    }

    /// <summary>Finds a session that a later one goes on from; where all are taken, others make room if they can (a largest matching, by augmenting paths).</summary>
    private bool Follow(int next, int count, ref ulong tried)
    {
        for (int before = 0; before < count; before++)
        {
            bool fits = _there[before] <= _starts[next] - Stay && _starts[before] < _starts[next] && _heard[before] < _starts[next] + Lingering && _agents[before] == _agents[next]
                && _networks[before] != _networks[next] && (tried & (1UL << before)) == 0;
            if (!fits)
            {
                continue;
            }
            tried |= 1UL << before;
            if (_goesOn[before] < 0 || Follow(_goesOn[before], count, ref tried))
            {
                _goesOn[before] = next;
                return true;
            }
        }
        return false;
    }

    /// <summary>The same without what was left behind; never less than two where there were two.</summary>
    private void MeasureAgain(int count, ref TokenFeatures features)
    {
        features.Concurrent = Math.Min(features.Concurrent, FewAtOnce);
        features.PlacesAtOnce = Math.Min(features.PlacesAtOnce, FewAtOnce);
        for (int candidate = 0; candidate < count; candidate++)
        {
            int together = CountPlaces(count, _starts[candidate], out int networks, out int places);
            if (together > features.Concurrent)
            {
                features.Concurrent = together;
                features.ConcurrentNetworks = networks;
            }
            features.PlacesAtOnce = Math.Max(places, features.PlacesAtOnce);
        }
    }

    private void MeasureOne(int index, ref TokenFeatures features)
    {
        if (index < 0)
        {
            return;
        }
        ref SessionState session = ref state.Sessions[index];
        features.Concurrent = features.ConcurrentNetworks = features.PlacesAtOnce = features.PresumedPlaces = 1;
        features.Longest = Math.Max(0, (session.LastSeen - session.Start) / 1000.0);
        features.ToolShare = (session.Traits & SessionTraits.ToolAgent) != 0 ? 1 : 0;
    }

    /// <summary>The same for many sessions, by sorting: those begun by an instant, less those last heard before it.</summary>
    private void MeasureCrowd(in TokenState token, ref TokenFeatures features)
    {
        Span<long> starts = stackalloc long[MostMeasured];
        Span<long> heard = stackalloc long[MostMeasured];
        int count = 0;
        int tools = 0;
        for (int i = token.FirstSession; i >= 0 && count < MostMeasured; count++)
        {
            ref SessionState session = ref state.Sessions[i];
            starts[count] = session.Start;
            heard[count] = session.LastSeen;
            tools += (session.Traits & SessionTraits.ToolAgent) != 0 ? 1 : 0;
            features.Longest = Math.Max(features.Longest, (session.LastSeen - session.Start) / 1000.0);
            i = session.NextOfToken;
        }
        features.ToolShare = (double)tools / count;
        starts[..count].Sort();
        heard[..count].Sort();
        long best = 0;
        for (int begun = 1, over = 0; begun <= count; begun++)
        {
            long instant = starts[begun - 1];
            while (heard[over] < instant)
            {
                over++;
            }
            if (begun - over > features.Concurrent)
            {
                features.Concurrent = begun - over;
                best = instant;
            }
        }
        PlaceCounter places = new(stackalloc ulong[DistinctCounter.PlacesFor(count)], stackalloc PlaceCounter.Operator[PlaceCounter.OperatorsFor(count)]);
        for (int i = token.FirstSession; i >= 0 && count > 0; count--)
        {
            ref SessionState session = ref state.Sessions[i];
            if (session.Start <= best && session.LastSeen >= best)
            {
                Add(ref places, in session, NetworkOf(in session));
            }
            i = session.NextOfToken;
        }
        features.ConcurrentNetworks = places.Networks;
        features.PlacesAtOnce = features.PresumedPlaces = places.Count;
    }

    /// <summary>How many of the compared sessions began by a time and were heard at or after it.</summary>
    private int RunningAt(long time, int count)
    {
        Vector<long> at = new(time);
        Vector<long> running = Vector<long>.Zero;
        for (int i = 0; i < count; i += Vector<long>.Count)
        {
            // A comparison that holds is -1.
            running -= Vector.LessThanOrEqual(new Vector<long>(_starts, i), at) & Vector.GreaterThanOrEqual(new Vector<long>(_heard, i), at);
        }
        return (int)Vector.Sum(running);
    }

    /// <summary>Counts the compared sessions that began by a time and were heard at or after it, their networks and places.</summary>
    private int CountPlaces(int count, long time, out int networks, out int places)
    {
        PlaceCounter counter = new(stackalloc ulong[DistinctCounter.PlacesFor(count)], stackalloc PlaceCounter.Operator[PlaceCounter.OperatorsFor(count)]);
        int together = 0;
        for (int i = 0; i < count; i++)
        {
            if (!_left[i] && _starts[i] <= time && _heard[i] >= time)
            {
                together++;
                Add(ref counter, in state.Sessions[_sessions[i]], _networks[i]);
            }
        }
        networks = counter.Networks;
        places = counter.Count;
        return together;
    }

    /// <summary>Places of the sessions whose next sign of life is not overdue: probably running, though nothing proves it yet.</summary>
    private int Presumed(int count, long now)
    {
        PlaceCounter counter = new(stackalloc ulong[DistinctCounter.PlacesFor(count)], stackalloc PlaceCounter.Operator[PlaceCounter.OperatorsFor(count)]);
        for (int i = 0; i < count; i++)
        {
            ref SessionState session = ref state.Sessions[_sessions[i]];
            if (!_left[i] && session.IsPresumedRunning(now))
            {
                Add(ref counter, in session, _networks[i]);
            }
        }
        return counter.Count;
    }

    private ulong NetworkOf(in SessionState session) => state.Hash.Hash(FeatureWindows.NetworkOf(session.Address).Address);

    private static void Add(ref PlaceCounter counter, in SessionState session, ulong network) => counter.Add(
        session.Asn,
        session.Address.IsV4,
        network,
        (session.Traits & SessionTraits.SharedEgress) != 0,
        (session.Traits & SessionTraits.DataCentre) != 0);
}
