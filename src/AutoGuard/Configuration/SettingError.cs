namespace AutoGuard.Configuration;

/// <summary>One thing wrong with the configuration.</summary>
/// <param name="Key">Path of the key, <c>Section:Key</c>; empty when the source as a whole is unusable.</param>
/// <param name="Problem">The value as given and what is allowed; never a secret.</param>
/// <param name="Origin">Where it was given.</param>
public sealed record SettingError(string Key, string Problem, SettingOrigin Origin)
{
    /// <inheritdoc/>
    public override string ToString() => Key.Length == 0 ? $"{Origin}: {Problem}" : $"{Key}: {Problem} ({Origin})";
}

/// <summary>The configuration cannot be used; holds every error that was found.</summary>
public sealed class SettingsException(IReadOnlyList<SettingError> errors)
    : Exception(string.Join(Environment.NewLine, errors))
{
    /// <summary>All errors, in the order of the sources, then of the keys.</summary>
    public IReadOnlyList<SettingError> Errors { get; } = errors;
}
