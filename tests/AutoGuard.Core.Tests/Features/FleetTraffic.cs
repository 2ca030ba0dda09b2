using AutoGuard.Core.Events;
using AutoGuard.Core.Features;

namespace AutoGuard.Core.Tests.Features;

/// <summary>Makes sessions for a fleet's series without events, each from a network of its own unless told otherwise.</summary>
internal sealed class FleetTraffic
{
    private uint _network = 0x0B00_0000;

    public FleetTraffic(int history = 30)
    {
        Strings = new StringPool(new KeyedHasher(1, 2));
        Series = new FleetSeries(Strings, history);
    }

    public StringPool Strings { get; }

    public FleetSeries Series { get; }

    public FleetTraffic Start(int sessions, int stream = 0, int organization = 0, string? country = null, bool dataCentre = false, bool oneNetwork = false)
    {
        for (int i = 0; i < sessions; i++)
        {
            _network += oneNetwork && i > 0 ? 0 : 256u;
            SessionState session = new()
            {
                Address = IpAddress.FromV4(_network),
                Stream = stream,
                Organization = organization,
                Country = country is null ? (ushort)0 : CountryCode.Pack(System.Text.Encoding.ASCII.GetBytes(country)),
                Traits = dataCentre ? SessionTraits.DataCentre : SessionTraits.None,
            };
            Series.Start(in session);
        }
        return this;
    }
}
