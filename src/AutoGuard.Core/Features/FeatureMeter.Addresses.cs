using System.Numerics;
using System.Runtime.InteropServices;
using AutoGuard.Core.Configuration;

namespace AutoGuard.Core.Features;

/// <content>Addresses.</content>
public sealed partial class FeatureMeter
{
    /// <summary>Sessions a tenant must have shown before shares of them mean anything.</summary>
    private const int EnoughTenantSessions = 200;

    /// <summary>Sessions with a token that must have lasted before its lack means anything.</summary>
    private const int EnoughWithToken = 50;

    /// <summary>Connections that one token may hold open behind one address before they count as excess.</summary>
    private const int ConnectionsPerToken = 3;

    /// <summary>Open connections of an address that are looked at, the newest first.</summary>
    private const int MostConnections = 4_096;

    /// <summary>Open connections of a data centre's address whose referrers are looked at, the newest first.</summary>
    private const int MostBare = 64;

    /// <summary>How long ago an address may have played without a token to belong to a campaign, milliseconds.</summary>
    private const long CampaignLength = 15 * 60_000;

    /// <summary>Sessions without a token from which on an address may belong to a campaign.</summary>
    private const double TokenlessOfCampaign = 2;

    /// <summary>Each viewer behind an address may have a session of seconds this often, minutes: hundreds of them zap and try again all the time.</summary>
    private const double MinutesPerShort = 30;

    /// <summary>Nine in ten sessions on tokens of their own; see <see cref="TokensAreUsual"/>.</summary>
    private const double MostlyOwn = 0.5;

    /// <summary>Users of one address who all play on more screens than a household has from which on nobody believes in households.</summary>
    private const int ManyAlike = 5;

    /// <summary>Open sessions of an address that are looked at for who holds how many, the newest first.</summary>
    private const int MostOfLine = 256;

    /// <summary>Open sessions of a token that are looked at for such an address, the newest first.</summary>
    private const int MostOfToken = 8;

    private readonly ulong[] _owners = new ulong[2 * MostConnections];
    private readonly ulong[] _suspects = new ulong[2 * MostConnections];
    private readonly Dictionary<ulong, (long Newest, int Count)> _held = new(MostOfLine);

    /// <summary>Measures an address.</summary>
    public void Measure(int index, long now, out AddressFeatures features)
    {
        MeasureCounts(index, now, out features);
        features.Users = CountUsers(state.Addresses[index].Tokens, windows.WindowStart(now));
        MeasureOwners(in state.Addresses[index], now, ref features);
        MeasureCompany(index, now, ref features);
    }

    /// <summary>
    /// Measures an address as if its open sessions were the worst they could be, without a look at them: what has no grade then has
    /// none. Most addresses are judged by this alone. <see cref="AddressFeatures.Users"/> stays 0.
    /// </summary>
    public void MeasureAtMost(int index, long now, out AddressFeatures features)
    {
        MeasureCounts(index, now, out features);
        ref AddressState address = ref state.Addresses[index];
        if (address.Open > 1)
        {
            features.Tokenless = address.Anonymous;
            features.Unowned = address.Open;
            features.OpenTokens = address.Open;
            features.BareShare = address.DataCentre ? 1 : 0;
            features.Excess = Math.Max(0, address.Open - ConnectionsPerToken);
            features.ToolShare = address.Tools > 0 ? 1 : 0;
        }
        MeasureCompany(index, now, ref features);
    }

    /// <summary>
    /// Puts in what <see cref="MeasureAtMost"/> took for the worst, of the same address at the same time. <see cref="AddressFeatures.Users"/> stays 0:
    /// no indicator reads it.
    /// </summary>
    public void MeasureOpen(int index, long now, ref AddressFeatures features)
    {
        features.Tokenless = features.Unowned = features.OpenTokens = features.Excess = features.ExcessOfOthers = 0;
        features.ToolShare = features.TokensAreUsual = features.OwnTokensAreUsual = features.BareShare = 0;
        MeasureOwners(in state.Addresses[index], now, ref features);
        MeasureCompany(index, now, ref features);
    }

