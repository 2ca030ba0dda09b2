using System.Globalization;
using System.Text;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Tests.Events;

public sealed class StringPoolQuotaTests
{
    private readonly StringPool _pool = new(new KeyedHasher(1, 2), capacity: 1_602);

    [Theory]
    [InlineData(StringKind.Label, 400)]
    [InlineData(StringKind.Referrer, 300)]
    [InlineData(StringKind.UserAgent, 400)]
    public void What_viewers_choose_cannot_crowd_out_anything_else(StringKind kind, int room)
    {
        int stream = _pool.Intern("a-stream", kind == StringKind.Label ? StringKind.Referrer : StringKind.Label);
        Stuff(kind, 5_000);

        Assert.Equal("a-stream", _pool.Text(stream));
        Assert.Equal("a-new-tenant", _pool.Text(_pool.Intern("a-new-tenant")));
        Assert.Equal(2 + 2 + room, _pool.Count);
        Assert.Equal(5_000 - room, _pool.Forgotten);
        Assert.Equal(0, _pool.Overflowed);
    }

    [Fact]
    public void A_full_pool_takes_what_is_new_and_keeps_what_is_in_use()
    {
        int used = _pool.Intern("www.example.com", StringKind.Referrer);
        int forgotten = _pool.Intern("once.example", StringKind.Referrer);
        for (int i = 0; i < 100; i++)
        {
            Stuff(StringKind.Referrer, 100, i * 100);
            Assert.Equal(used, _pool.Intern("www.example.com", StringKind.Referrer));
        }
        Assert.Null(_pool.Find(forgotten));
        Assert.Equal("(other)", _pool.Text(forgotten));
        int again = _pool.Intern("once.example", StringKind.Referrer);
        Assert.NotEqual(forgotten, again);
        Assert.Equal("once.example", _pool.Text(again));
    }

    [Fact]
    public void No_number_is_given_twice_and_none_means_another_text()
    {
        HashSet<int> numbers = [];
        for (int i = 0; i < 50_000; i++)
        {
            string text = "host-" + i.ToString(CultureInfo.InvariantCulture);
            int number = _pool.Intern(text, StringKind.Referrer);
            Assert.True(numbers.Add(number), text);
            Assert.Equal(text, _pool.Find(number));
        }
        Assert.Equal(300, numbers.Count(number => _pool.Find(number) is not null));
    }

    [Fact]
    public void Tenants_stay_for_good_and_those_that_find_no_room_are_told_apart_from_none()
    {
        int first = _pool.Intern("tenant-0");
        Stuff(StringKind.Name, 1_000);
        Assert.Equal("tenant-0", _pool.Text(first));
        Assert.Equal(StringPool.Overflow, _pool.Intern("one more tenant"));
        Assert.Equal(0, _pool.Forgotten);
        Assert.Equal(1_000 - 99 + 1, _pool.Overflowed);
    }

    [Fact]
    public void A_text_has_a_number_of_its_own_in_each_kind_so_that_a_page_cannot_take_a_tenant_with_it()
    {
        int page = _pool.Intern("acme", StringKind.Referrer);
        int tenant = _pool.Intern("acme");
        Stuff(StringKind.Referrer, 1_000);
        Assert.NotEqual(page, tenant);
        Assert.Equal("acme", _pool.Text(tenant));
        Assert.Null(_pool.Find(page));
        Assert.Equal(tenant, _pool.Intern("acme"));
    }

    private void Stuff(StringKind kind, int count, int from = 0)
    {
        for (int i = from; i < from + count; i++)
        {
            _pool.Intern(Encoding.UTF8.GetBytes("made-up-" + i.ToString(CultureInfo.InvariantCulture)), kind);
        }
    }
}
