using System.Diagnostics;

namespace AutoGuard.Testing;

/// <summary>Waits for conditions, with a deadline that says what was waited for.</summary>
public static class Eventually
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(10);

    public static Task True(Func<bool> condition, string what, TimeSpan? deadline = null) =>
        TrueAsync(() => Task.FromResult(condition()), () => what, deadline);

    /// <summary>Waits for the end of a task, and fails as it does.</summary>
    public static async Task Ended(Task task, string what, TimeSpan? deadline = null)
    {
        await True(() => task.IsCompleted, what, deadline);
        await task;
    }

    /// <summary>The same for a condition that has to be asked for; returns how long it took to come true.</summary>
    public static async Task<TimeSpan> TrueAsync(Func<Task<bool>> condition, Func<string> what, TimeSpan? deadline = null)
    {
        TimeSpan limit = deadline ?? Deadline;
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed > limit)
            {
                throw new TimeoutException($"Waited {limit.TotalSeconds} s in vain for: {what()}");
            }
            await Task.Delay(LookEvery);
        }
        return watch.Elapsed;
    }
}
