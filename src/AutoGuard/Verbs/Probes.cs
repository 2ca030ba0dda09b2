using System.Globalization;
using AutoGuard.CommandLine;
using AutoGuard.Configuration;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Enrichment;
using AutoGuard.Kafka;
using AutoGuard.MlNet;
using AutoGuard.Reports;

namespace AutoGuard.Verbs;

/// <summary>What <c>check</c> looks at, and the rules of the configuration, that only parts of the host know.</summary>
internal static class Probes
{
    /// <summary>Rules beyond those of the options themselves.</summary>
    public static SettingsRule FurtherRules { get; } = SettingsLoader.FromSentences(
        values => KafkaOptionsValidator.Errors(values.Kafka),
        values => ReportSchedule.Check(values.Reports) is { } error ? error.Split('\n') : [],
        values => ReferrerList.Check(values.Referrers),
        values => values.Detection.Spike.Engine == SpikeEngine.MlNet && !MlNetEngine.IsAvailable
            ? [$"Detection:Spike:Engine: MlNet cannot be used here. {MlNetEngine.WhyNot}"]
            : []);

    /// <summary>The lines of <c>check</c>.</summary>
    public static IReadOnlyList<CheckProbe> All { get; } =
    [
        (_, _) => Task.FromResult(new CheckLine("Kafka library", KafkaLibrary.Current.Description, KafkaLibrary.Current.Problem is null)),
        (settings, _) => Task.FromResult(new CheckLine("Spike detection", SpikeEngineText(settings.Values.Detection.Spike))),
        ConnectionProbes.KafkaAsync,
        ConnectionProbes.DatabaseAsync,
    ];

    private static string SpikeEngineText(SpikeOptions options)
    {
        string engine = options.Engine == SpikeEngine.MlNet
            ? "Microsoft.ML.TimeSeries"
            : $"native, {options.Mode} (Microsoft.ML {(MlNetEngine.IsAvailable ? "is available" : "is not in this build")})";
        return string.Create(CultureInfo.InvariantCulture, $"{engine}, {options.History} minutes of history, confidence {options.Confidence} %");
    }
}
