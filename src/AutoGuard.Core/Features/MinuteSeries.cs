using AutoGuard.Core.Configuration;
using AutoGuard.Core.Spikes;

namespace AutoGuard.Core.Features;

/// <summary>
/// Starts per minute of tokens and addresses that start often, and of the whole fleet, watched for spikes. What a key
/// does is measured against its own past and against everybody: when the starts of the fleet, or of the stream that a key
/// watches, are above their usual level (a kick-off, the end of an outage), the key's value is lowered by as much.
/// </summary>
public sealed class MinuteSeries
{
    /// <summary>Sessions within the window from which a key earns a series.</summary>
    public const int EarningSessions = 8;

    private const int MostSeries = 1 << 17;
    private const float Bound = 8f;
    private const float LeastDeviation = 0.35f;

    // On a window without any spread the smallest change is improbable; one by less than a factor of e is no spike.
    private const float LeastRise = 1f;

    // The fleet's seasonal model: four hours of minutes, the first two to learn from, seasons up to half an hour.
    private const int FleetMinutes = 240;
    private const int FleetTraining = 120;
    private const int FleetSeason = 30;

    private readonly FeatureState _state;
    private readonly ISpikeEngine _engine;
    private readonly SpikeOptions _options;
    private readonly List<StateHandle> _suspects = [];
    private readonly Queue<float> _fleetPast = new(FleetMinutes);
    private float[] _blocks = [];
    private SpikePrediction[] _rechecked = [];
    private readonly SpikeBank _tokens;
    private readonly SpikeBank _addresses;
    private readonly FleetSeries _fleet;
    private readonly float[] _prior;
    private readonly List<StateHandle>[] _watchedTokens;
    private readonly List<StateHandle>[] _watchedAddresses;

