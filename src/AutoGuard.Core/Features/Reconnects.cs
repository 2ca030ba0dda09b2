namespace AutoGuard.Core.Features;

/// <summary>
/// Watches in how many networks sessions end within seconds of their start. When a platform or an operator fails, players
/// everywhere try again and again, exactly as an attacker's program does; then an address is compared with what everybody
/// does, not with a fixed rate.
/// </summary>
public sealed class Reconnects
{
    /// <summary>Networks that must reconnect within two minutes before it is everybody's trouble.</summary>
    private const int LeastNetworks = 15;

    /// <summary>How many times as many as usual it must be,</summary>
    private const double TimesUsual = 4;

    /// <summary>and how many times the usual share of the networks in which any session started, for at a kick-off everything is more,</summary>
    private const double TimesUsualShare = 2;

    /// <summary>or what share of those networks, where some have a bad line at all times.</summary>
    private const double ShareOfStarted = 0.35;

    /// <summary>Minutes back to which the busiest is looked for: whoever fell silent is counted when that is known.</summary>
    private const int Silence = 4;

    /// <summary>Tokens from which on there are many viewers behind an address.</summary>
    private const int TokensOfCrowd = 8;

    /// <summary>How far beyond the others' rate a network may be, since players differ.</summary>
    private const double Margin = 3;

    /// <summary>How long the trouble is remembered: as long as its sessions are counted, milliseconds.</summary>
    private const long Remembered = (AddressMinutes.Length + 1) * 60_000L;

    /// <summary>Minutes after which the usual level is known.</summary>
    private const int Learning = 10;

    private const double Gain = 0.1;
    private const double GainInTrouble = 0.01;

    private readonly int[] _started = new int[Silence];
    private Minute _now;
    private Minute _before;
    private long _minute = long.MinValue;
    private double _usual;
    private double _usualStarted;
    private int _learned;
    private double _rate;
    private long _until = long.MinValue;
    private long _busyUntil = long.MinValue;

    /// <summary>Whether more networks reconnect at once than the starts explain: a failure.</summary>
    /// <param name="now">Unix milliseconds.</param>
    public bool IsEverywhere(long now) => now < _until;

    /// <summary>Whether many networks reconnect at once, at a failure or a kick-off.</summary>
    /// <param name="now">Unix milliseconds.</param>
    public bool IsBusy(long now) => now < _busyUntil;

    /// <summary>Whether an address of so many tokens does what all do: at a failure any, at a kick-off one with many viewers behind it.</summary>
    /// <param name="now">Unix milliseconds.</param>
    /// <param name="tokens">Distinct tokens of the address within the window.</param>
    public bool IsEverybodys(long now, int tokens) => IsEverywhere(now) || (IsBusy(now) && tokens >= TokensOfCrowd);

    /// <summary>Sessions per minute and token that end within seconds, up to which an address does what others do; 0 in quiet times.</summary>
    /// <param name="now">Unix milliseconds.</param>
    public double UsualAt(long now) => IsBusy(now) ? _rate * Margin : 0;

    /// <summary>Counts a session that started in a network.</summary>
    /// <param name="network">The network; keeps its last minute of it.</param>
    /// <param name="now">Unix milliseconds.</param>
    public void CountStart(ref NetworkState network, long now)
    {
        Advance(now / 60_000);
        if (network.StartMinute != (uint)_minute)
        {
            network.StartMinute = (uint)_minute;
            _now.Started++;
        }
    }

    /// <summary>Counts a session of a network that ended within seconds.</summary>
    /// <param name="network">The network; keeps its last minute of it.</param>
    /// <param name="now">Unix milliseconds.</param>
    public void CountShort(ref NetworkState network, long now)
    {
        Advance(now / 60_000);
        _now.Sessions++;
        if (network.ShortMinute != (uint)_minute)
        {
            network.ShortMinute = (uint)_minute;
            _now.Networks++;
        }
        int networks = _now.Networks + _before.Networks;
        if (networks < LeastNetworks)
        {
            return;
        }
        int started = Math.Max(_now.Started + _before.Started, 2 * _started.Max());
        bool most = networks >= ShareOfStarted * started;
        if (most || (_learned >= Learning && networks >= TimesUsual * 2 * _usual))
        {
            _busyUntil = (_minute * 60_000) + Remembered;
            _until = most || networks * _usualStarted >= TimesUsualShare * _usual * started ? _busyUntil : _until;
            // The busier of the two minutes: the trouble may have begun at the end of the first.
            _rate = Math.Max(_rate, Math.Max(_now.Rate, _before.Rate));
        }
    }

    private void Advance(long minute)
    {
        if (minute <= _minute)
        {
            return;
        }
        if (_minute != long.MinValue)
        {
            bool quiet = !IsBusy(minute * 60_000);
            _rate = quiet ? 0 : _rate;
            _learned++;
            double gain = quiet ? Math.Max(Gain, 1.0 / _learned) : GainInTrouble;
            _usual += gain * (_now.Networks - _usual);
            _usualStarted += gain * (_now.Started - _usualStarted);
        }
        for (long past = Math.Max(_minute + 1, minute - Silence); past <= minute; past++)
        {
            _started[(int)((ulong)(past - 1) % Silence)] = past - 1 == _minute ? _now.Started : 0;
        }
        _before = minute == _minute + 1 ? _now : default;
        _now = default;
        _minute = minute;
    }

    private struct Minute
    {
        public int Started;
        public int Networks;
        public int Sessions;

        /// <summary>Sessions of a network that has any.</summary>
        public readonly double Rate => (double)Sessions / Math.Max(1, Networks);
    }
}
