using System.IO.Compression;

namespace AutoGuard.Replay;

/// <summary>
/// Unzips an archive and fails at its end when the archive is not whole. GZipStream takes one that was cut off for one
/// that ends there. So a last member with a known text is put behind the archive: where it was read and does not come out,
/// the archive had not ended. Where it was not even looked at, something else stands behind the last whole member: as gzip
/// does, that is left out, and told.
/// </summary>
internal sealed class WholeGzipStream : Stream
{
    private const int Room = 1 << 16;
    private static readonly byte[] Seal = "\0AutoGuard: here the archive ends\0"u8.ToArray();

    private readonly GZipStream _unzipped;
    private readonly byte[] _buffer = new byte[Room];
    private int _start;
    private readonly MemoryStream _seal = new(Zip(Seal));
    private int _end;
    private int _heldBack = Seal.Length;
    private bool _isOver;

    public WholeGzipStream(Stream zipped) =>
        _unzipped = new GZipStream(new ChainedStream(zipped, _seal), CompressionMode.Decompress);

    /// <summary>Whether there is something behind the archive, known when all of it was read.</summary>
    public bool HasMoreBehind { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">The archive is damaged or cut off.</exception>
    public override int Read(Span<byte> buffer)
    {
        // As much as the seal is long is held back: it may be the seal.
        while (!_isOver && _end - _start <= Seal.Length)
        {
            Fill();
        }
        int length = Math.Min(buffer.Length, _end - _start - _heldBack);
        _buffer.AsSpan(_start, length).CopyTo(buffer);
        _start += length;
        return length;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        _unzipped.Dispose();
        _seal.Dispose();
        base.Dispose(disposing);
    }

    private void Fill()
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        _end -= _start;
        _start = 0;
        int length = _unzipped.Read(_buffer.AsSpan(_end));
        _end += length;
        if (length > 0)
        {
            return;
        }
        _isOver = true;
        if (_seal.Position == 0)
        {
            HasMoreBehind = true;
            _heldBack = 0;
            return;
        }
        if (!_buffer.AsSpan(0, _end).SequenceEqual(Seal))
        {
            throw new InvalidDataException("The archive is cut off.");
        }
    }

    private static byte[] Zip(byte[] text)
    {
        using MemoryStream zipped = new();
        using (GZipStream zip = new(zipped, CompressionLevel.Fastest))
        {
            zip.Write(text);
        }
        return zipped.ToArray();
    }
}
