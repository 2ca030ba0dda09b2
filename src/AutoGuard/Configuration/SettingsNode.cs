namespace AutoGuard.Configuration;

/// <summary>Where a value was given.</summary>
/// <param name="Source">File name, <c>environment variable NAME</c>, <c>--set</c>, or <c>default</c>.</param>
/// <param name="Line">Line in a file, from 1; 0 elsewhere.</param>
public sealed record SettingOrigin(string Source, int Line = 0)
{
    /// <summary>The origin of values that nobody gave.</summary>
    public static SettingOrigin Default { get; } = new("default");

    /// <inheritdoc/>
    public override string ToString() => Line > 0 ? $"{Source}, line {Line}" : Source;
}

/// <summary>What a scalar was written as.</summary>
internal enum ScalarKind
{
    /// <summary>A JSON text.</summary>
    Text,

    /// <summary>A JSON number, as it was written.</summary>
    Number,

    /// <summary>JSON <c>true</c> or <c>false</c>.</summary>
    Boolean,

    /// <summary>JSON <c>null</c>.</summary>
    Null,

    /// <summary>Text of an environment variable or of <c>--set</c>: takes the type of its key.</summary>
    Untyped,
}

/// <summary>One value of one source, before it meets the schema.</summary>
internal abstract record SettingsNode(SettingOrigin Origin);

/// <summary>A single value.</summary>
internal sealed record ScalarNode(string Text, ScalarKind Kind, SettingOrigin Origin) : SettingsNode(Origin);

/// <summary>A list.</summary>
internal sealed record ListNode(IReadOnlyList<SettingsNode> Items, SettingOrigin Origin) : SettingsNode(Origin);

/// <summary>Keys and values, in the order given; keys differ by more than case.</summary>
internal sealed record MapNode(IReadOnlyList<KeyValuePair<string, SettingsNode>> Entries, SettingOrigin Origin) : SettingsNode(Origin);

/// <summary>One source of settings: what <c>check</c> lists.</summary>
/// <param name="Name">File name, or the kind of source.</param>
/// <param name="Path">Full path of a file; null for others.</param>
/// <param name="Keys">How many values it gave.</param>
public sealed record SettingsSource(string Name, string? Path, int Keys);
