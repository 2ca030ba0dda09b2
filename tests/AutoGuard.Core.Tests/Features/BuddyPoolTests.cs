using AutoGuard.Core.Features;

namespace AutoGuard.Core.Tests.Features;

public sealed class BuddyPoolTests
{
    private const int Chunk = 1 << BuddyPool<long>.LargestClass;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Blocks_do_not_overlap_and_are_clear_when_they_are_rented(int seed)
    {
        Random random = new(seed);
        BuddyPool<long> pool = new();
        List<(int Block, int Class, long Mark)> rented = [];
        for (int step = 1; step < 20_000; step++)
        {
            // Grows to some hundred blocks, then shrinks, over and over.
            if (rented.Count == 0 || random.Next(1000) < (step / 500 % 2 == 0 ? 700 : 300))
            {
                int sizeClass = Math.Min(random.Next(11), random.Next(11));
                int block = pool.Rent(sizeClass);
                Assert.True(pool.Block(block, sizeClass).IndexOfAnyExcept(0) < 0, "a rented block is not clear");
                Assert.Equal(0, block & ((1 << sizeClass) - 1));
                pool.Block(block, sizeClass).Fill(step);
                rented.Add((block, sizeClass, step));
            }
            else
            {
                int index = random.Next(rented.Count);
                (int block, int sizeClass, long mark) = rented[index];
                Assert.True(pool.Block(block, sizeClass).IndexOfAnyExcept(mark) < 0, "somebody wrote into a rented block");
                pool.Return(block, sizeClass);
                rented.RemoveAt(index);
            }
            Assert.Equal(rented.Count, pool.Rented);
        }
        // All halves find each other again, so everything that was taken can be had as whole chunks.
        rented.ForEach(one => pool.Return(one.Block, one.Class));
        long places = pool.Places;
        for (long chunk = 0; chunk < places / Chunk; chunk++)
        {
            pool.Rent(BuddyPool<long>.LargestClass);
        }
        Assert.Equal(places, pool.Places);
    }

    [Fact]
    public void What_small_blocks_leave_behind_serves_larger_ones()
    {
        BuddyPool<long> pool = new();
        int[] blocks = [.. Enumerable.Range(0, 64 * Chunk).Select(_ => pool.Rent(0))];
        Assert.Equal(64 * Chunk, pool.Places);
        for (int sizeClass = 1; sizeClass <= 3; sizeClass++)
        {
            // Each grows: takes a block twice as large, then gives its own back; half as many of them each time.
            int[] larger = new int[blocks.Length / 2];
            for (int i = 0; i < larger.Length; i++)
            {
                pool.Return(blocks[2 * i], sizeClass - 1);
                larger[i] = pool.Rent(sizeClass);
                pool.Return(blocks[(2 * i) + 1], sizeClass - 1);
            }
            blocks = larger;
        }
        Assert.InRange(pool.Places, 64 * Chunk, 66 * Chunk);
    }
}
