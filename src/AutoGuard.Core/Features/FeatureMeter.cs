using System.Numerics;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Enrichment;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Features;

/// <summary>Measures features of keys from their state. Allocates nothing; for one thread.</summary>
public sealed class FeatureMeter(FeatureState state, FeatureWindows windows, ReferrerList referrers, TokenWorkflow workflow)
{
    /// <summary>Open sessions of one token up to which each is compared with each.</summary>
    private const int MostCompared = 64;

    /// <summary>Open sessions of one token that are looked at, the newest first.</summary>
    private const int MostMeasured = 1024;

    /// <summary>A token with this share of its tenant's sessions is one that everybody gets.</summary>
    private const double SharedByDesign = 0.2;

    /// <summary>Sessions a tenant must have shown before shares of them mean anything.</summary>
    private const int EnoughTenantSessions = 200;

    /// <summary>How long a token that nobody is bound to is given to show whom it is for, milliseconds.</summary>
    private const long Settling = 10 * 60_000;

    /// <summary>Sessions below which no token is taken for everybody's: of five sessions, one token has a fifth.</summary>
    private const int LeastSharedSessions = 50;

    private readonly long[] _starts = new long[MostCompared];
    private readonly long[] _heard = new long[MostCompared];
    private readonly IpAddress[] _addresses = new IpAddress[MostCompared];

    /// <summary>The windows it measures over.</summary>
    public FeatureWindows Windows => windows;

    /// <summary>Measures a token at <paramref name="now"/>, Unix milliseconds.</summary>
    public void Measure(int index, long now, out TokenFeatures features)
    {
        features = default;
        ref TokenState token = ref state.Tokens[index];
        int place = SlotRing.Advance<TokenSlot>(token.Slots, ref token.Slot, now / windows.SlotLength);
        MeasureSessions(ref token, now, ref features);
        ref TokenSlot current = ref token.Slots[place];
        current.MostOpen = (ushort)Math.Max(current.MostOpen, Math.Min(features.Concurrent, ushort.MaxValue));
        double dataCentre = 0;
        int missing = 0;
        int unknown = 0;
        foreach (ref readonly TokenSlot counts in (ReadOnlySpan<TokenSlot>)token.Slots)
        {
            features.Sessions += counts.Sessions;
            missing += counts.MissingReferrer;
            unknown += counts.UnknownReferrer;
            features.Watched += counts.Watched;
            dataCentre += counts.DataCentreWatched;
            features.MaxConcurrent = Math.Max(features.MaxConcurrent, counts.MostOpen);
        }
        MeasureAddresses(ref token, now, ref features, out double dataCentreAddresses);
        features.DataCentreShare = features.Watched > 0 ? dataCentre / features.Watched : dataCentreAddresses;
        if (features.Sessions > 0)
        {
            features.MissingReferrerShare = (double)missing / features.Sessions;
            features.UnknownReferrerShare = (double)unknown / features.Sessions;
        }
        MeasureTenant(ref token, now, ref features);
        // A leak is seen to begin: one viewer, and many much later. A token that several networks use soon after it was first
        // seen was meant for them, as far as anybody can tell. The judge remembers it; who only looks changes nothing.
        features.SharedFromTheStart = token.SharedFromTheStart || (features.Networks > 1 && now - token.FirstSeen < Settling);
        features.SpikeLevel = token.SpikeLevel;
        features.SpikeMinutes = BitOperations.PopCount(token.SpikeAlerts);
        features.Workflow = WorkflowOf(in token, in features);
    }

    /// <summary>Measures an address.</summary>
    public void Measure(int index, long now, out AddressFeatures features)
    {
        features = default;
        ref AddressState address = ref state.Addresses[index];
        SlotRing.Advance<AddressMinute>(address.Minutes, ref address.Minute, now / 60_000);
        foreach (ref readonly AddressMinute minute in (ReadOnlySpan<AddressMinute>)address.Minutes)
        {
            features.Starts += minute.Starts;
            features.Short += minute.Short;
        }
        features.ShortPerMinute = (double)features.Short / AddressMinutes.Length;
        features.Sessions = Sum(address.Sessions, ref address.Slot, now);
        features.Open = address.Open;
        features.DataCentre = address.DataCentre;
        features.SpikeLevel = address.SpikeLevel;
        features.SpikeMinutes = BitOperations.PopCount(address.SpikeAlerts);
        uint windowStart = windows.WindowStart(now);
        ReadOnlySpan<TokenMember> members = state.TokenSets.Members(address.Tokens);
        DistinctCounter users = new(stackalloc ulong[DistinctCounter.PlacesFor(members.Length)]);
        foreach (ref readonly TokenMember member in members)
        {
            if (member.Identity == 0 || member.LastSeen < windowStart)
            {
                continue;
            }
            features.Tokens++;
            if (member.User != 0)
            {
                users.Add(member.User);
            }
        }
        features.Users = users.Count;
    }