    private void MeasureCounts(int index, long now, out AddressFeatures features)
    {
        features = default;
        ref AddressState address = ref state.Addresses[index];
        SlotRing.Advance<AddressMinute>(address.Minutes, ref address.Minute, now / 60_000);
        foreach (ref readonly AddressMinute minute in (ReadOnlySpan<AddressMinute>)address.Minutes)
        {
            features.Starts += minute.Starts;
            features.Short += minute.Short;
        }
        features.Sessions = Sum(address.Sessions, ref address.Slot, now);
        features.Open = address.Open;
        features.DataCentre = address.DataCentre;
        features.SpikeLevel = address.SpikeLevel;
        features.SpikeMinutes = BitOperations.PopCount(address.SpikeAlerts);
        uint windowStart = windows.WindowStart(now);
        foreach (ref readonly TokenMember member in state.TokenSets.Members(address.Tokens))
        {
            if (member.Identity != 0 && member.LastSeen >= windowStart)
            {
                features.Tokens++;
                features.SettledTokens += member.Settled >= Math.Max(1, windowStart) ? 1 : 0;
            }
        }
        MeasureShort(ref address, now, ref features);
        MeasureSuspects(address.Suspects, windowStart, ref features);
    }

    private void MeasureSuspects(int set, uint windowStart, ref AddressFeatures features)
    {
        ReadOnlySpan<TokenMember> members = state.TokenSets.Members(set);
        if (members.IsEmpty)
        {
            return;
        }
        DistinctCounter owners = new(stackalloc ulong[DistinctCounter.PlacesFor(members.Length)]);
        DistinctCounter pending = new(stackalloc ulong[DistinctCounter.PlacesFor(members.Length)]);
        foreach (ref readonly TokenMember member in members)
        {
            if (member.Identity != 0 && member.LastSeen >= windowStart)
            {
                features.Suspects++;
                ulong owner = member.User != 0 ? member.User : member.Identity;
                owners.Add(owner);
                if (member.Settled == 0)
                {
                    pending.Add(owner);
                }
            }
        }
        features.SuspectOwners = owners.Count;
        features.PendingOwners = pending.Count;
    }

    private int CountUsers(int set, uint windowStart)
    {
        ReadOnlySpan<TokenMember> members = state.TokenSets.Members(set);
        DistinctCounter users = new(stackalloc ulong[DistinctCounter.PlacesFor(members.Length)]);
        foreach (ref readonly TokenMember member in members)
        {
            if (member.Identity != 0 && member.LastSeen >= windowStart && member.User != 0)
            {
                users.Add(member.User);
            }
        }
        return users.Count;
    }

    /// <summary>What the tenant's other sessions make of those without a token.</summary>
    private void MeasureCompany(int index, long now, ref AddressFeatures features)
    {
        if (features.Tokenless > 0 || (features.DataCentre && features.Unowned > 0))
        {
            (double tokens, features.OwnTokensAreUsual) = TokensAreUsual(state.Addresses.KeyAt(index).Organization, now);
            features.TokensAreUsual = features.Tokenless > 0 ? tokens : 0;
        }
        features.Campaign = IsOfCampaign(in features) ? state.PlainSets.Count(CampaignOf(state.Addresses.KeyAt(index).Organization), FeatureWindows.Seconds(now - CampaignLength)) : 0;
    }

    /// <summary>
    /// Whether an address may belong to a campaign: it plays several sessions without a token itself. A player that lost its token
    /// once is nobody's accomplice because others attack meanwhile.
    /// </summary>
    public static bool IsOfCampaign(in AddressFeatures features) => features.Tokenless * features.TokensAreUsual > TokenlessOfCampaign;

    /// <summary>Notes that an address plays without a token where nearly everybody has one; several at a time are a campaign.</summary>
    public void NoteTokenless(int index, long now)
    {
        TenantAddress key = state.Addresses.KeyAt(index);
        int tenant = state.Tenants.Find((ulong)key.Organization);
        if (tenant >= 0)
        {
            uint seconds = FeatureWindows.Seconds(now);
            _ = state.PlainSets.GetOrAdd(ref state.Tenants[tenant].Campaign, state.Hash.Hash(key.Address), seconds, FeatureWindows.Seconds(now - CampaignLength), out _);
        }
    }

