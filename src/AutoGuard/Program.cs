using AutoGuard.CommandLine;
using AutoGuard.Verbs;

return await CommandLineRoot.RunAsync(args, new VerbHandlers
{
    Demo = Unwired,
    Run = Unwired,
    Replay = ReplayVerb.RunAsync,
    Simulate = SimulateVerb.RunAsync,
    Report = Unwired,
    RulesList = Unwired,
    RulesAdd = Unwired,
    RulesRemove = Unwired,
    RulesImport = Unwired,
    RulesExport = Unwired,
    Explain = Unwired,
});

static Task<int> Unwired<T>(T arguments, VerbContext context, CancellationToken cancellation) =>
    throw new VerbException("this build does not contain it.");
