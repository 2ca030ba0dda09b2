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

    /// <summary>And how many times as many as usual.</summary>
    private const double TimesUsual = 4;

    /// <summary>How far beyond the others' rate a network may be, since players differ.</summary>
    private const double Margin = 3;

    /// <summary>How long the trouble is remembered: as long as its sessions are counted, milliseconds.</summary>
    private const long Remembered = (AddressMinutes.Length + 1) * 60_000L;

    private const double Gain = 0.1;

    private long _minute = long.MinValue;
    private int _networks;
    private int _sessions;
    private int _networksBefore;
    private int _sessionsBefore;
    private double _usual;
    private double _rate;
    private long _until = long.MinValue;

    /// <summary>Whether many networks reconnect at once, as of the last count.</summary>
    public bool IsEverywhere(long now) => now < _until;

    /// <summary>Sessions per minute and token that end within seconds, up to which an address does what others do; 0 in quiet times.</summary>
    public double UsualAt(long now) => now < _until ? _rate * Margin : 0;

    /// <summary>Counts a session of a network that ended within seconds.</summary>
    /// <param name="network">The network's last minute of such a session is kept with it.</param>
    /// <param name="now">Unix milliseconds.</param>
    public void Count(ref NetworkState network, long now)
    {
        long minute = Math.Max(now / 60_000, _minute);
        Advance(minute);
        _sessions++;
        if (network.ShortMinute != minute)
        {
            network.ShortMinute = minute;
            _networks++;
        }
        if (_networks + _networksBefore >= Math.Max(LeastNetworks, TimesUsual * 2 * _usual))
        {
            _until = now + Remembered;
            // The busier of the two minutes: the trouble may have begun at the end of the first.
            double rate = Math.Max((double)_sessions / Math.Max(1, _networks), (double)_sessionsBefore / Math.Max(1, _networksBefore));
            _rate = Math.Max(rate, _rate);
        }
    }

    private void Advance(long minute)
    {
        if (minute <= _minute)
        {
            return;
        }
        bool quiet = _minute * 60_000 >= _until;
        if (_minute != long.MinValue && quiet)
        {
            _rate = 0;
            for (long passed = _minute; passed < minute && passed < _minute + 60; passed++)
            {
                _usual += Gain * ((passed == _minute ? _networks : 0) - _usual);
            }
        }
        bool next = minute == _minute + 1;
        (_networksBefore, _sessionsBefore) = next ? (_networks, _sessions) : (0, 0);
        (_networks, _sessions) = (0, 0);
        _minute = minute;
    }
}
