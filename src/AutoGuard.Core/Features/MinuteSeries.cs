using AutoGuard.Core.Configuration;
using AutoGuard.Core.Spikes;

namespace AutoGuard.Core.Features;

/// <summary>
/// Starts per minute of tokens and addresses that start often, and of the whole fleet, watched for spikes. What a key
/// does is measured against its own past and against everybody: when the fleet's starts are above their usual level (a
/// kick-off, the end of an outage), every key's value is lowered by as much.
/// </summary>
public sealed class MinuteSeries
{
    /// <summary>Sessions within the window from which a key earns a series.</summary>
    public const int EarningSessions = 8;

    private const int MostSeries = 1 << 17;
    private const float Bound = 8f;
    private const float LeastDeviation = 0.35f;

    private readonly FeatureState _state;
    private readonly SpikeBank _tokens;
    private readonly SpikeBank _addresses;
    private readonly SpikeBank _fleet;
    private readonly int _fleetSlot;
    private readonly float[] _prior;
    private readonly List<StateHandle> _watchedTokens = [];
    private readonly List<StateHandle> _watchedAddresses = [];

    /// <summary>Makes the series of one detection thread.</summary>
    public MinuteSeries(FeatureState state, SpikeOptions options)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(options);
        _state = state;
        _tokens = new SpikeBank(options.History, options.Confidence, options.Side, options.Mode, 64, growable: true);
        _addresses = new SpikeBank(options.History, options.Confidence, options.Side, options.Mode, 64, growable: true);
        _fleet = new SpikeBank(options.History, options.Confidence, SpikeSide.TwoSided, options.Mode, 1);
        _fleetSlot = _fleet.Rent();
        // A key is new when it earns its series: until it has a past of its own it is taken for an ordinary one, which
        // starts a session every few minutes.
        _prior = new float[options.History];
        for (int i = 0; i < _prior.Length; i++)
        {
            _prior[i] = i % 4 == 3 ? MathF.Log(2) : 0;
        }
        state.SeriesReleased = _tokens.Return;
        state.AddressSeriesReleased = _addresses.Return;
    }

    /// <summary>How far the fleet's last minute lay above its usual level, in natural logarithms; 0 when it did not.</summary>
    public float FleetRise { get; private set; }

    /// <summary>Keys that have a series.</summary>
    public int Count => _tokens.Rented + _addresses.Rented;

    /// <summary>Gives a token a series if it starts often enough and has none.</summary>
    public void Enrol(int tokenIndex, in TokenFeatures features)
    {
        ref TokenState token = ref _state.Tokens[tokenIndex];
        if (token.Series < 0 && features.Sessions >= EarningSessions && _watchedTokens.Count < MostSeries)
        {
            token.Series = _tokens.Rent();
            _tokens.Seed(token.Series, _prior);
            token.MinuteStarts = 0;
            _watchedTokens.Add(_state.Tokens.HandleOf(tokenIndex));
        }
    }

    /// <summary>Gives an address a series if it starts often enough and has none.</summary>
    public void Enrol(int addressIndex, in AddressFeatures features)
    {
        ref AddressState address = ref _state.Addresses[addressIndex];
        if (address.Series < 0 && features.Sessions >= EarningSessions && _watchedAddresses.Count < MostSeries)
        {
            address.Series = _addresses.Rent();
            _addresses.Seed(address.Series, _prior);
            address.MinuteStarts = 0;
            _watchedAddresses.Add(_state.Addresses.HandleOf(addressIndex));
        }
    }

    /// <summary>Ends a minute: every series takes its value, and keys that alert are marked to be judged.</summary>
    /// <param name="fleetStarts">Sessions started by everybody in that minute.</param>
    public void EndMinute(int fleetStarts)
    {
        float fleet = MathF.Log(fleetStarts + 1);
        (double mean, double deviation) = _fleet.Moments(_fleetSlot);
        bool known = _fleet.Count(_fleetSlot) >= _prior.Length / 2;
        FleetRise = known ? Math.Max(0, fleet - (float)mean) : 0;
        _fleet.Score(_fleetSlot, fleet, known ? (float)(mean + (3 * Math.Max(deviation, LeastDeviation))) : Bound * 2);

        int kept = 0;
        for (int i = 0; i < _watchedTokens.Count; i++)
        {
            StateHandle handle = _watchedTokens[i];
            if (!_state.Tokens.Holds(handle))
            {
                continue;
            }
            _watchedTokens[kept++] = handle;
            ref TokenState token = ref _state.Tokens[handle.Index];
            if (Score(_tokens, token.Series, ref token.MinuteStarts, ref token.SpikeAlerts, ref token.SpikeLevel))
            {
                _state.MarkToken(handle.Index);
            }
        }
        _watchedTokens.RemoveRange(kept, _watchedTokens.Count - kept);
        kept = 0;
        for (int i = 0; i < _watchedAddresses.Count; i++)
        {
            StateHandle handle = _watchedAddresses[i];
            if (!_state.Addresses.Holds(handle))
            {
                continue;
            }
            _watchedAddresses[kept++] = handle;
            ref AddressState address = ref _state.Addresses[handle.Index];
            if (Score(_addresses, address.Series, ref address.MinuteStarts, ref address.SpikeAlerts, ref address.SpikeLevel))
            {
                _state.MarkAddress(handle.Index);
            }
        }
        _watchedAddresses.RemoveRange(kept, _watchedAddresses.Count - kept);
    }

    private bool Score(SpikeBank bank, int slot, ref int starts, ref byte alerts, ref float level)
    {
        float value = Math.Clamp(MathF.Log(starts + 1) - FleetRise, -Bound, Bound);
        starts = 0;
        (double mean, double deviation) = bank.Moments(slot);
        // What alerts enters the window clipped: one burst must not hide the next (see docs/spike-detection.md).
        float admitAtMost = (float)(mean + (3 * Math.Max(deviation, LeastDeviation)));
        SpikePrediction prediction = bank.Score(slot, value, admitAtMost);
        alerts = (byte)(((alerts << 1) | (prediction.Alert ? 1 : 0)) & 0b11111);
        if (prediction.Alert)
        {
            level = (float)-Math.Log10(prediction.PValue);
        }
        else if (alerts == 0)
        {
            level = 0;
        }
        return prediction.Alert;
    }
}
