using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace AutoGuard.Guardian.Storage;

/// <summary>One numbered change of the schema.</summary>
/// <param name="Version">Number from the file name; applied in rising order.</param>
/// <param name="Name">Rest of the file name.</param>
/// <param name="Sql">The statements, with LF line ends.</param>
internal sealed record Migration(int Version, string Name, string Sql)
{
    private const string Folder = "AutoGuard.Guardian.Storage.Migrations.";

    /// <summary>Lower-case hex SHA-256 of the statements, the same whatever line ends the file was checked out with.</summary>
    public string Checksum { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Sql)));

    /// <summary>The migrations compiled into this program, in order.</summary>
    public static IReadOnlyList<Migration> All { get; } = Load(typeof(Migration).Assembly);

    public static Migration Of(string fileName, string text)
    {
        int underscore = fileName.IndexOf('_', StringComparison.Ordinal);
        int version = int.Parse(fileName.AsSpan(0, underscore), NumberStyles.None, CultureInfo.InvariantCulture);
        string name = fileName[(underscore + 1)..^".sql".Length];
        return new Migration(version, name, text.ReplaceLineEndings("\n"));
    }

    private static List<Migration> Load(Assembly assembly)
    {
        var found = new List<Migration>();
        foreach (string resource in assembly.GetManifestResourceNames().Where(static n => n.StartsWith(Folder, StringComparison.Ordinal)))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!, Encoding.UTF8);
            found.Add(Of(resource[Folder.Length..], reader.ReadToEnd()));
        }
        found.Sort(static (a, b) => a.Version.CompareTo(b.Version));
        return found;
    }
}
