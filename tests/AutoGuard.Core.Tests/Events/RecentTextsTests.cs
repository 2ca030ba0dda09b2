using System.Globalization;
using System.Text;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Tests.Events;

/// <summary>What a parser remembers to be quick must never show: one that has seen everything says what a new one says.</summary>
public sealed class RecentTextsTests
{
    private static readonly string[] Referrers =
    [
        "https://www.example.com/", "https://www.example.com", "https://www.example.com ", "https://www.example.com:443/", "https://www.example.com.",
        "https://WWW.example.com/", "https://user@www.example.com/", "https://user@/", "https://", "https:///", "https://file:", "file:///a", "file:", "https://file:/",
        "https://[2001:db8::1]/", "https://2001:db8::1/", "https://Example Networks/", "http://www.example.com/", "android-app://www.example.com", "https://android-app:/",
        "https://\u00fcber.example/", "https://a..b/", "blob:https://www.example.com/1", "about:blank",
    ];

    [Fact]
    public void A_parser_that_has_seen_the_same_referrers_says_of_each_what_a_new_one_says()
    {
        Parsing old = new();
        old.AcceptWith("provider", "\"Example Networks\"");
        for (int round = 0; round < 3; round++)
        {
            foreach (string referrer in Referrers)
            {
                string json = System.Text.Json.JsonSerializer.Serialize(referrer);
                Parsing fresh = new();
                Assert.Equal(
                    fresh.Strings.Text(fresh.AcceptWith("referrer", json).Referrer), old.Strings.Text(old.AcceptWith("referrer", json).Referrer));
            }
        }
    }

    [Fact]
    public void Texts_that_share_a_place_keep_their_own_numbers()
    {
        RecentTexts places = new();
        string[] texts = [.. Enumerable.Range(0, 20_000).Select(i => i.ToString("X", CultureInfo.InvariantCulture)).Concat(Enumerable.Range(0, 2_000).Select(
            i => $"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/{i}.0.0.0 Safari/537.36"))];
        Assert.True(Distinct(places, texts) < texts.Length / 4, "no two texts share a place, so nothing is shown here");
        StringPool pool = new(new KeyedHasher(1, 2), 1 << 18);
        int[] numbers = [.. texts.Select(text => pool.Intern(text, StringKind.Label))];
        Assert.Equal(texts.Length, numbers.Distinct().Count());
        Assert.Equal(numbers, texts.Reverse().Select(text => pool.Intern(text, StringKind.Label)).Reverse());
        Assert.Equal(texts, numbers.Select(pool.Text));
    }

    [Fact]
    public void User_agents_that_differ_in_a_version_only_have_places_of_their_own()
    {
        RecentTexts places = new();
        string[] agents = [.. Enumerable.Range(100, 60).Select(i => $"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{i}.0.0.0 Safari/537.36")];
        Assert.InRange(Distinct(places, agents), 50, 60);
    }

    /// <summary>How many places some texts take together.</summary>
    private static int Distinct(RecentTexts places, string[] texts)
    {
        foreach (string text in texts)
        {
            places.Place(Encoding.UTF8.GetBytes(text)) = 0;
        }
        int distinct = 0;
        foreach (string text in texts)
        {
            ref int place = ref places.Place(Encoding.UTF8.GetBytes(text));
            distinct += place == 0 ? 1 : 0;
            place = 1;
        }
        return distinct;
    }
}
