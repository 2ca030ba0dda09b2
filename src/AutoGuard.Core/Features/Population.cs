using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace AutoGuard.Core.Features;

/// <summary>What tokens are compared with each other in.</summary>
public enum PopulationTrait
{
    /// <summary>Sessions within the window.</summary>
    Sessions,

    /// <summary>Places within the window.</summary>
    Places,

    /// <summary>Operators of homes and phones within the window.</summary>
    Operators,

    /// <summary>Sessions at once.</summary>
    Concurrent,

    /// <summary>Places at once.</summary>
    PlacesAtOnce,

    /// <summary>Handovers in this slot and the one before.</summary>
    Handovers,

    /// <summary>Uninterrupted playback, quarters of an hour.</summary>
    Playing,

    /// <summary>User agents over the addresses of the window.</summary>
    Agents,
}

/// <summary>Where a token stands in the histograms of its population. 12 bytes.</summary>
public struct PopulationMark
{
    /// <summary>Epoch in which it was last counted plus one, twice, and one more when it was counted as bound to a user; 0 for never.</summary>
    public int Counted;

    /// <summary>Buckets it is counted in.</summary>
    public PopulationBuckets Buckets;
}

/// <summary>One bucket number for each trait.</summary>
[InlineArray(Length)]
public struct PopulationBuckets
{
    /// <summary>Traits.</summary>
    public const int Length = 8;

    private byte _first;
}

/// <summary>
/// What is usual among the tokens that are active now, for each tenant, and apart for tokens that are bound to a user and
/// those that are not: a histogram of every trait over the tokens heard in this epoch of five minutes and the one before,
/// each counted with its latest value. A platform on which phones change networks all the time has another idea of "many
/// networks" than one of set-top boxes; a kick-off and an outage move everybody at once.
/// </summary>
/// <remarks>
/// The usual level is the 99.5th percentile and a quarter, from <see cref="Enough"/> tokens on; between
/// <see cref="Few"/> and that, the 98th and a half. So a few in a hundred tokens that are misused do not move it.
/// </remarks>
public sealed class Population
{
    /// <summary>Active tokens from which on the tail of a histogram means something.</summary>
    public const int Enough = 1_000;

    /// <summary>Active tokens below which nothing is known.</summary>
    public const int Few = 200;

    /// <summary>Length of an epoch, milliseconds.</summary>
    public const long EpochLength = 300_000;

    private const int Traits = PopulationBuckets.Length;
    private const int Linear = 16;
    private const int PerOctave = 4;
    private const int Buckets = 64;
    private const int MostTenants = 4_096;

    private readonly Dictionary<int, Tenant> _tenants = [];
    private readonly Dictionary<int, ModelLevels> _priors = [];
    private DetectionModel? _model;
    private Func<int, string>? _nameOf;
    private int _epoch = -1;

    /// <summary>The tenant that was looked up last, and for whom: tokens of one tenant come one after the other.</summary>
    private Tenant? _latest;
    private int _latestOrganization;

    /// <summary>Takes what a model says for usual from now on, wherever too few tokens are active; null for no model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="nameOf">The name of an interned tenant; empty for the nameless one.</param>
    public void Adopt(DetectionModel? model, Func<int, string> nameOf)
    {
        ArgumentNullException.ThrowIfNull(nameOf);
        (_model, _nameOf) = (model, nameOf);
        _priors.Clear();
    }

    /// <summary>Lets time pass until <paramref name="now"/> (Unix milliseconds): levels are worked out anew, old epochs forgotten.</summary>
    public void Renew(long now)
    {
        int epoch = (int)(now / EpochLength);
        int passed = _epoch < 0 ? 0 : epoch - _epoch;
        _epoch = epoch;
        _latest = null;
        foreach ((int key, Tenant tenant) in _tenants)
        {
            tenant.Bound.Renew(passed);
            tenant.Unbound.Renew(passed);
            if (tenant.Bound.IsEmpty && tenant.Unbound.IsEmpty)
            {
                _tenants.Remove(key);
            }
        }
    }

