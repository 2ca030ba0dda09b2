namespace AutoGuard.Guardian.Rules;

/// <summary>What the rules say of a connection.</summary>
/// <param name="Allowed">Whether it may play.</param>
/// <param name="Rule">The rule that decided; null when none applies and so it may.</param>
public readonly record struct Verdict(bool Allowed, HeldRule? Rule);
