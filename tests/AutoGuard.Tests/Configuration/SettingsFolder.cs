using System.Collections;
using AutoGuard.Configuration;

namespace AutoGuard.Tests.Configuration;

/// <summary>A folder with an <c>appsettings.json</c> and overlays, and the load of a configuration from it.</summary>
public sealed class SettingsFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("autoguard-settings-");

    public SettingsFolder(string baseFile = "{}")
    {
        Environment = new Hashtable { [SettingsLoader.HomeVariable] = _folder.FullName };
        Write("appsettings.json", baseFile);
    }

    public Hashtable Environment { get; }

    public List<string> Overlays { get; } = [];

    public string Path => _folder.FullName;

    public string Write(string name, string text)
    {
        string path = System.IO.Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, text);
        return path;
    }

    public SettingsFolder Overlay(string name, string text)
    {
        Overlays.Add(Write(name, text));
        return this;
    }

    public SettingsFolder Variable(string name, string value)
    {
        Environment[name] = value;
        return this;
    }

    public EffectiveSettings Load(params string[] sets) => SettingsLoader.Load(Overlays, sets, Environment);

    /// <summary>The messages of all errors; paths of this folder are taken out.</summary>
    public string[] Errors(params string[] sets)
    {
        SettingsException wrong = Assert.Throws<SettingsException>(() => Load(sets));
        return [.. wrong.Errors.Select(e => e.ToString().Replace(_folder.FullName + System.IO.Path.DirectorySeparatorChar, "", StringComparison.Ordinal))];
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
