using System.Collections.Immutable;
using AutoGuard.Core.Policy;

namespace AutoGuard.Backtest;

/// <summary>What a subject is to be spared.</summary>
internal enum SparingGoal
{
    /// <summary>Being blocked or revoked; a flag may stay.</summary>
    NotBlocked,

    /// <summary>Any decision.</summary>
    NotDecided,
}

/// <summary>Which changes of the configuration would have spared a subject, and what else they would have cost.</summary>
internal sealed record SparingReport
{
    public required Subject Subject { get; init; }

    /// <summary>What was decided on it.</summary>
    public required ImmutableArray<Decision> Decisions { get; init; }

    /// <summary>Its highest score in the recording.</summary>
    public required double HighestScore { get; init; }

    /// <summary>Changes that do, each tried on the recording: by goal, the least harmful first.</summary>
    public required ImmutableArray<SparingChange> Changes { get; init; }

    /// <summary>Indicators that speak against it but of which no change alone does.</summary>
    public required ImmutableArray<FutileChange> Futile { get; init; }
}

/// <summary>A change that spares the subject: verified by running the recording with it.</summary>
internal sealed record SparingChange
{
    public required SparingGoal Goal { get; init; }

    /// <summary>What is changed: an indicator's name, or <c>FlagScore</c> or <c>BlockScore</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The settings, those that must move along included.</summary>
    public required ImmutableArray<SettingChange> Settings { get; init; }

    /// <summary>Size of the change relative to the present threshold; null when the indicator is only observed.</summary>
    public double? Relative { get; init; }

    /// <summary>Other subjects on which nothing is decided any more.</summary>
    public required ImmutableArray<Subject> Lost { get; init; }

    /// <summary>Other subjects on which the strongest action is a lesser one now.</summary>
    public required ImmutableArray<Subject> Weakened { get; init; }

    /// <summary>Subjects newly decided on.</summary>
    public required ImmutableArray<Subject> Gained { get; init; }

    /// <summary>Incidents no longer dealt with as before; null without labels.</summary>
    public ImmutableArray<string>? IncidentsLost { get; init; }
}

/// <summary>An indicator that alone cannot be made to spare the subject.</summary>
/// <param name="Goal">What was wanted.</param>
/// <param name="Name">Its name.</param>
/// <param name="Reason">Why not, a clause.</param>
internal sealed record FutileChange(SparingGoal Goal, string Name, string Reason);
