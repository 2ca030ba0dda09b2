using AutoGuard.CommandLine;
using AutoGuard.Storage;

namespace AutoGuard.Verbs;

/// <summary>
/// The turn of the one demo that a data folder has room for: each begins with an empty database, and two would empty each other's. Held
/// by a lock that the kernel gives back when the process ends, however it ends.
/// </summary>
internal sealed class DemoTurn : IDisposable
{
    private readonly FileStream _held;
    private readonly string _address;

    private DemoTurn(FileStream held, string address)
    {
        _held = held;
        _address = address;
    }

    /// <summary>Takes the turn; nothing was started or changed when it cannot be had.</summary>
    /// <param name="folder">The data folder; made when missing.</param>
    /// <exception cref="VerbException">A demo runs there already, or the folder cannot be written.</exception>
    public static DemoTurn Take(string folder)
    {
        string address = Path.Combine(folder, "demo.address");
        try
        {
            Directory.CreateDirectory(folder);
            if (FolderLock.TryExclusive(Path.Combine(folder, "demo.lock")) is not { } held)
            {
                string where = File.Exists(address) ? $" at {File.ReadAllText(address).Trim()}" : ", which is about to start or to stop";
                throw new VerbException($"a demo runs in {folder} already{where}. It goes on undisturbed; stop it first, or give this one a folder of its own with --set DataDirectory=FOLDER.");
            }
            // Of a demo that was killed.
            File.Delete(address);
            return new DemoTurn(held, address);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new VerbException($"DataDirectory {folder} cannot be written: {error.Message}", ExitStatus.Usage);
        }
    }

    /// <summary>Says to whoever comes next where this one can be looked at.</summary>
    public void Announce(string address) => File.WriteAllText(_address, address + Environment.NewLine);

    /// <inheritdoc/>
    public void Dispose()
    {
        File.Delete(_address);
        _held.Dispose();
    }
}
