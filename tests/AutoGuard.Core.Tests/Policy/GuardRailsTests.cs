using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Tests.Policy;

public sealed class GuardRailsTests
{
    [Theory]
    [InlineData("203.0.113.7")]
    [InlineData("203.0.113.0/24")]
    [InlineData("8.8.8.0/24")]
    [InlineData("172.32.0.0/24")]
    [InlineData("100.128.0.0/24")]
    [InlineData("2001:db8::7")]
    [InlineData("2a00:1450:4001:80b::/64")]
    [InlineData("64:ff9b::cb00:7107")]
    public void Public_addresses_and_narrow_networks_may_be_blocked(string text) =>
        Assert.True(GuardRails.MayBlock(Network(text), 24, 64, out string why), why);

    [Theory]
    [InlineData("0.0.0.0", "unspecified")]
    [InlineData("0.0.0.0/0", "wider")]
    [InlineData("10.1.2.3", "private")]
    [InlineData("100.64.0.1", "carriers")]
    [InlineData("127.0.0.1", "loopback")]
    [InlineData("169.254.169.254", "link-local")]
    [InlineData("172.31.255.0/24", "private")]
    [InlineData("192.168.0.0/24", "private")]
    [InlineData("224.0.0.1", "multicast")]
    [InlineData("255.255.255.255", "reserved")]
    [InlineData("203.0.112.0/23", "wider than /24")]
    [InlineData("128.0.0.0/1", "wider")]
    [InlineData("::", "unspecified")]
    [InlineData("::/0", "wider")]
    [InlineData("::1", "loopback")]
    [InlineData("fd00::/64", "private")]
    [InlineData("fe80::1", "link-local")]
    [InlineData("ff02::1", "multicast")]
    [InlineData("2001:db8::/63", "wider than /64")]
    [InlineData("4000::/64", "outside the public internet")]
    [InlineData("::ffff:10.0.0.1", "private")]
    [InlineData("64:ff9b::a00:1", "private")]
    [InlineData("64:ff9b::/96", "wider than /120")]
    public void Nothing_else_may_be_blocked_and_the_reason_is_said(string text, string expected)
    {
        Assert.False(GuardRails.MayBlock(Network(text), 24, 64, out string why));
        Assert.Contains(expected, why, StringComparison.Ordinal);
    }

    [Fact]
    public void No_configuration_widens_the_rails()
    {
        Assert.True(GuardRails.MayBlock(Network("203.0.112.0/20"), 0, 0, out _));
        Assert.False(GuardRails.MayBlock(Network("203.0.96.0/19"), 0, 0, out _));
        Assert.True(GuardRails.MayBlock(Network("2001:db8::/48"), 0, 0, out _));
        Assert.False(GuardRails.MayBlock(Network("2001:db8::/47"), 0, 0, out _));
    }

    [Fact]
    public void Host_bits_and_impossible_lengths_are_refused()
    {
        Assert.True(IpAddress.TryParse("203.0.113.7", out IpAddress address));
        Assert.False(GuardRails.MayBlock(new IpNetwork(address, 24), 24, 64, out _));
        Assert.False(GuardRails.MayBlock(new IpNetwork(address, 33), 24, 64, out _));
        Assert.False(GuardRails.MayBlock(new IpNetwork(address, -1), 24, 64, out _));
        Assert.False(GuardRails.MayBlock(default, 24, 64, out _));
    }

    private static IpNetwork Network(string text) =>
        IpNetwork.TryParse(text, out IpNetwork network) ? network : throw new FormatException(text);
}
