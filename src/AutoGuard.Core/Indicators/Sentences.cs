using System.Globalization;
using AutoGuard.Core.Configuration;

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
            Indicator.ConcurrentSessions => Say($"{value:0} sessions at once {whom} (limit {limit:0})"),
            Indicator.ConcurrentNetworks => Say($"{value:0} places at once {whom} (limit {limit:0})"),
            Indicator.SessionHandovers => Say($"running sessions changed their network {value:0} times in a quarter of an hour (limit {limit:0})"),
            Indicator.DistinctNetworks => Say($"{value:0} different places {whom} (limit {limit:0})"),
            Indicator.DistinctOperators => Say($"{value:0} different network operators {whom} (limit {limit:0})"),
            Indicator.ToolAgent => Say($"{value * 100:0} % of the sessions are played by tools that record or relay (limit {limit * 100:0} %)"),
            Indicator.DataCentreTokens => Say($"{value:0} different tokens at once behind one data-centre address (limit {limit:0})"),
            Indicator.DistinctAgents => Say($"{value:0} different players {whom}, each at another address (limit {limit:0})"),
            Indicator.SuspectTokens => Say($"{value:0} tokens that were suspects themselves played from this address (limit {limit:0})"),
            Indicator.MissingToken => Say($"{value:0} sessions at once without a token, where nearly everybody has one (limit {limit:0})"),
            Indicator.NetworkConnections => Say($"{value:0} connections at once from one line beyond what its tokens explain (limit {limit:0})"),
            Indicator.SessionsPerToken => Say($"{value:0} sessions {whom} in the window (limit {limit:0})"),
            Indicator.GeographicSpread => Say($"{value:0} countries {whom} in a short time (limit {limit:0})"),
            Indicator.DataCentre => Say($"{value * 100:0} % of the playback time comes from data centres (limit {limit * 100:0} %)"),
            Indicator.UnknownReferrer => Say($"{value * 100:0} % of the sessions come from pages that are not official (limit {limit * 100:0} %)"),
            Indicator.MissingReferrer => Say($"{value * 100:0} % more sessions without a referrer than is usual here (limit {limit * 100:0} %)"),
            Indicator.LongPlayback => Say($"one session has been playing for {value:0.0} hours (limit {limit:0.0})"),
            Indicator.TokenSpike or Indicator.AddressSpike when value == 0 => "starts per minute are as usual",
            Indicator.TokenSpike or Indicator.AddressSpike =>
                Say($"starts per minute jumped far beyond their own past and everybody else's (level {value:0.0}, limit {limit:0.0})"),
            Indicator.AddressConnections => Say($"{value:0} connections at once beyond what its tokens explain (limit {limit:0})"),
            Indicator.AddressReconnects => Say($"{value:0.0} sessions a minute that end within seconds (limit {limit:0.0})"),
            Indicator.AddressTokens => Say($"{value:0} different tokens behind one address (limit {limit:0})"),
            Indicator.AddressDataCentre => value > 0 ? "the address belongs to a data centre" : "no data centre, or nothing else against the address",
            Indicator.SubnetOffenders => Say($"{value:0} offending addresses in one network (limit {limit:0})"),
            _ => Say($"{value:0} addresses came from a page that is not official (limit {limit:0})"),
        };
    }

    private static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
