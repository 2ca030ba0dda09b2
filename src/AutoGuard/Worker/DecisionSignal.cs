namespace AutoGuard.Worker;

/// <summary>Wakes everybody who waits for news in the decision log: each engine has an enforcer of its own.</summary>
internal sealed class DecisionSignal
{
    private volatile TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends at the next pulse. Taken before looking, so that no news falls between looking and waiting.</summary>
    public Task Next => _next.Task;

    /// <summary>There is news.</summary>
    public void Pulse() => Interlocked.Exchange(ref _next, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
}
