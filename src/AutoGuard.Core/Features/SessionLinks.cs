using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Features;

/// <summary>
/// The ties between an open session and the states it counts in: token, address, network, referrer. Attached when it
/// opens or moves, detached when it ends or moves; between them the states' numbers of open sessions are exact.
/// </summary>
internal sealed class SessionLinks(FeatureState state, FeatureWindows windows, PageLinks pages, Func<IpAddress, uint, long, bool> isTrusted)
{
    /// <summary>Open sessions of one IPv6 network from which on it is judged.</summary>
    private const int ManyConnections = 32;

    /// <summary>Sessions of seconds that began on another stream than the one before them, of which one counts.</summary>
    private const int LeapsPerCount = 5;

    /// <summary>Open sessions without a token of one IPv6 network from which on it is judged.</summary>
    private const int FewTokenless = 2;

    private readonly SiteLinks _sites = new(state, windows);

    /// <summary>Whether an event names the token that the session is tied to.</summary>
    public bool BelongsTo(in SessionState session, ref readonly PlaybackEvent e) =>
        e.Token.IsAbsent || (session.Traits & SessionTraits.Trusted) != 0
            || (state.Tokens.Holds(session.Token) && state.Tokens.KeyAt(session.Token.Index) == e.Token);

    public void Attach(int index, ref SessionState session, ref readonly PlaybackEvent e, ReadOnlySpan<byte> tokenText, ReadOnlySpan<byte> userText)
    {
        state.OpenSessions++;
        AttachToken(index, ref session, in e, tokenText, userText);
        AttachAddress(index, ref session, e.Timestamp);
        AttachNetwork(ref session, e.Timestamp);
        pages.Attach(ref session, e.Timestamp);
    }

    public void Detach(ref SessionState session)
    {
        state.OpenSessions--;
        if (state.Tokens.Holds(session.Token))
        {
            ref TokenState token = ref state.Tokens[session.Token.Index];
            token.Open--;
            Unlink(ref token.FirstSession, session.PreviousOfToken, session.NextOfToken, ofToken: true);
        }
        if (state.Addresses.Holds(session.AddressState))
        {
            ref AddressState address = ref state.Addresses[session.AddressState.Index];
            address.Open--;
            address.Anonymous -= session.IsAnonymous ? 1 : 0;
            address.Tools -= (session.Traits & SessionTraits.ToolAgent) != 0 ? 1 : 0;
            Unlink(ref address.FirstSession, session.PreviousOfAddress, session.NextOfAddress, ofToken: false);
            state.MarkAddress(session.AddressState.Index);
        }
        if (state.Networks.Holds(session.Network))
        {
            ref NetworkState network = ref state.Networks[session.Network.Index];
            network.Open--;
            network.Anonymous -= session.IsAnonymous ? 1 : 0;
        }
        pages.Detach(in session);
        session.Token = session.AddressState = session.Network = session.Referrer = StateHandle.None;
    }

    /// <summary>A session turned out to be played by a tool while it ran.</summary>
    public void NoteTool(in SessionState session)
    {
        if (state.Addresses.Holds(session.AddressState))
        {
            state.Addresses[session.AddressState.Index].Tools++;
        }
    }

    /// <summary>Adds observed playback time to everything the session counts in.</summary>
    public void Watch(in SessionState session, long milliseconds, long now, long slotLength)
    {
        float seconds = milliseconds / 1000f;
        if (state.Tokens.Holds(session.Token))
        {
            ref TokenState token = ref state.Tokens[session.Token.Index];
            token.LastSeen = now;
            token.TotalWatched += seconds;
            token.PlayingSince = now - milliseconds - token.LastPlayed > FeatureWindows.LongestRest ? now - milliseconds : token.PlayingSince;
            token.LastPlayed = now;
            ref TokenSlot slot = ref state.Windows.Advance(ref token, now / slotLength);
            slot.Watched += seconds;
            if ((session.Traits & SessionTraits.DataCentre) != 0)
            {
                slot.DataCentreWatched += seconds;
            }
        }
        if (state.Addresses.Holds(session.AddressState))
        {
            ref AddressState address = ref state.Addresses[session.AddressState.Index];
            address.LastSeen = now;
            address.TotalWatched += seconds;
        }
        if (state.Networks.Holds(session.Network))
        {
            state.Networks[session.Network.Index].TotalWatched += seconds;
        }
        _sites.Watch(in session, seconds);
        pages.Watch(in session, seconds);
    }

