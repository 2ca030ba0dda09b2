using System.Globalization;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Features;

namespace AutoGuard.Core.Indicators;

/// <summary>What an operator would say of a reading.</summary>
public static class Sentences
{
    /// <summary>One sentence for a reading of a token of the given workflow, or of any other key.</summary>
    public static string Of(in Reading reading, TokenWorkflow workflow)
    {
        string whom = workflow == TokenWorkflow.UserBound ? "for one user" : "on one token";
        double value = reading.Value;
        double limit = reading.Threshold;
        return reading.Indicator switch
        {
            Indicator.ConcurrentSessions => Say($"{Count(value, "session")} at once {whom} (limit {limit:0.##})"),
            Indicator.ConcurrentNetworks => Say($"{Count(value, "place")} at once {whom} (limit {limit:0.##})"),
            Indicator.SessionHandovers => Say($"running sessions changed their network {value:0} times in a quarter of an hour (limit {limit:0.##})"),
            Indicator.DistinctNetworks => Say($"{Count(value, "different place")} {whom} (limit {limit:0.##})"),
            Indicator.DistinctOperators => Say($"{Count(value, "different network operator")} {whom} (limit {limit:0.##})"),
            Indicator.CountryChanges => Say($"{Count(value, "change")} from a home line in one country to one in another {whom} (limit {limit:0.##})"),
            Indicator.DistinctHomes => Say($"{Count(value, "different home line")} {whom} (limit {limit:0.##})"),
            Indicator.ToolAgent => Say($"{value * 100:0} % of the sessions are played by tools that record or relay (limit {limit * 100:0.##} %)"),
            Indicator.DataCentreTokens => Say($"{Count(value, "different token")} at once behind one data-centre address (limit {limit:0.##})"),
            Indicator.DistinctAgents => Say($"{Count(value, "different player")} {whom}, each at another address (limit {limit:0.##})"),
            Indicator.AddressAttempts => Say($"{Count(value, "session")} that ended within seconds, lately and while others' did not (limit {limit:0.##})"),
            Indicator.Campaign => Say($"{value:0} addresses play without a token at the same time (limit {limit:0.##})"),
            Indicator.DataCentreSessions => Say($"{Count(value, "session")} at once {whom} in data centres where hardly anybody else watches (limit {limit:0.##})"),
            Indicator.Successor when value >= 1 => "it came after a token was revoked, and plays the same stream with the same player at the same address",
            Indicator.Successor => Say($"it came after a token was revoked, and {value * 100:0} % of what that left behind is the same (limit {limit * 100:0.##} %)"),
            Indicator.SuspectTokens => Say($"{Count(value, "token")} that played from this address came under suspicion themselves (limit {limit:0.##})"),
            Indicator.MissingToken => Say($"{Count(value, "session")} at once without a token, where nearly everybody has one (limit {limit:0.##})"),
            Indicator.SiteMissingToken => Say($"{Count(value, "network")} of one IPv6 /48 play without a token at once, where nearly everybody has one (limit {limit:0.##})"),
            Indicator.NetworkConnections => Say($"{Count(value, "connection")} at once from one line beyond what its tokens explain (limit {limit:0.##})"),
            Indicator.SessionsPerToken => Say($"{Count(value, "session")} {whom} in the window (limit {limit:0.##})"),
            Indicator.GeographicSpread => Say($"{value:0} countries {whom} in a short time (limit {limit:0.##})"),
            Indicator.DataCentre => Say($"{value * 100:0} % of the playback time comes from data centres where hardly anybody else watches (limit {limit * 100:0.##} %)"),
            Indicator.UnknownReferrer => Say($"{value * 100:0} % of the sessions come from pages that are not official (limit {limit * 100:0.##} %)"),
            Indicator.MissingReferrer => Say($"{value * 100:0} % more sessions without a referrer than is usual here (limit {limit * 100:0.##} %)"),
            Indicator.LongPlayback => Say($"one session has been playing for {value:0.0} hours (limit {limit:0.0#})"),
            Indicator.TokenSpike or Indicator.AddressSpike when value == 0 => "starts per minute are as usual",
            Indicator.TokenSpike or Indicator.AddressSpike =>
                Say($"starts per minute jumped far beyond their own past and everybody else's (level {value:0.0}, limit {limit:0.0#})"),
            Indicator.AddressConnections => Say($"{Count(value, "connection")} at once beyond what its tokens explain (limit {limit:0.##})"),
            Indicator.AddressReconnects => Say($"{value:0.0} sessions a minute that end within seconds (limit {limit:0.0#})"),
            Indicator.AddressTokens => Say($"{Count(value, "different token")} behind one address (limit {limit:0.##})"),
            Indicator.AddressDataCentre => value > 0 ? "the address belongs to a data centre" : "no data centre, or nothing else against the address",
            Indicator.SubnetOffenders => Say($"{value:0} offending addresses in one network (limit {limit:0.##})"),
            _ => Say($"{Count(value, "viewer")} from a page that is not official (limit {limit:0.##})"),
        };
    }

