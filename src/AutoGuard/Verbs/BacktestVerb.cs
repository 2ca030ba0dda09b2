using AutoGuard.CommandLine;

namespace AutoGuard.Verbs;

internal static class BacktestVerb
{
    public static Task<int> RunAsync(BacktestArguments arguments, VerbContext context, CancellationToken cancellation) => Task.FromResult(0);
}
