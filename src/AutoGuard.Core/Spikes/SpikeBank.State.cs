using System.Buffers.Binary;

namespace AutoGuard.Core.Spikes;

/// <content>Slots as bytes, for snapshots.</content>
public sealed partial class SpikeBank
{
    /// <summary>Writes a slot's state; a slot that reads it continues in every bit as this one would.</summary>
    /// <param name="slot">A rented slot.</param>
    /// <param name="destination">At least <see cref="SlotBytes"/> bytes: the cursor, the ring in storage order, and in Exact the pairwise sum, little-endian.</param>
    /// <exception cref="ArgumentException">The destination is too short.</exception>
    /// <exception cref="InvalidOperationException">The slot is not rented.</exception>
    public void WriteState(int slot, Span<byte> destination)
    {
        var cursor = CursorOf(slot);
        ThrowIfTooShort(destination.Length, nameof(destination));
        BinaryPrimitives.WriteUInt16LittleEndian(destination, cursor.Oldest);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[2..], cursor.Count);
        for (var i = 0; i < _history; i++)
        {
            var value = i < cursor.Count ? _values[First(slot) + i] : 0f;
            BinaryPrimitives.WriteSingleLittleEndian(destination[(4 + (4 * i))..], value);
        }

        if (_mode == SpikeMode.Exact)
        {
            BinaryPrimitives.WriteDoubleLittleEndian(destination[(4 + (4 * _history))..], _pairwise[slot]);
        }
    }

    /// <summary>Replaces a slot's state by one written by <see cref="WriteState"/> of a bank of the same history and mode.</summary>
    /// <param name="slot">A rented slot.</param>
    /// <param name="source">At least <see cref="SlotBytes"/> bytes.</param>
    /// <exception cref="ArgumentException">The source is too short.</exception>
    /// <exception cref="InvalidDataException">The bytes are no such state; the slot is left as it was.</exception>
    /// <exception cref="InvalidOperationException">The slot is not rented.</exception>
    public void ReadState(int slot, ReadOnlySpan<byte> source)
    {
        _ = CursorOf(slot);
        ThrowIfTooShort(source.Length, nameof(source));
        var cursor = new Cursor
        {
            Oldest = BinaryPrimitives.ReadUInt16LittleEndian(source),
            Count = BinaryPrimitives.ReadUInt16LittleEndian(source[2..]),
        };
        if (cursor.Count > _history || (cursor.Oldest != 0 && (cursor.Count < _history || cursor.Oldest >= _history)))
        {
            throw new InvalidDataException($"A ring of {_history} values cannot hold {cursor.Count} from position {cursor.Oldest}.");
        }

        for (var i = 0; i < cursor.Count; i++)
        {
            if (!MayEnter(ReadValue(source, i)))
            {
                throw new InvalidDataException($"Value {i} of a spike window is {ReadValue(source, i)}.");
            }
        }

        for (var i = 0; i < cursor.Count; i++)
        {
            _values[First(slot) + i] = ReadValue(source, i);
        }

        _cursors[slot] = cursor;
        if (_mode == SpikeMode.Exact)
        {
            _pairwise[slot] = BinaryPrimitives.ReadDoubleLittleEndian(source[(4 + (4 * _history))..]);
        }
    }

    private static float ReadValue(ReadOnlySpan<byte> source, int index) =>
        BinaryPrimitives.ReadSingleLittleEndian(source[(4 + (4 * index))..]);

    private void ThrowIfTooShort(int length, string name)
    {
        if (length < SlotBytes)
        {
            throw new ArgumentException($"The state of a slot takes {SlotBytes} bytes; there is room for {length}.", name);
        }
    }
}
