using AutoGuard.Core.Policy;
using AutoGuard.Guardian.Remote;

namespace AutoGuard.Guardian.Tests.Remote;

/// <summary>Ownership and locks without a database.</summary>
internal sealed class OwnedInMemory : IOwnedRules, IEngineLocks, IDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);

    public HashSet<Subject> Owned { get; } = [];

    public void Dispose() => _gate.Dispose();

    public ValueTask<IReadOnlySet<Subject>> OwnedAsync(string guardian, CancellationToken cancellationToken) =>
        ValueTask.FromResult<IReadOnlySet<Subject>>(Owned);

    public async ValueTask<IAsyncDisposable> TakeAsync(string name, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        return new Held(_gate);
    }

    private sealed class Held(SemaphoreSlim gate) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            gate.Release();
            return ValueTask.CompletedTask;
        }
    }
}
