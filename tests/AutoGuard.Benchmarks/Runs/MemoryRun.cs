using System.Globalization;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Enrichment;
using AutoGuard.Core.Events;
using AutoGuard.Core.Pipeline;

namespace AutoGuard.Benchmarks.Runs;

/// <summary>
/// What a million keys of a kind cost, from what the heap grows by: sessions alone, then each with a token of its own, then
/// each with an address and a network of its own as well. The differences are a token's and an address's share.
/// </summary>
internal static class MemoryRun
{
    private const int Count = 1_000_000;
    private const long Start = 1_763_121_600_000;

    public static void Run()
    {
        double sessions = BytesPerSession(tokens: false, addresses: 1);
        double withTokens = BytesPerSession(tokens: true, addresses: 1_000);
        double withAddresses = BytesPerSession(tokens: true, addresses: Count);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"session alone: {sessions:0} bytes"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"token, with the set of its addresses: {withTokens - sessions:0} bytes"));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"address, with a network of its own and the sets of both: {withAddresses - withTokens:0} bytes"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"all together: {withAddresses:0} bytes per viewer"));
        SteadyState();
    }

    /// <summary>The audience of <c>core uniform-1000k</c> in its steady state, with the events that wait and the sessions that ended of late.</summary>
    private static void SteadyState()
    {
        SteadyTraffic traffic = new(Count, Popularity.Uniform);
        EventBatch batch = new(2048);
        DetectionOutput output = new();
        long before = GC.GetTotalMemory(forceFullCollection: true);
        DetectionPipeline pipeline = CoreRun.MakePipeline(traffic.Strings, new ClaimsPool(), TokenWorkflow.Auto);
        for (long events = 0; events < (long)CoreRun.WarmingRounds * traffic.Round; events += batch.Count)
        {
            traffic.Fill(batch);
            pipeline.Process(batch, output);
            output.Clear();
        }
        double bytes = GC.GetTotalMemory(forceFullCollection: true) - before;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"steady state: {bytes / (1 << 30):0.000} GiB for {pipeline.State.Tokens.Count:N0} tokens, {pipeline.State.OpenSessions:N0} running sessions "
            + $"({pipeline.State.Sessions.Count:N0} remembered), {pipeline.State.Addresses.Count:N0} addresses, {pipeline.State.Networks.Count:N0} networks, "
            + $"{pipeline.Waiting:N0} events waiting"));
        GC.KeepAlive(pipeline);
    }

    private static double BytesPerSession(bool tokens, int addresses)
    {
        DetectionOptions detection = new() { Capacity = new CapacityOptions { Networks = Count, Addresses = Count, Tokens = Count } };
        KeyedHasher hasher = new(1, 2);
        StringPool strings = new(hasher);
        DetectionPipeline pipeline = new(
            new PipelineSettings { Detection = detection, Secret0 = 3, Secret1 = 4 }, strings, new ClaimsPool(), new ReferrerList(new ReferrersOptions(), strings));
        EventBatch batch = new(2048);
        DetectionOutput output = new();
        byte[] name = new byte[12];
        Feed(0, 10_000);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        int openBefore = pipeline.State.OpenSessions;
        Feed(10_000, Count - 20_000);
        long after = GC.GetTotalMemory(forceFullCollection: true);
        double perSession = (double)(after - before) / (pipeline.State.OpenSessions - openBefore);
        GC.KeepAlive(pipeline);
        return perSession;

        void Feed(int from, int count)
        {
            for (int i = from; i < from + count; i++)
            {
                ref PlaybackEvent e = ref batch.Next();
                i.TryFormat(name, out _, "D12", CultureInfo.InvariantCulture);
                // Ten thousand sessions a second: all are open at the end.
                e.Timestamp = Start + (i / 10);
                e.Session = hasher.Hash128(name, 1);
                e.OrderKey = e.Session.Low;
                e.Token = tokens ? hasher.Hash128(name, 2) : default;
                e.TokenText = tokens ? batch.AppendText(name) : default;
                uint address = (uint)(i % addresses);
                e.Address = IpAddress.FromV4(0x5000_0000 + (address << 8));
                batch.Commit();
                if (batch.IsFull || i == from + count - 1)
                {
                    pipeline.Process(batch, output);
                    batch.Clear();
                    output.Clear();
                }
            }
            pipeline.AdvanceTo(Start + ((from + count) / 10), output);
            output.Clear();
        }
    }
}
