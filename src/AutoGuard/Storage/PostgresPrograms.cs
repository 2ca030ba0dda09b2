using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace AutoGuard.Storage;

/// <summary>
/// The PostgreSQL programs of this machine, run as a user that the server accepts: the server refuses to run as root, so
/// root starts them as <c>postgres</c>.
/// </summary>
internal sealed class PostgresPrograms
{
    private const string ServerUser = "postgres";
    private const string NotFound = "PostgreSQL binaries were not found; install the package postgresql or set ConnectionStrings:AutoGuard.";

    private readonly string _folder;

    private PostgresPrograms(string folder, int major)
    {
        _folder = folder;
        Major = major;
        DropsPrivileges = Environment.IsPrivilegedProcess;
    }

    /// <summary>Major version of the programs.</summary>
    public int Major { get; }

    /// <summary>Whether they run as another user than this process.</summary>
    public bool DropsPrivileges { get; }

    /// <summary>Finds the newest programs, or those of the version that an existing cluster needs.</summary>
    /// <exception cref="EmbeddedPostgresException">There are none.</exception>
    public static async Task<PostgresPrograms> FindAsync(int? neededMajor, CancellationToken cancellationToken)
    {
        var found = new List<PostgresPrograms>();
        foreach (string folder in Candidates())
        {
            if (File.Exists(Path.Combine(folder, "initdb")) && File.Exists(Path.Combine(folder, "pg_ctl")) && File.Exists(Path.Combine(folder, "postgres"))
                && await MajorOfAsync(folder, cancellationToken) is int major)
            {
                found.Add(new PostgresPrograms(folder, major));
                if (neededMajor is null || neededMajor == major)
                {
                    break;
                }
            }
        }
        PostgresPrograms? chosen = found.FirstOrDefault(p => neededMajor is null || p.Major == neededMajor);
        if (chosen is null)
        {
            throw new EmbeddedPostgresException(found.Count == 0
                ? NotFound
                : $"The data folder was made by PostgreSQL {neededMajor}, and this machine has only {string.Join(", ", found.Select(static p => p.Major).Distinct())}; install the package postgresql-{neededMajor}, or upgrade the folder with pg_upgrade.");
        }
        if (chosen.DropsPrivileges)
        {
            CheckRootCanBecomeServerUser();
        }
        return chosen;
    }

    /// <summary>Runs one of the programs, or with <paramref name="program"/> as a path any other, as the server's user.</summary>
    public async Task<Finished> RunAsync(string program, IEnumerable<string> arguments, string workingFolder, string? input, CancellationToken cancellationToken)
    {
        string path = Path.IsPathRooted(program) ? program : Path.Combine(_folder, program);
        IEnumerable<string> command = DropsPrivileges
            ? ["setpriv", $"--reuid={ServerUser}", $"--regid={ServerUser}", "--clear-groups", "--", path, .. arguments]
            : [path, .. arguments];
        return await ExecuteAsync(command, workingFolder, input, cancellationToken);
    }

    /// <summary>Gives a file or folder to the server's user.</summary>
    public async Task GiveToServerAsync(string path, CancellationToken cancellationToken)
    {
        if (!DropsPrivileges)
        {
            return;
        }
        Finished finished = await ExecuteAsync(["chown", $"{ServerUser}:", path], "/", null, cancellationToken);
        if (finished.ExitCode != 0)
        {
            throw new EmbeddedPostgresException($"{path} could not be given to the user {ServerUser}: {finished.Output}");
        }
    }

    /// <summary>Whether the server's user can reach and write a folder that it owns.</summary>
    public async Task<bool> ServerCanUseAsync(string folder, CancellationToken cancellationToken) =>
        !DropsPrivileges || (await RunAsync("/usr/bin/test", ["-w", folder], "/", null, cancellationToken)).ExitCode == 0;

    private static IEnumerable<string> Candidates()
    {
        foreach (string folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
        {
            yield return folder;
        }
        foreach (string parent in (string[])["/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt"])
        {
            if (Directory.Exists(parent))
            {
                foreach (string folder in Directory.GetDirectories(parent).OrderByDescending(static d => TrailingNumber(Path.GetFileName(d))))
                {
                    yield return Path.Combine(folder, "bin");
                }
            }
        }
        if (Directory.Exists("/usr"))
        {
            foreach (string folder in Directory.GetDirectories("/usr", "pgsql-*").OrderByDescending(static d => TrailingNumber(Path.GetFileName(d))))
            {
                yield return Path.Combine(folder, "bin");
            }
        }
    }

    private static int TrailingNumber(string name)
    {
        ReadOnlySpan<char> digits = name.AsSpan(name.AsSpan().LastIndexOfAnyExceptInRange('0', '9') + 1);
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : 0;
    }

    private static async Task<int?> MajorOfAsync(string folder, CancellationToken cancellationToken)
    {
        // "postgres (PostgreSQL) 15.18 (Debian …)"; a development version reads 18beta1.
        Finished finished = await ExecuteAsync([Path.Combine(folder, "postgres"), "--version"], "/", null, cancellationToken);
        string[] words = finished.Output.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string version = words.Length > 2 ? words[2] : "";
        int end = version.AsSpan().IndexOfAnyExceptInRange('0', '9');
        return int.TryParse(end < 0 ? version : version[..end], NumberStyles.None, CultureInfo.InvariantCulture, out int major) ? major : null;
    }

    private static void CheckRootCanBecomeServerUser()
    {
        if (!File.ReadLines("/etc/passwd").Any(static line => line.StartsWith(ServerUser + ":", StringComparison.Ordinal)))
        {
            throw new EmbeddedPostgresException(
                $"PostgreSQL refuses to run as root, and this machine has no user {ServerUser}; run AutoGuard as an ordinary user, add that user, or set ConnectionStrings:AutoGuard.");
        }
    }

    private static async Task<Finished> ExecuteAsync(IEnumerable<string> command, string workingFolder, string? input, CancellationToken cancellationToken)
    {
        string program = command.First();
        var start = new ProcessStartInfo(program)
        {
            WorkingDirectory = workingFolder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in command.Skip(1))
        {
            start.ArgumentList.Add(argument);
        }
        // A user's own PGHOST, PGPORT or PGOPTIONS must not reach the private server, and messages are read below.
        foreach (string name in start.Environment.Keys.Where(static k => k.StartsWith("PG", StringComparison.Ordinal)).ToArray())
        {
            start.Environment.Remove(name);
        }
        start.Environment["LC_ALL"] = "C";
        start.Environment["PGDATA"] = workingFolder;
        InheritedFiles.Withhold();
        Process process;
        try
        {
            process = Process.Start(start) ?? throw new EmbeddedPostgresException($"{program} did not start.");
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            throw new EmbeddedPostgresException($"{program} could not be started: {error.Message}", error);
        }
        using (process)
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
            Task<string> errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
            await process.StandardInput.WriteAsync((input ?? "").AsMemory(), cancellationToken);
            process.StandardInput.Close();
            await process.WaitForExitAsync(cancellationToken);
            return new Finished(process.ExitCode, new StringBuilder(await output).Append(await errors).ToString().Trim());
        }
    }

    /// <summary>How a program ended.</summary>
    /// <param name="ExitCode">0 for success.</param>
    /// <param name="Output">Standard output, then standard error.</param>
    public readonly record struct Finished(int ExitCode, string Output);
}
