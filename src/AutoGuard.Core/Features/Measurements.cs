using System.Runtime.CompilerServices;
using AutoGuard.Core.Configuration;

namespace AutoGuard.Core.Features;

/// <summary>What is measured of one token at an instant.</summary>
public struct TokenFeatures
{
    /// <summary>Sessions first seen within the window.</summary>
    public int Sessions;

    /// <summary>Those of them that began while everybody reconnected.</summary>
    public int TroubledSessions;

    /// <summary>Whether everybody reconnects, or did a moment ago.</summary>
    public bool Trouble;

    /// <summary>Sessions open now, those gone silent a moment ago among them.</summary>
    public int Open;

    /// <summary>Sessions proven open at one instant: each was heard before it and after it.</summary>
    public int Concurrent;

    /// <summary>Distinct networks (/24, /64) of those.</summary>
    public int ConcurrentNetworks;

    /// <summary>
    /// Places those sessions stand for: networks, of which a line with both protocols shows two, and privacy relays any number.
    /// </summary>
    public int PlacesAtOnce;

    /// <summary>The same for all sessions whose next sign of life is not overdue; not proven.</summary>
    public int PresumedPlaces;

    /// <summary>Most sessions proven open at once within the window, on it or on the account's token before.</summary>
    public int MaxConcurrent;

    /// <summary>
    /// Users of one address that is no data centre's, this token's among them, who each hold more than three sessions there at once; 0 unless they are five at least and most of
    /// those who play there.
    /// </summary>
    public int Alike;

    /// <summary>Distinct addresses within the window.</summary>
    public int Addresses;

    /// <summary>What only earlier tokens of the account showed: addresses, and changes of country.</summary>
    public int TakenOver;

    /// <summary>Distinct networks within the window; saturates at 512.</summary>
    public int Networks;

    /// <summary>
    /// Places within the window, counted as in <see cref="PlacesAtOnce"/>, and as one those networks of an operator that are
    /// usual for one of its customers.
    /// </summary>
    public int Places;

    /// <summary>Distinct operators of homes and phones within the window.</summary>
    public int Operators;

    /// <summary>Distinct home lines within the window, a few of each operator.</summary>
    public int Homes;

    /// <summary>Times within the window that it, or an earlier token of the account, came to a home line from one in another country.</summary>
    public int CountryChanges;

    /// <summary>
    /// Distinct user agents, one of each address, within the window: as many as home lines and other operators, or, where no two sessions were ever open at once, as can
    /// each be given a network of their own (<see cref="PlayerPairs"/>).
    /// </summary>
    public int Agents;

    /// <summary>Whether those are more for taking turns.</summary>
    public bool TakeTurns;

    /// <summary>Whether it came back to a home or phone from elsewhere.</summary>
    public bool Returned;

    /// <summary>Handovers of running sessions between networks, in this slot of the window and the one before.</summary>
    public int Handovers;

    /// <summary>Uninterrupted playback across sessions that still goes on, seconds.</summary>
    public double PlayingFor;

    /// <summary>Share of the token's data-centre addresses from whose network hardly anybody else watches, 0 to 1.</summary>
    public double LonelyDataCentres;

    /// <summary>Share of the open sessions that are played by tools that record or relay, 0 to 1.</summary>
    public double ToolShare;

    /// <summary>
    /// Distinct countries within the country window, or of home lines within the whole window when those are more; data centres and privacy relays
    /// left out; saturates at 32.
    /// </summary>
    public int Countries;

    /// <summary>Playback time within the window, seconds.</summary>
    public double Watched;

    /// <summary>Share of it from data-centre addresses, 0 to 1; of sessions while nothing has been watched.</summary>
    public double DataCentreShare;

    /// <summary>Share of the window's sessions without a referrer, 0 to 1.</summary>
    public double MissingReferrerShare;

    /// <summary>The same, each session less the share of sessions of its tenant and user agent that have none either.</summary>
    public double UnexpectedMissingShare;

    /// <summary>Share of the window's sessions from pages that are not official, 0 to 1.</summary>
    public double UnknownReferrerShare;

    /// <summary>Longest session now running, seconds.</summary>
    public double Longest;

