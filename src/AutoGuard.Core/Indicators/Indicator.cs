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
}

/// <summary>One indicator's reading of one key.</summary>
/// <param name="Indicator">Which one.</param>
/// <param name="Value">Measured value in the indicator's unit.</param>
/// <param name="Threshold">Configured threshold.</param>
/// <param name="Grade">0 up to the threshold, from one half just above it to 1 at saturation.</param>
/// <param name="Weight">Score it would give alone at grade 1; 0 when it is only observed.</param>
public readonly record struct Reading(Indicator Indicator, double Value, double Threshold, double Grade, double Weight);

/// <summary>Compiled settings of the indicators: value to reading.</summary>
public sealed class IndicatorScale
{
    private readonly IndicatorOptions[] _options;

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
            options.UnofficialReferrer,
        ];
    }

    /// <summary>Whether an indicator is computed at all.</summary>
    public bool IsEnabled(Indicator indicator) => _options[(int)indicator].Enabled;

    /// <summary>
    /// The reading of a value. Grades rise with the logarithm of the value, since most values (counts, hours, rates) are
    /// as far from a threshold of 2 at 4 as they are from 4 at 8.
    /// </summary>
    public Reading Read(Indicator indicator, double value)
    {
        IndicatorOptions options = _options[(int)indicator];
        double grade = 0;
        if (options.Enabled && value > options.Threshold)
        {
            double low = Math.Max(options.Threshold, 1e-9);
            double position = options.Saturation > low ? Math.Log(value / low) / Math.Log(options.Saturation / low) : 1;
            grade = 0.5 + (0.5 * Math.Clamp(position, 0, 1));
        }
        return new(indicator, value, options.Threshold, grade, options.ObserveOnly ? 0 : options.Weight);
    }
}
