using System.Runtime.CompilerServices;
using AutoGuard.Core.Configuration;

namespace AutoGuard.Core.Indicators;

/// <summary>
/// The indicators; names are the keys of <see cref="IndicatorsOptions"/>, where each one's value and unit are described.
/// </summary>
public enum Indicator
{
    /// <inheritdoc cref="IndicatorsOptions.DistinctNetworks"/>
    DistinctNetworks,

    /// <inheritdoc cref="IndicatorsOptions.SessionsPerToken"/>
    SessionsPerToken,

    /// <inheritdoc cref="IndicatorsOptions.DataCentre"/>
    DataCentre,

    /// <inheritdoc cref="IndicatorsOptions.UnknownReferrer"/>
    UnknownReferrer,

    /// <inheritdoc cref="IndicatorsOptions.MissingReferrer"/>
    MissingReferrer,

    /// <inheritdoc cref="IndicatorsOptions.GeographicSpread"/>
    GeographicSpread,

    /// <inheritdoc cref="IndicatorsOptions.LongPlayback"/>
    LongPlayback,

    /// <inheritdoc cref="IndicatorsOptions.ConcurrentSessions"/>
    ConcurrentSessions,

    /// <inheritdoc cref="IndicatorsOptions.ConcurrentNetworks"/>
    ConcurrentNetworks,

    /// <inheritdoc cref="IndicatorsOptions.TokenSpike"/>
    TokenSpike,

    /// <inheritdoc cref="IndicatorsOptions.AddressConnections"/>
    AddressConnections,

    /// <inheritdoc cref="IndicatorsOptions.AddressReconnects"/>
    AddressReconnects,

    /// <inheritdoc cref="IndicatorsOptions.AddressTokens"/>
    AddressTokens,

    /// <inheritdoc cref="IndicatorsOptions.AddressDataCentre"/>
    AddressDataCentre,

    /// <inheritdoc cref="IndicatorsOptions.AddressSpike"/>
    AddressSpike,

    /// <inheritdoc cref="IndicatorsOptions.SubnetOffenders"/>
    SubnetOffenders,

    /// <inheritdoc cref="IndicatorsOptions.UnofficialReferrer"/>
    UnofficialReferrer,

    /// <inheritdoc cref="IndicatorsOptions.DistinctOperators"/>
    DistinctOperators,

    /// <inheritdoc cref="IndicatorsOptions.SessionHandovers"/>
    SessionHandovers,

    /// <inheritdoc cref="IndicatorsOptions.ToolAgent"/>
    ToolAgent,

    /// <inheritdoc cref="IndicatorsOptions.DataCentreTokens"/>
    DataCentreTokens,

    /// <inheritdoc cref="IndicatorsOptions.NetworkConnections"/>
    NetworkConnections,

    /// <inheritdoc cref="IndicatorsOptions.SuspectTokens"/>
    SuspectTokens,

    /// <inheritdoc cref="IndicatorsOptions.MissingToken"/>
    MissingToken,

    /// <inheritdoc cref="IndicatorsOptions.DistinctAgents"/>
    DistinctAgents,

    /// <inheritdoc cref="IndicatorsOptions.AddressAttempts"/>
    AddressAttempts,

    /// <inheritdoc cref="IndicatorsOptions.Campaign"/>
    Campaign,

    /// <inheritdoc cref="IndicatorsOptions.DataCentreSessions"/>
    DataCentreSessions,

    /// <inheritdoc cref="IndicatorsOptions.Successor"/>
    Successor,

    /// <inheritdoc cref="IndicatorsOptions.DistinctHomes"/>
    DistinctHomes,

    /// <inheritdoc cref="IndicatorsOptions.CountryChanges"/>
    CountryChanges,

    /// <inheritdoc cref="IndicatorsOptions.SiteMissingToken"/>
    SiteMissingToken,
}

/// <summary>
/// What kind of thing an indicator sees. Indicators of one kind see the same thing from several sides (who is in four
/// countries is in four networks), so only the strongest of a kind counts.
/// </summary>
public enum EvidenceKind
{
    /// <summary>Too much at once.</summary>
    AtOnce,

    /// <summary>Too many places over time.</summary>
    Spread,

    /// <summary>Where it comes from.</summary>
    Origin,

    /// <summary>What plays it.</summary>
    Client,

    /// <summary>Which page it is played on.</summary>
    Page,

    /// <summary>For how long.</summary>
    Duration,

    /// <summary>How it changes.</summary>
    Rate,

    /// <summary>With what right.</summary>
    Right,

    /// <summary>Who else does the same.</summary>
    Company,
}

/// <summary>One indicator's reading of one key.</summary>
/// <param name="Indicator">Which one.</param>
/// <param name="Value">Measured value in the indicator's unit.</param>
/// <param name="Threshold">The threshold that held: the configured one, or what is usual in the population when that is more.</param>
/// <param name="Grade">0 up to the threshold, from one half just above it to 1 at saturation.</param>
/// <param name="Weight">Evidence it gives at grade 1; 0 when it is only observed.</param>
/// <param name="Usual">What was usual in the population, in the same unit; 0 when unknown.</param>
/// <param name="Strictness">How much earlier than configured the value counted.</param>
public readonly record struct Reading(
    Indicator Indicator, double Value, double Threshold, double Grade, double Weight, double Usual = 0, double Strictness = 1);

