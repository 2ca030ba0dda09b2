using AutoGuard.Core.Configuration;
using AutoGuard.Core.Features;

namespace AutoGuard.Core.Indicators;

/// <summary>
/// Reads the indicators off measured features. Each method fills the given readings from the front, enabled
/// indicators that apply to the key only, and returns how many it wrote; <see cref="MostReadings"/> places are enough.
/// </summary>
public sealed class IndicatorPanel(IndicatorScale scale, int spikePersistence)
{
    /// <summary>Most readings of one key.</summary>
    public const int MostReadings = 12;

    /// <summary>Connections that one token may hold open behind one address before they count as excess.</summary>
    private const int ConnectionsPerToken = 3;

    /// <summary>Indicators A to F of a token, and its spike.</summary>
    /// <remarks>
    /// A token that everybody gets by design is shared, comes from everywhere and plays for ever: nothing of that speaks
    /// against it. A missing referrer is compared with what is usual: where half of the tenant's sessions have none, its
    /// lack says half as much.
    /// </remarks>
    public int Read(in TokenFeatures features, Span<Reading> readings)
    {
        if (features.Workflow == TokenWorkflow.Shared)
        {
            return 0;
        }
        Writer writer = new(scale, readings);
        writer.Add(Indicator.ConcurrentSessions, features.Concurrent);
        writer.Add(Indicator.ConcurrentNetworks, features.ConcurrentNetworks);
        writer.Add(Indicator.DistinctNetworks, features.Networks);
        writer.Add(Indicator.SessionsPerToken, features.Sessions);
        writer.Add(Indicator.GeographicSpread, features.Countries);
        writer.Add(Indicator.DataCentre, features.DataCentreShare);
        writer.Add(Indicator.UnknownReferrer, features.UnknownReferrerShare);
        writer.Add(Indicator.MissingReferrer, features.MissingReferrerShare * (1 - features.TenantMissingShare));
        writer.Add(Indicator.LongPlayback, features.Longest / 3600);
        writer.Add(Indicator.TokenSpike, features.SpikeMinutes >= spikePersistence ? features.SpikeLevel : 0);
        return writer.Count;
    }

    /// <summary>The address rules: many connections, automated reconnects, many tokens, data centre, spike.</summary>
    /// <remarks>
    /// Hundreds of viewers behind one carrier's address open hundreds of connections with as many tokens. Only connections
    /// beyond a few for each token are an attacker's. Where events carry no token, all connections count.
    /// A data centre alone says nothing against an address either: it weighs once something else does.
    /// </remarks>
    public int Read(in AddressFeatures features, Span<Reading> readings)
    {
        Writer writer = new(scale, readings);
        writer.Add(Indicator.AddressConnections, Math.Max(0, features.Open - (ConnectionsPerToken * features.Tokens)));
        bool mostlyShort = features.Short * 2 >= features.Starts;
        writer.Add(Indicator.AddressReconnects, mostlyShort ? features.ShortPerMinute : 0);
        writer.Add(Indicator.AddressTokens, features.Tokens);
        writer.Add(Indicator.AddressSpike, features.SpikeMinutes >= spikePersistence ? features.SpikeLevel : 0);
        bool other = false;
        foreach (Reading reading in writer.Written)
        {
            other |= reading.Grade > 0;
        }
        writer.Add(Indicator.AddressDataCentre, features.DataCentre && other ? 1 : 0);
        return writer.Count;
    }

    /// <summary>A subnet of offenders.</summary>
    public int Read(in NetworkFeatures features, Span<Reading> readings)
    {
        Writer writer = new(scale, readings);
        writer.Add(Indicator.SubnetOffenders, features.Offenders);
        return writer.Count;
    }

    /// <summary>A page that is not official.</summary>
    public int Read(in ReferrerFeatures features, Span<Reading> readings)
    {
        Writer writer = new(scale, readings);
        writer.Add(Indicator.UnofficialReferrer, features.Official ? 0 : features.Sessions);
        return writer.Count;
    }

    private ref struct Writer(IndicatorScale scale, Span<Reading> readings)
    {
        private readonly Span<Reading> _readings = readings;

        public int Count { get; private set; }

        public readonly ReadOnlySpan<Reading> Written => _readings[..Count];

        public void Add(Indicator indicator, double value)
        {
            if (scale.IsEnabled(indicator))
            {
                _readings[Count++] = scale.Read(indicator, value);
            }
        }
    }
}
