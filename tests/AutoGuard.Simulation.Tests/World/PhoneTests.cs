using AutoGuard.Simulation.Profiles;
using AutoGuard.Simulation.World;
using static AutoGuard.Simulation.Tests.World.HonestRecordings;

namespace AutoGuard.Simulation.Tests.World;

/// <summary>Phones on the move.</summary>
public sealed class PhoneTests
{
    private static readonly AudienceProfile Nobody = AudienceProfile.Nobody;

    [Fact]
    public void A_phone_passes_its_carrier_and_up_to_three_lines_of_its_country()
    {
        Recording recording = Alone(Nobody with { PhoneHopping = 1 }, 300);
        var phones = ByUser(recording);
        int[] lines = [.. phones.Select(p => p.Select(s => s.First.Address).Where(a => Recording.KindOf(a) == NetworkKind.Home).Distinct().Count())];

        Assert.Equal([0, 1, 2, 3], lines.Distinct().Order());
        Assert.InRange(lines.Count(l => l > 1), phones.Length / 20, phones.Length / 5);
        Assert.All(phones, p => Assert.InRange(p.Select(s => s.First.Asn).Distinct().Count(), 1, 4));
        Assert.All(phones, p => Assert.Single(p.Select(s => s.First.Country).Distinct()));
    }

    [Fact]
    public void Two_phones_of_a_family_are_on_their_way_with_one_token_and_have_a_line_at_home_in_common()
    {
        Recording recording = Alone(Nobody with { FamilyPhones = 1 }, 200);
        var families = ByUser(recording);

        Assert.All(families, f => Assert.Single(f.Select(s => s.First.Token).Distinct()));
        Assert.All(families, f => Assert.InRange(f.Select(s => s.First.Agent).Distinct().Count(), 1, 2));
        int[] lines = [.. families.Select(f => f.Select(s => s.First.Address).Where(a => Recording.KindOf(a) == NetworkKind.Home).Distinct().Count())];
        Assert.All(lines, l => Assert.InRange(l, 0, 3));
        Assert.InRange(lines.Count(l => l == 3), families.Length / 20, families.Length);
        Assert.All(families, f => Assert.InRange(f.Select(s => s.First.Asn).Distinct().Count(), 1, 4));
        int together = families.Count(f => f.Any(s => f.Any(o => o.First.Address != s.First.Address && o.First.Time > s.First.Time && o.First.Time < s.Last.Time)));
        Assert.InRange(together, families.Length / 2, families.Length);
    }

    [Fact]
    public void Nobody_reconnects_from_where_he_no_longer_is()
    {
        Recording recording = Alone(Nobody with { FamilyPhones = 1 }, 1_500, hours: 2, profile: "edge-switch");
        // Two models, so that each session is known to be one phone's.
        var phones = ByUser(recording).Where(f => f.Select(s => s.First.Agent).Distinct().Count() == 2).SelectMany(f => f.GroupBy(s => s.First.Agent))
            .Select(p => p.OrderBy(s => s.First.Time).Select(s => (s.First.Time, s.First.Address)).ToArray()).ToArray();

        Assert.InRange(phones.Count(p => p.Length > 3), 500, 3_000);
        Assert.All(phones, p => Assert.DoesNotContain(
            Enumerable.Range(2, Math.Max(0, p.Length - 2)),
            i => p[i].Address == p[i - 2].Address && p[i].Address != p[i - 1].Address && p[i].Time - p[i - 1].Time < 60_000));
    }
}