    /// <summary>
    /// How much was seen, in sessions: of one that is handed around each handover is one, of one that plays for ever each quarter of an
    /// hour, and whatever earlier tokens of the account showed was seen as well. So much is held against a revocation, which cannot be undone.
    /// </summary>
    public readonly int Evidence => Shown + (int)(Watched / 900);

    /// <summary>The same for a flag: of playback each time that makes somebody one who watches (<see cref="FeatureWindows.SettledSession"/>) is one.</summary>
    public readonly int EvidenceForFlag => Shown + (int)(((Watched * 1000) + FeatureWindows.TimerDrift) / FeatureWindows.SettledSession);

    private readonly int Shown => Sessions + Handovers + TakenOver + Inherited;

    /// <summary>How much was seen of the revoked token that it goes on for; 0 unless all of that token's footprint is the same.</summary>
    public int Inherited;

    /// <summary>Likeness to a token that was revoked before it was first seen, 0 to 1.</summary>
    public double Likeness;

    /// <summary>The token's share of the tenant's sessions, 0 to 1.</summary>
    public double TenantShare;

    /// <summary>-log10 of the p-value of the last alerting minute; 0 without alerts.</summary>
    public double SpikeLevel;

    /// <summary>Alerting minutes among the last five.</summary>
    public int SpikeMinutes;

    /// <summary>Whether several networks used it soon after it was first seen, now or at an earlier judgement.</summary>
    public bool SharedFromTheStart;

    /// <summary>What the token means.</summary>
    public TokenWorkflow Workflow;

    /// <summary>What is usual among tokens like it, by <see cref="PopulationTrait"/>; 0 where too little is known.</summary>
    public UsualLevels Usual;
}

/// <summary>One level for each <see cref="PopulationTrait"/>.</summary>
[InlineArray(PopulationBuckets.Length)]
public struct UsualLevels
{
    private double _first;
}

/// <summary>What is measured of one address at an instant.</summary>
public struct AddressFeatures
{
    /// <summary>Sessions open now.</summary>
    public int Open;

    /// <summary>Sessions first seen within the window.</summary>
    public int Sessions;

    /// <summary>Sessions started within the last ten minutes.</summary>
    public int Starts;

    /// <summary>Sessions of the last ten minutes that ended within seconds of their start.</summary>
    public int Short;

    /// <summary>
    /// The same, per minute: over the ten minutes, or a third of the last two minutes' when that is more.
    /// </summary>
    public double ShortPerMinute;

    /// <summary>Whether everybody reconnects, or did a moment ago; or many viewers are behind the address and it is a kick-off.</summary>
    public bool Trouble;

    /// <summary>Tokens that watched for a while within the window: so many viewers there are at least.</summary>
    public int SettledTokens;

    /// <summary>What would still be usual for the address: a little for each of its viewers, and more while many networks reconnect at once.</summary>
    public double UsualShortPerMinute;

    /// <summary>Open sessions beyond a few for each token that somebody owns.</summary>
    public int Excess;

    /// <summary>The same of tokens that are not under suspicion.</summary>
    public int ExcessOfOthers;

    /// <summary>Open sessions without a token, or with one that everybody has: nobody can tell how many viewers those are.</summary>
    public int Unowned;

    /// <summary>Open sessions with a token of somebody's own.</summary>
    public int Owned;

    /// <summary>Open sessions without a token.</summary>
    public int Tokenless;

    /// <summary>Distinct tokens of the open sessions, those that everybody has left out; saturates at 512.</summary>
    public int OpenTokens;

    /// <summary>
    /// Of a data centre's address: how far its connections with a token lack the referrer that such players of the tenant have, 0 to 1;
    /// 0.8 where none has one and four in five of the others do.
    /// </summary>
    public double BareShare;

    /// <summary>Share of the open sessions that are played by tools which record or relay, 0 to 1.</summary>
    public double ToolShare;

    /// <summary>How far sessions without a token are unheard of in the tenant: 1 when there are none, 0 from one in five on.</summary>
    public double TokensAreUsual;

    /// <summary>How far sessions without a token of their viewer's own are unheard of in the tenant: 1 when there are none, 0 from one in five on.</summary>
    public double OwnTokensAreUsual;

