using AutoGuard.Core.Policy;
using AutoGuard.Core.Reporting;

namespace AutoGuard.Core.Pipeline;

/// <summary>What came out of the pipeline since the lists were last emptied by their reader.</summary>
public sealed class DetectionOutput
{
    /// <summary>Decisions in the order they were made.</summary>
    public List<Decision> Decisions { get; } = [];

    /// <summary>Latest evidence on flagged subjects; a later entry of a subject replaces an earlier one.</summary>
    public List<FlaggedSubject> Cases { get; } = [];

    /// <summary>What an operator should hear of, in the order it happened.</summary>
    public List<Notice> Notices { get; } = [];

    /// <summary>Empties all lists.</summary>
    public void Clear()
    {
        Decisions.Clear();
        Cases.Clear();
        Notices.Clear();
    }
}
