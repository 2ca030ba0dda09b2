using AutoGuard.Core.Configuration;
using AutoGuard.Core.Enrichment;
using AutoGuard.Core.Events;

namespace AutoGuard.Enrichment;

/// <summary>A database that was opened.</summary>
/// <param name="Key">Configuration key that names it.</param>
/// <param name="Path">Its full path.</param>
/// <param name="Directory">The database; its description says what and how old it is.</param>
public sealed record OpenedDirectory(string Key, string Path, IAddressDirectory Directory);

/// <summary>What came of opening all that section <c>Enrichment</c> names.</summary>
/// <param name="Directories">The databases that could be opened, in the order they are asked.</param>
/// <param name="Errors">What is wrong, one sentence each, naming key, path and reason; empty when all is well.</param>
public sealed record EnrichmentSources(IReadOnlyList<OpenedDirectory> Directories, IReadOnlyList<string> Errors)
{
    /// <summary>The country of an address by the first database that knows it, ISO 3166-1 alpha-2, or null; from any thread.</summary>
    public string? CountryOf(IpAddress address)
    {
        foreach (OpenedDirectory opened in Directories)
        {
            if (opened.Directory.TryLookup(address, out AddressRecord record) && record.Country != 0)
            {
                return CountryCode.Text(record.Country);
            }
        }
        return null;
    }
}

/// <summary>Opens the databases that tell of addresses.</summary>
public static class EnrichmentLoader
{
    /// <summary>
    /// Opens every configured file, and checks the rest of the section. Files are read whole into memory and may be replaced
    /// on disk afterwards.
    /// </summary>
    public static EnrichmentSources Open(EnrichmentOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        List<OpenedDirectory> directories = [];
        List<string> errors = [];
        for (int i = 0; i < options.MmdbFiles.Length; i++)
        {
            Open($"Enrichment:MmdbFiles:{i}", options.MmdbFiles[i], bytes => new MmdbReader(bytes), directories, errors);
        }
        if (options.LocationDatabase.Length > 0)
        {
            Open("Enrichment:LocationDatabase", options.LocationDatabase, bytes => new LocationDatabaseReader(bytes), directories, errors);
        }
        for (int i = 0; i < options.DataCentreProviders.Length; i++)
        {
            if (!DataCentreClassifier.TryParseWords(options.DataCentreProviders[i], out _))
            {
                errors.Add($"Enrichment:DataCentreProviders:{i}: \"{options.DataCentreProviders[i]}\" has no letter or digit.");
            }
        }
        return new EnrichmentSources(directories, errors);
    }

    /// <summary>Makes the enricher of sources that were opened without an error; it interns names in the parser's pool.</summary>
    public static EventEnricher CreateEnricher(EnrichmentSources sources, EnrichmentOptions options, StringPool pool)
    {
        ArgumentNullException.ThrowIfNull(sources);
        if (sources.Errors.Count > 0)
        {
            throw new ArgumentException($"The sources have errors: {string.Join(' ', sources.Errors)}", nameof(sources));
        }
        return new EventEnricher([.. sources.Directories.Select(opened => opened.Directory)], new DataCentreClassifier(options, pool), new AgentClassifier(options.ToolAgents, pool), pool);
    }

    private static void Open(
        string key, string path, Func<byte[], IAddressDirectory> read, List<OpenedDirectory> directories, List<string> errors)
    {
        if (string.IsNullOrWhiteSpace(path))
        {
            errors.Add($"{key}: the path is empty.");
            return;
        }
        string fullPath = Path.GetFullPath(path);
        if (Directory.Exists(fullPath))
        {
            errors.Add($"{key}: {fullPath} is a folder, not a file.");
            return;
        }
        try
        {
            directories.Add(new OpenedDirectory(key, fullPath, read(File.ReadAllBytes(fullPath))));
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            errors.Add($"{key}: {fullPath} does not exist.");
        }
        catch (UnauthorizedAccessException)
        {
            errors.Add($"{key}: {fullPath} may not be read by this user.");
        }
        catch (InvalidDataException error)
        {
            errors.Add($"{key}: {fullPath} cannot be used. {error.Message}");
        }
        catch (IOException error)
        {
            errors.Add($"{key}: {fullPath} cannot be read: {error.Message}");
        }
    }
}
