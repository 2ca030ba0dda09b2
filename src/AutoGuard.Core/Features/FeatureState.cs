using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Features;

/// <summary>
/// All keyed state of one detection thread: the tables, the pools their entries draw from, and the lists of keys that
/// wait to be judged. It releases what hangs on an entry when a table gives the entry away.
/// </summary>
public sealed class FeatureState :
    IEvictionHandler<SessionState>, IEvictionHandler<TokenState>, IEvictionHandler<AddressState>,
    IEvictionHandler<NetworkState>, IEvictionHandler<ReferrerState>, IEvictionHandler<TenantState>
{
    private const int MostDossiers = 8192;

    /// <summary>Makes empty state.</summary>
    /// <param name="capacity">Sizes of the tables.</param>
    /// <param name="secret0">Secret for address hashing.</param>
    /// <param name="secret1">Another.</param>
    /// <param name="slices">Slices of a tick in which keys are judged, 1 or more.</param>
    public FeatureState(CapacityOptions capacity, ulong secret0, ulong secret1, int slices = 1)
    {
        ArgumentNullException.ThrowIfNull(capacity);
        Slices = slices;
        DirtyTokens = new(slices);
        DirtyAddresses = new(slices);
        DirtyNetworks = new(slices);
        DirtyReferrers = new(slices);
        AddressHash addresses = new(secret0, secret1);
        Sessions = new(capacity.Sessions, default, this);
        Tokens = new(capacity.Tokens, default, this);
        Addresses = new(capacity.Addresses, new(addresses), this);
        Networks = new(capacity.Networks, new(addresses), this);
        Referrers = new(capacity.Strings, default, this);
        Tenants = new(capacity.Strings, default, this);
        Accounts = new(Tokens, AddressSets, Windows);
        ReferrerMix = new(Tenants, capacity.Strings);
        Hash = addresses;
    }

    /// <summary>Sessions by key.</summary>
    public StateTable<Key128, SessionState, Key128Hash> Sessions { get; }

    /// <summary>Tokens by key.</summary>
    public StateTable<Key128, TokenState, Key128Hash> Tokens { get; }

    /// <summary>Addresses, by tenant.</summary>
    public StateTable<TenantAddress, AddressState, TenantAddressHash> Addresses { get; }

    /// <summary>Networks, by their first address and tenant.</summary>
    public StateTable<TenantAddress, NetworkState, TenantAddressHash> Networks { get; }

    /// <summary>Referrer hosts by tenant (upper half) and interned host.</summary>
    public StateTable<ulong, ReferrerState, PairHash> Referrers { get; }

    /// <summary>The tokens of each account in turn.</summary>
    public Accounts Accounts { get; }

    /// <summary>Tenants by interned name; 0 is the nameless one.</summary>
    public StateTable<ulong, TenantState, PairHash> Tenants { get; }

    /// <summary>How often sessions come without a referrer.</summary>
    public ReferrerMix ReferrerMix { get; }

    /// <summary>Identity of an address inside recent sets.</summary>
    public AddressHash Hash { get; }

    /// <summary>Addresses of tokens, and offenders of networks.</summary>
    public RecentSets<AddressMember> AddressSets { get; } = new();

    /// <summary>Tokens of addresses, networks and referrers.</summary>
    public RecentSets<TokenMember> TokenSets { get; } = new();

    /// <summary>Addresses of networks and referrers.</summary>
    public RecentSets<PlainMember> PlainSets { get; } = new();

    /// <summary>Windows of tokens.</summary>
    public TokenWindows Windows { get; } = new();

    /// <summary>Texts of tokens and users.</summary>
    public TextSlab Texts { get; } = new();

    /// <summary>When sessions are looked at again.</summary>
    public ExpiryWheel Wheel { get; } = new();

    /// <summary>Dossiers of suspects.</summary>
    public Dossiers Dossiers { get; } = new(MostDossiers);

    /// <summary>How many networks of one operator tokens show.</summary>
    public OperatorHabits Habits { get; } = new();

    /// <summary>How many networks reconnect, and how often.</summary>
    public Reconnects Reconnects { get; } = new();

    /// <summary>Time of the first event, Unix milliseconds.</summary>
    public long FirstEvent { get; set; } = long.MaxValue / 2;

    /// <summary>Slices of a tick in which keys are judged.</summary>
    public int Slices { get; }

    /// <summary>Tokens waiting to be judged.</summary>
    public MarkedKeys DirtyTokens { get; }

    /// <summary>Addresses waiting to be judged.</summary>
    public MarkedKeys DirtyAddresses { get; }

    /// <summary>Networks waiting to be judged.</summary>
    public MarkedKeys DirtyNetworks { get; }

    /// <summary>Referrers waiting to be judged.</summary>
    public MarkedKeys DirtyReferrers { get; }

    /// <summary>Sessions open now.</summary>
    public int OpenSessions { get; set; }

    /// <summary>Sessions ever opened.</summary>
    public long TotalSessions { get; set; }

    /// <summary>Tokens ever added to the table.</summary>
    public long TotalTokens { get; set; }

    /// <summary>Addresses ever added to the table.</summary>
    public long TotalAddresses { get; set; }

    /// <summary>Keys given away because a table was full.</summary>
    public long Evictions =>
        Sessions.Evictions + Tokens.Evictions + Addresses.Evictions + Networks.Evictions + Referrers.Evictions;

    /// <summary>Raised when the table of sessions gives one away, before it is cleared; set by the tracker.</summary>
    internal Action<int>? SessionEvicted { get; set; }

    /// <summary>Raised when a token is given away or retired, before it is cleared; the series' slot is returned there.</summary>
    internal Action<int>? SeriesReleased { get; set; }

    /// <summary>The same for addresses.</summary>
    internal Action<int>? AddressSeriesReleased { get; set; }

    /// <summary>Marks a token to be judged in its slice of the tick.</summary>
    public void MarkToken(int index)
    {
        ref TokenState token = ref Tokens[index];
        if (!token.Dirty)
        {
            token.Dirty = true;
            DirtyTokens.Add(Tokens.HandleOf(index));
        }
    }

    /// <summary>Marks an address to be judged in its slice of the tick.</summary>
    public void MarkAddress(int index)
    {
        ref AddressState address = ref Addresses[index];
        if (!address.Dirty)
        {
            address.Dirty = true;
            DirtyAddresses.Add(Addresses.HandleOf(index));
        }
    }

    /// <summary>Marks a network to be judged in its slice of the tick.</summary>
    public void MarkNetwork(int index)
    {
        ref NetworkState network = ref Networks[index];
        if (!network.Dirty)
        {
            network.Dirty = true;
            DirtyNetworks.Add(Networks.HandleOf(index));
        }
    }

    /// <summary>Marks a referrer to be judged in its slice of the tick.</summary>
    public void MarkReferrer(int index)
    {
        ref ReferrerState referrer = ref Referrers[index];
        if (!referrer.Dirty)
        {
            referrer.Dirty = true;
            DirtyReferrers.Add(Referrers.HandleOf(index));
        }
    }

    /// <summary>Whether a token that was marked is still there; its mark is taken away.</summary>
    public bool TryTakeToken(StateHandle handle)
    {
        bool holds = Tokens.Holds(handle);
        if (holds)
        {
            Tokens[handle.Index].Dirty = false;
        }
        return holds;
    }

    /// <summary>Whether a address that was marked is still there; its mark is taken away.</summary>
    public bool TryTakeAddress(StateHandle handle)
    {
        bool holds = Addresses.Holds(handle);
        if (holds)
        {
            Addresses[handle.Index].Dirty = false;
        }
        return holds;
    }

    /// <summary>Whether a network that was marked is still there; its mark is taken away.</summary>
    public bool TryTakeNetwork(StateHandle handle)
    {
        bool holds = Networks.Holds(handle);
        if (holds)
        {
            Networks[handle.Index].Dirty = false;
        }
        return holds;
    }

    /// <summary>Whether a referrer that was marked is still there; its mark is taken away.</summary>
    public bool TryTakeReferrer(StateHandle handle)
    {
        bool holds = Referrers.Holds(handle);
        if (holds)
        {
            Referrers[handle.Index].Dirty = false;
        }
        return holds;
    }

    /// <summary>The site of an IPv6 address within a tenant, or -1 when none is kept.</summary>
    public int FindSite(IpAddress address, int organization) => Networks.Find(new(FeatureWindows.SiteKeyOf(address), organization));

    /// <summary>Notes a token in a set of those that an address, network or site has seen.</summary>
    internal void NoteToken(ref int set, in TokenMember member, uint seconds, uint windowStart)
    {
        ref TokenMember seen = ref TokenSets.GetOrAdd(ref set, member.Identity, seconds, windowStart, out _);
        seen.User = member.User;
        seen.Settled = Math.Max(seen.Settled, member.Settled);
    }

    /// <inheritdoc/>
    void IEvictionHandler<SessionState>.OnEvicted(int index, ref SessionState state) => SessionEvicted?.Invoke(index);

    /// <inheritdoc/>
    void IEvictionHandler<TokenState>.OnEvicted(int index, ref TokenState state) => Release(index, ref state);

    /// <inheritdoc/>
    void IEvictionHandler<AddressState>.OnEvicted(int index, ref AddressState state) => Release(ref state);

    /// <inheritdoc/>
    void IEvictionHandler<NetworkState>.OnEvicted(int index, ref NetworkState state) => Release(ref state);

    /// <inheritdoc/>
    void IEvictionHandler<ReferrerState>.OnEvicted(int index, ref ReferrerState state) => Release(ref state);

    /// <inheritdoc/>
    void IEvictionHandler<TenantState>.OnEvicted(int index, ref TenantState state)
    {
        PlainSets.Release(ref state.Campaign);
        PlainSets.Release(ref state.Sites);
    }

    /// <summary>Gives back all that hangs on a token.</summary>
    internal void Release(int index, ref TokenState state)
    {
        Accounts.Forget(index);
        Texts.Release(ref state.Text);
        Texts.Release(ref state.UserText);
        AddressSets.Release(ref state.Addresses);
        Windows.Release(ref state);
        Dossiers.Close(ref state.Dossier);
        if (state.Series >= 0)
        {
            SeriesReleased?.Invoke(state.Series);
            state.Series = -1;
        }
    }

    /// <summary>Gives back all that hangs on an address.</summary>
    internal void Release(ref AddressState state)
    {
        TokenSets.Release(ref state.Tokens);
        TokenSets.Release(ref state.Suspects);
        Dossiers.Close(ref state.Dossier);
        if (state.Series >= 0)
        {
            AddressSeriesReleased?.Invoke(state.Series);
            state.Series = -1;
        }
    }

    /// <summary>Gives back all that hangs on a network.</summary>
    internal void Release(ref NetworkState state)
    {
        AddressSets.Release(ref state.Offenders);
        TokenSets.Release(ref state.Tokens);
        PlainSets.Release(ref state.Addresses);
        Dossiers.Close(ref state.Dossier);
    }

    /// <summary>Gives back all that hangs on a referrer.</summary>
    internal void Release(ref ReferrerState state)
    {
        if (Referrers.Holds(state.Site))
        {
            Referrers[state.Site.Index].Open -= state.Open;
        }
        PlainSets.Release(ref state.Hosts);
        TokenSets.Release(ref state.Tokens);
        PlainSets.Release(ref state.Addresses);
        Dossiers.Close(ref state.Dossier);
    }
}
