namespace AutoGuard.Live;

/// <summary>The last values of a rate as a row of bars, scaled to the largest of them.</summary>
internal sealed class Sparkline(int width)
{
    private const string Bars = "▁▂▃▄▅▆▇█";
    private const string Plain = "_.-:=+*#";

    private readonly Queue<double> _values = new(width);

    /// <summary>Adds the newest value, and forgets the oldest when the row is full.</summary>
    public void Add(double value)
    {
        if (_values.Count == width)
        {
            _values.Dequeue();
        }
        _values.Enqueue(double.IsFinite(value) && value > 0 ? value : 0);
    }

    /// <summary>The row, newest at the right; as long as there are values.</summary>
    public string Draw(bool unicode)
    {
        double most = _values.DefaultIfEmpty(0).Max();
        string bars = unicode ? Bars : Plain;
        return string.Concat(_values.Select(v => bars[most > 0 ? (int)Math.Round(v / most * (bars.Length - 1)) : 0]));
    }
}