    /// <summary>Counts a session in the address and network it came to.</summary>
    public void CountInAddress(in SessionState session, long slot)
    {
        ref AddressState address = ref state.Addresses[session.AddressState.Index];
        address.TotalSessions++;
        address.Sessions[SlotRing.Advance<uint>(address.Sessions, ref address.Slot, slot)]++;
        state.Networks[session.Network.Index].TotalSessions++;
    }

    /// <summary>Counts a session seen for the first time in the address, network, referrer and tenant it belongs to.</summary>
    public void CountSession(in SessionState session, long now, long slot, bool started, bool missing)
    {
        CountInAddress(in session, slot);
        if (started)
        {
            state.Reconnects.CountStart(ref state.Networks[session.Network.Index], now);
            state.Addresses[session.AddressState.Index].Stream = session.Stream;
            if ((session.Traits & SessionTraits.Leapt) == 0)
            {
                CountStart(in session, now);
            }
        }
        pages.Count(in session, slot);
        int tenantIndex = state.Tenants.GetOrAdd((ulong)session.Organization, out _);
        ref TenantState tenant = ref state.Tenants[tenantIndex];
        tenant.Sessions[SlotRing.Advance<uint>(tenant.Sessions, ref tenant.Slot, slot)]++;
        int place = SlotRing.Advance<uint>(tenant.MissingReferrer, ref tenant.MissingSlot, slot);
        if (missing)
        {
            tenant.MissingReferrer[place]++;
        }
        state.ReferrerMix.Count(in session, now, missing);
        place = SlotRing.Advance<uint>(tenant.Tokenless, ref tenant.TokenlessSlot, slot);
        // Of a network whose sessions are mostly without a token one at a time, or a flood would make itself usual.
        if (session.IsAnonymous && (session.Traits & SessionTraits.Trusted) == 0 && IsUnremarkable(in state.Networks[session.Network.Index]))
        {
            tenant.Tokenless[place]++;
        }
        place = SlotRing.Advance<uint>(tenant.Shared, ref tenant.SharedSlot, slot);
        if (state.Tokens.Holds(session.Token) && state.Tokens[session.Token.Index].Workflow == TokenWorkflow.Shared)
        {
            tenant.Shared[place]++;
        }
    }

    /// <summary>Counts a start at its address, if that is still there.</summary>
    public void CountStart(in SessionState session, long now)
    {
        if (state.Addresses.Holds(session.AddressState))
        {
            ref AddressState address = ref state.Addresses[session.AddressState.Index];
            long minute = Math.Max(address.Minute, now / 60_000);
            SlotRing.Increment(ref address.MinuteStarts);
            SlotRing.Increment(ref address.Minutes[SlotRing.Advance<AddressMinute>(address.Minutes, ref address.Minute, minute)].Starts);
        }
    }

    /// <summary>Whether a session that has just begun plays another stream than the one before it at its address, and is not known to have stayed.</summary>
    public bool IsLeap(in SessionState session)
    {
        if ((session.Traits & SessionTraits.Started) == 0 || session.LastSeen - session.Start > FeatureWindows.ShortSession
            || session.Stream == StringPool.Absent || !state.Addresses.Holds(session.AddressState))
        {
            return false;
        }
        int before = state.Addresses[session.AddressState.Index].Stream;
        return before != StringPool.Absent && before != session.Stream;
    }

    /// <summary>
    /// Whether a leap that was ended within seconds counts after all, as every <see cref="LeapsPerCount"/>-th of its address does: whoever goes
    /// through the channels for an hour is no viewer. Counted by those that end so, or all but every fifth would be free to who lets that one stay.
    /// </summary>
    public bool CountsLeap(in SessionState session)
    {
        if (!state.Addresses.Holds(session.AddressState))
        {
            return false;
        }
        ref AddressState address = ref state.Addresses[session.AddressState.Index];
        address.Leaps = (byte)((address.Leaps + 1) % LeapsPerCount);
        return address.Leaps == 0;
    }

    private static bool IsUnremarkable(in NetworkState network) => network.Anonymous <= Math.Max(1, network.Open / 2);

    /// <summary>Counts a session in the page it named after its first event, which was counted as missing one.</summary>
    public void NameReferrer(in SessionState session, long slot)
    {
        pages.Count(in session, slot);
        ref TenantState tenant = ref state.Tenants[state.Tenants.GetOrAdd((ulong)session.Organization, out _)];
        state.ReferrerMix.Name(in session);
        ref uint missing = ref tenant.MissingReferrer[SlotRing.Advance<uint>(tenant.MissingReferrer, ref tenant.MissingSlot, slot)];
        missing -= Math.Min(missing, 1);
    }

