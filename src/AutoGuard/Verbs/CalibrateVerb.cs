using System.Globalization;
using AutoGuard.CommandLine;
using AutoGuard.Core.Features;
using AutoGuard.Models;
using AutoGuard.Replay;
using AutoGuard.Reports;
using AutoGuard.Simulation.Labels;

namespace AutoGuard.Verbs;

/// <summary><c>calibrate</c>: learns from recorded events what is usual on this platform.</summary>
internal static class CalibrateVerb
{
    public static async Task<int> RunAsync(CalibrateArguments arguments, VerbContext context, CancellationToken cancellation)
    {
        foreach (string path in arguments.Files)
        {
            using EventFile file = EventFile.Open(path);
            if (!file.IsRepeatable)
            {
                throw new VerbException($"{path} is no regular file: a calibration may read its input twice.", ExitStatus.Usage);
            }
        }
        SimulationTruth? truth = arguments.Labels is { } labels ? await ReplayVerb.ReadTruthAsync(labels, cancellation) : null;
        Calibration calibration = new(context.With(null, ["Detection:Model="]), arguments.Files, truth, context.Error);
        ModelDocument model = await calibration.RunAsync(Path.GetFileNameWithoutExtension(arguments.Out), TimeProvider.System, cancellation);
        byte[] bytes = ModelWriter.Write(model);
        try
        {
            await AtomicFile.WriteAsync(arguments.Out, (stream, token) => stream.WriteAsync(bytes, token).AsTask(), cancellation);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new VerbException($"{arguments.Out} cannot be written: {error.Message}");
        }
        Print(model, arguments.Out, ModelFile.DigestOf(bytes), context);
        return ExitStatus.Done;
    }

    private static void Print(ModelDocument model, string path, string digest, VerbContext context)
    {
        Line($"{path}: {digest}");
        Line($"learned from {model.Source.Events:N0} events, {model.Source.Tokens:N0} tokens: {model.Tenants.Length:N0} tenants, {model.Operators.Length:N0} operators, {model.Starts.Length} hours of the day");
        if (model.Evaluation is { } evaluation)
        {
            PrintQuality("without", evaluation.Without);
            PrintQuality("with it", evaluation.With);
        }
        if (model.Evaluation is { } both && both.With.CaughtAsExpected < both.Without.CaughtAsExpected)
        {
            context.Error.WriteLine("autoguard: with the model fewer incidents are answered as expected: there is too much misuse in the recording to learn from it what is usual.");
        }
        if (!model.HasLevels)
        {
            context.Error.WriteLine(FormattableString.Invariant(
                $"autoguard: fewer than {Population.Few} tokens were active at once: the model has no levels, and tokens are judged by the thresholds alone."));
        }

        void PrintQuality(string name, ModelQuality quality) => Line(
            $"{name}: {quality.Caught} of {quality.Incidents} incidents caught, {quality.CaughtAsExpected} as expected; flagged {quality.FlaggedRight} rightly, {quality.FlaggedWrong} wrongly; blocked {quality.BlockedRight} rightly, {quality.BlockedWrong} wrongly; honest sessions refused {quality.HonestRefused:N0} of {quality.HonestSessions:N0}, misuse prevented {quality.MisusePrevented:N0} of {quality.MisuseSessions:N0}");

        void Line(FormattableString text) => context.Output.WriteLine(text.ToString(CultureInfo.InvariantCulture));
    }
}
