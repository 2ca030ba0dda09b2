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

    /// <summary>Whether it can be opened again: a pipe cannot, what was read of it is gone.</summary>
    public bool IsRepeatable => _raw.CanSeek;

    /// <summary>Opens a file or a pipe, or standard input for <c>-</c>.</summary>
    /// <exception cref="VerbException">It is missing or cannot be read; usage status, since nothing was started.</exception>
    public static EventFile Open(string path)
    {
        if (path == "-")
        {
            return OpenPipe("-", new BufferedStream(Console.OpenStandardInput(), BufferSize));
        }
        try
        {
            FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, BufferSize, FileOptions.SequentialScan);
            if (!file.CanSeek)
            {
                return OpenPipe(Path.GetFileName(path), file);
            }
            Span<byte> first = stackalloc byte[2];
            first = first[..file.ReadAtLeast(first, first.Length, throwOnEndOfStream: false)];
            RefuseUtf16(path, first);
            bool zipped = IsGzip(first);
            file.Position = 0;
            return new EventFile(Path.GetFileName(path), file, zipped ? Unzip(file) : file, file.Length);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new VerbException($"{path} cannot be read: {error.Message}", ExitStatus.Usage);
        }
    }

    /// <summary>Whether something that is no part of it stands behind a zipped recording; known when all of it was read.</summary>
    public bool HasMoreBehind => Lines is WholeGzipStream { HasMoreBehind: true };

    /// <inheritdoc/>
    public void Dispose()
    {
        Lines.Dispose();
        _raw.Dispose();
    }

    private static EventFile OpenPipe(string name, Stream pipe)
    {
        byte[] first = new byte[2];
        int length = pipe.ReadAtLeast(first, first.Length, throwOnEndOfStream: false);
        RefuseUtf16(name, first.AsSpan(0, length));
        ChainedStream whole = new(new MemoryStream(first, 0, length), pipe);
        return new EventFile(name, pipe, IsGzip(first.AsSpan(0, length)) ? Unzip(whole) : whole, 0);
    }

    private static void RefuseUtf16(string name, ReadOnlySpan<byte> first)
    {
        if (first is [0xff, 0xfe] or [0xfe, 0xff])
        {
            throw new VerbException($"{name} begins with the byte order mark of UTF-16; events are UTF-8. Convert it, as with iconv -f UTF-16 -t UTF-8.", ExitStatus.Usage);
        }
    }

    private static bool IsGzip(ReadOnlySpan<byte> first) => first is [0x1f, 0x8b];

    private static WholeGzipStream Unzip(Stream zipped) => new(zipped);
}