/// <summary>Compiled settings of the indicators: value to reading.</summary>
public sealed class IndicatorScale
{
    /// <summary>How many times the usual level saturates the grade at the earliest, when that level is the threshold.</summary>
    private const double LeastRange = 2;

    private readonly IndicatorOptions[] _options;

    /// <summary>Their thresholds, side by side; of one that is not computed, more than any value.</summary>
    private readonly double[] _thresholds;

    /// <summary>Compiles the options.</summary>
    public IndicatorScale(IndicatorsOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options =
        [
            options.DistinctNetworks, options.SessionsPerToken, options.DataCentre, options.UnknownReferrer,
            options.MissingReferrer, options.GeographicSpread, options.LongPlayback, options.ConcurrentSessions,
            options.ConcurrentNetworks, options.TokenSpike, options.AddressConnections, options.AddressReconnects,
            options.AddressTokens, options.AddressDataCentre, options.AddressSpike, options.SubnetOffenders,
            options.UnofficialReferrer, options.DistinctOperators, options.SessionHandovers, options.ToolAgent,
            options.DataCentreTokens, options.NetworkConnections, options.SuspectTokens, options.MissingToken,
            options.DistinctAgents, options.AddressAttempts, options.Campaign,
            options.DataCentreSessions, options.Successor, options.DistinctHomes, options.CountryChanges, options.SiteMissingToken,
        ];
        _thresholds = [.. _options.Select(static one => one.Enabled ? one.Threshold : double.PositiveInfinity)];
    }

    /// <summary>Whether an indicator is computed at all.</summary>
    public bool IsEnabled(Indicator indicator) => _options[(int)indicator].Enabled;

    /// <summary>What kind of evidence an indicator gives.</summary>
    public static EvidenceKind KindOf(Indicator indicator) => indicator switch
    {
        Indicator.ConcurrentSessions or Indicator.DataCentreSessions or Indicator.ConcurrentNetworks or Indicator.SessionHandovers => EvidenceKind.AtOnce,
        Indicator.AddressConnections or Indicator.AddressReconnects or Indicator.AddressAttempts or Indicator.NetworkConnections or Indicator.SubnetOffenders => EvidenceKind.AtOnce,
        Indicator.DistinctNetworks or Indicator.DistinctOperators or Indicator.DistinctHomes or Indicator.GeographicSpread or Indicator.CountryChanges or Indicator.SessionsPerToken => EvidenceKind.Spread,
        Indicator.AddressTokens or Indicator.DataCentreTokens => EvidenceKind.Spread,
        Indicator.DataCentre or Indicator.AddressDataCentre => EvidenceKind.Origin,
        Indicator.SuspectTokens or Indicator.MissingToken or Indicator.SiteMissingToken => EvidenceKind.Right,
        Indicator.ToolAgent or Indicator.DistinctAgents => EvidenceKind.Client,
        Indicator.Campaign or Indicator.Successor => EvidenceKind.Company,
        Indicator.LongPlayback => EvidenceKind.Duration,
        Indicator.TokenSpike or Indicator.AddressSpike => EvidenceKind.Rate,
        _ => EvidenceKind.Page,
    };

    /// <summary>
    /// The reading of a value. Grades rise with the logarithm of the value, since most values (counts, hours, rates) are
    /// as far from a threshold of 2 at 4 as they are from 4 at 8.
    /// </summary>
    /// <param name="indicator">Which one.</param>
    /// <param name="value">Measured value.</param>
    /// <param name="usual">
    /// What is still usual in the population now, in the same unit; where it lies above the configured threshold, it is the
    /// threshold, and the saturation is twice as much at least. 0 when unknown.
    /// </param>
    /// <param name="strictness">How much earlier than configured the value counts, for what leaves less room for innocence; 1: as configured.</param>
    public Reading Read(Indicator indicator, double value, double usual = 0, double strictness = 1)
    {
        IndicatorOptions options = _options[(int)indicator];
        double own = options.Threshold / strictness;
        double saturation = options.Saturation / strictness;
        double threshold = Math.Max(own, usual);
        double grade = 0;
        if (options.Enabled && value > threshold)
        {
            double low = Math.Max(threshold, 1e-9);
            double high = usual > own ? Math.Max(saturation, LeastRange * usual) : saturation;
            double position = high > low ? Math.Log(value / low) / Math.Log(high / low) : 1;
            grade = 0.5 + (0.5 * Math.Clamp(position, 0, 1));
        }
        return new(indicator, value, threshold, grade, options.ObserveOnly ? 0 : options.Weight, usual, strictness);
    }

    /// <summary>Whether the reading of a value would have a grade; the parameters are those of <see cref="Read"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool HasGrade(Indicator indicator, double value, double usual, double strictness) =>
        value > usual && value > _thresholds[(int)indicator] / strictness;
}