    /// <summary>Counts a token with what was measured of it now.</summary>
    public void Count(ref TokenState token, in TokenFeatures features)
    {
        bool isBound = token.IsBound;
        Tenant tenant = TenantOf(token.Organization);
        Histograms histograms = isBound ? tenant.Bound : tenant.Unbound;
        Span<byte> buckets = token.Population.Buckets;
        bool counted = token.Population.Counted >> 1 == _epoch + 1;
        // A token that became bound meanwhile was counted among the others.
        Histograms before = (token.Population.Counted & 1) != 0 ? tenant.Bound : tenant.Unbound;
        for (int trait = 0; trait < Traits; trait++)
        {
            byte bucket = (byte)BucketOf(ValueOf((PopulationTrait)trait, in features));
            if (counted && before == histograms && buckets[trait] == bucket && histograms.Holds(trait, bucket))
            {
                continue;
            }
            if (counted)
            {
                before.Take(trait, buckets[trait]);
            }
            histograms.Add(trait, bucket);
            buckets[trait] = bucket;
        }
        token.Population.Counted = ((_epoch + 1) << 1) | (isBound ? 1 : 0);
    }

    /// <summary>
    /// The largest value that is still usual among the tokens like this one: of those active now, else as the model says; 0 while
    /// nothing is known.
    /// </summary>
    public double Usual(in TokenState token, PopulationTrait trait)
    {
        UsualLevels levels = default;
        CopyUsual(in token, levels);
        return levels[(int)trait];
    }

    /// <summary>The same for all traits, looked up once.</summary>
    /// <param name="token">The token.</param>
    /// <param name="levels">Takes one level for each trait; left as it is while nothing is known.</param>
    public void CopyUsual(in TokenState token, Span<double> levels)
    {
        if (Live(in token) is { } live)
        {
            live.Usual.CopyTo(levels);
        }
        else if (_model is not null)
        {
            ModelLevels priors = PriorOf(token.Organization);
            (token.IsBound ? priors.Bound : priors.Unbound)?.Usual.CopyTo(levels);
        }
    }

    /// <summary>The same, of those active now alone: 0 while too few are. For what would harm viewers if a model were wrong.</summary>
    public double Seen(in TokenState token, PopulationTrait trait) => Live(in token) is { } live ? live.Usual[(int)trait] : 0;

    /// <summary>What is usual of those active now, by tenant and over all, wherever enough are; in no particular order.</summary>
    public IEnumerable<PopulationSample> Samples()
    {
        foreach (bool bound in (bool[])[true, false])
        {
            Histograms everybody = new();
            foreach ((int organization, Tenant tenant) in _tenants)
            {
                Histograms one = bound ? tenant.Bound : tenant.Unbound;
                everybody.Add(one);
                if (one.IsKnown && organization != int.MaxValue)
                {
                    yield return new PopulationSample(organization, bound, one.Tokens, [.. one.Usual]);
                }
            }
            everybody.Renew(0);
            if (everybody.IsKnown)
            {
                yield return new PopulationSample(null, bound, everybody.Tokens, [.. everybody.Usual]);
            }
        }
    }

    /// <summary>The value of a trait.</summary>
    public static double ValueOf(PopulationTrait trait, in TokenFeatures features) => trait switch
    {
        PopulationTrait.Sessions => features.Sessions,
        PopulationTrait.Places => features.Places,
        PopulationTrait.Operators => features.Operators,
        PopulationTrait.Concurrent => features.Concurrent,
        PopulationTrait.PlacesAtOnce => features.PlacesAtOnce,
        PopulationTrait.Handovers => features.Handovers,
        PopulationTrait.Agents => features.Agents,
        _ => features.PlayingFor / 900,
    };

    private static int BucketOf(double value) => value < Linear
        ? (int)Math.Max(0, value)
        : Math.Min(Buckets - 1, Linear + (int)(PerOctave * Math.Log2(value / Linear)));

    private static double LargestIn(int bucket) => bucket < Linear ? bucket : Linear * Math.Pow(2, (bucket + 1.0 - Linear) / PerOctave);

    private Histograms? Live(in TokenState token)
    {
        if (Find(token.Organization) is not { } tenant)
        {
            return null;
        }
        Histograms live = token.IsBound ? tenant.Bound : tenant.Unbound;
        return live.IsKnown ? live : null;
    }

