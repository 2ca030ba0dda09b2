using System.Globalization;
using System.Text;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Tests.Events;

public sealed class StringPoolQuotaTests
{
    [Fact]
    public void What_viewers_choose_cannot_crowd_out_what_the_platform_names()
    {
        StringPool pool = new(new KeyedHasher(1, 2), capacity: 1_000);
        for (int i = 0; i < 5_000; i++)
        {
            pool.Intern(Encoding.UTF8.GetBytes("agent-" + i.ToString(CultureInfo.InvariantCulture)), StringKind.UserAgent);
            pool.Intern(Encoding.UTF8.GetBytes("host-" + i.ToString(CultureInfo.InvariantCulture)), StringKind.Referrer);
        }

        int stream = pool.Intern("a-new-stream"u8);

        Assert.Equal("a-new-stream", pool.Text(stream));
        Assert.Equal(1_000 / 4 + 1_000 / 2 + 2 + 1, pool.Count);
        Assert.Equal(StringPool.Overflow, pool.Intern("one more agent"u8, StringKind.UserAgent));
    }

    [Fact]
    public void A_string_that_is_known_keeps_its_number_whoever_names_it()
    {
        StringPool pool = new(new KeyedHasher(1, 2), capacity: 16);
        int number = pool.Intern("www.example.com"u8, StringKind.Referrer);
        Assert.Equal(number, pool.Intern("www.example.com"u8));
    }
}