    /// <summary>Whether the states of the session's address, network and page are still there.</summary>
    public bool IsWhole(in SessionState session) =>
        state.Addresses.Holds(session.AddressState) && state.Networks.Holds(session.Network)
            && (session.ReferrerHost == 0 || state.Referrers.Holds(session.Referrer));

    /// <summary>Renews the session's marks in the sets of recent addresses and tokens, and has its keys judged.</summary>
    /// <param name="session">The session.</param>
    /// <param name="now">Unix milliseconds.</param>
    /// <param name="arrived">Whether it has just begun, or come from another address.</param>
    public void Touch(ref SessionState session, long now, bool arrived)
    {
        uint seconds = FeatureWindows.Seconds(now);
        uint windowStart = windows.WindowStart(now);
        ulong addressIdentity = state.Hash.Hash(session.Address);
        bool hasToken = state.Tokens.Holds(session.Token);
        TokenMember member = default;
        if (hasToken)
        {
            int index = session.Token.Index;
            ref TokenState token = ref state.Tokens[index];
            if (arrived && HomeLines.IsAbroad(state, in token, in session, addressIdentity, windowStart) && !state.Reconnects.IsEverywhere(now))
            {
                SlotRing.Increment(ref state.Windows.Advance(ref token, now / windows.SlotLength).CountryChanges);
            }
            ulong network = state.Hash.Hash(FeatureWindows.NetworkOf(session.Address).Address);
            bool back = arrived && HomeLines.IsReturn(state.AddressSets.Marked(token.Addresses), addressIdentity, network, windowStart);
            ref AddressMember seen = ref state.AddressSets.GetOrAdd(ref token.Addresses, addressIdentity, seconds, windowStart, out bool added);
            if (added)
            {
                seen.Address = session.Address;
                seen.Network = network;
                HomeLines.Mark(state.AddressSets.Members(token.Addresses), in session, ref seen, now - token.FirstSeen);
                seen.Habit = state.Habits.Count(in token, state.AddressSets.Members(token.Addresses), seen.Network, session.Asn, windowStart);
            }
            Resumption.Note(state, in token, ref session, ref seen, now, returns: arrived && !added);
            seen.Asn = session.Asn;
            seen.Agent = session.UserAgent;
            seen.Country = session.Country;
            seen.DataCentre = (session.Traits & SessionTraits.DataCentre) != 0;
            seen.SharedEgress = (session.Traits & SessionTraits.SharedEgress) != 0;
            seen.TakenOver = false;
            seen.Returned = back || (seen.Returned && !added);
            seen.Latest |= arrived;
            member = new TokenMember { Identity = state.Tokens.KeyAt(index).High, User = (uint)token.User.High };
            member.Settled = now - session.Start >= FeatureWindows.SettledSession ? seconds : 0;
            state.Tokens.Touch(index);
            state.MarkToken(index);
        }
        if (state.Addresses.Holds(session.AddressState))
        {
            ref AddressState address = ref state.Addresses[session.AddressState.Index];
            Touch(ref address.Tokens, hasToken, in member, seconds, windowStart);
            state.Addresses.Touch(session.AddressState.Index);
            state.MarkAddress(session.AddressState.Index);
        }
        if (state.Networks.Holds(session.Network))
        {
            ref NetworkState network = ref state.Networks[session.Network.Index];
            state.Networks.Touch(session.Network.Index);
            network.LastSeen = Math.Max(network.LastSeen, now);
            if ((network.Open > ManyConnections || network.Anonymous > FewTokenless) && !session.Address.IsV4)
            {
                state.MarkNetwork(session.Network.Index);
            }
            Touch(ref network.Tokens, hasToken, in member, seconds, windowStart);
            _ = state.PlainSets.GetOrAdd(ref network.Addresses, addressIdentity, seconds, windowStart, out _);
        }
        _sites.Touch(ref session, now, hasToken, in member);
        pages.Touch(in session, now, addressIdentity);
    }

    private void Touch(ref int set, bool hasToken, in TokenMember member, uint seconds, uint windowStart)
    {
        if (hasToken)
        {
            state.NoteToken(ref set, in member, seconds, windowStart);
        }
    }

