using System.ComponentModel.DataAnnotations;
using AutoGuard.Configuration;
using AutoGuard.Core.Configuration;

namespace AutoGuard.Tests.Configuration;

/// <summary>The files that repeat what the options types say; <c>AUTOGUARD_UPDATE_GOLDEN=1</c> rewrites them.</summary>
public sealed class ConfigurationFilesTests
{
    private const string Begin = "<!-- keys: begin (written by a test, see tests/AutoGuard.Tests/Configuration) -->\n";
    private const string End = "<!-- keys: end -->\n";

    private static readonly SettingDefinition Root = SettingDefinition.Of(typeof(AutoGuardSettings));

    [Fact]
    public void Appsettings_holds_every_key_with_the_default_of_the_code() =>
        AssertSame("appsettings.json", _ => ConfigurationReference.DefaultsFile());

    [Fact]
    public void The_reference_holds_every_key() => AssertSame("docs/configuration.md", page =>
    {
        int begin = page.IndexOf(Begin, StringComparison.Ordinal);
        int end = page.IndexOf(End, StringComparison.Ordinal);
        Assert.True(begin >= 0 && end > begin, "docs/configuration.md has lost its markers");
        return page[..(begin + Begin.Length)] + "\n" + ConfigurationReference.Tables() + "\n" + page[end..];
    });

    [Fact]
    public void Loading_appsettings_changes_no_default_and_gives_every_key()
    {
        using SettingsFolder folder = new();
        File.Copy(Path.Combine(RepositoryFolder(), "appsettings.json"), Path.Combine(folder.Path, "appsettings.json"), overwrite: true);
        EffectiveSettings loaded = folder.Load();
        loaded.Values.DataDirectory = new AutoGuardSettings().DataDirectory;

        Assert.Equal(new SettingsWriter().Write(new AutoGuardSettings()), new SettingsWriter().Write(loaded.Values));
        foreach (SettingDefinition key in Root.Walk().Where(k => k.Shape is SettingShape.Leaf or SettingShape.List))
        {
            Assert.Equal("appsettings.json", loaded.OriginOf(key.Path).Source);
        }
    }

    [Fact]
    public void Every_number_and_time_has_a_bound_and_every_key_a_meaning()
    {
        foreach (SettingDefinition key in Root.Walk().Skip(1))
        {
            bool number = LeafFormat.IsWhole(key.Type) || key.Type == typeof(double);
            Assert.True(!number || key.Validators.OfType<RangeAttribute>().Any(), $"{key.Path} has no [Range]");
            Assert.True(key.Type != typeof(TimeSpan) || key.Validators.OfType<TimeRangeAttribute>().Any(), $"{key.Path} has no [TimeRange]");
            Assert.False(string.IsNullOrWhiteSpace(ConfigurationReference.Meaning(key, markdown: true)), $"{key.Path} has no summary");
        }
    }

    [Fact]
    public void Every_default_is_within_its_bounds()
    {
        foreach (SettingDefinition key in Root.Walk().Where(k => k.Shape == SettingShape.Leaf))
        {
            string text = ConfigurationReference.DefaultOf(key, new AutoGuardSettings()).Trim('"');
            Assert.True(
                LeafFormat.TryParse(key.Type, text, ScalarKind.Untyped, out object value) && key.IsWithinBounds(value),
                $"{key.Path}: {text} is not {key.Allowed}");
        }
    }

    private static void AssertSame(string name, Func<string, string> expect)
    {
        string path = Path.Combine(RepositoryFolder(), name);
        string actual = File.ReadAllText(path).ReplaceLineEndings("\n");
        string expected = expect(actual);
        if (actual != expected && Environment.GetEnvironmentVariable("AUTOGUARD_UPDATE_GOLDEN") == "1")
        {
            Assert.True(Environment.GetEnvironmentVariable("CI") != "true", $"{name} is out of date, and CI rewrites nothing");
            File.WriteAllText(path, expected);
            actual = expected;
        }
        Assert.Equal(expected, actual);
    }

    private static string RepositoryFolder()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "AutoGuard.sln")))
        {
            folder = folder.Parent;
        }
        return folder?.FullName ?? throw new InvalidOperationException("the tests run outside the repository");
    }
}
