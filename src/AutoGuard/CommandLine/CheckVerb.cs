using System.Globalization;
using AutoGuard.Configuration;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Policy;
using AutoGuard.Guardian.Remote;
using AutoGuard.Models;
using Npgsql;

namespace AutoGuard.CommandLine;

/// <summary><c>check</c>: says what would run, and whether it could.</summary>
internal sealed class CheckVerb(IReadOnlyList<CheckProbe> probes)
{
    private const int NameWidth = 15;

    /// <summary>Prints; failed when a file, the data folder or a probe is bad. A wrong configuration never comes here.</summary>
    public async Task<int> RunAsync(CheckArguments arguments, VerbContext context, CancellationToken cancellation)
    {
        EffectiveSettings settings = context.Settings;
        List<CheckLine> lines = [.. Configuration(settings), .. Lists(settings.Values), .. Surroundings(settings)];
        foreach (CheckProbe probe in probes)
        {
            lines.Add(await probe(settings, cancellation));
        }
        foreach (CheckLine line in lines)
        {
            await context.Output.WriteLineAsync($"{line.Name.PadRight(NameWidth)} {(line.Passed ? "" : "FAILED: ")}{line.Text}");
        }
        foreach (string warning in settings.Warnings)
        {
            await context.Output.WriteLineAsync($"{"Warning".PadRight(NameWidth)} {warning}");
        }
        if (arguments.Dump)
        {
            await context.Output.WriteAsync(Environment.NewLine + settings.Dump());
        }
        return lines.All(l => l.Passed) ? ExitStatus.Done : ExitStatus.Failed;
    }

    private static IEnumerable<CheckLine> Configuration(EffectiveSettings settings)
    {
        foreach (SettingsSource source in settings.Sources)
        {
            string count = source.Keys == 1 ? "1 value" : string.Create(CultureInfo.InvariantCulture, $"{source.Keys} values");
            yield return new CheckLine("Configuration", $"{source.Path ?? source.Name}: {count}");
        }
        yield return Files(settings, out bool readable);
        yield return Model(settings, out bool usable);
        if (readable && usable)
        {
            yield return new CheckLine("Fingerprint", settings.Fingerprint);
        }
        yield return new CheckLine("Mode", settings.Values.Policy.Mode == EnforcementMode.Enforce
            ? "Enforce: decisions are enforced"
            : "Observe: decisions are made, stored and reported, nothing is enforced");
        yield return Guardians(settings);
    }

    private static CheckLine Guardians(EffectiveSettings settings)
    {
        GuardianOptions guardian = settings.Values.Guardian;
        (bool Enabled, string Name)[] engines =
        [
            (guardian.Local.Enabled, "local"), (guardian.NanoStream.Enabled, "nanoStream Guardian"), (guardian.TokenService.Enabled, "nanoStream token service"),
            (guardian.OptiView.Enabled, $"OptiView {guardian.OptiView.Version}"), (guardian.Webhook.Enabled, "webhook"),
        ];
        string[] names = [.. engines.Where(static engine => engine.Enabled).Select(static engine => engine.Name)];
        IReadOnlyList<string> problems = new EngineSecrets(guardian, settings.Home).Problems(guardian);
        return problems.Count > 0
            ? new CheckLine("Guardians", string.Join(" ", problems), false)
            : new CheckLine("Guardians", names.Length == 0 ? "none" : string.Join(", ", names));
    }

