using AutoGuard.Core.Events;
using AutoGuard.Core.Features;
using AutoGuard.Testing;

namespace AutoGuard.Core.Tests.Features;

[Collection(AllocationCollection.Name)]
public sealed class DossiersTests
{
    [Fact]
    public void A_dossier_keeps_the_latest_sessions_however_many_come()
    {
        Dossiers dossiers = new(1);
        Dossier dossier = dossiers.Get(dossiers.Open())!.Value;
        Record(dossier, 0, 1_000);

        Assert.Equal(Dossier.Capacity, dossier.Count);
        Assert.Equal(Enumerable.Range(800, 200).Select(i => (long)i), dossier.Sessions.ToArray().Select(s => s.Start).Order());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Dossiers_hold_what_lists_of_their_own_would(int seed)
    {
        Random random = new(seed);
        Dossiers dossiers = new(60);
        List<(int Number, List<DossierSession> Sessions, int Next)> twins = [];
        for (int step = 0; step < 120_000; step++)
        {
            int which = random.Next(50);
            if (which >= twins.Count)
            {
                twins.Add((dossiers.Open(), [], 0));
            }
            else if (random.Next(3_000) == 0)
            {
                int number = twins[which].Number;
                dossiers.Close(ref number);
                Assert.Equal(0, number);
                twins.RemoveAt(which);
            }
            else if (dossiers.Get(twins[which].Number) is { } dossier)
            {
                (int number, List<DossierSession> kept, int next) = twins[which];
                // Few tables' places, generations and addresses, so that many are alike in all but one.
                StateHandle handle = new(random.Next(150), (uint)random.Next(2));
                SessionState session = new() { Start = step, LastSeen = step, Address = IpAddress.FromV4((uint)random.Next(2)), Stream = handle.Index };
                dossier.Record(handle, in session);
                int known = kept.FindIndex(s => s.Stream == handle.Index && s.Generation == handle.Generation && s.Address == session.Address);
                DossierSession fresh = new() { Start = step, LastSeen = step, Address = session.Address, Stream = handle.Index, Generation = handle.Generation };
                if (known >= 0)
                {
                    kept[known] = kept[known] with { LastSeen = step };
                }
                else if (kept.Count < Dossier.Capacity)
                {
                    kept.Add(fresh);
                }
                else
                {
                    kept[next] = fresh;
                    twins[which] = (number, kept, (next + 1) % Dossier.Capacity);
                }
                Assert.Equal(kept.Count, dossier.Count);
            }
            else
            {
                twins.RemoveAt(which);
            }
        }
        Assert.Contains(twins, twin => twin.Sessions.Count == Dossier.Capacity);
        Assert.All(twins, twin => Assert.Equal(twin.Sessions, dossiers.Get(twin.Number) is { } dossier ? dossier.Sessions.ToArray() : twin.Sessions));
    }

    [Fact]
    public void A_dossier_that_a_decision_rests_on_is_not_given_away()
    {
        Dossiers dossiers = new(3);
        int[] numbers = [dossiers.Open(), dossiers.Open(), dossiers.Open()];
        Dossier pinned = dossiers.Get(numbers[0])!.Value;
        pinned.Pinned = true;
        dossiers.Open();

        Assert.NotNull(dossiers.Get(numbers[0]));
        Assert.Null(dossiers.Get(numbers[1]));
        Assert.NotNull(dossiers.Get(numbers[2]));
    }

    [Fact]
    public void Suspects_that_come_and_go_take_no_memory_but_that_of_those_before_them()
    {
        Dossiers dossiers = new(8192);
        int[] open = new int[50];
        Rounds(dossiers, open, 3);
        long places = dossiers.Places;

        // More rounds than there are dossiers, each with sessions of its own.
        Assert.Equal(0, Allocations.LeastOf(() => Rounds(dossiers, open, 400)));
        Assert.Equal(places, dossiers.Places);
        Assert.True(places <= open.Length * 2 * Dossier.Capacity, $"{places} places for {open.Length} dossiers");
    }

    [Fact]
    public void A_full_dossier_takes_place_for_no_more_sessions_than_it_keeps()
    {
        Dossiers dossiers = new(512);
        for (int i = 0; i < 512; i++)
        {
            Record(dossiers.Get(dossiers.Open())!.Value, i, 200);
        }

        Assert.InRange(dossiers.Places, 512 * Dossier.Capacity, (512 * Dossier.Capacity) + 1_024);
    }

    private static void Rounds(Dossiers dossiers, int[] open, int rounds)
    {
        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < open.Length; i++)
            {
                // Some are given back, some are forgotten and given away when the ring has come round.
                dossiers.Close(ref open[i]);
                open[i] = dossiers.Open();
                Record(dossiers.Get(open[i])!.Value, round, 4 * (i + 1));
            }
        }
    }

    private static void Record(Dossier dossier, int first, int sessions)
    {
        SessionState session = new() { Address = IpAddress.FromV4(1) };
        for (int i = first; i < first + sessions; i++)
        {
            session.Start = i;
            dossier.Record(new StateHandle(i, 0), in session);
        }
    }
}
