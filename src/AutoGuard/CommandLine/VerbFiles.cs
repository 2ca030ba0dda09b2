using AutoGuard.Configuration;
using AutoGuard.Core.Configuration;
using AutoGuard.Reports;

namespace AutoGuard.CommandLine;

/// <summary>A file that a verb reads or writes.</summary>
/// <param name="Name">The option, argument or setting that names it.</param>
/// <param name="Path">The path as it was given.</param>
/// <param name="IsWritten">Whether it is replaced.</param>
internal readonly record struct VerbFile(string Name, string Path, bool IsWritten);

/// <summary>The files of one call of a verb, of which none may be replaced that another word of the call means.</summary>
internal static class VerbFiles
{
    private const string Standard = "-";

    /// <summary>Files that are read.</summary>
    public static IEnumerable<VerbFile> Read(string name, params IEnumerable<string?> paths) => paths.OfType<string>().Select(path => new VerbFile(name, path, false));

    /// <summary>Files that are written.</summary>
    public static IEnumerable<VerbFile> Written(string name, params IEnumerable<string?> paths) => paths.OfType<string>().Select(path => new VerbFile(name, path, true));

    /// <summary>What the configuration was read from, and what it names.</summary>
    /// <param name="settings">The configuration.</param>
    /// <param name="withModel">Whether the model in use counts; a new one may take its place.</param>
    public static IEnumerable<VerbFile> Of(EffectiveSettings settings, bool withModel = true)
    {
        EnrichmentOptions enrichment = settings.Values.Enrichment;
        return
        [
            .. settings.Sources.Where(source => source.Path is not null).SelectMany((source, place) => Read(place == 0 ? "the settings file" : "--config", source.Path)),
            .. Read("Detection:Model", withModel ? settings.Values.Detection.Model : null),
            .. Read("Enrichment:MmdbFiles", enrichment.MmdbFiles),
            .. Read("Enrichment:LocationDatabase", enrichment.LocationDatabase),
        ];
    }

    /// <summary>A sentence for each file that would be lost, and for each folder that is to be written as a file.</summary>
    public static IEnumerable<string> Complaints(IEnumerable<VerbFile> files)
    {
        VerbFile[] all = [.. files.Where(file => file.Path.Length > 0 && file.Path != Standard && !AtomicFile.IsDevice(file.Path))];
        string[] real = [.. all.Select(file => RealPath.Of(file.Path))];
        for (int i = 0; i < all.Length; i++)
        {
            if (all[i].IsWritten && Directory.Exists(real[i]))
            {
                yield return $"{Show(all[i])} is a folder; {all[i].Name} must name a file.";
            }
            for (int j = 0; j < i; j++)
            {
                if ((all[i].IsWritten || all[j].IsWritten) && RealPath.Comparer.Equals(real[i], real[j]))
                {
                    yield return Complaint(all[i], all[j]);
                }
            }
        }
    }

    private static string Complaint(VerbFile one, VerbFile other)
    {
        if (one.IsWritten && other.IsWritten)
        {
            return $"{other.Name} and {one.Name} both write {Show(one)}; each needs a file of its own.";
        }
        (VerbFile written, VerbFile read) = one.IsWritten ? (one, other) : (other, one);
        return $"{written.Name} would replace {Show(read)}, which {read.Name} reads.";
    }

    private static string Show(VerbFile file) => Secrets.Show(file.Path, secret: false);
}
