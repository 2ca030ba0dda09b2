namespace AutoGuard.Core.Features;

/// <summary>
/// Retires keys that nothing was heard of for longer than the window. It passes over a share of each table at every
/// tick, so that no tick takes long; a whole round takes <see cref="Rounds"/> ticks.
/// </summary>
public sealed class StateSweeper(FeatureState state, FeatureWindows windows)
{
    /// <summary>Ticks for one round over a table.</summary>
    public const int Rounds = 64;

    private const int LeastEntries = 256;
    private readonly long _retention = Math.Max(windows.Window, windows.CountryWindow);
    private int _token;
    private int _address;
    private int _network;
    private int _referrer;

    /// <summary>Goes on with the round, <paramref name="now"/> being Unix milliseconds.</summary>
    public void Sweep(long now)
    {
        long before = now - _retention;
        for (int i = Share(state.Tokens.HighWater); i > 0; i--, _token++)
        {
            _token = _token < state.Tokens.HighWater ? _token : 0;
            if (state.Tokens.IsLive(_token) && state.Tokens[_token].Open == 0 && state.Tokens[_token].LastSeen < before)
            {
                state.Release(_token, ref state.Tokens[_token]);
                state.Tokens.Remove(_token);
            }
        }
        for (int i = Share(state.Addresses.HighWater); i > 0; i--, _address++)
        {
            _address = _address < state.Addresses.HighWater ? _address : 0;
            if (state.Addresses.IsLive(_address) && state.Addresses[_address].Open == 0 && state.Addresses[_address].LastSeen < before)
            {
                state.Release(ref state.Addresses[_address]);
                state.Addresses.Remove(_address);
            }
        }
        for (int i = Share(state.Networks.HighWater); i > 0; i--, _network++)
        {
            _network = _network < state.Networks.HighWater ? _network : 0;
            if (state.Networks.IsLive(_network) && state.Networks[_network].Open == 0 && state.Networks[_network].LastSeen < before)
            {
                state.Release(ref state.Networks[_network]);
                state.Networks.Remove(_network);
            }
        }
        for (int i = Share(state.Referrers.HighWater); i > 0; i--, _referrer++)
        {
            _referrer = _referrer < state.Referrers.HighWater ? _referrer : 0;
            if (state.Referrers.IsLive(_referrer) && state.Referrers[_referrer].Open == 0 && state.Referrers[_referrer].LastSeen < before)
            {
                state.Release(ref state.Referrers[_referrer]);
                state.Referrers.Remove(_referrer);
            }
        }
    }

    private static int Share(int entries) => Math.Min(entries, Math.Max(LeastEntries, entries / Rounds));
}
