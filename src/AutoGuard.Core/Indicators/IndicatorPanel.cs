using System.Runtime.CompilerServices;
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
    public const int MostReadings = 25;

    /// <summary>Share of a token's sessions from a foreign page from which on what it does is the page's doing.</summary>
    private const double MostlyForeign = 0.5;

    /// <summary>Sessions of a tenant of which one may come through a site that gives every viewer a host.</summary>
    private const double SessionsPerVisitor = 2_000;

    /// <summary>Sites that must have come from a page before it is anything: anybody can name any page in a request.</summary>
    private const int FewestNetworks = 8;

    /// <summary>Operators that they must belong to, or else</summary>
    private const int FewestOperators = 3;

    /// <summary>networks of IPv4 that must have come: one subscriber has few, and of IPv6 any number.</summary>
    private const int FewestNetworksOfOne = 32;

    /// <summary>Connections and reconnects count at half of what a home may do in a data centre, where no homes are.</summary>
    private const double NobodyAtHome = 2;

    /// <summary>How far a server's connections must lack the referrer that others have before its tokens are somebody's stock.</summary>
    private const double MostlyBare = 0.6;

    /// <summary>By how much fewer tokens at once count against such a server.</summary>
    private const double BareStrictness = 3;

    /// <summary>By how much fewer sessions of seconds count against a data centre's address, where nobody reloads a page; one every five minutes stays below, as monitors do.</summary>
    private const double AttemptsAtServers = 1.3;

    /// <summary>The same where each of them shows another token, as whoever tries tokens does.</summary>
    private const double GuessesAtServers = 2.7;

    /// <summary>Share of an address's sessions that have a token of their own where tokens are tried: most, for one may turn out to be somebody's.</summary>
    private const double OneTokenEach = 0.9;

    /// <summary>Sessions of seconds within ten minutes up to which a server's may be a monitor's, with a token for each of its looks.</summary>
    private const int FewLooks = 5;

    /// <summary>Sessions of seconds that each viewer behind an address may account for.</summary>
    private const double AttemptsPerViewer = 2;

    /// <summary>Open sessions of an address up to which it does not matter what plays them.</summary>
    private const int FewSessions = 2;

    /// <summary>Accounts in trouble that one home may have, a household's shared ones; a data centre has none.</summary>
    internal const int FewSuspects = 2;

    /// <summary>Use of a token that is meant for one session counts from two at once on, where it is known that hardly any is.</summary>
    private const double OneSessionStrictness = 3;

    /// <summary>By how much fewer sessions of each count where several users of one line all play on more screens than a household has.</summary>
    private const double AlikeStrictness = 1.5;

    /// <summary>A session this long is more than a look whether the stream is there, seconds.</summary>
    private const double StayingSession = 60;

    /// <summary>A lonely server may play for three quarters as long as a person: it may be somebody's own VPN, but it does not get tired.</summary>
    private const double ServerStrictness = 4 / 3.0;

    /// <summary>Operators that somebody meets on the way: at home, and between.</summary>
    private const int OperatorsOnTheWay = 2;

    /// <summary>Two phones of a family pass two lines at work instead of one, and two networks of a carrier.</summary>
    private const double TwoPhones = 3 / 4.0;

    /// <summary>How often somebody may go to and fro between two countries before it counts as one change.</summary>
    private const double ChangesAtBorder = 4;

    /// <summary>Places of more operators than that count from half of the limit on.</summary>
    private const double StrangersStrictness = 2;

    /// <summary>Sites that may play without tokens at a time and be lines all the same.</summary>
    private const int MostSitesAlike = 4;

    /// <summary>A tool that records or relays may play for a quarter as long as a person.</summary>
    private const double ToolStrictness = 4;

    /// <summary>Whether an indicator is read and has a weight.</summary>
    public bool Reads(Indicator indicator) => scale.IsEnabled(indicator) && scale.Read(indicator, 0).Weight > 0;

    /// <summary>
    /// Whether any indicator of a token has a grade. That it has none is said of nearly all tokens and costs a fraction of reading them: without a
    /// grade there is no score.
    /// </summary>
    public bool HasGrade(in TokenFeatures features)
    {
        GradeSeeker seeker = new(scale);
        ReadInto(in features, ref seeker);
        return seeker.Accuses;
    }

    /// <summary>Whether any indicator of an address has a grade.</summary>
    public bool HasGrade(in AddressFeatures features)
    {
        GradeSeeker seeker = new(scale);
        ReadInto(in features, ref seeker);
        return seeker.Accuses;
    }

    /// <summary>Indicators A to F of a token, and its spike.</summary>
    /// <remarks>
    /// A token that everybody gets by design is shared, comes from everywhere and plays for ever: nothing of that speaks
    /// against it. Nor does what a foreign page does with a token that is bound to nobody: that leads to the page. A missing
    /// referrer is compared with what is usual for the tenant and the player.
    /// </remarks>
    public int Read(in TokenFeatures features, Span<Reading> readings)
    {
        Writer writer = new(scale, readings);
        ReadInto(in features, ref writer);
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
        ReadInto(in features, ref writer);
        return writer.Count;
    }

    /// <summary>A subnet of offenders, or a site of IPv6 that plays without tokens.</summary>
    public int Read(in NetworkFeatures features, Span<Reading> readings)
    {
        Writer writer = new(scale, readings);
        if (features.IsSite)
        {
            // Where homes are, sites that do the same at the same time are a carrier's, whose app may have lost its tokens.
            bool alone = features.DataCentre || features.SitesAlike <= MostSitesAlike;
            writer.Add(Indicator.SiteMissingToken, features.StandsOut && alone ? features.TokenlessNetworks * features.OthersHaveTokens : 0);
        }
        else
        {
            writer.Add(Indicator.SubnetOffenders, features.Offenders);
            writer.Add(Indicator.NetworkConnections, features.Excess);
            writer.Add(Indicator.MissingToken, features.Tokenless * features.TokensAreUsual);
        }
        writer.Add(Indicator.AddressDataCentre, features.DataCentre && writer.Accuses ? 1 : 0);
        return writer.Count;
    }

    /// <summary>
    /// A page that is not official. Of a site its hosts are counted: one that gives every viewer a host has as many as viewers. Translators, archives and portals do
    /// so too, and of a large audience more use them: their share is compared.
    /// </summary>
    public int Read(in ReferrerFeatures features, Span<Reading> readings)
    {
        Writer writer = new(scale, readings);
        double value = !IsAccused(in features) ? 0 : features.IsSite ? Math.Min(features.Hosts, features.Witnesses) : features.Witnesses;
        writer.Add(Indicator.UnofficialReferrer, value, features.TenantSessions / SessionsPerVisitor);
        return writer.Count;
    }

    private static bool IsAccused(in ReferrerFeatures features) =>
        !features.Official && features.Networks >= FewestNetworks && (features.Operators >= FewestOperators || features.SitesV4 >= FewestNetworksOfOne);

    private void ReadInto<TReader>(in TokenFeatures features, ref TReader reader)
        where TReader : struct, IReader, allows ref struct
    {
        if (features.Workflow == TokenWorkflow.Shared)
        {
            return;
        }
        if (features.Workflow == TokenWorkflow.PerSession && features.UnknownReferrerShare > MostlyForeign)
        {
            reader.Add(Indicator.UnknownReferrer, features.UnknownReferrerShare);
            return;
        }
        // A monitor connects for seconds; what plays a stream stays.
        double dataCentre = features.Longest >= StayingSession ? features.DataCentreShare * features.LonelyDataCentres : 0;
        bool server = dataCentre > 0.5;
        double hours = Math.Max(features.Longest, features.PlayingFor) / 3600;
        double patience = features.ToolShare > 0.5 ? ToolStrictness : server ? ServerStrictness : 1;
        // Sessions that nothing proves to run yet count as one less: a phone that changed its network leaves one behind.
        // In everybody's trouble whole households do, and what is proven to run at once may be what the phone tried on its way.
        int places = features.Trouble ? Math.Max(0, features.PlacesAtOnce - 1) : Math.Max(features.PlacesAtOnce, features.PresumedPlaces - 1);
        double usualConcurrent = features.Usual[(int)PopulationTrait.Concurrent];
        double alike = features.Alike > 0 ? AlikeStrictness : 1;
        bool oneEach = features.Workflow == TokenWorkflow.PerSession && usualConcurrent is > 0 and < 2;
        reader.Add(Indicator.ConcurrentSessions, features.Concurrent, usualConcurrent / alike, oneEach ? OneSessionStrictness : alike);
        reader.Add(Indicator.DataCentreSessions, server ? features.Concurrent : 0);
        reader.Add(Indicator.ConcurrentNetworks, places, features.Usual[(int)PopulationTrait.PlacesAtOnce]);
        reader.Add(Indicator.SessionHandovers, features.Handovers, features.Usual[(int)PopulationTrait.Handovers]);
        // In everybody's trouble a phone that is on the move tries again from every network that it passes.
        // One carrier's cells are many places on the way; homes of strangers are several operators' lines.
        double company = features.Operators > OperatorsOnTheWay ? StrangersStrictness : 1;
        reader.Add(Indicator.DistinctNetworks, Math.Max(1, features.Places - features.TroubledSessions), features.Usual[(int)PopulationTrait.Places], company);
        reader.Add(Indicator.DistinctOperators, features.Operators, features.Usual[(int)PopulationTrait.Operators]);
        reader.Add(Indicator.DistinctHomes, features.Trouble ? 0 : features.Homes, strictness: MayBeTwoPhones(in features) ? TwoPhones : 1);
        reader.Add(Indicator.DistinctAgents, features.Agents, features.Usual[(int)PopulationTrait.Agents]);
        reader.Add(Indicator.SessionsPerToken, features.Sessions - features.TroubledSessions, features.Usual[(int)PopulationTrait.Sessions]);
        reader.Add(Indicator.GeographicSpread, features.Countries);
        // Near a border phones go to and fro between two countries; nobody lives in three.
        reader.Add(Indicator.CountryChanges, features.CountryChanges, strictness: features.Countries > 2 ? 1 : 1 / ChangesAtBorder);
        reader.Add(Indicator.DataCentre, dataCentre);
        reader.Add(Indicator.ToolAgent, features.ToolShare);
        reader.Add(Indicator.UnknownReferrer, features.UnknownReferrerShare);
        reader.Add(Indicator.MissingReferrer, features.UnexpectedMissingShare);
        reader.Add(Indicator.LongPlayback, hours, features.Usual[(int)PopulationTrait.Playing] / 4 / patience, patience);
        reader.Add(Indicator.Successor, features.Likeness);
        reader.Add(Indicator.TokenSpike, features.SpikeMinutes >= spikePersistence && !features.Trouble ? features.SpikeLevel : 0);
    }

    private void ReadInto<TReader>(in AddressFeatures features, ref TReader reader)
        where TReader : struct, IReader, allows ref struct
    {
        double strictness = features.DataCentre ? NobodyAtHome : 1;
        bool sudden = features.SpikeMinutes >= spikePersistence && !features.Trouble;
        // Where there are many tokens there are many viewers, and as many of those without one of their own.
        double unowned = Math.Max(0, features.Unowned - features.Tokens);
        // In a data centre where nobody plays with a token of his own, though nearly everybody else does, each counts twice.
        unowned *= features.DataCentre && features.Owned == 0 ? 1 + features.OwnTokensAreUsual : 1;
        reader.Add(Indicator.AddressConnections, features.Excess + (features.DataCentre || sudden ? unowned : 0), strictness: strictness);
        bool mostlyShort = features.Short * 2 >= features.Starts;
        reader.Add(Indicator.AddressReconnects, mostlyShort ? features.ShortPerMinute : 0, features.UsualShortPerMinute, strictness);
        reader.Add(Indicator.AddressAttempts, mostlyShort ? features.Shorts : 0, AttemptsPerViewer * features.SettledTokens, AttemptsStrictness(in features));
        reader.Add(Indicator.Campaign, features.Campaign);
        reader.Add(Indicator.AddressTokens, features.Tokens);
        // A VPN's customers come from the tenant's pages, as everybody does; bought accounts are played by programs, which come from nowhere.
        reader.Add(Indicator.DataCentreTokens, features.DataCentre ? features.OpenTokens : 0, strictness: features.BareShare > MostlyBare ? BareStrictness : 1);
        reader.Add(Indicator.SuspectTokens, features.DataCentre ? features.Suspects : features.SuspectOwners > FewSuspects && features.Suspects * 2 > features.Tokens ? features.SuspectOwners : 0);
        reader.Add(Indicator.MissingToken, features.Tokenless * features.TokensAreUsual);
        reader.Add(Indicator.ToolAgent, features.Open > FewSessions ? features.ToolShare : 0);
        // A spike of sessions of seconds is what was counted as attempts already.
        reader.Add(Indicator.AddressSpike, sudden && !mostlyShort ? features.SpikeLevel : 0);
        reader.Add(Indicator.AddressDataCentre, features.DataCentre && reader.Accuses ? 1 : 0);
    }

    /// <summary>Two players, or two of one model, each with what it left behind at most, or which go back and forth.</summary>
    private static bool MayBeTwoPhones(in TokenFeatures features) =>
        features.Agents == 2 || (features.Agents == 1 && (features.MaxConcurrent is 2 or 3 || (features.MaxConcurrent <= 1 && features.Returned)));

    private static double AttemptsStrictness(in AddressFeatures features) =>
        !features.DataCentre ? 1 : TriesTokens(in features) ? GuessesAtServers : AttemptsAtServers;

    private static bool TriesTokens(in AddressFeatures features) =>
        features.Short > FewLooks && features.SettledTokens == 0 && features.Tokens >= OneTokenEach * features.Sessions;

    /// <summary>What becomes of an indicator's value. Both kinds are structs, so that what reads is compiled for each.</summary>
    private interface IReader
    {
        /// <summary>Whether anything read so far speaks against the subject.</summary>
        bool Accuses { get; }

        void Add(Indicator indicator, double value, double usual = 0, double strictness = 1);
    }

    /// <summary>Only asks whether there is a grade.</summary>
    private struct GradeSeeker(IndicatorScale scale) : IReader
    {
        public bool Accuses { get; private set; }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add(Indicator indicator, double value, double usual, double strictness) => Accuses |= scale.HasGrade(indicator, value, usual, strictness);
    }

    /// <summary>Writes readings.</summary>
    private ref struct Writer(IndicatorScale scale, Span<Reading> readings) : IReader
    {
        private readonly Span<Reading> _readings = readings;

        public int Count { get; private set; }

        public readonly bool Accuses
        {
            get
            {
                bool accuses = false;
                foreach (ref readonly Reading reading in _readings[..Count])
                {
                    accuses |= reading.Grade > 0;
                }
                return accuses;
            }
        }

        public void Add(Indicator indicator, double value, double usual = 0, double strictness = 1)
        {
            if (scale.IsEnabled(indicator))
            {
                _readings[Count++] = scale.Read(indicator, value, usual, strictness);
            }
        }
    }
}
