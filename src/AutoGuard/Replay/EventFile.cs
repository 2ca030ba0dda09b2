using System.IO.Compression;
using AutoGuard.CommandLine;

namespace AutoGuard.Replay;

/// <summary>An input of <c>replay</c>: a JSON Lines file, gzip or not (told by its first bytes), or standard input.</summary>
internal sealed class EventFile : IDisposable
{
    private const int BufferSize = 1 << 18;
    private readonly Stream _raw;

    private EventFile(string name, Stream raw, Stream lines, long length)
    {
        Name = name;
        _raw = raw;
        Lines = lines;
        Length = length;
    }

    /// <summary>Name that stands as the topic in the coordinates of decisions.</summary>
    public string Name { get; }

    /// <summary>The lines, uncompressed.</summary>
    public Stream Lines { get; }

    /// <summary>Bytes as stored; 0 when unknown.</summary>
    public long Length { get; }

    /// <summary>Bytes read of them.</summary>
    public long Position => _raw.CanSeek ? _raw.Position : 0;

    /// <summary>Opens a file, or standard input for <c>-</c>.</summary>
    /// <exception cref="VerbException">It is missing or cannot be read; usage status, since nothing was started.</exception>
    public static EventFile Open(string path)
    {
        if (path == "-")
        {
            BufferedStream input = new(Console.OpenStandardInput(), BufferSize);
            return new EventFile("-", input, input, 0);
        }
        try
        {
            FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, BufferSize, FileOptions.SequentialScan);
            Span<byte> magic = stackalloc byte[2];
            bool gzip = file.Length > 2 && file.Read(magic) == 2 && magic[0] == 0x1f && magic[1] == 0x8b;
            file.Position = 0;
            return new EventFile(Path.GetFileName(path), file, gzip ? new GZipStream(file, CompressionMode.Decompress) : file, file.Length);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new VerbException($"{path} cannot be read: {error.Message}", ExitStatus.Usage);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Lines.Dispose();
        _raw.Dispose();
    }
}
