using System.Collections;

namespace AutoGuard.Configuration;

/// <summary>A further check of values that are each within their bounds.</summary>
/// <returns>Key and problem of each error; the problem names the value, unless it is a secret, and what is allowed.</returns>
public delegate IEnumerable<(string Key, string Problem)> SettingsRule(AutoGuardSettings values);

/// <summary>
/// Reads the configuration: <c>appsettings.json</c>, then overlay files, then the environment, then <c>--set</c>, each over
/// the one before. Not Microsoft's configuration stack, which merges lists by index, forgets lines, and keeps quiet about
/// misspelt keys: here a list replaces the list, and every mistake is reported at once with its place.
/// </summary>
public static class SettingsLoader
{
    /// <summary>Names the folder that holds <c>appsettings.json</c> and that relative paths start from.</summary>
    public const string HomeVariable = "AUTOGUARD_HOME";

    private const string BaseName = "appsettings.json";

    /// <summary>
    /// A rule made of validators that give whole sentences beginning with the key: <c>Reports:Cron 'x' must be …</c>.
    /// </summary>
    public static SettingsRule FromSentences(params Func<AutoGuardSettings, IEnumerable<string>>[] validators) => values => validators
        .SelectMany(v => v(values))
        .Select(sentence =>
        {
            int space = sentence.IndexOf(' ', StringComparison.Ordinal);
            return space < 0 ? (sentence, "not allowed") : (sentence[..space].TrimEnd(':'), sentence[(space + 1)..].TrimEnd('.'));
        });

    /// <summary>Loads and checks the configuration.</summary>
    /// <param name="overlays">Files of <c>--config</c>, weakest first; relative to the working folder.</param>
    /// <param name="sets">Texts of <c>--set</c>, <c>Section:Key=Value</c>.</param>
    /// <param name="environment">As <see cref="Environment.GetEnvironmentVariables()"/> gives it.</param>
    /// <param name="presets">What a verb wants otherwise than <c>appsettings.json</c>, as texts of <c>--set</c>; everything the user gives overrides it.</param>
    /// <param name="rules">Rules of parts that know more than this one, such as librdkafka's about its properties.</param>
    /// <param name="time">Clock for entries that have lapsed; the system's when null.</param>
    /// <param name="over">A file laid over everything above, relative to the working folder; null for none.</param>
    /// <param name="changes">Texts of <c>--set</c> laid over that.</param>
    /// <exception cref="SettingsException">Anything is wrong; holds all errors.</exception>
    public static EffectiveSettings Load(
        IReadOnlyList<string> overlays, IReadOnlyList<string> sets, IDictionary environment,
        IReadOnlyList<string>? presets = null, SettingsRule? rules = null, TimeProvider? time = null,
        string? over = null, IReadOnlyList<string>? changes = null)
    {
        List<SettingError> errors = [];
        List<SettingsSource> sources = [];
        AutoGuardSettings values = new();
        SettingsBinder binder = new(SettingDefinition.Of(typeof(AutoGuardSettings)), errors);

        string? home = environment[HomeVariable] is string { Length: > 0 } given ? Path.GetFullPath(given) : null;
        string basePath = Path.Combine(home ?? AppContext.BaseDirectory, BaseName);
        LayFile(basePath, BaseName, home is null ? "it belongs beside the program" : $"{HomeVariable} must name the folder that holds it");
        LayText(TextSource.FromSets(presets ?? [], errors, "preset of the verb"), "preset of the verb");
        foreach (string overlay in overlays)
        {
            if (string.IsNullOrWhiteSpace(overlay))
            {
                errors.Add(new SettingError("", "no file is named", new SettingOrigin("--config")));
                continue;
            }
            LayFile(Path.GetFullPath(overlay), overlay, "given by --config");
        }
        LayText(TextSource.FromEnvironment(environment, errors), "environment");
        LayText(TextSource.FromSets(sets, errors), "--set");
        if (over is not null)
        {
            LayFile(Path.GetFullPath(over), over, "given by --against");
        }
        LayText(TextSource.FromSets(changes ?? [], errors, "change"), "change");

        home ??= Directory.GetCurrentDirectory();
        MakeAbsolute(values, home);
        List<string> warnings = [];
        new SettingsRules(values, OriginOf, binder.IsWrong, errors, warnings).Check((time ?? TimeProvider.System).GetUtcNow());
        HashSet<string> told = [.. errors.Select(error => error.Key)];
        foreach ((string key, string problem) in rules?.Invoke(values) ?? [])
        {
            if (!binder.IsWrong(key) && !told.Contains(key))
            {
                errors.Add(new SettingError(key, problem, OriginOf(key)));
            }
        }
        return errors.Count == 0
            ? new EffectiveSettings(values, home, sources, warnings, OriginOf)
            : throw new SettingsException(errors);

        void LayFile(string path, string name, string missing)
        {
            if (JsonSource.Read(path, name, missing, errors) is { } tree)
            {
                sources.Add(new SettingsSource(name, path, binder.Apply(tree, values)));
            }
        }

        void LayText(TextSource source, string name)
        {
            if (source.Count > 0)
            {
                sources.Add(new SettingsSource(name, null, binder.Apply(source.ToTree(new SettingOrigin(name)), values)));
            }
        }

        SettingOrigin OriginOf(string key)
        {
            for (string at = key; at.Length > 0; at = at[..Math.Max(0, at.LastIndexOf(':'))])
            {
                if (binder.Origins.TryGetValue(at, out SettingOrigin? origin))
                {
                    return origin;
                }
            }
            return SettingOrigin.Default;
        }
    }

    private static void MakeAbsolute(AutoGuardSettings values, string home)
    {
        values.DataDirectory = Path.GetFullPath(values.DataDirectory, home);
        values.Enrichment.MmdbFiles = [.. values.Enrichment.MmdbFiles.Select(f => Path.GetFullPath(f, home))];
        if (values.Detection.Model.Length > 0)
        {
            values.Detection.Model = Path.GetFullPath(values.Detection.Model, home);
        }
        if (values.Enrichment.LocationDatabase.Length > 0)
        {
            values.Enrichment.LocationDatabase = Path.GetFullPath(values.Enrichment.LocationDatabase, home);
        }
    }
}