    private int CampaignOf(int organization) => state.Tenants.Find((ulong)organization) is >= 0 and var tenant ? state.Tenants[tenant].Campaign : 0;

    /// <summary>Whether nearly all sessions of a tenant have a token of their own.</summary>
    public bool AreOwnTokensUsual(int organization, long now) => TokensAreUsual(organization, now).Own > MostlyOwn;

    /// <summary>How far the tenant's sessions have a token, and one of their own, 0 to 1; where a fifth has none, nothing is said.</summary>
    private (double Tokens, double Own) TokensAreUsual(int organization, long now)
    {
        int index = state.Tenants.Find((ulong)organization);
        if (index < 0)
        {
            return default;
        }
        ref TenantState tenant = ref state.Tenants[index];
        double sessions = Sum(tenant.Sessions, ref tenant.Slot, now);
        if (sessions < EnoughTenantSessions || !HasTokens(ref tenant, now))
        {
            return default;
        }
        int tokenless = Sum(tenant.Tokenless, ref tenant.TokenlessSlot, now);
        int shared = Sum(tenant.Shared, ref tenant.SharedSlot, now);
        return (Math.Max(0, 1 - (5 * tokenless / sessions)), Math.Max(0, 1 - (5 * (tokenless + shared) / sessions)));
    }

    /// <summary>
    /// Whether a fifth of the sessions that lasted has a token. Crowds without one that share networks are hardly counted by <see cref="TokensAreUsual"/>;
    /// here they are, and a flood that would hide behind that must be four times the audience.
    /// </summary>
    private bool HasTokens(ref TenantState tenant, long now)
    {
        int lasting = Sum(tenant.Lasting, ref tenant.LastingSlot, now);
        return lasting - Sum(tenant.LastingTokenless, ref tenant.LastingTokenlessSlot, now) >= Math.Max(EnoughWithToken, lasting / 5);
    }

    /// <summary>
    /// Users who each hold as many sessions at one address of the token's, if they are many, most of its users, and its own is one of them. One family
    /// may have that many screens; families that live together have one each. What was left behind at a reconnect is not counted: it was not heard after
    /// its user's newest session began.
    /// </summary>
    private int CountAlike(in TokenState token, long now)
    {
        int own = CrowdedOf(in token);
        if (own < 0)
        {
            return 0;
        }
        _held.Clear();
        int looked = 0;
        for (int i = state.Addresses[state.Sessions[own].AddressState.Index].FirstSession; i >= 0 && looked < MostOfLine; looked++)
        {
            ref SessionState session = ref state.Sessions[i];
            i = session.NextOfAddress;
            if (state.Tokens.Holds(session.Token) && session.IsPresumedRunning(now))
            {
                ref (long Newest, int Count) held = ref CollectionsMarshal.GetValueRefOrAddDefault(_held, OwnerOf(session.Token), out bool known);
                // The newest is met first.
                held.Newest = known ? held.Newest : session.Start;
                held.Count += session.LastSeen >= held.Newest ? 1 : 0;
            }
        }
        int alike = 0;
        foreach ((_, int count) in _held.Values)
        {
            alike += count > ConnectionsPerToken ? 1 : 0;
        }
        bool isOne = _held.GetValueOrDefault(OwnerOf(state.Sessions[own].Token)).Count > ConnectionsPerToken;
        return isOne && alike >= ManyAlike && alike * 2 > _held.Count ? alike : 0;
    }

    /// <summary>The newest of the token's sessions at an address that has sessions for so many; -1 for none.</summary>
    private int CrowdedOf(in TokenState token)
    {
        int looked = 0;
        for (int i = token.FirstSession; i >= 0 && looked < MostOfToken; looked++)
        {
            ref SessionState session = ref state.Sessions[i];
            if ((session.Traits & (SessionTraits.DataCentre | SessionTraits.SharedEgress)) == 0 && state.Addresses.Holds(session.AddressState)
                && state.Addresses[session.AddressState.Index].Open > ManyAlike * ConnectionsPerToken)
            {
                return i;
            }
            i = session.NextOfToken;
        }
        return -1;
    }

