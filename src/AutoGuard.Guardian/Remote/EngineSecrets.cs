using System.Text.Json;
using AutoGuard.Core.Configuration;

namespace AutoGuard.Guardian.Remote;

/// <summary>The credentials cannot be had. The message names file and key, never a value.</summary>
public sealed class EngineSecretsException(string message) : Exception(message);

/// <summary>
/// The engines' credentials: from the environment (as bound to the options), else from a file that only its owner may read. The
/// file is read again when it changes, so that a temporary credential is replaced without a restart.
/// </summary>
public sealed class EngineSecrets
{
    private const int LargestFile = 64 * 1024;
    private const int LongestSecret = 4096;

    private readonly Dictionary<string, string> _given;
    private readonly string _file;
    private readonly Lock _gate = new();
    private Dictionary<string, string> _read = [];
    private DateTime _readVersion;

    /// <summary>Takes what the options hold, and the path of the file; a relative one counts from <paramref name="home"/>.</summary>
    public EngineSecrets(GuardianOptions options, string home)
    {
        ArgumentNullException.ThrowIfNull(options);
        _file = options.SecretsFile.Length == 0 ? "" : Path.GetFullPath(options.SecretsFile, home);
        _given = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["NanoStream:Key"] = options.NanoStream.Key,
            ["TokenService:Key"] = options.TokenService.Key,
            ["OptiView:Key"] = options.OptiView.Key,
            ["OptiView:Secret"] = options.OptiView.Secret,
            ["Webhook:Secret"] = options.Webhook.Secret,
        };
    }

    /// <summary>What is missing or wrong for the engines that are enabled: sentences.</summary>
    public IReadOnlyList<string> Problems(GuardianOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        List<string> needed =
        [
            .. options.NanoStream.Enabled ? ["NanoStream:Key"] : Array.Empty<string>(),
            .. options.TokenService.Enabled ? ["TokenService:Key"] : Array.Empty<string>(),
            .. options.OptiView.Enabled ? ["OptiView:Key", "OptiView:Secret"] : Array.Empty<string>(),
            .. options.Webhook.Enabled ? ["Webhook:Secret"] : Array.Empty<string>(),
        ];
        var problems = new List<string>();
        foreach (string name in needed)
        {
            try
            {
                string secret = Get(name);
                if (name == "Webhook:Secret" && secret.Length < 16)
                {
                    problems.Add("The secret Webhook:Secret is shorter than 16 characters.");
                }
            }
            catch (EngineSecretsException error)
            {
                problems.Add(error.Message);
            }
        }
        return [.. problems.Distinct(StringComparer.Ordinal)];
    }

    /// <summary>A credential.</summary>
    /// <exception cref="EngineSecretsException">It is not there, the file may be read by others, or is not of its form.</exception>
    public string Get(string name)
    {
        string secret = _given.GetValueOrDefault(name, "");
        if (secret.Length == 0 && _file.Length > 0)
        {
            secret = FromFile().GetValueOrDefault(name, "");
        }
        if (secret.Length == 0)
        {
            string variable = "AUTOGUARD__Guardian__" + name.Replace(":", "__", StringComparison.Ordinal);
            throw new EngineSecretsException(
                $"The secret {name} is not given: set the environment variable {variable}, or put \"{name}\" into {(_file.Length > 0 ? _file : "a file and name it in Guardian:SecretsFile")}.");
        }
        if (secret.Length > LongestSecret || secret.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            throw new EngineSecretsException($"The secret {name} is not one: it must be printable ASCII without blanks, of at most {LongestSecret} characters.");
        }
        return secret;
    }

    private Dictionary<string, string> FromFile()
    {
        lock (_gate)
        {
            try
            {
                OwnerOnly.Check(_file);
                DateTime version = File.GetLastWriteTimeUtc(_file);
                if (version != _readVersion)
                {
                    _read = Read(_file);
                    _readVersion = version;
                }
                return _read;
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException)
            {
                throw new EngineSecretsException(
                    error is OwnerOnlyException ? error.Message
                    : error is JsonException or InvalidOperationException
                        ? $"{_file} is not a JSON object of texts, such as {{ \"NanoStream:Key\": \"…\" }}."
                    : $"{_file} cannot be read.");
            }
        }
    }

    private static Dictionary<string, string> Read(string path)
    {
        using FileStream file = File.OpenRead(path);
        if (file.Length > LargestFile)
        {
            throw new InvalidOperationException("too large");
        }
        using JsonDocument document = JsonDocument.Parse(file, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        return document.RootElement.EnumerateObject().ToDictionary(static p => p.Name, static p => p.Value.GetString() ?? "", StringComparer.Ordinal);
    }
}
