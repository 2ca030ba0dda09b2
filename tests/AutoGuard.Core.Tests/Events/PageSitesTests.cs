using System.Text;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Tests.Events;

public sealed class PageSitesTests
{
    [Theory]
    [InlineData("www.pirate.example", "*.pirate.example")]
    [InlineData("a.b.c.pirate.example", "*.pirate.example")]
    [InlineData("pirate.example", "")]
    [InlineData("localhost", "")]
    [InlineData("www.pirate.co.uk", "*.pirate.co.uk")]
    [InlineData("pirate.co.uk", "")]
    [InlineData("www.pirate.asso.fr", "*.pirate.asso.fr")]
    [InlineData("www.pirate.fr", "*.pirate.fr")]
    [InlineData("someone.github.io", "")]
    [InlineData("u7.someone.pages.dev", "*.someone.pages.dev")]
    [InlineData("192.0.2.7", "")]
    [InlineData("[2001:db8::1]", "")]
    [InlineData("file:", "")]
    [InlineData("android-app://com.pirate.tv", "")]
    [InlineData("(invalid)", "")]
    [InlineData("u7.\u00fcber.example", "*.\u00fcber.example")]
    [InlineData(".example", "")]
    public void The_site_of_a_host_is_its_owners_domain(string host, string expected)
    {
        Span<byte> room = stackalloc byte[PageSites.LongestResult];
        Assert.Equal(expected, Encoding.UTF8.GetString(PageSites.Of(Encoding.UTF8.GetBytes(host), room)));
        StringPool pool = new(new KeyedHasher(1, 2));
        int site = pool.SiteOf(pool.Intern(host, StringKind.Referrer));
        Assert.Equal(expected, pool.Text(site));
    }

    [Fact]
    public void A_host_in_use_keeps_its_site_however_many_are_made_up()
    {
        StringPool pool = new(new KeyedHasher(1, 2), capacity: 1_000);
        int host = pool.Intern("www.pirate.example", StringKind.Referrer);
        for (int i = 0; i < 10_000; i++)
        {
            pool.Intern($"www.made-up-{i}.example", StringKind.Referrer);
            if (i % 50 == 0)
            {
                Assert.Equal(host, pool.Intern("www.pirate.example", StringKind.Referrer));
                Assert.Equal("*.pirate.example", pool.Find(pool.SiteOf(host)));
            }
        }
    }
}