    /// <summary>Whom a token that is held belongs to: its user where it has one.</summary>
    private ulong OwnerOf(StateHandle handle)
    {
        ref TokenState token = ref state.Tokens[handle.Index];
        return token.IsBound ? token.User.High : state.Tokens.KeyAt(handle.Index).High;
    }

    private void MeasureShort(ref AddressState address, long now, ref AddressFeatures features)
    {
        long minute = now / 60_000;
        int latest = address.Minutes[(int)(minute % AddressMinutes.Length)].Short
            + address.Minutes[(int)((minute - 1) % AddressMinutes.Length)].Short;
        features.ShortPerMinute = Math.Max((double)features.Short / AddressMinutes.Length, latest / 3.0);
        features.Trouble = state.Reconnects.IsEverybodys(now, features.Tokens);
        features.UsualShortPerMinute = Math.Max(
            features.Trouble ? state.Reconnects.UsualAt(now) * Math.Max(1, features.SettledTokens) : 0, features.SettledTokens / MinutesPerShort);
        features.Shorts = FeatureWindows.Faded(address.Shorts, address.ShortsAt, FeatureWindows.Seconds(now));
    }

    /// <summary>
    /// Hundreds of viewers behind one carrier's address open hundreds of connections with as many tokens. Only connections
    /// beyond a few for each token are an attacker's. Of those that were left behind at a reconnect none is counted.
    /// </summary>
    private void MeasureOwners(in AddressState address, long now, ref AddressFeatures features)
    {
        if (address.Open <= 1)
        {
            return;
        }
        // Room for all that are looked at: whoever is not counted as an owner would count as excess.
        int room = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Min(address.Open, MostConnections) * 2);
        _owners.AsSpan(0, room).Clear();
        _suspects.AsSpan(0, room).Clear();
        DistinctCounter owners = new(_owners.AsSpan(0, room));
        DistinctCounter suspects = new(_suspects.AsSpan(0, room));
        int owned = 0;
        int suspected = 0;
        int looked = 0;
        int running = 0;
        int tools = 0;
        double bare = 0;
        for (int i = address.FirstSession; i >= 0 && looked < MostConnections; looked++)
        {
            ref SessionState session = ref state.Sessions[i];
            i = session.NextOfAddress;
            if (!session.IsPresumedRunning(now))
            {
                continue;
            }
            running++;
            tools += (session.Traits & SessionTraits.ToolAgent) != 0 ? 1 : 0;
            if (session.Token.IsNone && (session.Traits & (SessionTraits.Trusted | SessionTraits.Borrowed)) == 0)
            {
                features.Tokenless++;
            }
            if (!state.Tokens.Holds(session.Token) || state.Tokens[session.Token.Index].Workflow == TokenWorkflow.Shared)
            {
                features.Unowned++;
            }
            else
            {
                bare += address.DataCentre && owned < MostBare && session.ReferrerHost == 0 ? 1 - state.ReferrerMix.MissingShare(in session, now) : 0;
                owned++;
                ulong owner = state.Tokens.KeyAt(session.Token.Index).High;
                if (state.Tokens[session.Token.Index] is { Suspect: true } or { Revoked: true })
                {
                    suspected++;
                    suspects.Add(owner);
                }
                else
                {
                    owners.Add(owner);
                }
            }
        }
        features.ToolShare = running > 0 ? (double)tools / running : 0;
        features.OpenTokens = owners.Count + suspects.Count;
        features.Owned = owned;
        features.BareShare = bare / Math.Clamp(owned, 1, MostBare);
        features.Excess = Math.Max(0, owned - (ConnectionsPerToken * features.OpenTokens));
        features.ExcessOfOthers = Math.Max(0, owned - suspected - (ConnectionsPerToken * owners.Count));
    }
}
