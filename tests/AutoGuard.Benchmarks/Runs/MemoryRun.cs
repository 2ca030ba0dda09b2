using System.Globalization;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Core.Pipeline;

namespace AutoGuard.Benchmarks.Runs;

/// <summary>
/// What the audience of <c>core uniform-1000k</c> takes, with the events that wait and the sessions that ended of late: soon after the
/// start, and when everybody has been watching for a whole window. What single keys take is printed by a test.
/// </summary>
internal static class MemoryRun
{
    private const int Tokens = 1_000_000;

    public static void Run()
    {
        SteadyTraffic traffic = new(Tokens, Popularity.Uniform);
        DetectionOutput output = new();
        long before = GC.GetTotalMemory(forceFullCollection: true);
        DetectionPipeline pipeline = CoreRun.MakePipeline(traffic.Strings, new ClaimsPool(), TokenWorkflow.Auto);
        CoreRun.Play(traffic, pipeline, output, CoreRun.Settling);
        Print("after twelve minutes");
        CoreRun.WarmWholeWindow(traffic, pipeline, output);
        Print("after a whole window");

        void Print(string when)
        {
            double bytes = GC.GetTotalMemory(forceFullCollection: true) - before;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{when}: {bytes / (1 << 30):0.000} GiB for {pipeline.State.Tokens.Count:N0} tokens, {pipeline.State.OpenSessions:N0} running sessions "
                + $"({pipeline.State.Sessions.Count:N0} remembered), {pipeline.State.Addresses.Count:N0} addresses, {pipeline.State.Networks.Count:N0} networks, "
                + $"{pipeline.Waiting:N0} events waiting"));
            GC.KeepAlive(pipeline);
        }
    }
}
