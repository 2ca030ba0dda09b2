using AutoGuard.Benchmarks.Rules;
using AutoGuard.Benchmarks.Runs;
using BenchmarkDotNet.Running;

namespace AutoGuard.Benchmarks;

internal static class EntryPoint
{
    private static async Task<int> Main(string[] args)
    {
        switch (args.FirstOrDefault())
        {
            case "core":
                CoreRun.Run(args.AsSpan(1));
                return 0;
            case "replay":
                await ReplayRun.RunAsync(args.ElementAtOrDefault(1));
                return 0;
            case "kafka":
                await KafkaRun.RunAsync();
                return 0;
            case "broker":
                KafkaRun.Serve();
                return 0;
            case "latency":
                await LatencyRun.RunAsync();
                return 0;
            case "traffic":
                LatencyTraffic.Produce(args.AsSpan(1));
                return 0;
            case "start":
                await StartRun.RunAsync();
                return 0;
            case "memory":
                MemoryRun.Run();
                return 0;
            case "rules":
                await RulesRun.RunAsync();
                return 0;
            case "check":
                await CheckRun.RunAsync();
                return 0;
            default:
                BenchmarkSwitcher.FromAssembly(typeof(EntryPoint).Assembly).Run(args);
                return 0;
        }
    }
}
