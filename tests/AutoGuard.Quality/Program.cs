using System.CommandLine;
using System.Globalization;
using AutoGuard.CommandLine;
using AutoGuard.Configuration;

namespace AutoGuard.Quality;

internal static class EntryPoint
{
    private static readonly Option<string> Profiles = new("--profiles")
    {
        Description = "Profiles, or the beginning of their names up to a hyphen, separated by commas.", DefaultValueFactory = _ => "standard",
    };

    private static readonly Option<int> Viewers = new("--viewers") { Description = "Honest viewers; 0: as the profile has it.", DefaultValueFactory = _ => 20_000 };

    private static readonly Option<double> Hours = new("--hours") { Description = "Length; 0: as the profile has it (standard: 4)." };

    private static readonly Option<string> Seeds = new("--seeds") { Description = "Seeds and ranges, such as 1,101..105.", DefaultValueFactory = _ => "1" };

    private static readonly Option<string> Heartbeats = new("--heartbeats") { Description = "Seconds between heartbeats; 0: as the profile has it.", DefaultValueFactory = _ => "0" };

    private static readonly Option<string[]> Sets = new("--set") { Description = "One setting over the defaults; may be given several times." };

    private static readonly Option<string[]> Outputs = new("--out") { Description = "File for the results, .json or .md; may be given several times." };

    private static readonly Option<bool> Tune = new("--tune") { Description = "AutoGuard alone, and the summary alone: for sweeps." };

    private static readonly Option<bool> NoBaselines = new("--no-baselines") { Description = "AutoGuard alone, with all tables." };

    private static readonly Option<bool> Probe = new("--probe") { Description = "Run recordings with missed incidents once more to see how near they came." };

    private static readonly Option<int> Parallel = new("--parallel") { Description = "Recordings at a time; 1 also measures memory.", DefaultValueFactory = _ => 2 };

    private static int Main(string[] args)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        RootCommand command = new("Measures AutoGuard and the baselines on labelled recordings.") { Profiles, Viewers, Hours, Seeds, Heartbeats, Sets, Outputs, Tune, NoBaselines, Probe, Parallel };
        command.SetAction(Run);
        return command.Parse(args).Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
    }

    private static int Run(ParseResult parsed)
    {
        try
        {
            HarnessOptions options = new()
            {
                Recordings = Plan.Of(parsed.GetValue(Profiles)!, parsed.GetValue(Viewers), parsed.GetValue(Hours), parsed.GetValue(Seeds)!, parsed.GetValue(Heartbeats)!),
                Sets = parsed.GetValue(Sets) ?? [],
                Outputs = parsed.GetValue(Outputs) ?? [],
                Tune = parsed.GetValue(Tune),
                Baselines = !parsed.GetValue(Tune) && !parsed.GetValue(NoBaselines),
                Probe = parsed.GetValue(Probe),
                Parallel = Math.Max(1, parsed.GetValue(Parallel)),
            };
            new Harness(options, Console.Out, Console.Error).Run();
            return ExitStatus.Done;
        }
        catch (FormatException error)
        {
            Console.Error.WriteLine(error.Message);
            return ExitStatus.Usage;
        }
        catch (SettingsException error)
        {
            Console.Error.WriteLine(string.Join(Environment.NewLine, error.Errors));
            return ExitStatus.Usage;
        }
    }
}
