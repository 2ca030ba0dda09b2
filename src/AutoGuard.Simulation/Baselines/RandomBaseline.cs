using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;
using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.World;

namespace AutoGuard.Simulation.Baselines;

/// <summary>
/// Chance: for every subject another detector decided on, one of the same type is drawn from all that had been seen by then,
/// and the same is done to it at the same time. Equal seeds draw equally.
/// </summary>
public sealed class RandomBaseline : IBaseline
{
    /// <summary>Beyond the purposes of the world, none of whose numbers this may share.</summary>
    private const RandomDomain Domain = (RandomDomain)200;

    private const int MostDraws = 64;

    private readonly BaselineContext _context;
    private readonly DeterministicRandom _random;
    private readonly Seen<(string Token, string? Organization), Key128> _tokens = new();
    private readonly Seen<IpAddress, IpAddress> _addresses = new();
    private readonly Seen<(string Host, string? Organization), (int, int)> _referrers = new();
    private readonly List<JudgedDecision> _decisions = [];

    /// <param name="context">What every baseline knows.</param>
    /// <param name="seed">Any number.</param>
    public RandomBaseline(BaselineContext context, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(context);
        _context = context;
        _random = new DeterministicRandom(seed, Domain);
    }

    /// <inheritdoc/>
    public string Name => "chance";

    /// <inheritdoc/>
    public IReadOnlyList<JudgedDecision> Decisions => _decisions;

    /// <inheritdoc/>
    public void Process(EventBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        foreach (ref readonly PlaybackEvent e in batch.Events)
        {
            if (!e.Token.IsAbsent && _tokens.IsNew(e.Token))
            {
                _tokens.Add((_context.TokenOf(in e, batch), _context.OrganizationOf(e.Organization)), e.Timestamp);
            }
            if (_addresses.IsNew(e.Address))
            {
                _addresses.Add(e.Address, e.Timestamp);
            }
            if (e.Referrer != 0 && _referrers.IsNew((e.Referrer, e.Organization)))
            {
                _referrers.Add((_context.Strings.Text(e.Referrer), _context.OrganizationOf(e.Organization)), e.Timestamp);
            }
        }
    }

    /// <inheritdoc/>
    public void Complete()
    {
    }

    /// <summary>Decides as often as another detector did; to be called once, when all events have been seen.</summary>
    public void Imitate(IEnumerable<JudgedDecision> decisions)
    {
        Dictionary<Subject, (Subject Subject, string? Organization)> drawn = [];
        HashSet<Subject> taken = [];
        foreach (JudgedDecision decision in decisions.OrderBy(d => d.Time).ThenBy(d => d.Subject).ThenBy(d => d.Action))
        {
            if (!drawn.TryGetValue(decision.Subject, out (Subject Subject, string? Organization) other))
            {
                if (Draw(decision, taken) is not { } found)
                {
                    continue;
                }
                drawn.Add(decision.Subject, other = found);
                taken.Add(found.Subject);
            }
            _decisions.Add(new JudgedDecision(other.Subject, decision.Action, decision.Time)
            {
                Organization = other.Organization, Expires = decision.Expires, Score = decision.Score, Reason = "drawn by lot",
            });
        }
    }

    private (Subject Subject, string? Organization)? Draw(JudgedDecision model, HashSet<Subject> taken)
    {
        for (int i = 0; i < MostDraws; i++)
        {
            if (DrawOne(model) is not { } one)
            {
                return null;
            }
            if (!taken.Contains(one.Subject) && !_context.IsAllowed(one.Subject, model.Time))
            {
                return one;
            }
        }
        return null;
    }

    private (Subject Subject, string? Organization)? DrawOne(JudgedDecision model)
    {
        switch (model.Subject.Type)
        {
            case SubjectType.Token:
                return _tokens.TryDraw(_random, model.Time, out (string Token, string? Organization) token)
                    ? (new Subject(SubjectType.Token, token.Token), token.Organization)
                    : null;
            case SubjectType.Referrer:
                return _referrers.TryDraw(_random, model.Time, out (string Host, string? Organization) page)
                    ? (new Subject(SubjectType.Referrer, page.Host), page.Organization)
                    : null;
            default:
                if (!_addresses.TryDraw(_random, model.Time, out IpAddress address))
                {
                    return null;
                }
                bool isNetwork = model.Subject.Type == SubjectType.Cidr && IpNetwork.TryParse(model.Subject.Value, out _);
                return (isNetwork ? Subject.Of(IpNetwork.Of(address, address.IsV4 ? 24 : 64)) : Subject.Of(address), model.Organization);
        }
    }

    /// <summary>Things in the order in which they were first seen.</summary>
    private sealed class Seen<T, TKey>
    {
        private readonly HashSet<TKey> _keys = [];
        private readonly List<T> _things = [];
        private readonly List<long> _times = [];

        public bool IsNew(TKey key) => _keys.Add(key);

        public void Add(T thing, long time)
        {
            _things.Add(thing);
            _times.Add(time);
        }

        /// <summary>Draws one of those seen up to a time.</summary>
        public bool TryDraw(DeterministicRandom random, long time, out T thing)
        {
            int place = _times.BinarySearch(time);
            int count = place < 0 ? ~place : place + 1;
            while (count < _times.Count && _times[count] == time)
            {
                count++;
            }
            thing = count == 0 ? default! : _things[(int)random.Below(count)];
            return count > 0;
        }
    }
}
