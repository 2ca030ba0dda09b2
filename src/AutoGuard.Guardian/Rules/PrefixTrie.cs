using System.Numerics;
using System.Runtime.CompilerServices;

namespace AutoGuard.Guardian.Rules;

/// <summary>A prefix of a 128-bit key, left-aligned: bit 0 is the highest of <see cref="High"/>.</summary>
internal interface IPrefixEntry
{
    ulong High { get; }

    ulong Low { get; }

    /// <summary>Bits that count, 0 to 128; the others are zero.</summary>
    int Length { get; }
}

/// <summary>
/// A radix tree over prefixes of 128-bit keys that never changes once made: a changed tree shares all but the few nodes on
/// the way to the change with the one before, so readers need no lock and a change costs the same in a tree of ten entries
/// and of a million.
/// </summary>
/// <remarks>
/// A node consumes six bits and holds two bitmaps of 64 bits, one for the entries that end within the node (as in the tree
/// bitmap of Eatherton, Varghese and Dittia, 2004) and one for its children, with both arrays packed (as in Bagwell's hash
/// array mapped tries, 2001). A child is an entry itself while it is the only one below (no chains of nodes lead to it), and
/// a node that would have one child only is left out (Morrison's path compression, 1968), so a tree of n entries has fewer
/// than n nodes whatever the entries are.
/// </remarks>
/// <typeparam name="T">The entries; the key is part of them.</typeparam>
internal sealed class PrefixTrie<T>
    where T : class, IPrefixEntry
{
    private const int Stride = 6;

    public static readonly PrefixTrie<T> Empty = new(new Node(0, 0, 0, null));

    // For a chunk of six bits: the inner bits of its prefixes of length 0 to 5.
    private static readonly ulong[] Cover = [.. Enumerable.Range(0, 1 << Stride).Select(static chunk =>
        Enumerable.Range(0, Stride).Aggregate(0UL, (bits, length) => bits | (1UL << InnerIndex(chunk >> (Stride - length), length))))];

    private readonly Node _root;

    private PrefixTrie(Node root) => _root = root;

    /// <summary>All entries that are prefixes of a key, shortest first; allocates nothing.</summary>
    public Walk Over(ulong high, ulong low) => new(_root, high, low);

    /// <summary>The entry of exactly this prefix, or null.</summary>
    public T? Find(ulong high, ulong low, int length)
    {
        foreach (T entry in Over(high, low))
        {
            if (entry.Length == length)
            {
                return entry;
            }
        }
        return null;
    }

    /// <summary>Several changes that become one new tree.</summary>
    public Editor Edit() => new(_root);

    private static int InnerIndex(int bits, int length) => (1 << length) - 1 + bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Chunk(ulong high, ulong low, int depth)
    {
        int shift = 128 - Stride - depth;
        if (shift >= 64)
        {
            return (int)(high >> (shift - 64)) & 63;
        }
        if (shift >= 0)
        {
            return (int)((high << (64 - shift)) | (low >> shift)) & 63;
        }
        return (int)(low << -shift) & 63;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Matches(ulong high, ulong low, ulong prefixHigh, ulong prefixLow, int length)
    {
        ulong highBits = length >= 64 ? high ^ prefixHigh : length == 0 ? 0 : (high ^ prefixHigh) >> (64 - length);
        ulong lowBits = length <= 64 ? 0 : (low ^ prefixLow) >> (128 - length);
        return (highBits | lowBits) == 0;
    }

    /// <summary>How many leading bits two keys share.</summary>
    private static int Common(ulong high, ulong low, ulong otherHigh, ulong otherLow)
    {
        int shared = BitOperations.LeadingZeroCount(high ^ otherHigh);
        return shared < 64 ? shared : 64 + BitOperations.LeadingZeroCount(low ^ otherLow);
    }

    /// <summary>Enumerates the prefixes of one key.</summary>
    public ref struct Walk
    {
        private readonly ulong _high;
        private readonly ulong _low;
        private Node? _node;
        private T? _leaf;
        private ulong _hits;

        internal Walk(Node root, ulong high, ulong low)
        {
            _high = high;
            _low = low;
            Enter(root);
        }

        public T Current { get; private set; } = null!;

        public readonly Walk GetEnumerator() => this;

        public bool MoveNext()
        {
            while (true)
            {
                if (_hits != 0)
                {
                    ulong lowest = _hits & (0UL - _hits);
                    _hits ^= lowest;
                    Current = _node!.Values[BitOperations.PopCount(_node.Inner & (lowest - 1))];
                    return true;
                }
                if (_leaf is { } leaf)
                {
                    _leaf = null;
                    Current = leaf;
                    return true;
                }
                if (_node is null)
                {
                    return false;
                }
                Descend(_node);
            }
        }

        private void Enter(Node node)
        {
            _node = node;
            _hits = node.Inner & Cover[Chunk(_high, _low, node.Depth)];
        }

        private void Descend(Node node)
        {
            _node = null;
            ulong bit = 1UL << Chunk(_high, _low, node.Depth);
            if ((node.Outer & bit) == 0)
            {
                return;
            }
            object child = node.Children[BitOperations.PopCount(node.Outer & (bit - 1))];
            if (child is Node next)
            {
                if (Matches(_high, _low, next.High, next.Low, next.Depth))
                {
                    Enter(next);
                }
                return;
            }
            T entry = Unsafe.As<T>(child);
            if (Matches(_high, _low, entry.High, entry.Low, entry.Length))
            {
                _leaf = entry;
            }
        }
    }

    /// <summary>Changes nodes of its own in place and copies those it shares.</summary>
    public sealed class Editor
    {
        private Node _root;

        internal Editor(Node root) => _root = root;

        public T? Find(ulong high, ulong low, int length) => new PrefixTrie<T>(_root).Find(high, low, length);

        /// <summary>Puts an entry in the place of the one with its prefix, if any.</summary>
        public void Put(T entry) => _root = Put(_root, entry);

        /// <summary>Takes out the entry of a prefix, if any.</summary>
        public void Remove(ulong high, ulong low, int length)
        {
            if (Find(high, low, length) is not null)
            {
                _root = Remove(_root, high, low, length) switch
                {
                    Node node when node.Depth == 0 => node,
                    Node node => WithChild(new Node(0, 0, 0, this), node, node.High, node.Low),
                    T entry => Put(new Node(0, 0, 0, this), entry),
                    _ => Empty._root,
                };
            }
        }

        /// <summary>The tree; the editor must not be used afterwards.</summary>
        public PrefixTrie<T> Finish()
        {
            PrefixTrie<T> result = new(_root);
            _root = null!;
            return result;
        }

        private Node Put(Node shared, T entry)
        {
            Node node = Own(shared);
            int rest = entry.Length - node.Depth;
            if (rest < Stride)
            {
                int at = InnerIndex(Chunk(entry.High, entry.Low, node.Depth) >> (Stride - rest), rest);
                node.SetValue(at, entry);
                return node;
            }
            ulong bit = 1UL << Chunk(entry.High, entry.Low, node.Depth);
            if ((node.Outer & bit) == 0)
            {
                node.SetChild(bit, entry);
                return node;
            }
            object child = node.Children[BitOperations.PopCount(node.Outer & (bit - 1))];
            node.SetChild(bit, child is Node next ? PutBelow(next, entry) : PutBeside(Unsafe.As<T>(child), entry));
            return node;
        }

        private Node PutBelow(Node child, T entry)
        {
            int common = Math.Min(entry.Length, Common(child.High, child.Low, entry.High, entry.Low));
            if (common >= child.Depth)
            {
                return Put(child, entry);
            }
            var node = new Node(entry.High, entry.Low, common / Stride * Stride, this);
            return Put(WithChild(node, child, child.High, child.Low), entry);
        }

        private object PutBeside(T other, T entry)
        {
            int common = Common(other.High, other.Low, entry.High, entry.Low);
            if (common == 128 && other.Length == entry.Length)
            {
                return entry;
            }
            common = Math.Min(common, Math.Min(other.Length, entry.Length));
            var node = new Node(entry.High, entry.Low, common / Stride * Stride, this);
            return Put(Put(node, other), entry);
        }

        private static Node WithChild(Node node, object child, ulong high, ulong low)
        {
            node.SetChild(1UL << Chunk(high, low, node.Depth), child);
            return node;
        }

        // What stands in the node's place afterwards: the node, its only child or entry, or nothing.
        private object? Remove(Node shared, ulong high, ulong low, int length)
        {
            Node node = Own(shared);
            int rest = length - node.Depth;
            if (rest < Stride)
            {
                node.SetValue(InnerIndex(Chunk(high, low, node.Depth) >> (Stride - rest), rest), null);
            }
            else
            {
                ulong bit = 1UL << Chunk(high, low, node.Depth);
                object child = node.Children[BitOperations.PopCount(node.Outer & (bit - 1))];
                node.SetChild(bit, child is Node next ? Remove(next, high, low, length) : null);
            }
            return (node.Values.Length, node.Children.Length) switch
            {
                (0, 0) => null,
                (1, 0) => node.Values[0],
                (0, 1) => node.Children[0],
                _ => node,
            };
        }

        private Node Own(Node node) => ReferenceEquals(node.Editor, this) ? node : node.Copy(this);
    }

    internal sealed class Node(ulong high, ulong low, int depth, object? editor)
    {
        /// <summary>The key whose first <see cref="Depth"/> bits all entries below share; bits after them do not count.</summary>
        public readonly ulong High = high;

        public readonly ulong Low = low;

        public readonly int Depth = depth;

        /// <summary>Who may change it in place; others hold it for unchangeable.</summary>
        public readonly object? Editor = editor;

        public ulong Inner;

        public ulong Outer;

        public T[] Values = [];

        public object[] Children = [];

        public Node Copy(object owner) => new(High, Low, Depth, owner)
        {
            Inner = Inner,
            Outer = Outer,
            Values = Values.Length == 0 ? Values : [.. Values],
            Children = Children.Length == 0 ? Children : [.. Children],
        };

        public void SetValue(int index, T? value) => Values = Set(Values, ref Inner, 1UL << index, value);

        public void SetChild(ulong bit, object? child) => Children = Set(Children, ref Outer, bit, child);

        private static TItem[] Set<TItem>(TItem[] items, ref ulong bits, ulong bit, TItem? item)
            where TItem : class
        {
            int at = BitOperations.PopCount(bits & (bit - 1));
            bool isPresent = (bits & bit) != 0;
            if (item is not null && isPresent)
            {
                items[at] = item;
                return items;
            }
            if (item is null && !isPresent)
            {
                return items;
            }
            bits ^= bit;
            var changed = new TItem[items.Length + (item is null ? -1 : 1)];
            Array.Copy(items, changed, at);
            Array.Copy(items, item is null ? at + 1 : at, changed, item is null ? at : at + 1, changed.Length - (item is null ? at : at + 1));
            if (item is not null)
            {
                changed[at] = item;
            }
            return changed;
        }
    }
}