    private static CheckLine Files(EffectiveSettings settings, out bool readable)
    {
        EnrichmentOptions enrichment = settings.Values.Enrichment;
        string[] files = [.. enrichment.MmdbFiles, .. enrichment.LocationDatabase.Length > 0 ? [enrichment.LocationDatabase] : Array.Empty<string>()];
        List<string> problems = [];
        foreach (string file in files)
        {
            try
            {
                using FileStream stream = File.OpenRead(file);
                if (stream.ReadByte() < 0)
                {
                    problems.Add($"{file} is empty");
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                problems.Add(e.Message);
            }
        }
        readable = problems.Count == 0;
        string text = readable
            ? files.Length == 0 ? "no file: country and operator only from the events" : string.Join(", ", files)
            : string.Join("; ", problems);
        return new CheckLine("Enrichment", text, readable);
    }

    private static CheckLine Model(EffectiveSettings settings, out bool usable)
    {
        string path = settings.Values.Detection.Model;
        usable = true;
        if (path.Length == 0)
        {
            return new CheckLine("Model", "none: the thresholds alone hold until enough of the audience was seen");
        }
        try
        {
            LoadedModel loaded = ModelFile.Read(path);
            ModelDocument model = loaded.Document;
            TimeSpan window = settings.Values.Detection.Window;
            return new CheckLine("Model", string.Create(
                CultureInfo.InvariantCulture, $"{model.Name} of {path}, {loaded.Model.Digest}: {model.Tenants.Length} tenants, {model.Operators.Length} operators, from {model.Source.Events} events")
                + (model.HasLevels ? "" : "; it has no levels")
                + (model.Source.Window == window ? "" : string.Create(CultureInfo.InvariantCulture, $"; made with a Detection:Window of {model.Source.Window:c}, not {window:c}: calibrate again")));
        }
        catch (ModelException error)
        {
            usable = false;
            return new CheckLine("Model", $"{path} is no model that can be used: {error.Message}", Passed: false);
        }
    }

    private static IEnumerable<CheckLine> Lists(AutoGuardSettings values)
    {
        (string Name, IndicatorOptions Options)[] indicators = [.. SettingDefinition.Of(typeof(IndicatorsOptions)).Children
            .Select(c => (c.Name, (IndicatorOptions)c.Property!.GetValue(values.Detection.Indicators)!))];
        string[] off = [.. indicators.Where(i => !i.Options.Enabled).Select(i => i.Name)];
        string[] observed = [.. indicators.Where(i => i.Options is { Enabled: true, ObserveOnly: true }).Select(i => i.Name)];
        yield return new CheckLine("Indicators", string.Create(CultureInfo.InvariantCulture, $"{indicators.Length - off.Length} of {indicators.Length} on")
            + (off.Length > 0 ? $"; off: {string.Join(", ", off)}" : "")
            + (observed.Length > 0 ? $"; observed only: {string.Join(", ", observed)}" : ""));
        AllowlistOptions allow = values.Allowlist;
        yield return new CheckLine("Allowlist", string.Create(
            CultureInfo.InvariantCulture,
            $"addresses {allow.Addresses.Length}, tokens {allow.Tokens.Length}, users {allow.Users.Length}, networks by AS {allow.Asns.Length}, referrers {allow.Referrers.Length}"));
        yield return new CheckLine("Referrers", string.Create(CultureInfo.InvariantCulture, $"official hosts {values.Referrers.Official.Length}"));
    }

    private static IEnumerable<CheckLine> Surroundings(EffectiveSettings settings)
    {
        AutoGuardSettings values = settings.Values;
        yield return new CheckLine("Kafka", (values.Kafka.BootstrapServers.Trim().Length == 0 ? "embedded broker" : values.Kafka.BootstrapServers)
            + $"; events from {values.Kafka.EventsTopic}, group {values.Kafka.GroupId}");
        yield return new CheckLine("PostgreSQL", DatabaseOf(values.ConnectionStrings.AutoGuard));
        yield return DataFolder(values.DataDirectory);
        yield return new CheckLine("Web", $"{values.Web.Address}, authentication {(values.Web.Authentication ? "on" : "off")}");
    }

    private static string DatabaseOf(string connection)
    {
        if (connection.Length == 0)
        {
            return "embedded server";
        }
        NpgsqlConnectionStringBuilder parts = new(connection);
        return string.Create(CultureInfo.InvariantCulture, $"{parts.Host}:{parts.Port}, database {parts.Database ?? parts.Username ?? "(default)"}, user {parts.Username ?? "(default)"}");
    }

    private static CheckLine DataFolder(string path)
    {
        if (!Directory.Exists(path))
        {
            return File.Exists(path)
                ? new CheckLine("Data folder", $"{path} is a file", Passed: false)
                : new CheckLine("Data folder", $"{path} (will be made)");
        }
        string probe = Path.Combine(path, string.Create(CultureInfo.InvariantCulture, $".check-{Environment.ProcessId}"));
        try
        {
            File.WriteAllBytes(probe, []);
            File.Delete(probe);
            return new CheckLine("Data folder", path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new CheckLine("Data folder", $"{path} cannot be written: {e.Message}", Passed: false);
        }
    }
}
