using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Tests.Policy;

public sealed class AllowlistTests
{
    private const long T = TestTraffic.Noon;

    [Fact]
    public void A_token_is_spared_by_its_own_name_or_its_users()
    {
        Allowlist list = new(new AllowlistOptions { Tokens = [new() { Value = "a" }], Users = [new() { Value = "u", Reason = "test account" }] });

        Assert.Equal("token on the allowlist", list.Covers("a", null, T));
        Assert.Equal("user on the allowlist: test account", list.Covers("b", "u", T));
        Assert.Null(list.Covers("A", "U", T));
        Assert.Null(list.Covers("b", null, T));
    }

    [Fact]
    public void An_address_is_spared_by_its_network_or_its_operator()
    {
        Allowlist list = new(new AllowlistOptions { Addresses = [new() { Value = "198.51.100.0/24" }, new() { Value = "2001:db8::1" }], Asns = [new() { Value = "AS64500" }] });

        Assert.Equal("address on the allowlist", list.Covers(Ip("198.51.100.255"), 0, T));
        Assert.Equal("address on the allowlist", list.Covers(Ip("2001:db8::1"), 0, T));
        Assert.Equal("network operator on the allowlist", list.Covers(Ip("203.0.113.1"), 64500, T));
        Assert.Null(list.Covers(Ip("198.51.101.0"), 64501, T));
        Assert.Null(list.Covers(Ip("2001:db8::2"), 0, T));
        Assert.True(list.ListsAddresses);
        Assert.False(new Allowlist(new AllowlistOptions()).ListsAddresses);
    }

    [Theory]
    [InlineData("198.51.100.0/24", true)]
    [InlineData("198.51.100.128/25", true)]
    [InlineData("198.51.0.0/20", false)]
    [InlineData("198.51.96.0/20", true)]
    [InlineData("198.51.101.0/24", false)]
    public void A_network_is_spared_by_any_overlap(string network, bool spared)
    {
        Allowlist list = new(new AllowlistOptions { Addresses = [new() { Value = "198.51.100.0/24" }] });

        Assert.True(IpNetwork.TryParse(network, out IpNetwork parsed));
        Assert.Equal(spared, list.Covers(parsed, 0, T) is not null);
    }

    [Theory]
    [InlineData("partner.example", true)]
    [InlineData("www.partner.example", false)]
    [InlineData("a.wide.example", true)]
    [InlineData("b.a.wide.example", true)]
    [InlineData("wide.example", false)]
    [InlineData("evilwide.example", false)]
    public void A_page_is_spared_by_its_host_or_its_domain(string host, bool spared)
    {
        Allowlist list = new(new AllowlistOptions { Referrers = [new() { Value = "Partner.example" }, new() { Value = "*.wide.example" }] });

        Assert.Equal(spared, list.Covers(host, T) is not null);
    }

    [Fact]
    public void Of_two_entries_for_one_key_the_one_that_holds_longer_counts()
    {
        DateTimeOffset soon = DateTimeOffset.FromUnixTimeMilliseconds(T);
        Allowlist list = new(new AllowlistOptions
        {
            Tokens = [new() { Value = "a", Reason = "for ever" }, new() { Value = "a", Reason = "for now", Until = soon }],
            Users = [new() { Value = "u", Until = soon }, new() { Value = "u", Until = soon.AddHours(1) }],
            Asns = [new() { Value = "AS1", Until = soon }, new() { Value = "1" }],
        });

        Assert.Equal("token on the allowlist: for ever", list.Covers("a", null, T));
        Assert.NotNull(list.Covers("b", "u", T));
        Assert.Null(list.Covers("b", "u", T + 3_600_000));
        Assert.NotNull(list.Covers(Ip("203.0.113.1"), 1, T));
    }

    [Fact]
    public void What_does_not_parse_is_refused_by_name()
    {
        Assert.Contains("10.0.0.1/8", Assert.Throws<FormatException>(() => new Allowlist(new AllowlistOptions { Addresses = [new() { Value = "10.0.0.1/8" }] })).Message, StringComparison.Ordinal);
        Assert.Contains("ASX", Assert.Throws<FormatException>(() => new Allowlist(new AllowlistOptions { Asns = [new() { Value = "ASX" }] })).Message, StringComparison.Ordinal);
    }

    private static IpAddress Ip(string text) => IpAddress.TryParse(text, out IpAddress address) ? address : throw new FormatException(text);
}
