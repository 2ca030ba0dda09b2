using System.Buffers;

namespace AutoGuard.Core.Events;

/// <summary>
/// Reads the lines of a JSON Lines stream in large chunks, without an object per line. Lines end in <c>\n</c> or
/// <c>\r\n</c>, the last one perhaps in nothing. Blank lines are passed over but counted; a line that is too long is
/// reported, its bytes are let go, and the stream goes on after it. Read errors of the stream reach the caller.
/// </summary>
public sealed class JsonLinesReader : IDisposable
{
    private const int ChunkSize = 1 << 20;

    private readonly Stream _stream;
    private readonly int _longestLine;
    private byte[] _buffer;
    private int _start;
    private int _end;
    private bool _ended;
    private long _count;
    private int _lineStart;
    private int _lineLength;

    /// <summary>Makes a reader with lines of at most <see cref="EventParser.LongestEvent"/> bytes; the caller keeps the stream.</summary>
    public JsonLinesReader(Stream stream)
        : this(stream, EventParser.LongestEvent, ChunkSize)
    {
    }

    internal JsonLinesReader(Stream stream, int longestLine, int chunkSize)
    {
        ArgumentNullException.ThrowIfNull(stream);
        // the longest line, its \r, and one byte more to see that it goes on
        ArgumentOutOfRangeException.ThrowIfLessThan(chunkSize, longestLine + 2);
        _stream = stream;
        _longestLine = longestLine;
        _buffer = ArrayPool<byte>.Shared.Rent(chunkSize);
    }

    /// <summary>The line last read, without its end; valid until the next <see cref="Read"/>. Empty when it is too long.</summary>
    public ReadOnlySpan<byte> Line => _buffer.AsSpan(_lineStart, _lineLength);

    /// <summary>Number of the line last read, from 0; blank lines count.</summary>
    public long LineNumber => _count - 1;

    /// <summary>Whether the line last read is longer than the limit.</summary>
    public bool IsTooLarge { get; private set; }

    /// <summary>Moves to the next line that is not blank; false at the end of the stream.</summary>
    public bool Read()
    {
        while (TakeLine())
        {
            _count++;
            if (IsTooLarge || (_lineLength > 0 && _buffer[_lineStart] > ' ') || Line.ContainsAnyExcept(" \t\r"u8))
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Gives the buffer back; the stream is left to its owner.</summary>
    public void Dispose()
    {
        byte[] buffer = _buffer;
        _buffer = [];
        _start = _end = _lineStart = _lineLength = 0;
        _ended = true;
        if (buffer.Length > 0)
        {
            // the lines hold encoded tokens
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }
    }

    private bool TakeLine()
    {
        int searched = 0;
        while (true)
        {
            int end = _buffer.AsSpan(_start + searched, _end - _start - searched).IndexOf((byte)'\n');
            if (end >= 0)
            {
                Take(searched + end);
                _start++;
                return true;
            }
            searched = _end - _start;
            if (searched > _longestLine + 1)
            {
                SkipLine();
                return true;
            }
            if (_ended)
            {
                Take(searched);
                return searched > 0;
            }
            Fill();
        }
    }

    private void Take(int length)
    {
        _lineStart = _start;
        _lineLength = length > 0 && _buffer[_start + length - 1] == (byte)'\r' ? length - 1 : length;
        _start += length;
        IsTooLarge = _lineLength > _longestLine;
        if (IsTooLarge)
        {
            _lineLength = 0;
        }
    }

    private void SkipLine()
    {
        IsTooLarge = true;
        _lineLength = 0;
        while (true)
        {
            int end = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
            if (end >= 0)
            {
                _start += end + 1;
                return;
            }
            _start = _end = 0;
            if (_ended)
            {
                return;
            }
            Fill();
        }
    }

    private void Fill()
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        _end -= _start;
        _start = 0;
        int read = _stream.Read(_buffer, _end, _buffer.Length - _end);
        _end += read;
        _ended = read == 0;
    }
}
