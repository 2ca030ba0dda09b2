using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Tests.Policy;

public sealed class BoundedMemoryTests
{
    [Fact]
    public void Beyond_the_most_the_oldest_quarter_is_forgotten()
    {
        BoundedMemory<int, string> memory = new(8);
        for (int i = 0; i < 9; i++)
        {
            memory.Set(i, $"v{i}", 100 - i);
        }

        Assert.Equal([true, true, true, true, true, true, true, false, false], Enumerable.Range(0, 9).Select(memory.Contains));
        Assert.True(memory.TryGet(0, out long time, out string? value));
        Assert.Equal((100, "v0"), (time, value));
    }

    [Fact]
    public void Of_several_times_the_latest_counts()
    {
        BoundedMemory<int, string> memory = new(8);
        memory.Set(1, "first", 50);
        memory.Set(1, "second", 40);
        memory.Set(2, "other", 49);

        memory.Prune(50);

        Assert.True(memory.TryGet(1, out long time, out string? value));
        Assert.Equal((50, "second"), (time, value));
        Assert.False(memory.Contains(2));
    }
}
