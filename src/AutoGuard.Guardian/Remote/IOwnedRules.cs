using AutoGuard.Core.Policy;

namespace AutoGuard.Guardian.Remote;

/// <summary>Which rules of an engine AutoGuard put there: others' are never touched.</summary>
public interface IOwnedRules
{
    /// <summary>The subjects of an engine's rules that AutoGuard made or is about to make.</summary>
    ValueTask<IReadOnlySet<Subject>> OwnedAsync(string guardian, CancellationToken cancellationToken);
}