    private void AttachToken(int index, ref SessionState session, ref readonly PlaybackEvent e, ReadOnlySpan<byte> tokenText, ReadOnlySpan<byte> userText)
    {
        session.Token = StateHandle.None;
        session.NextOfToken = session.PreviousOfToken = -1;
        session.Traits = isTrusted(session.Address, session.Asn, e.Timestamp)
            ? session.Traits | SessionTraits.Trusted
            : session.Traits & ~SessionTraits.Trusted;
        // An event without a token leaves the session with the one it had.
        if ((session.Traits & SessionTraits.Trusted) != 0 || (e.Token.IsAbsent && !state.Tokens.Holds(session.LastToken)))
        {
            return;
        }
        bool added = false;
        int tokenIndex = e.Token.IsAbsent ? session.LastToken.Index : state.Tokens.GetOrAdd(e.Token, out added);
        ref TokenState token = ref state.Tokens[tokenIndex];
        if (added)
        {
            token.FirstSeen = e.Timestamp;
            token.FirstSession = -1;
            token.Series = -1;
            token.Text = state.Texts.Add(tokenText);
            token.Organization = e.Organization;
            token.Revoked = state.Accounts.WasRevoked(e.Token);
            state.TotalTokens++;
        }
        if (token.User.IsAbsent && !e.User.IsAbsent)
        {
            token.User = e.User;
            token.UserText = state.Texts.Add(userText);
            state.Accounts.FollowOn(tokenIndex, windows.WindowStart(e.Timestamp), e.Timestamp / windows.SlotLength);
        }
        token.Claims = e.Claims != 0 ? e.Claims : token.Claims;
        token.LastSeen = e.Timestamp;
        token.Open++;
        session.NextOfToken = token.FirstSession;
        if (token.FirstSession >= 0)
        {
            state.Sessions[token.FirstSession].PreviousOfToken = index;
        }
        token.FirstSession = index;
        session.Token = session.LastToken = state.Tokens.HandleOf(tokenIndex);
        session.Traits &= ~SessionTraits.Tokenless;
    }

    private void AttachAddress(int index, ref SessionState session, long now)
    {
        int addressIndex = state.Addresses.GetOrAdd(new(session.Address, session.Organization), out bool added);
        ref AddressState address = ref state.Addresses[addressIndex];
        if (added)
        {
            address.FirstSeen = now;
            address.FirstSession = -1;
            address.Series = -1;
            state.TotalAddresses++;
        }
        address.LastSeen = now;
        address.Open++;
        address.Anonymous += session.IsAnonymous ? 1 : 0;
        address.Tools += (session.Traits & SessionTraits.ToolAgent) != 0 ? 1 : 0;
        address.MostOpen = Math.Max(address.MostOpen, address.Open);
        address.Asn = session.Asn != 0 ? session.Asn : address.Asn;
        address.Provider = session.Provider != 0 ? session.Provider : address.Provider;
        address.Country = session.Country != 0 ? session.Country : address.Country;
        address.DataCentre = (session.Traits & SessionTraits.DataCentre) != 0;
        session.PreviousOfAddress = -1;
        session.NextOfAddress = address.FirstSession;
        if (address.FirstSession >= 0)
        {
            state.Sessions[address.FirstSession].PreviousOfAddress = index;
        }
        address.FirstSession = index;
        session.AddressState = state.Addresses.HandleOf(addressIndex);
    }

    private void AttachNetwork(ref SessionState session, long now)
    {
        int networkIndex = state.Networks.GetOrAdd(new(FeatureWindows.NetworkOf(session.Address).Address, session.Organization), out bool added);
        ref NetworkState network = ref state.Networks[networkIndex];
        if (added)
        {
            network.FirstSeen = now;
        }
        network.LastSeen = now;
        network.Open++;
        network.Anonymous += session.IsAnonymous ? 1 : 0;
        network.Asn = session.Asn != 0 ? session.Asn : network.Asn;
        network.SharedEgress = (session.Traits & SessionTraits.SharedEgress) != 0;
        network.DataCentre = (session.Traits & SessionTraits.DataCentre) != 0;
        network.MostOpen = Math.Max(network.MostOpen, network.Open);
        session.Network = state.Networks.HandleOf(networkIndex);
    }

    private void Unlink(ref int first, int previous, int next, bool ofToken)
    {
        if (previous < 0)
        {
            first = next;
        }
        else if (ofToken)
        {
            state.Sessions[previous].NextOfToken = next;
        }
        else
        {
            state.Sessions[previous].NextOfAddress = next;
        }
        if (next < 0)
        {
            return;
        }
        if (ofToken)
        {
            state.Sessions[next].PreviousOfToken = previous;
        }
        else
        {
            state.Sessions[next].PreviousOfAddress = previous;
        }
    }
}
