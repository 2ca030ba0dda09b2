using System.Diagnostics;
using System.Globalization;

namespace AutoGuard.Core.Tests.Enrichment;

/// <summary>A test that compares with IPFire's own library, skipped by name where that or its database is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LocationFactAttribute : FactAttribute
{
    public LocationFactAttribute(bool needsDatabase = true)
    {
        NeedsDatabase = needsDatabase;
        string? missing = !File.Exists(LocationTool.Module) ? "python3-location"
            : needsDatabase && !File.Exists(LocationTool.Database) ? "libloc-database" : null;
        Skip = missing is null ? null : $"needs Debian's package {missing}";
    }

    public bool NeedsDatabase { get; }
}

/// <summary>What libloc says of an address: <c>null</c> fields of an address it does not know are empty.</summary>
internal sealed record LocationAnswer(bool Found, string Country, uint Asn, int Flags, string Name);

/// <summary>IPFire's libloc, by way of its Python binding, as an oracle.</summary>
internal static class LocationTool
{
    public const string Module = "/usr/lib/python3/dist-packages/location/__init__.py";
    public const string Database = "/var/lib/location/database.db";

    // libloc 0.9.16 reports an unknown address as an error with whatever errno was left over.
    private const string Script = """
        import location, sys
        db = location.Database(sys.argv[1])
        for address in open(sys.argv[2]).read().split():
            try:
                network = db.lookup(address)
            except OSError:
                network = None
            if network is None:
                print("-")
                continue
            flags = sum(flag for flag in (1, 2, 4, 8) if network.has_flag(flag))
            system = db.get_as(network.asn) if network.asn else None
            print("+", network.country_code or "", network.asn or 0, flags, (system.name if system else "") or "", sep="\t")
        """;

    public static List<LocationAnswer> Lookup(string database, IEnumerable<string> addresses)
    {
        string list = Path.GetTempFileName();
        try
        {
            File.WriteAllLines(list, addresses);
            return [.. Run(database, list).Select(Parse)];
        }
        finally
        {
            File.Delete(list);
        }
    }

    private static LocationAnswer Parse(string line) =>
        line.Split('\t') is ["+", string country, string asn, string flags, string name]
            ? new LocationAnswer(true, country, uint.Parse(asn, CultureInfo.InvariantCulture), int.Parse(flags, CultureInfo.InvariantCulture), name)
            : new LocationAnswer(false, "", 0, 0, "");

    private static string[] Run(string database, string list)
    {
        ProcessStartInfo start = new("/usr/bin/python3", ["-c", Script, database, list]) { RedirectStandardOutput = true };
        start.Environment["PYTHONIOENCODING"] = "utf-8";
        using Process process = Process.Start(start) ?? throw new InvalidOperationException("python3 did not start");
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"libloc's script ended with {process.ExitCode}");
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
