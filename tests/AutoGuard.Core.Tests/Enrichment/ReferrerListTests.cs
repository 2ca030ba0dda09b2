using AutoGuard.Core.Configuration;
using AutoGuard.Core.Enrichment;
using AutoGuard.Core.Events;
using AutoGuard.Testing;

namespace AutoGuard.Core.Tests.Enrichment;

[Collection(AllocationCollection.Name)]
public sealed class ReferrerListTests
{
    private readonly StringPool _pool = new(new KeyedHasher(1, 2));

    [Theory]
    [InlineData("example.com", true)]
    [InlineData("example.com.", true)]
    [InlineData("www.example.com", false)]
    [InlineData("example.org", false)]
    [InlineData("tv.example.org", true)]
    [InlineData("a.b.example.org", true)]
    [InlineData("notexample.org", false)]
    [InlineData("example.org.attacker.net", false)]
    [InlineData("example.com.attacker.net", false)]
    [InlineData(".example.org", true)]
    [InlineData("xn--bcher-kva.example", true)]
    [InlineData("com", false)]
    [InlineData("localhost", true)]
    public void Hosts_match_exactly_and_wildcards_match_below(string host, bool expected)
    {
        ReferrerList list = new(new ReferrersOptions { Official = ["Example.COM", "*.example.org", "bücher.example", "localhost"] }, _pool);
        int interned = _pool.Intern(host);
        Assert.Equal(expected, list.IsOfficial(interned));
        Assert.Equal(expected, list.IsOfficial(interned));
    }

    [Fact]
    public void An_empty_list_is_not_configured()
    {
        Assert.False(new ReferrerList(new ReferrersOptions(), _pool).IsConfigured);
        Assert.True(new ReferrerList(new ReferrersOptions { Official = ["*.example.org"] }, _pool).IsConfigured);
    }

    [Fact]
    public void A_missing_referrer_is_not_official_and_an_unnamed_one_is_not_accused()
    {
        ReferrerList list = new(new ReferrersOptions { Official = ["example.com"] }, _pool);
        Assert.False(list.IsOfficial(StringPool.Absent));
        Assert.False(list.IsOfficial(StringPool.Overflow));
        Assert.False(list.IsUnknown(StringPool.Absent));
        Assert.False(list.IsUnknown(StringPool.Overflow));
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("*.", "* in the wrong place")]
    [InlineData("https://example.com", "without scheme, port and path")]
    [InlineData("example.com/page", "without scheme, port and path")]
    [InlineData("example.com:8080", "without scheme, port and path")]
    [InlineData("www.*.example.com", "* in the wrong place")]
    [InlineData("*", "* in the wrong place")]
    [InlineData("*.com", "whole top-level domain")]
    [InlineData("exa mple.com", "is not a host name")]
    [InlineData("example..com", "is not a host name")]
    [InlineData("-example.com", "is not a host name")]
    [InlineData("bücher..example", "internationalised")]
    public void A_wrong_entry_says_what_is_wrong(string text, string expected)
    {
        Assert.False(ReferrerList.TryParseEntry(text, out ReferrerEntry? entry, out string error));
        Assert.Null(entry);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new ReferrerList(new ReferrersOptions { Official = [text] }, _pool));
    }

    [Fact]
    public void Checking_a_list_names_every_wrong_entry()
    {
        IReadOnlyList<string> errors = ReferrerList.Check(new ReferrersOptions { Official = ["example.com", "*.com", "a b"] });
        Assert.Equal(["Referrers:Official:1: \"*.com\" covers a whole top-level domain.", "Referrers:Official:2: \"a b\" is not a host name."], errors);
    }

    [Theory]
    [InlineData("*.example.org", "tv.example.org", true)]
    [InlineData("*.example.org", "example.org", false)]
    [InlineData("*.example.org", "notexample.org", false)]
    [InlineData("example.org", "example.org", true)]
    [InlineData("example.org", "tv.example.org", false)]
    public void An_entry_by_itself_matches_as_in_a_list(string text, string host, bool expected)
    {
        Assert.True(ReferrerList.TryParseEntry(text, out ReferrerEntry? entry, out _));
        Assert.Equal(expected, entry!.Matches(host));
        Assert.Equal(expected, new ReferrerList(new ReferrersOptions { Official = [text] }, _pool).IsOfficial(_pool.Intern(host)));
    }

    [Fact]
    public void Asking_again_allocates_nothing()
    {
        ReferrerList list = new(new ReferrersOptions { Official = ["*.example.org"] }, _pool);
        int[] hosts = [.. Enumerable.Range(0, 2000).Select(i => _pool.Intern($"h{i}.example.{(i % 2 == 0 ? "org" : "net")}"))];
        int official = hosts.Count(list.IsOfficial);
        Assert.Equal(1000, official);

        long allocated = Allocations.LeastOf(() =>
        {
            official = 0;
            foreach (int host in hosts)
            {
                official += list.IsOfficial(host) ? 1 : 0;
            }
        });
        Assert.Equal((1000, 0), (official, allocated));
    }
}
