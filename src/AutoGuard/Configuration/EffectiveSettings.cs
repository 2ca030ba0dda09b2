using System.Security.Cryptography;
using System.Text;

namespace AutoGuard.Configuration;

/// <summary>A configuration that was checked, and what is known about it.</summary>
public sealed class EffectiveSettings
{
    private static readonly string[] DecisionSections =
    [
        nameof(AutoGuardSettings.Detection), nameof(AutoGuardSettings.Policy), nameof(AutoGuardSettings.Allowlist),
        nameof(AutoGuardSettings.Referrers), nameof(AutoGuardSettings.Enrichment),
    ];

    private readonly Lazy<string> _fingerprint;
    private readonly Func<string, SettingOrigin> _originOf;

    internal EffectiveSettings(
        AutoGuardSettings values, string home, IReadOnlyList<SettingsSource> sources, IReadOnlyList<string> warnings, Func<string, SettingOrigin> originOf)
    {
        Values = values;
        Home = home;
        Sources = sources;
        Warnings = warnings;
        _originOf = originOf;
        _fingerprint = new Lazy<string>(ComputeFingerprint);
    }

    /// <summary>The values; paths of the data folder and of enrichment files are absolute.</summary>
    public AutoGuardSettings Values { get; }

    /// <summary>The folder that relative paths of the configuration start from, absolute.</summary>
    public string Home { get; }

    /// <summary>What was read, weakest first.</summary>
    public IReadOnlyList<SettingsSource> Sources { get; }

    /// <summary>Settings that are allowed but probably not meant; whole sentences.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>
    /// SHA-256, lower-case hex, of everything in the configuration that can change a decision: the sections Detection,
    /// Policy, Allowlist, Referrers and Enrichment, with the content of enrichment files in place of their paths. Computed
    /// at first use, which reads those files.
    /// </summary>
    /// <exception cref="IOException">An enrichment file vanished.</exception>
    public string Fingerprint => _fingerprint.Value;

    /// <summary>Where a key's value was given.</summary>
    public SettingOrigin OriginOf(string key) => _originOf(key);

    /// <summary>An absolute path for one from the configuration.</summary>
    public string Resolve(string path) => Path.GetFullPath(path, Home);

    /// <summary>The whole effective configuration as JSON; secrets are replaced.</summary>
    public string Dump() => new SettingsWriter
    {
        Replace = static (path, value) => value is string { Length: > 0 } text && (Secrets.IsSecret(path) || Secrets.LooksLikeEncodedToken(text)) ? Secrets.Hidden : null,
    }.Write(Values);

    private string ComputeFingerprint()
    {
        string canonical = new SettingsWriter
        {
            Canonical = true,
            Includes = DecisionSections.Contains,
            Replace = static (path, value) => path switch
            {
                "Enrichment:MmdbFiles" => ((string[])value).Select(DigestOf).ToArray(),
                "Enrichment:LocationDatabase" => value is string { Length: > 0 } file ? DigestOf(file) : null,
                _ => null,
            },
        }.Write(Values);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)));
    }

    private static string DigestOf(string path)
    {
        using FileStream file = File.OpenRead(path);
        return "sha256:" + Convert.ToHexStringLower(SHA256.HashData(file));
    }
}
