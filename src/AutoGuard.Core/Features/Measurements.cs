using AutoGuard.Core.Configuration;

namespace AutoGuard.Core.Features;

/// <summary>What is measured of one token at an instant.</summary>
public struct TokenFeatures
{
    /// <summary>Sessions first seen within the window.</summary>
    public int Sessions;

    /// <summary>Sessions open now, those gone silent a moment ago among them.</summary>
    public int Open;

    /// <summary>Sessions proven open at one instant: each was heard before it and after it.</summary>
    public int Concurrent;

    /// <summary>Distinct networks (/24, /64) of those.</summary>
    public int ConcurrentNetworks;

    /// <summary>Most sessions proven open at once within the window.</summary>
    public int MaxConcurrent;

    /// <summary>Distinct addresses within the window.</summary>
    public int Addresses;

    /// <summary>Distinct networks within the window; saturates at 512.</summary>
    public int Networks;

    /// <summary>Distinct countries within the country window; saturates at 32.</summary>
    public int Countries;

    /// <summary>Playback time within the window, seconds.</summary>
    public double Watched;

    /// <summary>Share of it from data-centre addresses, 0 to 1; of sessions while nothing has been watched.</summary>
    public double DataCentreShare;

    /// <summary>Share of the window's sessions without a referrer, 0 to 1.</summary>
    public double MissingReferrerShare;

    /// <summary>Share of the window's sessions from pages that are not official, 0 to 1.</summary>
    public double UnknownReferrerShare;

    /// <summary>Longest session now running, seconds.</summary>
    public double Longest;

    /// <summary>Share of the tenant's sessions without a referrer, 0 to 1.</summary>
    public double TenantMissingShare;

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

    /// <summary>The same, per minute.</summary>
    public double ShortPerMinute;

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
}

/// <summary>What is measured of one referrer host at an instant.</summary>
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

    /// <summary>Whether the host is on the list of official ones, or there is no list.</summary>
    public bool Official;
}
