namespace AutoGuard.Core.Spikes;

/// <summary>How a value and its forecast become the error that is judged.</summary>
public enum ForecastError
{
    /// <summary>Value minus forecast.</summary>
    SignedDifference,

    /// <summary>Distance of value and forecast.</summary>
    AbsoluteDifference,

    /// <summary>Signed difference as a fraction of the forecast; 0 for a forecast of 0.</summary>
    SignedProportion,

    /// <summary>Distance as a fraction of the forecast; 0 for a forecast of 0.</summary>
    AbsoluteProportion,

    /// <summary>Squared difference.</summary>
    SquaredDifference,
}

/// <summary>Whether a value is forecast before it is learned from.</summary>
public enum ForecastOrder
{
    /// <summary>Forecast, then consume: ML.NET's <c>Transform</c>, and the one that means something.</summary>
    ForecastFirst,

    /// <summary>Consume, then forecast: ML.NET's prediction engine.</summary>
    ConsumeFirst,
}

/// <summary>
/// Spike detection on one seasonal series, as ML.NET's <c>DetectSpikeBySsa</c>: the error of a singular spectrum forecast, judged by
/// <see cref="IidSpikeDetector"/> against the errors before it.
/// </summary>
public sealed class SsaSpikeDetector
{
    private readonly SsaModel _model;
    private readonly IidSpikeDetector _errors;
    private readonly ForecastError _error;
    private readonly ForecastOrder _order;
    private readonly double[] _state;
    private readonly double[] _lagged;
    private readonly double[] _smoothed;
    private float _forecast;

    /// <summary>Makes a detector that continues where training ended.</summary>
    /// <param name="model">What to forecast by.</param>
    /// <param name="confidence">Percent, 0 to 100.</param>
    /// <param name="history">Errors an error is judged against, at least 1.</param>
    /// <param name="side">Which tail alerts.</param>
    /// <param name="mode">How the spread of the errors is kept.</param>
    /// <param name="error">What error is judged.</param>
    /// <param name="order">Whether a value is forecast before it is consumed.</param>
    /// <exception cref="ArgumentOutOfRangeException">Confidence or history out of range.</exception>
    public SsaSpikeDetector(
        SsaModel model,
        double confidence,
        int history,
        SpikeSide side,
        SpikeMode mode,
        ForecastError error = ForecastError.SignedDifference,
        ForecastOrder order = ForecastOrder.ForecastFirst)
    {
        ArgumentNullException.ThrowIfNull(model);
        _model = model;
        _errors = new IidSpikeDetector(confidence, history, side, mode);
        _error = error;
        _order = order;
        _state = [.. model.State];
        _lagged = [.. model.State, 0];
        _smoothed = new double[model.Seasonality];
        Forecast();
    }

    /// <summary>What the next value is expected to be.</summary>
    public double NextForecast => _forecast;

    /// <summary>Judges a value, and learns from it.</summary>
    /// <param name="value">The next value. What is not a finite number is left out: no alert, NaN score and p-value.</param>
    /// <returns>Alert, the forecast error as the score, and its p-value.</returns>
    public SpikePrediction Score(float value)
    {
        if (!float.IsFinite(value))
        {
            return new SpikePrediction(false, double.NaN, double.NaN);
        }

        if (_order == ForecastOrder.ConsumeFirst)
        {
            Consume(value);
        }

        var raw = ErrorOf(value, _forecast);
        if (_order == ForecastOrder.ForecastFirst)
        {
            Consume(value);
        }

        return _errors.Score((float)raw) with { Score = raw };
    }

    private double ErrorOf(double value, double forecast) => _error switch
    {
        ForecastError.SignedDifference => value - forecast,
        ForecastError.AbsoluteDifference => Math.Abs(value - forecast),
        ForecastError.SignedProportion => forecast == 0 ? 0 : (value - forecast) / forecast,
        ForecastError.AbsoluteProportion => forecast == 0 ? 0 : Math.Abs((value - forecast) / forecast),
        _ => (value - forecast) * (value - forecast),
    };

    /// <summary>
    /// Smooths the lagged values that end in this one; each place of the state is the running mean of the smoothed values that have
    /// stood for it.
    /// </summary>
    private void Consume(float value)
    {
        if (!_model.IsTrained)
        {
            return;
        }

        _lagged[^1] = value;
        _model.Project(_lagged, _smoothed);
        var length = _lagged.Length;
        for (var i = 0; i < length - 2; i++)
        {
            _state[i] = (((length - 2 - i) * _state[i + 1]) + _smoothed[i + 1]) / (length - 1 - i);
        }

        _state[^1] = _smoothed[^1];
        Array.Copy(_lagged, 1, _lagged, 0, length - 1);
        Forecast();
    }

    private void Forecast() => _forecast = (float)SsaModel.Dot(_model.Recurrence, _state);
}
