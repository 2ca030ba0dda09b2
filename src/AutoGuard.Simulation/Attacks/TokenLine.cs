using AutoGuard.Simulation.World;

namespace AutoGuard.Simulation.Attacks;

/// <summary>
/// The tokens of one account in turn: one where tokens are not renewed, else a new one whenever the platform's players
/// would take one. Every client on the account shows the one of the moment when its session starts.
/// </summary>
internal sealed class TokenLine(SimulatedToken[] tokens, long start, long life)
{
    public IReadOnlyList<SimulatedToken> Tokens => tokens;

    /// <summary>Whether the token changes in the course of time.</summary>
    public bool IsRenewed => tokens.Length > 1;

    public SimulatedToken At(long now) => life == 0 ? tokens[0] : tokens[Math.Clamp((now - start) / life, 0, tokens.Length - 1)];

    /// <summary>A token that no platform renews: a public one, or one for a session.</summary>
    public static implicit operator TokenLine(SimulatedToken token) => new([token], 0, 0);
}
