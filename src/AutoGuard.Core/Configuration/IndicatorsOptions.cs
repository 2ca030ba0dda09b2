using System.ComponentModel.DataAnnotations;

namespace AutoGuard.Core.Configuration;

/// <summary>Settings of one indicator.</summary>
public sealed class IndicatorOptions
{
    /// <summary>Whether it is computed at all.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Computed and shown, but without weight in the score.</summary>
    public bool ObserveOnly { get; set; }

    /// <summary>The value above which the grade leaves 0 and starts at one half; unit as in the indicator's description.</summary>
    [Range(0.0, 1e9)]
    public double Threshold { get; set; }

    /// <summary>The value at which the grade reaches 1; above the threshold.</summary>
    [Range(0.0, 1e9)]
    public double Saturation { get; set; }

    /// <summary>The evidence that the indicator gives at grade 1, 0 to 1; alone, 0.58 of it makes a score of 0.6, 0.7 one of 0.9.</summary>
    [Range(0.0, 1.0)]
    public double Weight { get; set; }

    /// <summary>Makes settings from their three numbers.</summary>
    public static IndicatorOptions Of(double threshold, double saturation, double weight) =>
        new() { Threshold = threshold, Saturation = saturation, Weight = weight };
}

/// <summary>Section <c>Detection:Indicators</c>: letters A to F are the Token Guardian View's; the others judge addresses, networks and referrers.</summary>
public sealed class IndicatorsOptions
{
    /// <summary>A. Distinct places (networks /24 and /64; one for both protocols of a line) of one token within the window.</summary>
    public IndicatorOptions DistinctNetworks { get; set; } = IndicatorOptions.Of(8, 24, 0.8);

    /// <summary>A. Distinct operators of homes and phones (autonomous systems, data centres and privacy relays left out) of one token within the window.</summary>
    public IndicatorOptions DistinctOperators { get; set; } = IndicatorOptions.Of(4, 10, 0.8);

    /// <summary>
    /// A. Distinct home lines of one token within the window: networks of operators whose customers usually show no more than two, up
    /// to three of each operator. For two players (or one that was open two or three times at once, or came back to where it had been) the limit is a third higher: phones of a family pass more.
    /// </summary>
    public IndicatorOptions DistinctHomes { get; set; } = IndicatorOptions.Of(3, 6, 0.7);

    /// <summary>A. Distinct user agents of one token within the window, one of each address, and no more than its home lines and other operators or, while it never played twice at once, than can each be given a network of their own: strangers have a device each, and a home.</summary>
    public IndicatorOptions DistinctAgents { get; set; } = IndicatorOptions.Of(3, 6, 0.85);

    /// <summary>A. Sessions of one token started within the window.</summary>
    public IndicatorOptions SessionsPerToken { get; set; } = IndicatorOptions.Of(40, 200, 0.63);

    /// <summary>B. Share (0 to 1) of the token's playback time that runs from data-centre networks in which hardly anybody else watches.</summary>
    public IndicatorOptions DataCentre { get; set; } = IndicatorOptions.Of(0.5, 1, 0.5);

    /// <summary>C. Share (0 to 1) of the token's sessions from pages that are not listed as official.</summary>
    public IndicatorOptions UnknownReferrer { get; set; } = IndicatorOptions.Of(0.5, 1, 0.15);

    /// <summary>C. Share (0 to 1) of the token's sessions without a referrer, each less the share of the organization's sessions by the same player that have none.</summary>
    public IndicatorOptions MissingReferrer { get; set; } = IndicatorOptions.Of(0.5, 1, 0.15);

    /// <summary>D. Countries of one token within the country window, or of its home lines within the whole window when those are more.</summary>
    public IndicatorOptions GeographicSpread { get; set; } = IndicatorOptions.Of(2, 5, 0.85);

    /// <summary>D. Changes of one token from a home line in one country to a home line of another operator in another, within the window. To and fro between two countries alone counts a quarter.</summary>
    public IndicatorOptions CountryChanges { get; set; } = IndicatorOptions.Of(2, 8, 0.91);

    /// <summary>E. Longest uninterrupted playback of one session, hours.</summary>
    public IndicatorOptions LongPlayback { get; set; } = IndicatorOptions.Of(8, 24, 0.4);

    /// <summary>
    /// F. Sessions open at once on a token that is bound to a user (or meant for one session). One that is heard for less than a minute after the same
    /// player began another in another network is over: a phone on its way left it behind. Two thirds of the limit where five users of one address outside
    /// of data centres, most of all there, hold more than three each; that is never enough for a revocation.
    /// </summary>
    public IndicatorOptions ConcurrentSessions { get; set; } = IndicatorOptions.Of(2, 8, 0.7);

    /// <summary>B and F. Sessions at once of a token that plays from data centres where hardly anybody else watches: nobody has several screens there.</summary>
    public IndicatorOptions DataCentreSessions { get; set; } = IndicatorOptions.Of(1, 4, 0.7);

    /// <summary>F. Places (networks; one for both protocols of a line) those sessions come from: screens of one household share one.</summary>
    public IndicatorOptions ConcurrentNetworks { get; set; } = IndicatorOptions.Of(2, 5, 0.95);

