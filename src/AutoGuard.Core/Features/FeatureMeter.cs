using System.Numerics;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Enrichment;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Features;

/// <summary>Measures features of keys from their state. Allocates nothing; for one thread.</summary>
public sealed partial class FeatureMeter(FeatureState state, FeatureWindows windows, ReferrerList referrers, TokenWorkflow workflow, Population population)
{
    /// <summary>A token with this share of its tenant's sessions is one that everybody gets.</summary>
    private const double SharedByDesign = 0.2;

    /// <summary>How long a token that nobody is bound to is given to show whom it is for, milliseconds.</summary>
    private const long Settling = 10 * 60_000;

    /// <summary>Sessions below which no token is taken for everybody's: of five sessions, one token has a fifth.</summary>
    private const int LeastSharedSessions = 50;

    /// <summary>Places up to which a token's use is one viewer's.</summary>
    private const double MostOwnPlaces = 4;

    /// <summary>Tokens of one data-centre network from which on it is taken for a way out that people share.</summary>
    private const int CrowdOfTokens = 5;

    /// <summary>Tokens of an IPv6 network from which on its set no longer counts them all.</summary>
    private const int CountableTokens = RecentSets<TokenMember>.LargestSet * 3 / 4;

    /// <summary>Addresses that one viewer's line may have had within the window, dialled anew again and again.</summary>
    private const int MostAddressesOfViewer = 16;

    /// <summary>Addresses of one viewer that speak against a page where all of its visitors' may be of such lines.</summary>
    private const int UsualAddressesOfViewer = 3;

    /// <summary>How usual tokens must be for those without one to say nothing against a page.</summary>
    private const double MostlyTokens = 0.5;

    private readonly ConcurrencyMeter _concurrency = new(state);

    /// <summary>The windows it measures over.</summary>
    public FeatureWindows Windows => windows;

    /// <summary>Measures a token at <paramref name="now"/>, Unix milliseconds.</summary>
    /// <param name="index">Place of the token.</param>
    /// <param name="now">Event time, Unix milliseconds.</param>
    /// <param name="features">What is measured.</param>
    /// <param name="alone">Whether addresses are left out where only an earlier token of the account was, and what others on its line do.</param>
    public void Measure(int index, long now, out TokenFeatures features, bool alone = false)
    {
        features = default;
        ref TokenState token = ref state.Tokens[index];
        ref TokenSlot current = ref state.Windows.Advance(ref token, now / windows.SlotLength);
        _concurrency.Measure(in token, now, ref features);
        if (!alone && features.Concurrent > ConnectionsPerToken)
        {
            features.Alike = CountAlike(in token, now);
        }
        current.MostOpen = (ushort)Math.Max(current.MostOpen, Math.Min(features.Concurrent, ushort.MaxValue));
        SlotSums sums = default;
        SumWindow(in token, in current, ref sums, ref features);
        features.PlayingFor = now - token.LastPlayed <= FeatureWindows.LongestRest ? (token.LastPlayed - token.PlayingSince) / 1000.0 : 0;
        MeasureAddresses(ref token, now, alone, ref features, out double dataCentreAddresses);
        if (!alone)
        {
            features.CountryChanges += sums.ChangesTakenOver;
            features.TakenOver += sums.ChangesTakenOver;
        }
        features.DataCentreShare = features.Watched > 0 ? sums.DataCentre / features.Watched : dataCentreAddresses;
        if (features.Sessions > 0)
        {
            features.MissingReferrerShare = (double)sums.Missing / features.Sessions;
            features.UnexpectedMissingShare = sums.Unexpected / features.Sessions;
            features.UnknownReferrerShare = (double)sums.Unknown / features.Sessions;
        }
        MeasureTenant(ref token, now, ref features);
        // A leak is seen to begin: one viewer, and many much later. A token that several networks use soon after it was first
        // seen was meant for them, as far as anybody can tell. The judge remembers it; who only looks changes nothing.
        // While nothing was known yet, and where tokens are known to be handed around, nothing else can be said.
        // Nor is one meant for many that names a user where nearly all tokens are somebody's: saying so is how a leak would hide.
        bool settling = now - token.FirstSeen < Settling && (token.FirstSeen - state.FirstEvent < Settling || !AreOwned(in token))
            && !(token.IsContested && AreOwnTokensUsual(token.Organization, now));
        features.SharedFromTheStart = token.SharedFromTheStart || (features.Places > 1 && settling);
        features.Trouble = state.Reconnects.IsEverywhere(now);
        features.SpikeLevel = token.SpikeLevel;
        features.SpikeMinutes = BitOperations.PopCount(token.SpikeAlerts);
        features.Workflow = WorkflowOf(in token, in features);
        population.CopyUsual(in token, features.Usual);
    }

    /// <summary>Whether it is known that tokens without a user are each meant for one viewer here: hardly any is seen in several places.</summary>
    private bool AreOwned(in TokenState token) => population.Seen(in token, PopulationTrait.Places) is > 0 and <= MostOwnPlaces;

