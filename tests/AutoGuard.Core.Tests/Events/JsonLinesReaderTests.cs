using System.Text;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Tests.Events;

public sealed class JsonLinesReaderTests
{
    private const int Longest = 8;

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("a")]
    [InlineData("a\n")]
    [InlineData("a\r\n")]
    [InlineData("a\r")]
    [InlineData("a\n\n\r\n \t\nb\n\nc")]
    [InlineData("12345678\n123456789\n12345678\r\n123456789\r\n1234567\r\r\nx")]
    [InlineData("12345678\r")]
    [InlineData("123456789\r")]
    [InlineData("12345678\rx\ny")]
    [InlineData("a\nthis line is far too long for the reader and longer than its buffer\nb\n")]
    [InlineData("a\nthis line is far too long and the stream ends in it")]
    [InlineData("          \n\nb")]
    [InlineData("\r\r\r\n\r\nz")]
    public void Lines_are_those_of_the_text_however_it_arrives(string text)
    {
        string[] expected = [.. Oracle(text)];
        for (int chunk = 1; chunk <= text.Length + 1; chunk++)
        {
            Assert.Equal(expected, Lines(text, chunk));
        }
        for (int split = 0; split <= text.Length; split++)
        {
            Assert.Equal(expected, Lines(text, split, int.MaxValue));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Random_texts_in_random_pieces_have_the_lines_of_the_oracle(int seed)
    {
        Random random = new(seed);
        for (int i = 0; i < 20_000; i++)
        {
            string text = new(random.GetItems<char>("ab \r\n\nxyz", random.Next(60)));
            int[] pieces = [.. Enumerable.Range(0, 60).Select(_ => random.Next(1, 12))];
            Assert.True(Oracle(text).SequenceEqual(Lines(text, pieces)), $"seed {seed}, step {i}: {text.Replace("\r", "\\r", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}");
        }
    }

    [Fact]
    public void Lines_of_64_KiB_pass_and_longer_ones_are_reported_and_passed_over()
    {
        string most = new('x', EventParser.LongestEvent);
        string text = $"{most}\r\n{most}x\nshort\n{string.Concat(Enumerable.Repeat(most, 40))}\n{most}";
        using JsonLinesReader reader = new(new MemoryStream(Encoding.UTF8.GetBytes(text)));
        List<(long, int, bool)> lines = [];
        while (reader.Read())
        {
            lines.Add((reader.LineNumber, reader.Line.Length, reader.IsTooLarge));
        }
        Assert.Equal([(0L, 65_536, false), (1L, 0, true), (2L, 5, false), (3L, 0, true), (4L, 65_536, false)], lines);
    }

    [Fact]
    public void After_the_end_there_are_no_more_lines_and_the_stream_stays_open()
    {
        using MemoryStream stream = new("a\n"u8.ToArray());
        using (JsonLinesReader reader = new(stream))
        {
            Assert.True(reader.Read());
            Assert.False(reader.Read());
            Assert.False(reader.Read());
            reader.Dispose();
            Assert.False(reader.Read());
        }
        Assert.True(stream.CanRead);
    }

    [Fact]
    public void An_error_of_the_stream_reaches_the_caller()
    {
        using JsonLinesReader reader = new(new Pieces("a\nb"u8.ToArray(), [2, -1]));
        Assert.True(reader.Read());
        Assert.Throws<IOException>(() => reader.Read());
    }

    /// <summary>Splits the whole text at once; "!" marks a line that is too long.</summary>
    private static IEnumerable<string> Oracle(string text)
    {
        string[] lines = text.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i].EndsWith('\r') ? lines[i][..^1] : lines[i];
            if (line.Length > Longest)
            {
                yield return $"{i}!";
            }
            else if (line.Trim(' ', '\t', '\r').Length > 0)
            {
                yield return $"{i}:{line}";
            }
        }
    }

    private static List<string> Lines(string text, params int[] pieces)
    {
        using JsonLinesReader reader = new(new Pieces(Encoding.UTF8.GetBytes(text), pieces), Longest, Longest + 2);
        List<string> lines = [];
        while (reader.Read())
        {
            lines.Add(reader.IsTooLarge ? $"{reader.LineNumber}!" : $"{reader.LineNumber}:{Encoding.UTF8.GetString(reader.Line)}");
        }
        return lines;
    }

    /// <summary>A stream that gives its bytes in pieces of the given sizes, the last size again and again; -1 fails.</summary>
    private sealed class Pieces(byte[] bytes, int[] sizes) : MemoryStream(bytes)
    {
        private int _reads;

        public override int Read(byte[] buffer, int offset, int count)
        {
            int size = sizes[Math.Min(_reads++, sizes.Length - 1)];
            // a size of 0 would mean the end
            return size < 0 ? throw new IOException("the disk is gone") : base.Read(buffer, offset, Math.Min(Math.Max(size, 1), count));
        }
    }
}