    /// <summary>
    /// F. Handovers of the token's running sessions between networks, within a quarter to a half of the window's sixth: one
    /// session id that several viewers play alternates between them. One to another player counts as two.
    /// </summary>
    public IndicatorOptions SessionHandovers { get; set; } = IndicatorOptions.Of(8, 40, 0.95);

    /// <summary>Share (0 to 1) of the token's open sessions that are played by tools which record or relay.</summary>
    public IndicatorOptions ToolAgent { get; set; } = IndicatorOptions.Of(0.5, 1, 0.42);

    /// <summary>Spike in the token's starts per minute against its own past and the fleet: -log10 of the p-value.</summary>
    public IndicatorOptions TokenSpike { get; set; } = IndicatorOptions.Of(3, 6, 0.35);

    /// <summary>Connections of one address open at once, beyond three for each of its tokens.</summary>
    public IndicatorOptions AddressConnections { get; set; } = IndicatorOptions.Of(50, 200, 0.93);

    /// <summary>
    /// Automated reconnects: sessions of one address that ended within 15 seconds of their start, per minute over ten
    /// minutes; counted while they are most of what the address starts, and of those on another stream than the one before one in five.
    /// </summary>
    public IndicatorOptions AddressReconnects { get; set; } = IndicatorOptions.Of(5, 16, 0.94);

    /// <summary>
    /// Attempts: sessions of one address that ended within seconds, an hour ago counted half, those of everybody's trouble not at
    /// all; counted while they are most of what the address starts, and of those on another stream than the one before one in five.
    /// In a data centre 21 count as 27 do elsewhere, and 10 where each had another token and none of those ever stayed.
    /// </summary>
    public IndicatorOptions AddressAttempts { get; set; } = IndicatorOptions.Of(27, 52, 0.95);

    /// <summary>Addresses of the organization that play without a token within the same quarter of an hour, this one among them.</summary>
    public IndicatorOptions Campaign { get; set; } = IndicatorOptions.Of(5, 20, 0.75);

    /// <summary>
    /// Likeness (0 to 1) of a token to one that was revoked before it was first seen, within a day: half for an address that was the
    /// revoked token's own, a quarter each for its player and its stream; three quarters for both elsewhere in its network.
    /// </summary>
    public IndicatorOptions Successor { get; set; } = IndicatorOptions.Of(0.5, 1, 0.7);

    /// <summary>Distinct tokens of one address within the window.</summary>
    public IndicatorOptions AddressTokens { get; set; } = IndicatorOptions.Of(150, 600, 0.2);

    /// <summary>Distinct tokens that play at once from one data-centre address. Where its players lack the referrer that others of the organization have, a third of the limit. Alone a flag at most.</summary>
    public IndicatorOptions DataCentreTokens { get; set; } = IndicatorOptions.Of(40, 120, 0.9);

    /// <summary>
    /// Tokens that scored as high as a flag for themselves and played from one data-centre address within the window: a relay that
    /// changes its token. At other addresses their accounts, from three on, where they are most of the address's tokens.
    /// </summary>
    public IndicatorOptions SuspectTokens { get; set; } = IndicatorOptions.Of(1, 3, 0.93);

    /// <summary>Sessions of one address (or IPv6 /64) at once without a token, less what is usual for the organization.</summary>
    public IndicatorOptions MissingToken { get; set; } = IndicatorOptions.Of(3, 8, 0.9);

    /// <summary>
    /// Networks (/64) of one IPv6 /48 that play for more than a minute without a token at once, beyond three for each of its tokens, less what is
    /// usual for the rest of the organization.
    /// </summary>
    public IndicatorOptions SiteMissingToken { get; set; } = IndicatorOptions.Of(20, 60, 0.9);

    /// <summary>Spike in the address's starts per minute against its own past and the fleet: -log10 of the p-value; not while most of them end within seconds, which are counted as such.</summary>
    public IndicatorOptions AddressSpike { get; set; } = IndicatorOptions.Of(3, 6, 0.25);

    /// <summary>Share (0 to 1) of the address's playback that comes from a data centre.</summary>
    public IndicatorOptions AddressDataCentre { get; set; } = IndicatorOptions.Of(0.5, 1, 0.4);

    /// <summary>Addresses of one network that were found offending within the window.</summary>
    public IndicatorOptions SubnetOffenders { get; set; } = IndicatorOptions.Of(2, 6, 0.95);

    /// <summary>Connections of one IPv6 /64 open at once, beyond three for each of its tokens.</summary>
    public IndicatorOptions NetworkConnections { get; set; } = IndicatorOptions.Of(50, 200, 0.93);

    /// <summary>Visitors (addresses; of a user each of his players) that came within the window from one page host that is not listed as official, unsuspected and with a token where that is usual; or hosts of one site that few come from each, which must also be more than one in 2,000 of the tenant's sessions.</summary>
    public IndicatorOptions UnofficialReferrer { get; set; } = IndicatorOptions.Of(14, 50, 0.95);
}