    /// <summary>Whether a token is everybody's whatever is measured of it: operators say so, or it was seen to be from the start.</summary>
    public bool IsEverybodys(in TokenState token) =>
        workflow == TokenWorkflow.Shared || (workflow == TokenWorkflow.Auto && token.SharedFromTheStart && !token.IsBound);

    /// <summary>Sessions of a token first seen within the window.</summary>
    public int SessionsOf(int index, long now)
    {
        ref TokenState token = ref state.Tokens[index];
        int sessions = state.Windows.Advance(ref token, now / windows.SlotLength).Sessions;
        TokenWindows.PastSlots past = state.Windows.PastOf(in token);
        while (past.MoveNext())
        {
            sessions += past.HasMore ? past.Full.Sessions : past.Sessions;
        }
        return sessions;
    }

    /// <summary>Adds up what was counted in the slots of the window.</summary>
    private void SumWindow(in TokenState token, in TokenSlot current, ref SlotSums sums, ref TokenFeatures features)
    {
        features.Handovers = current.Handovers;
        sums.Add(in current, ref features);
        int sessions = features.Sessions;
        int most = features.MaxConcurrent;
        // From the newest on: sums of fractions depend on their order.
        double watched = features.Watched;
        TokenWindows.PastSlots past = state.Windows.PastOf(in token);
        while (past.MoveNext())
        {
            if (!past.HasMore)
            {
                sessions += past.Sessions;
                watched += past.Watched;
                most = Math.Max(most, past.MostOpen);
                continue;
            }
            ref readonly TokenSlot slot = ref past.Full;
            sessions += slot.Sessions;
            watched += slot.Watched;
            most = Math.Max(most, slot.MostOpen);
            sums.AddMore(in slot, ref features);
            features.Handovers += past.Back == 1 ? slot.Handovers : 0;
        }
        features.Sessions = sessions;
        features.Watched = watched;
        features.MaxConcurrent = most;
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
        if (FeatureWindows.IsSite(state.Networks.KeyAt(index).Address))
        {
            MeasureSite(index, now, ref features);
            return;
        }
        bool line = !state.Networks.KeyAt(index).Address.IsV4 && !network.SharedEgress;
        // A crowd whose tokens cannot all be counted may own every connection it has.
        bool countable = features.Tokens < CountableTokens;
        features.Excess = line && countable ? Math.Max(0, network.Open - (ConnectionsPerToken * features.Tokens)) : 0;
        features.Tokenless = line ? network.Anonymous : 0;
        features.DataCentre = line && network.DataCentre;
        features.TokensAreUsual = features.Tokenless > 0 ? TokensAreUsual(state.Networks.KeyAt(index).Organization, now).Tokens : 0;
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
            IsSite = referrer.IsSite,
            Hosts = state.PlainSets.Count(referrer.Hosts, windowStart),
            TenantSessions = referrer.IsSite ? SessionsOfTenant((int)(state.Referrers.KeyAt(index) >> 32), now) : 0,
            Official = IsOfficial(index),
        };
        if (!features.Official)
        {
            bool tokenless = TokensAreUsual((int)(state.Referrers.KeyAt(index) >> 32), now).Tokens < MostlyTokens;
            WitnessCounter.Count(state.PlainSets.Members(referrer.Addresses), windowStart, tokenless, ref features);
            // Lines that are dialled anew show many addresses for few viewers, but one after the other, and not as many as a token that is handed around.
            if (features.Witnesses <= MostAddressesOfViewer * features.Tokens)
            {
                features.Witnesses = Math.Min(features.Witnesses, Math.Max(features.Open, UsualAddressesOfViewer * features.Tokens));
            }
        }
    }

    /// <summary>Whether a page is listed as official, or none are.</summary>
    public bool IsOfficial(int referrer) => !referrers.IsUnknown((int)(uint)state.Referrers.KeyAt(referrer));

    private int Sum(Span<uint> ring, ref long current, long now) => SlotRing.Sum(ring, ref current, now / windows.SlotLength);

    private void MeasureAddresses(ref TokenState token, long now, bool alone, ref TokenFeatures features, out double dataCentreShare)
    {
        uint windowStart = windows.WindowStart(now);
        uint countriesSince = FeatureWindows.Seconds(now - windows.CountryWindow);
        ReadOnlySpan<AddressMember> members = state.AddressSets.Members(token.Addresses);
        if (members.Length == 1 && !members[0].DataCentre)
        {
            dataCentreShare = 0;
            MeasureAddress(in members[0], windowStart, countriesSince, ref features);
            return;
        }
        PlaceCounter places = new(stackalloc ulong[DistinctCounter.PlacesFor(members.Length)], stackalloc PlaceCounter.Operator[PlaceCounter.OperatorsFor(members.Length)]);
        DistinctCounter agents = new(stackalloc ulong[DistinctCounter.PlacesFor(members.Length)]);
        CountrySet countries = new(stackalloc ushort[CountrySet.Most]);
        CountrySet homes = new(stackalloc ushort[CountrySet.Most]);
        int dataCentre = 0;
        int lonely = 0;
        foreach (ref readonly AddressMember member in members)
        {
            if (member.Identity == 0 || member.LastSeen < windowStart || (alone && member.TakenOver))
            {
                continue;
            }
            features.Addresses++;
            features.TakenOver += member.TakenOver ? 1 : 0;
            places.Add(member.Asn, member.Address.IsV4, member.Network, member.SharedEgress, member.DataCentre);
            if (member.Agent != 0)
            {
                agents.Add((ulong)member.Agent);
            }
            if (member.DataCentre)
            {
                dataCentre++;
                lonely += IsLonely(member.Address, token.Organization, now) ? 1 : 0;
            }
            else if (!member.SharedEgress)
            {
                features.Returned |= member.Returned;
                // Whoever uses a data centre's address is not where the address is. Phones come out in several countries; home lines do not move.
                countries.Add(member.LastSeen >= countriesSince ? member.Country : (ushort)0);
                homes.Add(state.Habits.HasOnlyLines(member.Asn) ? member.Country : (ushort)0);
            }
        }
        features.Countries = Math.Max(countries.Count, homes.Count);
        features.Networks = places.Networks;
        PlaceSums sums = places.Of(state.Habits);
        features.Places = sums.Places;
        features.Operators = places.HomeOperators;
        features.Homes = sums.Homes;
        // Devices of one household are at one place, and one device at many is a traveller's: strangers have both of their own. A carrier
        // may be a household's only line, with another network for each of its sessions.
        features.Agents = Math.Min(agents.Count, Math.Max(1, sums.Homes + sums.Carriers));
        if (!alone && agents.Count > features.Agents && features.MaxConcurrent <= 1 && members.Length <= PlayerPairs.Most)
        {
            // Who never play at the same time, each in another network, take turns, however many networks are usual for one of them.
            int pairs = PlayerPairs.Count(members, state.Habits, windowStart);
            features.TakeTurns = pairs > features.Agents;
            features.Agents = Math.Max(features.Agents, pairs);
        }
        dataCentreShare = features.Addresses > 0 ? (double)dataCentre / features.Addresses : 0;
        features.LonelyDataCentres = dataCentre > 0 ? (double)lonely / dataCentre : 0;
    }

    /// <summary>The same of a single address, which most tokens have.</summary>
    private static void MeasureAddress(in AddressMember member, uint windowStart, uint countriesSince, ref TokenFeatures features)
    {
        if (member.LastSeen < windowStart)
        {
            return;
        }
        features.Addresses = features.Networks = features.Places = 1;
        features.Operators = member.Asn != 0 && !member.SharedEgress ? 1 : 0;
        features.Agents = member.Agent != 0 ? 1 : 0;
        features.Countries = !member.SharedEgress && member.Country != 0 && member.LastSeen >= countriesSince ? 1 : 0;
    }

    /// <summary>
    /// Whether hardly anybody else watches from an address's network: an exit of a VPN carries many viewers, a relay's server
    /// carries the relay. Counted at most once a minute per network.
    /// </summary>
    private bool IsLonely(IpAddress address, int organization, long now)
    {
        int index = state.Networks.Find(new(FeatureWindows.NetworkOf(address).Address, organization));
        if (index < 0)
        {
            return true;
        }
        ref NetworkState network = ref state.Networks[index];
        if (now - network.TokensCountedAt >= 60_000)
        {
            network.TokensCounted = state.TokenSets.Count(network.Tokens, windows.WindowStart(now));
            network.TokensCountedAt = now;
        }
        return network.TokensCounted < CrowdOfTokens;
    }

    /// <summary>Sessions of a tenant within the window; 0 when it is not known.</summary>
    private int SessionsOfTenant(int organization, long now)
    {
        int index = state.Tenants.Find((ulong)organization);
        return index < 0 ? 0 : Sum(state.Tenants[index].Sessions, ref state.Tenants[index].Slot, now);
    }

    private void MeasureTenant(ref TokenState token, long now, ref TokenFeatures features)
    {
        int sessions = SessionsOfTenant(token.Organization, now);
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

    /// <summary>Sums over the slots of a window that become shares.</summary>
    private struct SlotSums
    {
        public double DataCentre;
        public double Unexpected;
        public int Missing;
        public int Unknown;
        public int ChangesTakenOver;

        public void Add(in TokenSlot counts, ref TokenFeatures features)
        {
            features.Sessions += counts.Sessions;
            features.Watched += counts.Watched;
            features.MaxConcurrent = Math.Max(features.MaxConcurrent, counts.MostOpen);
            AddMore(in counts, ref features);
        }

        /// <summary>Adds what few slots have.</summary>
        public void AddMore(in TokenSlot counts, ref TokenFeatures features)
        {
            features.TroubledSessions += counts.Troubled;
            features.CountryChanges += counts.CountryChanges;
            ChangesTakenOver += counts.ChangesTakenOver;
            Missing += counts.MissingReferrer;
            Unexpected += counts.Unexpected;
            Unknown += counts.UnknownReferrer;
            DataCentre += counts.DataCentreWatched;
        }
    }
}
