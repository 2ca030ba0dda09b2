using System.Text;

namespace AutoGuard.Core.Features;

/// <summary>
/// Texts of live keys (token identities, user ids) in cells of 72 bytes: enough for the 71 characters of a
/// <c>sha256:</c> identity. Longer ones (64 characters of several bytes each) take a further dictionary entry. Cell 0 is
/// the empty text.
/// </summary>
public sealed class TextSlab
{
    private const int CellSize = 72;
    private const int CellsPerChunk = 4096;
    private const byte Long = 255;

    private readonly List<byte[]> _chunks = [new byte[CellSize * CellsPerChunk]];
    private readonly Stack<int> _free = new();
    private readonly Dictionary<int, byte[]> _long = [];
    private int _used = 1;

    /// <summary>Texts held.</summary>
    public int Rented => _used - 1 - _free.Count;

    /// <summary>Stores a text of at most 256 bytes and returns its cell.</summary>
    public int Add(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
        {
            return 0;
        }
        if (!_free.TryPop(out int cell))
        {
            cell = _used++;
            if (cell / CellsPerChunk == _chunks.Count)
            {
                _chunks.Add(new byte[CellSize * CellsPerChunk]);
            }
        }
        Span<byte> place = Cell(cell);
        if (text.Length < CellSize)
        {
            place[0] = (byte)text.Length;
            text.CopyTo(place[1..]);
        }
        else
        {
            place[0] = Long;
            _long[cell] = text.ToArray();
        }
        return cell;
    }

    /// <summary>The bytes of a cell.</summary>
    public ReadOnlySpan<byte> Bytes(int cell)
    {
        if (cell == 0)
        {
            return [];
        }
        Span<byte> place = Cell(cell);
        return place[0] == Long ? _long[cell] : place.Slice(1, place[0]);
    }

    /// <summary>The text of a cell.</summary>
    public string Text(int cell) => Encoding.UTF8.GetString(Bytes(cell));

    /// <summary>Gives a cell back; its number becomes 0.</summary>
    public void Release(ref int cell)
    {
        if (cell != 0)
        {
            _long.Remove(cell);
            _free.Push(cell);
            cell = 0;
        }
    }

    private Span<byte> Cell(int cell) => _chunks[cell / CellsPerChunk].AsSpan(cell % CellsPerChunk * CellSize, CellSize);
}
