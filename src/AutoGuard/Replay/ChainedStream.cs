namespace AutoGuard.Replay;

/// <summary>Several streams one after the other, as one; the last byte of each is followed by the first of the next.</summary>
internal sealed class ChainedStream(params Stream[] parts) : Stream
{
    private int _at;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        while (_at < parts.Length && !buffer.IsEmpty)
        {
            int length = parts[_at].Read(buffer);
            if (length > 0)
            {
                return length;
            }
            _at++;
        }
        return 0;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
