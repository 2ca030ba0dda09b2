using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Features;

/// <summary>The windows of <see cref="DetectionOptions"/> in the units that the state uses.</summary>
/// <param name="Window">Window of counts, milliseconds.</param>
/// <param name="CountryWindow">Window of countries, milliseconds.</param>
/// <param name="SessionTimeout">Longest silence of a running session, milliseconds.</param>
public sealed record FeatureWindows(long Window, long CountryWindow, long SessionTimeout)
{
    /// <summary>A session that ended this soon after its start was an attempt, milliseconds.</summary>
    public const long ShortSession = 15_000;

    /// <summary>A session this old is somebody watching, milliseconds.</summary>
    public const long SettledSession = 120_000;

    /// <summary>What the heartbeats of some minutes may fall short of them, since players' timers drift, milliseconds.</summary>
    public const long TimerDrift = 5_000;

    /// <summary>A pause up to which playback counts as uninterrupted, milliseconds.</summary>
    public const long LongestRest = 240_000;

    /// <summary>What was heard this long ago at most counts as at once where open sessions are not counted, seconds.</summary>
    public const uint AtOnce = 240;

    /// <summary>Shortest silence that ends a session, whatever its rhythm, milliseconds.</summary>
    public const long ShortestGrace = 15_000;

    /// <summary>Prefix length of an IPv4 network.</summary>
    public const int PrefixV4 = 24;

    /// <summary>Prefix length of an IPv6 network.</summary>
    public const int PrefixV6 = 64;

    private const int SitePrefixV6 = 48;

    /// <summary>Marks the key of a site of IPv6: no network's first address has a lower half.</summary>
    private const ulong SiteMark = 1;

    /// <summary>Length of a slot of the window, milliseconds.</summary>
    public long SlotLength { get; } = Math.Max(1, Window / TokenWindows.Length);

    /// <summary>How long an ended session is remembered, so that what comes after its end is not taken for a new one.</summary>
    public long Remembered { get; } = Math.Min(2 * SessionTimeout, 3_600_000);

    /// <summary>Compiles the options.</summary>
    public static FeatureWindows From(DetectionOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new(
            (long)options.Window.TotalMilliseconds,
            (long)options.CountryWindow.TotalMilliseconds,
            (long)options.SessionTimeout.TotalMilliseconds);
    }

    /// <summary>Start of the window that ends at <paramref name="now"/> (Unix milliseconds), Unix seconds.</summary>
    public uint WindowStart(long now) => Seconds(now - Window);

    /// <summary>Unix milliseconds as the 32-bit seconds of set members.</summary>
    public static uint Seconds(long milliseconds) => (uint)Math.Clamp(milliseconds / 1000, 0, uint.MaxValue);

    /// <summary>A count that has halved every hour, or <paramref name="halfLife"/> seconds, since it was taken.</summary>
    /// <param name="count">The count.</param>
    /// <param name="then">When it was taken, Unix seconds.</param>
    /// <param name="now">Unix seconds; not counted back from.</param>
    /// <param name="halfLife">Seconds, above 0.</param>
    public static float Faded(float count, uint then, uint now, double halfLife = 3600) =>
        count <= 0 || now <= then ? count : count * (float)Math.Pow(2, -(now - then) / halfLife);

    /// <summary>A count that halves in each window: no less than what its events of the last window come to, while they keep coming as they did.</summary>
    /// <param name="count">The count.</param>
    /// <param name="then">When it was taken, Unix seconds.</param>
    /// <param name="now">Unix seconds; not counted back from.</param>
    public float FadedInWindow(float count, uint then, uint now) => Faded(count, then, now, Window / 1000.0);

    /// <summary>The network an address is counted in.</summary>
    public static IpNetwork NetworkOf(IpAddress address) => IpNetwork.Of(address, address.IsV4 ? PrefixV4 : PrefixV6);

    /// <summary>
    /// The network that may be one subscriber's as a whole: providers give a line up to a /48 of IPv6 (RFC 6177), 65,536 networks as
    /// <see cref="NetworkOf"/> counts them. What is decided by how many come is counted by these.
    /// </summary>
    public static IpNetwork SiteOf(IpAddress address) => IpNetwork.Of(address, address.IsV4 ? PrefixV4 : SitePrefixV6);

    /// <summary>The key of an IPv6 address's site, which lies among the networks: its first address, marked, for its first network has the same.</summary>
    public static IpAddress SiteKeyOf(IpAddress address) => new(address.Mask(SitePrefixV6).High, SiteMark);

    /// <summary>Whether a key among the networks is a site's.</summary>
    public static bool IsSite(IpAddress key) => !key.IsV4 && key.Low == SiteMark;

    /// <summary>The key of a network or site.</summary>
    public static IpAddress KeyOf(IpNetwork network) => !network.Address.IsV4 && network.PrefixLength == SitePrefixV6 ? SiteKeyOf(network.Address) : network.Address;

    /// <summary>The network or site of a key.</summary>
    public static IpNetwork NetworkOfKey(IpAddress key) => IsSite(key) ? SiteOf(key) : NetworkOf(key);
}
