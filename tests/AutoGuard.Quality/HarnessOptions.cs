namespace AutoGuard.Quality;

/// <summary>What a run of the harness was asked for.</summary>
internal sealed record HarnessOptions
{
    public required IReadOnlyList<Recording> Recordings { get; init; }

    /// <summary>Settings over the defaults, <c>Section:Key=Value</c>.</summary>
    public required IReadOnlyList<string> Sets { get; init; }

    /// <summary>Files to write, JSON or Markdown by their ending.</summary>
    public required IReadOnlyList<string> Outputs { get; init; }

    /// <summary>Only the summary of AutoGuard itself, no baselines.</summary>
    public required bool Tune { get; init; }

    /// <summary>Whether the baselines run too.</summary>
    public required bool Baselines { get; init; }

    /// <summary>Whether recordings with missed incidents are run once more, asking for scores on the way.</summary>
    public required bool Probe { get; init; }

    /// <summary>Recordings judged at the same time.</summary>
    public required int Parallel { get; init; }
}