    /// <summary>Makes the series of one detection thread.</summary>
    /// <param name="state">The keyed state.</param>
    /// <param name="fleet">What everybody does; its minutes are ended here.</param>
    /// <param name="options">How they are judged.</param>
    /// <param name="engine">Looks at suspects once more, and at the fleet when <see cref="SpikeOptions.Engine"/> is ML.NET.</param>
    public MinuteSeries(FeatureState state, FleetSeries fleet, SpikeOptions options, ISpikeEngine engine)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(fleet);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(engine);
        _state = state;
        _fleet = fleet;
        _engine = engine;
        _options = options;
        _tokens = new SpikeBank(options.History, options.Confidence, options.Side, options.Mode, 64, growable: true);
        _addresses = new SpikeBank(options.History, options.Confidence, options.Side, options.Mode, 64, growable: true);
        // A key is new when it earns its series: until it has a past of its own it is taken for an ordinary one, which
        // starts a session every few minutes.
        _prior = new float[options.History];
        for (int i = 0; i < _prior.Length; i++)
        {
            _prior[i] = i % 4 == 3 ? MathF.Log(2) : 0;
        }
        _watchedTokens = [.. Enumerable.Range(0, state.Slices).Select(_ => new List<StateHandle>())];
        _watchedAddresses = [.. Enumerable.Range(0, state.Slices).Select(_ => new List<StateHandle>())];
        state.SeriesReleased = _tokens.Return;
        state.AddressSeriesReleased = _addresses.Return;
    }

    /// <summary>How far everybody's last minute lay above its usual level, in natural logarithms; 0 when it did not.</summary>
    public float FleetRise { get; private set; }

    /// <summary>Keys that have a series.</summary>
    public int Count => _tokens.Rented + _addresses.Rented;

    /// <summary>Gives a token a series if it starts often enough and has none.</summary>
    /// <param name="tokenIndex">The token.</param>
    /// <param name="sessions">Its sessions first seen within the window.</param>
    public void Enrol(int tokenIndex, int sessions)
    {
        ref TokenState token = ref _state.Tokens[tokenIndex];
        if (token.Series < 0 && sessions >= EarningSessions && _tokens.Rented < MostSeries)
        {
            token.Series = _tokens.Rent();
            _tokens.Seed(token.Series, _prior);
            token.MinuteStarts = 0;
            _watchedTokens[tokenIndex % _state.Slices].Add(_state.Tokens.HandleOf(tokenIndex));
        }
    }

    /// <summary>Gives an address a series if it starts often enough and has none.</summary>
    public void Enrol(int addressIndex, in AddressFeatures features)
    {
        ref AddressState address = ref _state.Addresses[addressIndex];
        if (address.Series < 0 && features.Sessions >= EarningSessions && _addresses.Rented < MostSeries)
        {
            address.Series = _addresses.Rent();
            _addresses.Seed(address.Series, _prior);
            address.MinuteStarts = 0;
            _watchedAddresses[addressIndex % _state.Slices].Add(_state.Addresses.HandleOf(addressIndex));
        }
    }

    /// <summary>Ends a minute of everybody's series. Those of the keys follow, each slice's once.</summary>
    /// <param name="minute">The minute, Unix minutes.</param>
    public void EndMinute(long minute)
    {
        _fleet.EndMinute(minute);
        FleetRise = _options.Engine == SpikeEngine.MlNet ? SeasonalRise(MathF.Log(_fleet.AllStarts + 1)) : _fleet.AllRise;
    }

    /// <summary>
    /// Ends a minute of the keys of a slice: every series takes its value, and keys that alert are marked to be judged. Their minutes end
    /// some seconds after everybody's, always as many, so that a hundred thousand need not end at once.
    /// </summary>
    /// <param name="slice">The slice, from 0.</param>
    public void EndMinuteOf(int slice)
    {
        _suspects.Clear();
        int kept = 0;
        List<StateHandle> watched = _watchedTokens[slice];
        for (int i = 0; i < watched.Count; i++)
        {
            StateHandle handle = watched[i];
            if (_state.Tokens.Holds(handle))
            {
                watched[kept++] = handle;
                ref TokenState token = ref _state.Tokens[handle.Index];
                Take(_tokens, handle, token.Series, RiseFor(token.Organization, token.Stream), ref token.MinuteStarts, ref token.SpikeAlerts, ref token.SpikeLevel);
            }
        }
        watched.RemoveRange(kept, watched.Count - kept);
        int tokens = _suspects.Count;
        kept = 0;
        watched = _watchedAddresses[slice];
        for (int i = 0; i < watched.Count; i++)
        {
            StateHandle handle = watched[i];
            if (_state.Addresses.Holds(handle))
            {
                watched[kept++] = handle;
                ref AddressState address = ref _state.Addresses[handle.Index];
                Take(_addresses, handle, address.Series, RiseFor(_state.Addresses.KeyAt(handle.Index).Organization, address.Stream), ref address.MinuteStarts, ref address.SpikeAlerts, ref address.SpikeLevel);
            }
        }
        watched.RemoveRange(kept, watched.Count - kept);
        Recheck(tokens);
    }

    private float RiseFor(int organization, int stream) =>
        Math.Max(FleetRise, _fleet.Rise(organization, stream, withAll: _options.Engine != SpikeEngine.MlNet));

    /// <summary>How far the fleet lies above what its own season led to expect, once enough of it was seen.</summary>
    private float SeasonalRise(float fleet)
    {
        if (_fleetPast.Count == FleetMinutes)
        {
            _fleetPast.Dequeue();
        }
        _fleetPast.Enqueue(fleet);
        if (_fleetPast.Count <= FleetTraining + _options.History)
        {
            return _fleet.AllRise;
        }
        float[] series = [.. _fleetPast];
        SpikePrediction[] predictions = new SpikePrediction[series.Length];
        SeasonalSettings settings = new(_options.Confidence, _options.History, FleetTraining, FleetSeason, SpikeSide.Positive);
        _engine.ScoreSeasonal(series, settings, predictions);
        double error = predictions[^1].Score;
        return double.IsFinite(error) ? (float)Math.Clamp(error, 0, Bound) : 0;
    }

    /// <summary>Judges the minute of one key; one that alerts waits for the second look.</summary>
    private void Take(SpikeBank bank, StateHandle handle, int slot, float rise, ref ushort starts, ref byte alerts, ref float level)
    {
        float value = Math.Clamp(MathF.Log(starts + 1) - rise, -Bound, Bound);
        starts = 0;
        (double mean, double deviation) = bank.Moments(slot);
        bool suspect = Math.Abs(value - mean) >= LeastRise && bank.Peek(slot, value).Alert;
        if (suspect)
        {
            int length = bank.History + 1;
            int offset = _suspects.Count * length;
            if (offset + length > _blocks.Length)
            {
                Array.Resize(ref _blocks, Math.Max(_blocks.Length * 2, offset + (length * 8)));
            }
            bank.CopyWindow(slot, _blocks.AsSpan(offset, bank.History));
            _blocks[offset + bank.History] = value;
            _suspects.Add(handle);
        }
        // What alerts enters the window clipped: one burst must not hide the next (see docs/spike-detection.md).
        bank.Score(slot, value, (float)(mean + (3 * Math.Max(deviation, LeastDeviation))));
        alerts = (byte)((alerts << 1) & 0b11111);
        level = alerts == 0 ? 0 : level;
    }

    /// <summary>Has the engine look at the suspects again, each in its own units, and marks those it confirms.</summary>
    private void Recheck(int tokens)
    {
        if (_suspects.Count == 0)
        {
            return;
        }
        if (_rechecked.Length < _suspects.Count)
        {
            _rechecked = new SpikePrediction[_suspects.Count * 2];
        }
        Span<SpikePrediction> predictions = _rechecked.AsSpan(0, _suspects.Count);
        RecheckSettings settings = new(_options.Confidence, _options.History, _options.Side);
        _engine.Recheck(_blocks.AsSpan(0, _suspects.Count * (_options.History + 1)), settings, predictions);
        for (int i = 0; i < predictions.Length; i++)
        {
            if (!predictions[i].Alert)
            {
                continue;
            }
            int index = _suspects[i].Index;
            float level = (float)-Math.Log10(predictions[i].PValue);
            if (i < tokens)
            {
                ref TokenState token = ref _state.Tokens[index];
                token.SpikeAlerts |= 1;
                token.SpikeLevel = level;
                _state.MarkToken(index);
            }
            else
            {
                ref AddressState address = ref _state.Addresses[index];
                address.SpikeAlerts |= 1;
                address.SpikeLevel = level;
                _state.MarkAddress(index);
            }
        }
    }
}
