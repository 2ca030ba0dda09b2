using AutoGuard.Core.Events;
using AutoGuard.Core.Features;
using AutoGuard.Core.Pipeline;
using AutoGuard.Core.Policy;
using AutoGuard.Core.Reporting;
using AutoGuard.Testing;

namespace AutoGuard.Core.Tests.Pipeline;

[Collection(AllocationCollection.Name)]
public sealed class EvidenceListsTests
{
    private readonly StringPool _strings = new(new KeyedHasher(1, 2));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Evidence_drawn_anew_is_what_it_would_be_had_none_been_drawn_before(int seed)
    {
        Random random = new(seed);
        EvidenceLists lists = new(_strings);
        int[] names = [0, .. Enumerable.Range(0, 15).Select(i => _strings.Intern($"name-{i}"))];
        List<DossierSession> sessions = [];
        FlaggedSubject? known = null;
        IpAddress[] addresses = [];
        for (int round = 0; round < 400; round++)
        {
            // Some go on, some end, some come, the oldest go; few starts and addresses, so that some share both.
            for (int i = 0; i < sessions.Count; i++)
            {
                sessions[i] = random.Next(10) == 0 ? sessions[i] with { LastSeen = round, Open = random.Next(2) == 0 } : sessions[i];
            }
            for (int i = random.Next(6); i > 0; i--)
            {
                sessions.Add(new DossierSession
                {
                    Start = round + random.Next(3),
                    LastSeen = round,
                    Address = IpAddress.FromV4((uint)random.Next(4)),
                    Stream = names[random.Next(names.Length)],
                    UserAgent = names[random.Next(2)],
                    ReferrerHost = names[random.Next(3)],
                    Provider = names[random.Next(2)],
                    Country = random.Next(2) == 0 ? (ushort)0 : CountryCode.Pack("FR"u8),
                });
            }
            sessions.RemoveRange(0, Math.Max(0, sessions.Count - Dossier.Capacity) + (random.Next(60) == 0 ? sessions.Count / 2 : 0));

            IpAddress[] none = [];
            EvidenceLists.Lists fresh = lists.Draw(sessions.ToArray(), null, ref none);
            EvidenceLists.Lists drawn = lists.Draw(sessions.ToArray(), known, ref addresses);
            Assert.Equal(fresh.Streams.AsEnumerable(), drawn.Streams);
            Assert.Equal(fresh.Providers.AsEnumerable(), drawn.Providers);
            Assert.Equal(fresh.Countries.AsEnumerable(), drawn.Countries);
            Assert.Equal(fresh.Referrers.AsEnumerable(), drawn.Referrers);
            Assert.Equal(fresh.UserAgents.AsEnumerable(), drawn.UserAgents);
            Assert.Equal(fresh.Timeline.AsEnumerable(), drawn.Timeline);
            known = Evidence(drawn);
        }
        Assert.InRange(sessions.Count, 50, Dossier.Capacity);
    }

    [Fact]
    public void A_session_that_goes_on_costs_its_own_bar_and_the_list_of_all()
    {
        EvidenceLists lists = new(_strings);
        int name = _strings.Intern("name");
        DossierSession[] sessions =
        [
            .. Enumerable.Range(0, Dossier.Capacity).Select(i => new DossierSession
            {
                Start = i, LastSeen = i, Address = IpAddress.FromV4((uint)i), Stream = name, UserAgent = name, Country = CountryCode.Pack("FR"u8),
            }),
        ];
        IpAddress[] addresses = [];
        FlaggedSubject known = Evidence(lists.Draw(sessions, null, ref addresses));

        long bytes = Allocations.LeastOf(() =>
        {
            sessions[100].LastSeen++;
            lists.Draw(sessions, known, ref addresses);
        });

        Assert.InRange(bytes, 1, 2_000);
    }

    private static FlaggedSubject Evidence(in EvidenceLists.Lists lists) => new()
    {
        Subject = new Subject(SubjectType.Token, "token"),
        Score = 1,
        Decisions = [],
        DurationSum = 0,
        DurationAverage = 0,
        Sessions = 0,
        Addresses = 0,
        Tokens = 0,
        MaxConcurrency = 0,
        FirstStart = 0,
        LastEnd = 0,
        Streams = lists.Streams,
        Providers = lists.Providers,
        Countries = lists.Countries,
        Referrers = lists.Referrers,
        UserAgents = lists.UserAgents,
        Timeline = lists.Timeline,
        Recommendation = "",
    };
}