    /// <summary>Measures a network.</summary>
    public void Measure(int index, long now, out NetworkFeatures features)
    {
        ref NetworkState network = ref state.Networks[index];
        uint windowStart = windows.WindowStart(now);
        features = new NetworkFeatures
        {
            Offenders = state.AddressSets.Count(network.Offenders, windowStart),
            Addresses = state.PlainSets.Count(network.Addresses, windowStart),
            Tokens = state.TokenSets.Count(network.Tokens, windowStart),
            Open = network.Open,
        };
    }

    /// <summary>Measures a referrer host.</summary>
    public void Measure(int index, long now, out ReferrerFeatures features)
    {
        ref ReferrerState referrer = ref state.Referrers[index];
        uint windowStart = windows.WindowStart(now);
        features = new ReferrerFeatures
        {
            Sessions = Sum(referrer.Sessions, ref referrer.Slot, now),
            Tokens = state.TokenSets.Count(referrer.Tokens, windowStart),
            Addresses = state.PlainSets.Count(referrer.Addresses, windowStart),
            Open = referrer.Open,
            Official = !referrers.IsConfigured || referrers.IsOfficial((int)(uint)state.Referrers.KeyAt(index)),
        };
    }

    private int Sum(Span<uint> ring, ref long current, long now)
    {
        SlotRing.Advance(ring, ref current, now / windows.SlotLength);
        uint sum = 0;
        foreach (uint count in ring)
        {
            sum += count;
        }
        return (int)Math.Min(sum, int.MaxValue);
    }

    /// <summary>
    /// Sessions proven open at once. A session that has gone silent is still "open" until it expires, so open sessions
    /// over-count viewers who reconnect. Two sessions overlap for certain when one was heard after the other began: the
    /// largest number of sessions that were all heard after the start of the latest of them is exact.
    /// </summary>
    private void MeasureSessions(ref TokenState token, long now, ref TokenFeatures features)
    {
        features.Open = token.Open;
        if (token.Open > MostCompared)
        {
            MeasureCrowd(ref token, ref features);
            return;
        }
        int count = 0;
        for (int i = token.FirstSession; i >= 0 && count < MostCompared; count++)
        {
            ref SessionState session = ref state.Sessions[i];
            _starts[count] = session.Start;
            _heard[count] = session.LastSeen;
            _addresses[count] = session.Address;
            features.Longest = Math.Max(features.Longest, (session.LastSeen - session.Start) / 1000.0);
            i = session.NextOfToken;
        }
        // Whole vectors are compared: what lies behind the last session must overlap nothing.
        int padded = Math.Min(count + Vector<long>.Count - 1, MostCompared);
        _starts.AsSpan(count, padded - count).Fill(long.MaxValue);
        int best = -1;
        for (int candidate = 0; candidate < count; candidate++)
        {
            int together = RunningAt(_starts[candidate], count);
            if (together > features.Concurrent)
            {
                features.Concurrent = together;
                best = candidate;
            }
        }
        if (best >= 0)
        {
            features.ConcurrentNetworks = NetworksAt(_starts[best], count);
        }
    }

