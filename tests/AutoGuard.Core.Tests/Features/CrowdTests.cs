using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Core.Features;

namespace AutoGuard.Core.Tests.Features;

/// <summary>Crowds behind one address or network: what many honest people do together is not one attacker's doing.</summary>
public sealed class CrowdTests
{
    [Theory]
    [InlineData(400)]
    [InlineData(1_700)]
    [InlineData(4_500)]
    public void A_crowd_behind_one_address_whose_members_each_own_a_token_has_no_excess(int viewers)
    {
        TestTraffic traffic = Crowd(viewers, "198.51.100.7");

        AddressFeatures features = default;
        FeatureState state = traffic.Pipeline.State;
        Meter(traffic).Measure(state.Addresses.Find(new(Ip("198.51.100.7"), 0)), TestTraffic.Noon + 600_000, out features);

        Assert.Equal(viewers, features.Open);
        Assert.Equal(0, features.Excess);
        Assert.Equal(Math.Min(viewers, 4_096), features.OpenTokens);
    }

    [Fact]
    public void Connections_of_one_address_beyond_three_for_each_token_are_excess_however_many()
    {
        TestTraffic traffic = new TestTraffic();
        for (int i = 0; i < 4_000; i++)
        {
            traffic.Session(0, 3_600, $"s{i}", "198.51.100.7", $"t{i % 1_000}", heartbeat: 60);
        }
        RunUntil(traffic, 600);

        FeatureState state = traffic.Pipeline.State;
        Meter(traffic).Measure(state.Addresses.Find(new(Ip("198.51.100.7"), 0)), TestTraffic.Noon + 600_000, out AddressFeatures features);

        Assert.Equal(1_000, features.OpenTokens);
        Assert.Equal(4_000 - 3_000, features.Excess);
    }

    [Theory]
    [InlineData(200)]
    [InlineData(3_600)]
    public void A_crowd_in_one_network_of_IPv6_whose_members_each_own_a_token_has_no_excess(int viewers)
    {
        TestTraffic traffic = new();
        for (int i = 0; i < viewers; i++)
        {
            traffic.Session(0, 3_600, $"s{i}", $"2001:db8:1:2::{i + 1:x}", $"t{i}", heartbeat: 60);
        }
        RunUntil(traffic, 600);

        FeatureState state = traffic.Pipeline.State;
        Meter(traffic).Measure(state.Networks.Find(new(Ip("2001:db8:1:2::"), 0)), TestTraffic.Noon + 600_000, out NetworkFeatures features);

        Assert.Equal(viewers, features.Open);
        Assert.Equal(0, features.Excess);
    }

    [Fact]
    public void One_token_with_many_connections_in_one_network_of_IPv6_is_excess()
    {
        TestTraffic traffic = new();
        for (int i = 0; i < 90; i++)
        {
            traffic.Session(0, 3_600, $"s{i}", $"2001:db8:1:2::{i + 1:x}", "t", heartbeat: 60);
        }
        RunUntil(traffic, 600);

        FeatureState state = traffic.Pipeline.State;
        Meter(traffic).Measure(state.Networks.Find(new(Ip("2001:db8:1:2::"), 0)), TestTraffic.Noon + 600_000, out NetworkFeatures features);

        Assert.Equal(87, features.Excess);
    }

    private static TestTraffic Crowd(int viewers, string ip)
    {
        TestTraffic traffic = new();
        for (int i = 0; i < viewers; i++)
        {
            traffic.Session(0, 3_600, $"s{i}", ip, $"t{i}", heartbeat: 60);
        }
        return RunUntil(traffic, 600);
    }

    private static TestTraffic RunUntil(TestTraffic traffic, double second)
    {
        long now = TestTraffic.Noon + (long)(second * 1000);
        foreach (EventBatch batch in traffic.InOrder().Batches(1_024))
        {
            if (batch.Events[0].Timestamp > now)
            {
                break;
            }
            traffic.Pipeline.Process(batch, traffic.Output);
        }
        return traffic;
    }

    private static FeatureMeter Meter(TestTraffic traffic) => new(
        traffic.Pipeline.State, FeatureWindows.From(traffic.Settings.Detection), traffic.Referrers, TokenWorkflow.Auto, new Population());

    private static IpAddress Ip(string text) => IpAddress.From(System.Net.IPAddress.Parse(text));
}
