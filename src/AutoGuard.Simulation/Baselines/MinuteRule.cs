using System.Runtime.InteropServices;
using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;
using AutoGuard.Simulation.Labels;

namespace AutoGuard.Simulation.Baselines;

/// <summary>
/// The pre-filter of that rule's successor: per batch of one minute and without any memory, a token is revoked when it has
/// at least 10 events and more than 3 addresses, or more than 2 user agents, or more than 1 country, or more than 50 events.
/// </summary>
/// <remarks>
/// Read so: batches are full minutes of event time; the minimum of 10 events holds for all four reasons; unknown countries
/// and missing agents are no values of their own. Its original passes the rest on to a model; here the filter itself decides.
/// </remarks>
public sealed class MinuteRule : IBaseline
{
    private const long Minute = 60_000;
    private const int FewestEvents = 10;
    private const int MostAddresses = 3;
    private const int MostAgents = 2;
    private const int MostCountries = 1;
    private const int MostEvents = 50;

    private readonly BaselineContext _context;
    private readonly DecisionLog _log;
    private readonly Dictionary<Key128, Seen> _batch = [];
    private long _end = long.MinValue;

    /// <param name="context">What every baseline knows.</param>
    public MinuteRule(BaselineContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        _context = context;
        _log = new DecisionLog(context);
    }

    /// <inheritdoc/>
    public string Name => "published rule: one-minute filter";

    /// <inheritdoc/>
    public IReadOnlyList<JudgedDecision> Decisions => _log.All;

    /// <inheritdoc/>
    public void Process(EventBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        foreach (ref readonly PlaybackEvent e in batch.Events)
        {
            if (e.Timestamp >= _end)
            {
                Complete();
                _end = ((e.Timestamp / Minute) + 1) * Minute;
            }
            if (!e.Token.IsAbsent)
            {
                ref Seen seen = ref CollectionsMarshal.GetValueRefOrAddDefault(_batch, e.Token, out bool known);
                if (!known)
                {
                    seen = new Seen(_context.TokenOf(in e, batch), _context.OrganizationOf(e.Organization));
                }
                seen.Add(in e);
            }
        }
    }

    /// <inheritdoc/>
    public void Complete()
    {
        foreach (Seen seen in _batch.Values)
        {
            if (seen.Events >= FewestEvents
                && (seen.Addresses > MostAddresses || seen.Agents > MostAgents || seen.Countries > MostCountries || seen.Events > MostEvents))
            {
                _log.Add(
                    new Subject(SubjectType.Token, seen.Token), DecisionAction.Revoke, _end, seen.Organization,
                    FormattableString.Invariant($"{seen.Events} events, {seen.Addresses} addresses, {seen.Agents} agents, {seen.Countries} countries in a minute"));
            }
        }
        _batch.Clear();
    }

    /// <summary>What a token showed in a minute; distinct values are counted just beyond their limits.</summary>
    private struct Seen(string token, string? organization)
    {
        private AddressRow _addresses;
        private NumberRow _agents;
        private NumberRow _countries;

        public readonly string Token => token;

        public readonly string? Organization => organization;

        public int Events { get; private set; }

        public int Addresses { get; private set; }

        public int Agents { get; private set; }

        public int Countries { get; private set; }

        public void Add(in PlaybackEvent e)
        {
            Events++;
            Addresses = Include(_addresses, Addresses, e.Address);
            Agents = e.UserAgent == 0 ? Agents : Include(_agents, Agents, e.UserAgent);
            Countries = e.Country == 0 ? Countries : Include(_countries, Countries, (int)e.Country);
        }

        private static int Include<T>(Span<T> row, int count, T value)
            where T : IEquatable<T>
        {
            if (count < row.Length && !row[..count].Contains(value))
            {
                row[count++] = value;
            }
            return count;
        }
    }

    [System.Runtime.CompilerServices.InlineArray(MostAddresses + 1)]
    private struct AddressRow
    {
        private IpAddress _first;
    }

    [System.Runtime.CompilerServices.InlineArray(MostAgents + 1)]
    private struct NumberRow
    {
        private int _first;
    }
}