    /// <summary>The same for many sessions, by sorting: those begun by an instant, less those last heard before it.</summary>
    private void MeasureCrowd(ref TokenState token, ref TokenFeatures features)
    {
        Span<long> starts = stackalloc long[MostMeasured];
        Span<long> heard = stackalloc long[MostMeasured];
        int count = 0;
        for (int i = token.FirstSession; i >= 0 && count < MostMeasured; count++)
        {
            ref SessionState session = ref state.Sessions[i];
            starts[count] = session.Start;
            heard[count] = session.LastSeen;
            features.Longest = Math.Max(features.Longest, (session.LastSeen - session.Start) / 1000.0);
            i = session.NextOfToken;
        }
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
        DistinctCounter networks = new(stackalloc ulong[DistinctCounter.PlacesFor(count)]);
        for (int i = token.FirstSession; i >= 0 && count > 0; count--)
        {
            ref SessionState session = ref state.Sessions[i];
            if (session.Start <= best && session.LastSeen >= best)
            {
                networks.Add(state.Hash.Hash(FeatureWindows.NetworkOf(session.Address).Address));
            }
            i = session.NextOfToken;
        }
        features.ConcurrentNetworks = networks.Count;
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

    /// <summary>The distinct networks of those sessions.</summary>
    private int NetworksAt(long time, int count)
    {
        DistinctCounter networks = new(stackalloc ulong[DistinctCounter.PlacesFor(count)]);
        for (int i = 0; i < count; i++)
        {
            if (_starts[i] <= time && _heard[i] >= time)
            {
                networks.Add(state.Hash.Hash(FeatureWindows.NetworkOf(_addresses[i]).Address));
            }
        }
        return networks.Count;
    }

    private void MeasureAddresses(ref TokenState token, long now, ref TokenFeatures features, out double dataCentreShare)
    {
        uint windowStart = windows.WindowStart(now);
        uint countriesSince = FeatureWindows.Seconds(now - windows.CountryWindow);
        ReadOnlySpan<AddressMember> members = state.AddressSets.Members(token.Addresses);
        DistinctCounter networks = new(stackalloc ulong[DistinctCounter.PlacesFor(members.Length)]);
        Span<ushort> countries = stackalloc ushort[32];
        int dataCentre = 0;
        foreach (ref readonly AddressMember member in members)
        {
            if (member.Identity == 0 || member.LastSeen < windowStart)
            {
                continue;
            }
            features.Addresses++;
            dataCentre += member.DataCentre ? 1 : 0;
            networks.Add(member.Network);
            if (member.Country != 0 && member.LastSeen >= countriesSince
                && features.Countries < countries.Length && !countries[..features.Countries].Contains(member.Country))
            {
                countries[features.Countries++] = member.Country;
            }
        }
        features.Networks = networks.Count;
        dataCentreShare = features.Addresses > 0 ? (double)dataCentre / features.Addresses : 0;
    }

    private void MeasureTenant(ref TokenState token, long now, ref TokenFeatures features)
    {
        int index = state.Tenants.Find((ulong)token.Organization);
        if (index < 0)
        {
            return;
        }
        ref TenantState tenant = ref state.Tenants[index];
        long slot = now / windows.SlotLength;
        SlotRing.Advance<uint>(tenant.Sessions, ref tenant.Slot, slot);
        SlotRing.Advance<uint>(tenant.MissingReferrer, ref tenant.MissingSlot, slot);
        uint sessions = 0;
        uint missing = 0;
        for (int i = 0; i < CountSlots.Length; i++)
        {
            sessions += tenant.Sessions[i];
            missing += tenant.MissingReferrer[i];
        }
        features.TenantMissingShare = sessions >= EnoughTenantSessions ? (double)missing / sessions : 0;
        features.TenantShare = sessions >= LeastSharedSessions ? (double)features.Sessions / sessions : 0;
    }

    private TokenWorkflow WorkflowOf(in TokenState token, in TokenFeatures features)
    {
        if (workflow != TokenWorkflow.Auto)
        {
            return workflow;
        }
        if (token.IsBound)
        {
            return TokenWorkflow.UserBound;
        }
        return features.SharedFromTheStart || features.TenantShare >= SharedByDesign
            ? TokenWorkflow.Shared
            : TokenWorkflow.PerSession;
    }

    /// <summary>Counts distinct numbers in a table on the stack; stops counting at half its size.</summary>
    private ref struct DistinctCounter(Span<ulong> places)
    {
        private readonly Span<ulong> _places = places;

        public int Count { get; private set; }

        public static int PlacesFor(int members) => (int)BitOperations.RoundUpToPowerOf2((uint)Math.Clamp(members * 2, 8, 1024));

        public void Add(ulong value)
        {
            value = value == 0 ? 1 : value;
            Span<ulong> places = _places;
            int mask = places.Length - 1;
            int place = (int)value & mask;
            while ((uint)place < (uint)places.Length && places[place] != value)
            {
                if (places[place] == 0)
                {
                    if (Count < places.Length / 2)
                    {
                        places[place] = value;
                        Count++;
                    }
                    return;
                }
                place = (place + 1) & mask;
            }
        }
    }
}
