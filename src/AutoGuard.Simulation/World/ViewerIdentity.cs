using AutoGuard.Simulation.Labels;

namespace AutoGuard.Simulation.World;

/// <summary>How a viewer comes by a token.</summary>
internal enum TokenWorkflowKind
{
    UserBound,
    PerSession,
    Public,
}

/// <summary>Who a viewer is; a pure function of the seed and the viewer's number.</summary>
internal sealed record ViewerIdentity
{
    public required long Number { get; init; }

    public required HonestKind Kind { get; init; }

    public required TokenWorkflowKind Workflow { get; init; }

    public required Location Home { get; init; }

    public required string UserAgent { get; init; }

    /// <summary>Null: the client sends none.</summary>
    public required string? Referrer { get; init; }

    public string? User { get; init; }

    public string? Organization { get; init; }

    public required Tenant Tenant { get; init; }
}

/// <summary>The token a user holds; devices of one account may share it.</summary>
internal sealed class Purse
{
    public SimulatedToken? Token { get; set; }

    /// <summary>When it gives way to a new one.</summary>
    public long Until { get; set; } = long.MaxValue;
}
