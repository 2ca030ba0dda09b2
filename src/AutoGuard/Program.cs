using AutoGuard.CommandLine;
using AutoGuard.Verbs;

return await CommandLineRoot.RunAsync(args, new VerbHandlers
{
    Demo = DemoVerb.RunAsync,
    DemoPresets = DemoVerb.Presets,
    Run = RunVerb.RunAsync,
    Replay = ReplayVerb.RunAsync,
    Backtest = BacktestVerb.RunAsync,
    Calibrate = CalibrateVerb.RunAsync,
    Simulate = SimulateVerb.RunAsync,
    Report = ReportVerb.RunAsync,
    RulesList = RulesVerbs.ListAsync,
    RulesAdd = RulesVerbs.AddAsync,
    RulesRemove = RulesVerbs.RemoveAsync,
    RulesImport = RulesVerbs.ImportAsync,
    RulesExport = RulesVerbs.ExportAsync,
    KeysList = KeysVerbs.ListAsync,
    KeysAdd = KeysVerbs.AddAsync,
    KeysRemove = KeysVerbs.RemoveAsync,
    Explain = ExplainVerb.RunAsync,
    Probes = Probes.All,
    FurtherRules = Probes.FurtherRules,
});