    /// <summary>What a reading without a grade says in favour of its key; null when it says nothing.</summary>
    public static string? InFavour(in Reading reading)
    {
        double value = reading.Value;
        double limit = reading.Threshold;
        return reading.Indicator switch
        {
            Indicator.ConcurrentSessions when value <= 1 => "no two sessions run at once",
            Indicator.ConcurrentSessions => Say($"{Count(value, "session")} at once, as many as a household has (limit {limit:0.##})"),
            Indicator.ConcurrentNetworks when value <= 1 => "what runs at once comes from one network, as in one household",
            Indicator.ConcurrentNetworks => Say($"{value:0} networks at once (limit {limit:0.##})"),
            Indicator.DistinctNetworks when value <= 1 => "all sessions come from one network",
            Indicator.DistinctNetworks => Say($"{value:0} networks in the window, as phones and travellers have (limit {limit:0.##})"),
            Indicator.SessionsPerToken => Say($"{Count(value, "session")} in the window (limit {limit:0.##})"),
            Indicator.GeographicSpread when value == 0 => null,
            Indicator.GeographicSpread when value == 1 => "all sessions come from one country",
            Indicator.GeographicSpread => Say($"{value:0} countries (limit {limit:0.##})"),
            Indicator.DataCentre when value == 0 => "nothing is played from a data centre",
            Indicator.UnknownReferrer when value == 0 => "no session comes from a page that is not official",
            Indicator.MissingReferrer => "referrers are missing no more often than is usual here",
            Indicator.LongPlayback => Say($"the longest session has been playing for {value:0.0} hours (limit {limit:0.0#})"),
            Indicator.TokenSpike or Indicator.AddressSpike => "starts per minute are as usual",
            Indicator.AddressConnections when value == 0 => "its tokens explain its connections",
            Indicator.AddressConnections => Say($"{Count(value, "connection")} at once beyond what its tokens explain (limit {limit:0.##})"),
            Indicator.AddressReconnects when value == 0 => "its sessions do not break off within seconds of their start",
            Indicator.AddressReconnects => Say($"{value:0.0} sessions a minute break off, as a poor line has them (limit {limit:0.0#})"),
            Indicator.AddressTokens => Say($"{Count(value, "token")} behind it, as households, offices and carriers have (limit {limit:0.##})"),
            Indicator.SubnetOffenders => Say($"{value:0} offending addresses in it (limit {limit:0.##})"),
            Indicator.UnofficialReferrer when value == 0 => "the page is official, or no list says which are",
            // An address is held to be in a data centre only when something else speaks against it.
            Indicator.AddressDataCentre => null,
            // Nearly every token follows none: saying so helps nobody.
            Indicator.Successor when value == 0 => null,
            Indicator.Successor => "it plays where a revoked token did, but with another player and another stream",
            _ => Say($"{reading.Indicator} is {value:0.##} (limit {limit:0.##})"),
        };
    }

    /// <summary>What the workflow of a token says in its favour; null when it says nothing.</summary>
    public static string? Of(in TokenFeatures features) => features.Workflow switch
    {
        TokenWorkflow.Shared when features.SharedFromTheStart =>
            "the token is shared by design: several networks used it within minutes of its first sight",
        TokenWorkflow.Shared when features.TenantShare > 0 => Say(
            $"the token is shared by design: {features.TenantShare * 100:0} % of its organization's sessions use it"),
        TokenWorkflow.Shared => "the token is shared by design, as the configuration says",
        TokenWorkflow.UserBound => "the token is bound to one user, who may have several screens",
        _ => null,
    };

    internal static string Count(double value, string noun) => Say($"{value:0} {noun}{(value == 1 ? "" : "s")}");

    internal static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
