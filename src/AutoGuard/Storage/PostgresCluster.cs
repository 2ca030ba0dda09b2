using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;

namespace AutoGuard.Storage;

/// <summary>The server's data folder, its password, and how both are made.</summary>
internal sealed partial class PostgresCluster
{
    public const string Role = "autoguard";
    private const string FallbackRoot = "/var/lib/autoguard";

    private PostgresCluster(PostgresPrograms programs, string folder, string password)
    {
        Programs = programs;
        Folder = folder;
        Password = password;
    }

    public PostgresPrograms Programs { get; }

    public string Folder { get; }

    public string Password { get; }

    /// <summary>Opens the cluster of a data directory, making it the first time.</summary>
    public static async Task<PostgresCluster> OpenAsync(string dataDirectory, ILogger logger, CancellationToken cancellationToken)
    {
        string folder = Path.Combine(dataDirectory, "postgres");
        string passwordFile = Path.Combine(dataDirectory, "postgres.password");
        int? major = MajorOf(folder);
        if (major is null && Environment.IsPrivilegedProcess && MajorOf(Fallback(dataDirectory)) is int fallbackMajor)
        {
            (folder, major) = (Fallback(dataDirectory), fallbackMajor);
        }
        PostgresPrograms programs = await PostgresPrograms.FindAsync(major, cancellationToken);
        string? password = ReadPassword(passwordFile);
        bool isNew = password is null;
        password ??= MakePassword(passwordFile);
        if (major is null)
        {
            folder = await MakeAsync(programs, dataDirectory, folder, password, logger, cancellationToken);
        }
        else if (!await programs.ServerCanUseAsync(folder, cancellationToken))
        {
            throw new EmbeddedPostgresException(
                $"The user postgres can no longer reach {folder}; let it pass through the folders above, or move DataDirectory.");
        }
        var cluster = new PostgresCluster(programs, folder, password);
        if (isNew && major is not null)
        {
            await cluster.ResetPasswordAsync(cancellationToken);
            Log.PasswordReset(logger, passwordFile);
        }
        return cluster;
    }

    /// <summary>The end of the server's log, for error messages.</summary>
    public string LogTail()
    {
        try
        {
            return string.Join('\n', File.ReadLines(Path.Combine(Folder, EmbeddedPostgres.LogFile)).TakeLast(12));
        }
        catch (IOException)
        {
            return "(no server log)";
        }
    }

    private static int? MajorOf(string folder)
    {
        try
        {
            if (!Directory.Exists(folder))
            {
                return null;
            }
            string version = Path.Combine(folder, "PG_VERSION");
            if (!File.Exists(version) && Directory.EnumerateFileSystemEntries(folder).Any())
            {
                throw new EmbeddedPostgresException($"{folder} exists and is no PostgreSQL data folder; move it away, or change DataDirectory.");
            }
            return File.Exists(version) ? int.Parse(File.ReadAllText(version).Trim(), NumberStyles.None, CultureInfo.InvariantCulture) : null;
        }
        catch (UnauthorizedAccessException error)
        {
            throw new EmbeddedPostgresException($"{folder} belongs to another user; run AutoGuard as the user that made it, or change DataDirectory.", error);
        }
    }

    // Made beside its place and renamed when complete: a start that is killed half-way leaves nothing that looks like a cluster.
    private static async Task<string> MakeAsync(
        PostgresPrograms programs, string dataDirectory, string folder, string password, ILogger logger, CancellationToken cancellationToken)
    {
        string fresh = await MakeEmptyAsync(programs, folder, cancellationToken);
        if (!await programs.ServerCanUseAsync(fresh, cancellationToken))
        {
            Directory.Delete(fresh);
            folder = Fallback(dataDirectory);
            Log.FallsBack(logger, dataDirectory, folder);
            fresh = await MakeEmptyAsync(programs, folder, cancellationToken);
            if (!await programs.ServerCanUseAsync(fresh, cancellationToken))
            {
                throw new EmbeddedPostgresException($"The user postgres can reach neither {dataDirectory} nor {folder}; move DataDirectory, or set ConnectionStrings:AutoGuard.");
            }
        }
        string passwordCopy = fresh + ".password";
        try
        {
            File.Delete(passwordCopy);
            WriteSecret(passwordCopy, password);
            await programs.GiveToServerAsync(passwordCopy, cancellationToken);
            PostgresPrograms.Finished finished = await programs.RunAsync(
                "initdb",
                ["-D", fresh, $"--username={Role}", $"--pwfile={passwordCopy}", "--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--data-checksums"],
                "/", null, cancellationToken);
            if (finished.ExitCode != 0)
            {
                throw new EmbeddedPostgresException($"initdb could not make {folder}: {finished.Output}");
            }
        }
        finally
        {
            File.Delete(passwordCopy);
        }
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder);
        }
        Directory.Move(fresh, folder);
        Log.Made(logger, programs.Major, folder);
        return folder;
    }

    private static async Task<string> MakeEmptyAsync(PostgresPrograms programs, string folder, CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new PlatformNotSupportedException();
        }
        string fresh = folder + ".new";
        if (Directory.Exists(fresh))
        {
            Directory.Delete(fresh, recursive: true);
        }
        Directory.CreateDirectory(Path.GetDirectoryName(fresh)!);
        Directory.CreateDirectory(fresh, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await programs.GiveToServerAsync(fresh, cancellationToken);
        return fresh;
    }

    private async Task ResetPasswordAsync(CancellationToken cancellationToken)
    {
        if (PostgresPidFile.Read(Folder)?.IsAlive() == true)
        {
            await EmbeddedPostgres.StopServerAsync(this, cancellationToken);
        }
        PostgresPrograms.Finished finished = await Programs.RunAsync(
            "postgres", ["--single", "-D", Folder, "postgres"], Folder, $"alter role {Role} password '{Password}'\n", cancellationToken);
        if (finished.ExitCode != 0)
        {
            throw new EmbeddedPostgresException($"The password file was missing, and the server's password could not be set anew: {finished.Output}");
        }
    }

    private static string? ReadPassword(string file)
    {
        string text = File.Exists(file) ? File.ReadAllText(file).Trim() : "";
        return text.Length == 0 ? null : text;
    }

    private static string MakePassword(string file)
    {
        string password = RandomNumberGenerator.GetHexString(48, lowercase: true);
        File.Delete(file);
        WriteSecret(file, password);
        return password;
    }

    private static void WriteSecret(string file, string secret)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new PlatformNotSupportedException();
        }
        using var stream = new FileStream(file, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        stream.Write(Encoding.ASCII.GetBytes(secret + "\n"));
        stream.Flush(flushToDisk: true);
    }

    private static string Fallback(string dataDirectory)
    {
        string name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(dataDirectory)).AsSpan(0, 6));
        return Path.Combine(FallbackRoot, name, "postgres");
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 4101, Level = LogLevel.Information, Message = "Made a PostgreSQL {Major} data folder in {Folder}.")]
        public static partial void Made(ILogger logger, int major, string folder);

        [LoggerMessage(EventId = 4102, Level = LogLevel.Warning, Message = "The user postgres cannot reach {DataDirectory}, and PostgreSQL refuses to run as root: the database is kept in {Folder} instead.")]
        public static partial void FallsBack(ILogger logger, string dataDirectory, string folder);

        [LoggerMessage(EventId = 4103, Level = LogLevel.Warning, Message = "The file {PasswordFile} was missing; the embedded PostgreSQL has a new password.")]
        public static partial void PasswordReset(ILogger logger, string passwordFile);
    }
}
