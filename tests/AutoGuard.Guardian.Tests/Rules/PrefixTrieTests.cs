using AutoGuard.Guardian.Rules;

namespace AutoGuard.Guardian.Tests.Rules;

public sealed class PrefixTrieTests
{
    [Theory]
    [InlineData(1, 3)]
    [InlineData(42, 8)]
    [InlineData(20251114, 127)]
    [InlineData(0, 127)]
    public void It_finds_what_a_plain_list_would_and_earlier_trees_stay_as_they_were(int seed, int variety)
    {
        seed = seed == 0 ? Environment.ProcessId : seed;
        var random = new Random(seed);
        var list = new Dictionary<(ulong, ulong, int), Entry>();
        PrefixTrie<Entry> trie = PrefixTrie<Entry>.Empty;
        var earlier = new List<(PrefixTrie<Entry> Trie, (UInt128, Entry[])[] Answers)>();
        for (int step = 0; step < 200; step++)
        {
            PrefixTrie<Entry>.Editor editor = trie.Edit();
            for (int change = random.Next(12); change > 0; change--)
            {
                if (list.Count > 0 && random.Next(3) == 0)
                {
                    Entry gone = list.Values.ElementAt(random.Next(list.Count));
                    list.Remove((gone.High, gone.Low, gone.Length));
                    editor.Remove(gone.High, gone.Low, gone.Length);
                }
                else
                {
                    Entry come = Entry.Of(Key(random, variety), random.Next(129));
                    list[(come.High, come.Low, come.Length)] = come;
                    editor.Put(come);
                }
            }
            trie = editor.Finish();
            (UInt128 Key, Entry[] Found)[] answers = [.. Enumerable.Range(0, 30).Select(_ => Key(random, variety)).Select(key => (key, Found(trie, key)))];
            foreach ((UInt128 key, Entry[] found) in answers)
            {
                Entry[] expected = [.. list.Values.Where(e => Entry.Of(key, e.Length) is var k && (k.High, k.Low) == (e.High, e.Low)).OrderBy(static e => e.Length)];
                Assert.True(expected.SequenceEqual(found), $"seed {seed}, step {step}, key {key:x32}");
            }
            Assert.All(list.Values, e => Assert.Same(e, trie.Find(e.High, e.Low, e.Length)));
            earlier.Add((trie, answers));
        }
        Assert.All(earlier, one => Assert.All(one.Answers, answer => Assert.Equal(answer.Item2, Found(one.Trie, answer.Item1))));
    }

    [Fact]
    public void What_was_put_in_can_all_be_taken_out()
    {
        PrefixTrie<Entry>.Editor editor = PrefixTrie<Entry>.Empty.Edit();
        Entry[] entries = [.. Enumerable.Range(0, 129).Select(static length => Entry.Of(UInt128.MaxValue, length)), Entry.Of(UInt128.One, 128)];
        foreach (Entry entry in entries)
        {
            editor.Put(entry);
        }
        Assert.Equal(129, Found(editor.Finish(), UInt128.MaxValue).Length);

        editor = PrefixTrie<Entry>.Empty.Edit();
        foreach (Entry entry in entries)
        {
            editor.Put(entry);
        }
        foreach (Entry entry in entries)
        {
            editor.Remove(entry.High, entry.Low, entry.Length);
        }
        PrefixTrie<Entry> emptied = editor.Finish();
        Assert.Empty(Found(emptied, UInt128.MaxValue));
        Assert.Empty(Found(emptied, UInt128.One));
    }

    // Few bits vary, so that prefixes meet and part at every place.
    private static UInt128 Key(Random random, int variety) =>
        ((UInt128)(uint)random.Next(4) << random.Next(variety)) ^ ((UInt128)(uint)random.Next(4) << (127 - random.Next(variety)));

    private static Entry[] Found(PrefixTrie<Entry> trie, UInt128 key)
    {
        var found = new List<Entry>();
        foreach (Entry entry in trie.Over((ulong)(key >> 64), (ulong)key))
        {
            found.Add(entry);
        }
        return [.. found];
    }

    private sealed class Entry(ulong high, ulong low, int length) : IPrefixEntry
    {
        public ulong High { get; } = high;

        public ulong Low { get; } = low;

        public int Length { get; } = length;

        public static Entry Of(UInt128 key, int length)
        {
            UInt128 masked = length == 0 ? 0 : key & (UInt128.MaxValue << (128 - length));
            return new Entry((ulong)(masked >> 64), (ulong)masked, length);
        }
    }
}
