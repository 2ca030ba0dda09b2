using System.Globalization;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Enrichment;
using AutoGuard.Core.Events;
using AutoGuard.Core.Pipeline;
using Xunit.Abstractions;

namespace AutoGuard.Core.Tests.Pipeline;

/// <summary>
/// What ordinary keys cost, from what the heap grows by: the figures of the sizing formula in docs/performance.md. Nothing else may run
/// meanwhile, for the heap is everybody's.
/// </summary>
[Collection(AllocationCollection.Name)]
public sealed class StateMemoryTests(ITestOutputHelper output)
{
    private const int Viewers = 50_000;

    /// <summary>Come before, so that what is taken once for all is not counted.</summary>
    private const int First = 5_000;

    private const int Slots = 12;
    private const int SlotSeconds = 50;

    [Fact]
    public void An_ordinary_key_takes_no_more_than_the_sizing_formula_says()
    {
        double sessionAndAddress = Usual(() => Grown(tokens: false));
        double viewer = Usual(() => Grown(tokens: true));
        double session = Usual(() => Grown(tokens: true, sessions: 2)) - viewer;
        double window = Usual(() => Grown(tokens: true, slots: Slots)) - viewer;

        // As measured on 2026-11-21. The structs of a session take 160 of it with key and links, those of a token 184, an address 240, a
        // network 136; a text 24, a member of a set 48 (an address) or 20, a passed slot 6; and each key 8 to 21 in an index, which doubles.
        Check("session", 192, session);
        Check("token, with two texts, its set of one address, and its place in two sets", 327, viewer - sessionAndAddress);
        Check("address alone in its network, with the network and its set", 442, sessionAndAddress - session);
        Check("slots that have passed, of a token that was heard in each of the window", 73, window);
    }

    /// <summary>The middle one of three: what tests before this one left behind (pools that are trimmed, finalizers) may become free meanwhile.</summary>
    private static double Usual(Func<double> measure) => Enumerable.Range(0, 3).Select(_ => measure()).Order().ElementAt(1);

    /// <summary>Prints what was measured; a tenth more may come of the order in which arrays double.</summary>
    private void Check(string key, double expected, double measured)
    {
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{key}: {measured:0} bytes"));
        Assert.InRange(measured, 1, expected * 1.1);
    }

    /// <summary>Bytes for each viewer that has come with an address of his own, and plays so many sessions, in so many slots of the window.</summary>
    private static double Grown(bool tokens, int sessions = 1, int slots = 1)
    {
        KeyedHasher hasher = new(1, 2);
        StringPool strings = new(hasher);
        DetectionOptions detection = new() { Window = TimeSpan.FromSeconds(Slots * SlotSeconds), CountryWindow = TimeSpan.FromSeconds(Slots * SlotSeconds) };
        DetectionPipeline pipeline = new(
            new PipelineSettings { Detection = detection, Secret0 = 3, Secret1 = 4 }, strings, new ClaimsPool(), new ReferrerList(new ReferrersOptions(), strings));
        EventBatch batch = new(1024);
        DetectionOutput decided = new();
        long now = TestTraffic.Noon;
        Play(0, First, Viewers / First);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int slot = 0; slot < slots; slot++)
        {
            Play(First, Viewers, 1);
        }
        double bytes = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.Equal((0, 0), (pipeline.Waiting, decided.Decisions.Count));
        Assert.InRange(pipeline.State.OpenSessions, Viewers * sessions, (Viewers + First) * sessions);
        Assert.Equal(tokens ? Viewers + First : 0, pipeline.State.Tokens.Count);
        GC.KeepAlive(pipeline);
        return bytes / Viewers;

        // So many viewers are heard so often, always as many events within a quarter of a minute; then those that are held back until
        // they are in order have their turn.
        void Play(int from, int count, int rounds)
        {
            Span<byte> name = stackalloc byte[14];
            "viewer--"u8.CopyTo(name);
            for (int number = 0; number < count * rounds * sessions; number++)
            {
                int viewer = from + (number % count);
                viewer.TryFormat(name[8..], out _, "D6", CultureInfo.InvariantCulture);
                ref PlaybackEvent e = ref batch.Next();
                e.Timestamp = now + (number * 15_000L / (count * rounds * sessions));
                e.Session = hasher.Hash128(name, (ulong)(4 + (number / count % sessions)));
                e.OrderKey = e.Session.Low;
                e.Token = tokens ? hasher.Hash128(name, 2) : default;
                e.TokenText = tokens ? batch.AppendText(name) : default;
                e.User = tokens ? hasher.Hash128(name, 3) : default;
                e.UserText = tokens ? batch.AppendText(name) : default;
                e.Referrer = strings.Intern("www.example.com");
                e.Address = IpAddress.FromV4(0x5000_0000 + ((uint)viewer << 8));
                batch.Commit();
                if (batch.IsFull || number == (count * rounds * sessions) - 1)
                {
                    pipeline.Process(batch, decided);
                    batch.Clear();
                }
            }
            now += SlotSeconds * 1_000;
            pipeline.AdvanceTo(now, decided);
        }
    }
}
