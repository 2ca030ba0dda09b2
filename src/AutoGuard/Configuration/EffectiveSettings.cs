using System.Collections.Concurrent;
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
    private readonly ConcurrentDictionary<string, string> _digests = new(StringComparer.Ordinal);
    private readonly Func<string, SettingOrigin> _originOf;

    internal EffectiveSettings(
        AutoGuardSettings values, string home, IReadOnlyList<SettingsSource> sources, IReadOnlyList<string> warnings, Func<string, SettingOrigin> originOf)
    {
        Values = values;
        Home = home;
        Sources = sources;
        Warnings = warnings;
        _originOf = originOf;
        _fingerprint = new Lazy<string>(() => FingerprintWith(values.Detection.Model is { Length: > 0 } model ? DigestOf(model) : null));
    }

    /// <summary>The values; paths of the data folder, of enrichment files and of the model are absolute.</summary>
    public AutoGuardSettings Values { get; }

    /// <summary>The folder that relative paths of the configuration start from, absolute.</summary>
    public string Home { get; }

    /// <summary>What was read, weakest first.</summary>
    public IReadOnlyList<SettingsSource> Sources { get; }

    /// <summary>Settings that are allowed but probably not meant; whole sentences.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>
    /// SHA-256, lower-case hex, of everything in the configuration that can change a decision: the sections Detection,
    /// Policy, Allowlist, Referrers and Enrichment, with the content of enrichment files and of the model in place of their paths.
    /// Computed at first use, which reads those files.
    /// </summary>
    /// <exception cref="IOException">One of these files vanished.</exception>
    public string Fingerprint => _fingerprint.Value;

    /// <summary>The same with another model in place of the configured one: a worker takes up a changed file as it runs.</summary>
    /// <param name="modelDigest">The model's digest; null: none.</param>
    /// <exception cref="IOException">An enrichment file vanished before its first use.</exception>
    public string FingerprintWith(string? modelDigest)
    {
        string canonical = new SettingsWriter
        {
            Canonical = true,
            Includes = DecisionSections.Contains,
            Replace = (path, value) => path switch
            {
                "Detection:Model" => modelDigest ?? "",
                "Enrichment:MmdbFiles" => ((string[])value).Select(file => _digests.GetOrAdd(file, DigestOf)).ToArray(),
                "Enrichment:LocationDatabase" => value is string { Length: > 0 } file ? _digests.GetOrAdd(file, DigestOf) : null,
                _ => null,
            },
        }.Write(Values);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)));
    }

    /// <summary>Where a key's value was given.</summary>
    public SettingOrigin OriginOf(string key) => _originOf(key);

    /// <summary>An absolute path for one from the configuration.</summary>
    public string Resolve(string path) => Path.GetFullPath(path, Home);

    /// <summary>The whole effective configuration as JSON; secrets are replaced.</summary>
    public string Dump() => new SettingsWriter
    {
        Replace = static (path, value) => value is string { Length: > 0 } text && (Secrets.IsSecret(path) || Secrets.LooksLikeEncodedToken(text)) ? Secrets.Hidden : null,
    }.Write(Values);

    private static string DigestOf(string path)
    {
        using FileStream file = File.OpenRead(path);
        return "sha256:" + Convert.ToHexStringLower(SHA256.HashData(file));
    }
}