    /// <summary>Sessions that ended within seconds while not everybody's did, an hour ago half as many.</summary>
    public double Shorts;

    /// <summary>Addresses of the tenant that play without a token at this time, a quarter of an hour back; 0 when this one does not.</summary>
    public int Campaign;

    /// <summary>Tokens flagged for themselves that played from here within the window.</summary>
    public int Suspects;

    /// <summary>Distinct users of those; one that is bound to nobody counts as one.</summary>
    public int SuspectOwners;

    /// <summary>Those of them with a suspect that is not revoked.</summary>
    public int PendingOwners;

    /// <summary>Distinct tokens within the window.</summary>
    public int Tokens;

    /// <summary>Distinct users within the window.</summary>
    public int Users;

    /// <summary>Whether the address belongs to a data centre.</summary>
    public bool DataCentre;

    /// <summary>-log10 of the p-value of the last alerting minute; 0 without alerts.</summary>
    public double SpikeLevel;

    /// <summary>Alerting minutes among the last five.</summary>
    public int SpikeMinutes;
}

/// <summary>What is measured of one network at an instant.</summary>
public struct NetworkFeatures
{
    /// <summary>Addresses found offending within the window.</summary>
    public int Offenders;

    /// <summary>Distinct addresses within the window.</summary>
    public int Addresses;

    /// <summary>Distinct tokens within the window.</summary>
    public int Tokens;

    /// <summary>Sessions open now.</summary>
    public int Open;

    /// <summary>Whether it is one line's network (an IPv6 /64) in a data centre.</summary>
    public bool DataCentre;

    /// <summary>Of one line's network: sessions open now without a token; 0 for others.</summary>
    public int Tokenless;

    /// <inheritdoc cref="AddressFeatures.TokensAreUsual"/>
    public double TokensAreUsual;

    /// <summary>Of one line's network (an IPv6 /64): sessions open now beyond a few for each of its tokens; 0 for others.</summary>
    public int Excess;

    /// <summary>Whether it is a site (an IPv6 /48); what follows is 0 for others, and what concerns open sessions is 0 for a site.</summary>
    public bool IsSite;

    /// <summary>Networks of the site that play without a token at this time, beyond a few for each of its tokens.</summary>
    public int TokenlessNetworks;

    /// <summary>How far sessions without a token are unheard of among the tenant's others: 1 when there are none, 0 from one in five on.</summary>
    public double OthersHaveTokens;

    /// <summary>Sites of the tenant that have stood out by such networks in a quarter of an hour, this one among them.</summary>
    public int SitesAlike;

    /// <summary>Whether it has stood out for so long that all who play there with a token have been seen, and others could show the same.</summary>
    public bool StandsOut;

    /// <summary>How much was seen that speaks against it.</summary>
    public readonly int Evidence => Math.Max(Math.Max(Offenders, Excess), TokenlessNetworks);
}

/// <summary>What is measured of one referrer host, or of the small hosts of one site, at an instant.</summary>
public struct ReferrerFeatures
{
    /// <summary>Sessions first seen within the window.</summary>
    public int Sessions;

    /// <summary>Distinct tokens within the window.</summary>
    public int Tokens;

    /// <summary>Distinct addresses within the window.</summary>
    public int Addresses;

    /// <summary>Sessions open now.</summary>
    public int Open;

    /// <summary>Those addresses that are heard: with a token where that is usual, and not suspected themselves.</summary>
    public int Witnesses;

    /// <summary>Distinct sites that these came from (<see cref="FeatureWindows.SiteOf"/>); saturates at 512.</summary>
    public int Networks;

    /// <summary>Those sites that are networks of IPv4.</summary>
    public int SitesV4;

    /// <summary>Distinct network operators that these came from; unknown ones are one together.</summary>
    public int Operators;

    /// <summary>Whether it is a site.</summary>
    public bool IsSite;

    /// <summary>Distinct hosts of a site within the window; 0 of a host.</summary>
    public int Hosts;

    /// <summary>Sessions of the tenant within the window, for a site; 0 for a host.</summary>
    public int TenantSessions;

    /// <summary>Whether the host is on the list of official ones, or there is no list.</summary>
    public bool Official;
}