    private ModelLevels PriorOf(int organization)
    {
        int key = _priors.Count < MostTenants || _priors.ContainsKey(organization) ? organization : int.MaxValue;
        if (!_priors.TryGetValue(key, out ModelLevels? levels))
        {
            string name = _nameOf!(organization);
            levels = key == organization
                ? new ModelLevels(_model!.LevelsOf(name, bound: true), _model.LevelsOf(name, bound: false))
                : _model!.Everybody;
            _priors.Add(key, levels);
        }
        return levels;
    }

    private int Key(int organization) => _tenants.Count < MostTenants || _tenants.ContainsKey(organization) ? organization : int.MaxValue;

    private Tenant? Find(int organization)
    {
        if (_latest is not null && _latestOrganization == organization)
        {
            return _latest;
        }
        if (_tenants.TryGetValue(Key(organization), out Tenant? tenant))
        {
            (_latest, _latestOrganization) = (tenant, organization);
        }
        return tenant;
    }

    private Tenant TenantOf(int organization)
    {
        if (Find(organization) is not { } tenant)
        {
            tenant = new Tenant();
            _tenants.Add(Key(organization), tenant);
        }
        return tenant;
    }

    private sealed class Tenant
    {
        public Histograms Bound { get; } = new();

        public Histograms Unbound { get; } = new();
    }

    private sealed class Histograms
    {
        private int[] _now = new int[Traits * Buckets];
        private int[] _before = new int[Traits * Buckets];

        public double[] Usual { get; } = new double[Traits];

        /// <summary>Whether nobody was counted in this epoch or the one before.</summary>
        public bool IsEmpty => !_now.AsSpan().ContainsAnyExcept(0) && !_before.AsSpan().ContainsAnyExcept(0);

        /// <summary>Whether enough tokens were counted for <see cref="Usual"/> to mean something, when it was worked out last.</summary>
        public bool IsKnown => Tokens >= Few;

        /// <summary>Tokens counted when the levels were worked out last.</summary>
        public long Tokens { get; private set; }

        public void Add(Histograms other)
        {
            for (int i = 0; i < _now.Length; i++)
            {
                _now[i] += other._now[i] + other._before[i];
            }
        }

        /// <summary>Whether anything is counted in a bucket in this epoch.</summary>
        public bool Holds(int trait, int bucket) => _now[(trait * Buckets) + bucket] > 0;

        public void Add(int trait, int bucket) => _now[(trait * Buckets) + bucket]++;

        /// <summary>Takes back what was counted in this epoch; of a tenant that shares its place with others meanwhile, nothing.</summary>
        public void Take(int trait, int bucket)
        {
            ref int left = ref _now[(trait * Buckets) + bucket];
            left = Math.Max(0, left - 1);
        }

        public void Renew(int epochs)
        {
            if (epochs > 0)
            {
                (_now, _before) = (_before, _now);
                Array.Clear(_now);
            }
            if (epochs > 1)
            {
                Array.Clear(_before);
            }
            // Every token is counted once in every trait.
            Tokens = Sum(_now.AsSpan(0, Buckets)) + Sum(_before.AsSpan(0, Buckets));
            for (int trait = 0; trait < Traits; trait++)
            {
                Usual[trait] = Level(trait * Buckets);
            }
        }

        private double Level(int from)
        {
            ReadOnlySpan<int> now = _now.AsSpan(from, Buckets);
            ReadOnlySpan<int> before = _before.AsSpan(from, Buckets);
            long total = Sum(now) + Sum(before);
            if (total < Few)
            {
                return 0;
            }
            long above = total >= Enough ? total / 200 : total / 50;
            double margin = total >= Enough ? 1.25 : 1.5;
            for (int bucket = Buckets - 1; bucket > 0; bucket--)
            {
                above -= now[bucket] + before[bucket];
                if (above < 0)
                {
                    return LargestIn(bucket) * margin;
                }
            }
            return 0;
        }

        private static long Sum(ReadOnlySpan<int> counts)
        {
            long sum = 0;
            foreach (int count in counts)
            {
                sum += count;
            }
            return sum;
        }
    }
}
