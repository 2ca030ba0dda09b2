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
    public const int MostReadings = 16;

    /// <summary>Networks that must have come from a page before it is anything: anybody can name any page in a request.</summary>
    private const int FewestNetworks = 8;

    /// <summary>What nobody needs to own counts as so many in a data centre, where no homes are.</summary>
    private const double NobodyAtHome = 2;

    /// <summary>Open sessions of an address up to which it does not matter what plays them.</summary>
    private const int FewSessions = 2;

    /// <summary>A session this long is more than a look whether the stream is there, seconds.</summary>
    private const double StayingSession = 90;

    /// <summary>Hours count as so many when a lonely server plays: it may be somebody's own VPN, but it does not get tired.</summary>
    private const double ServerHours = 2;

    /// <summary>Hours count as so many when a tool plays that records or relays.</summary>
    private const double ToolHours = 4;

    /// <summary>Sessions beyond two count as so many when a lonely server plays them: nobody has several screens there.</summary>
    private const double ServerSessions = 4;

    /// <summary>Whether an indicator is read and has a weight.</summary>
    public bool Reads(Indicator indicator) => scale.IsEnabled(indicator) && scale.Read(indicator, 0).Weight > 0;

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
        // A monitor connects for seconds; what plays a stream stays.
        double stays = Math.Min(1, features.Longest / StayingSession);
        double dataCentre = features.DataCentreShare * features.LonelyDataCentres * stays;
        bool server = dataCentre > 0.5;
        double hours = Math.Max(features.Longest, features.PlayingFor) / 3600 * (features.ToolShare > 0.5 ? ToolHours : server ? ServerHours : 1);
        double sessions = server && features.Concurrent > 2 ? 2 + ((features.Concurrent - 2) * ServerSessions) : features.Concurrent;
        // Sessions that nothing proves to run yet count as one less: a phone that changed its network leaves one behind.
        int places = Math.Max(features.PlacesAtOnce, features.PresumedPlaces - 1);
        writer.Add(Indicator.ConcurrentSessions, sessions, features.Usual[(int)PopulationTrait.Concurrent]);
        writer.Add(Indicator.ConcurrentNetworks, places, features.Usual[(int)PopulationTrait.PlacesAtOnce]);
        writer.Add(Indicator.SessionHandovers, features.Handovers, features.Usual[(int)PopulationTrait.Handovers]);
        writer.Add(Indicator.DistinctNetworks, features.Places, features.Usual[(int)PopulationTrait.Places]);
        writer.Add(Indicator.DistinctOperators, features.Operators, features.Usual[(int)PopulationTrait.Operators]);
        writer.Add(Indicator.DistinctAgents, features.Agents, features.Usual[(int)PopulationTrait.Agents]);
        writer.Add(Indicator.SessionsPerToken, features.Sessions, features.Usual[(int)PopulationTrait.Sessions]);
        writer.Add(Indicator.GeographicSpread, features.Countries);
        writer.Add(Indicator.DataCentre, dataCentre);
        writer.Add(Indicator.ToolAgent, features.ToolShare);
        writer.Add(Indicator.UnknownReferrer, features.UnknownReferrerShare);
        writer.Add(Indicator.MissingReferrer, features.UnexpectedMissingShare);
        writer.Add(Indicator.LongPlayback, hours, features.Usual[(int)PopulationTrait.Playing] / 4);
        writer.Add(Indicator.Successor, features.Likeness);
        writer.Add(Indicator.TokenSpike, features.SpikeMinutes >= spikePersistence ? features.SpikeLevel : 0);
        return writer.Count;
    }

    /// <summary>The address rules: many connections, automated reconnects, many tokens, data centre, spike.</summary>
    /// <remarks>
    /// Connections without a token of their own count behind a data centre's address, where no homes are, or when they
    /// came suddenly: behind a carrier's address they are its customers. A data centre alone says nothing against an
    /// address: it weighs once something else does.
    /// </remarks>
    public int Read(in AddressFeatures features, Span<Reading> readings)
    {
        Writer writer = new(scale, readings);
        bool sudden = features.SpikeMinutes >= spikePersistence;
        writer.Add(Indicator.AddressConnections, features.Excess + (features.DataCentre ? features.Unowned * NobodyAtHome : sudden ? features.Unowned : 0));
        bool mostlyShort = features.Short * 2 >= features.Starts;
        writer.Add(Indicator.AddressReconnects, mostlyShort ? features.ShortPerMinute * (features.DataCentre ? NobodyAtHome : 1) : 0, features.UsualShortPerMinute);
        writer.Add(Indicator.AddressAttempts, mostlyShort ? features.Shorts : 0);
        writer.Add(Indicator.Campaign, features.Campaign);
        writer.Add(Indicator.AddressTokens, features.Tokens);
        writer.Add(Indicator.DataCentreTokens, features.DataCentre ? features.OpenTokens : 0);
        writer.Add(Indicator.SuspectTokens, features.DataCentre ? features.Suspects : 0);
        writer.Add(Indicator.MissingToken, features.Tokenless * features.TokensAreUsual);
        writer.Add(Indicator.ToolAgent, features.Open > FewSessions ? features.ToolShare : 0);
        writer.Add(Indicator.AddressSpike, sudden ? features.SpikeLevel : 0);
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
        writer.Add(Indicator.NetworkConnections, features.Excess);
        writer.Add(Indicator.MissingToken, features.Tokenless * features.TokensAreUsual);
        return writer.Count;
    }

    /// <summary>A page that is not official.</summary>
    public int Read(in ReferrerFeatures features, Span<Reading> readings)
    {
        Writer writer = new(scale, readings);
        writer.Add(Indicator.UnofficialReferrer, features.Official || features.Networks < FewestNetworks ? 0 : features.Addresses);
        return writer.Count;
    }

    private ref struct Writer(IndicatorScale scale, Span<Reading> readings)
    {
        private readonly Span<Reading> _readings = readings;

        public int Count { get; private set; }

        public readonly ReadOnlySpan<Reading> Written => _readings[..Count];

        public void Add(Indicator indicator, double value, double usual = 0)
        {
            if (scale.IsEnabled(indicator))
            {
                _readings[Count++] = scale.Read(indicator, value, usual);
            }
        }
    }
}
