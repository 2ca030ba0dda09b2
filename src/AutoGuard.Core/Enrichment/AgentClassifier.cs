using AutoGuard.Core.Events;

namespace AutoGuard.Core.Enrichment;

/// <summary>
/// Tells tools that record, relay or fetch from what people watch with, by the first words of the user agent. Whoever wants
/// to hide gives another name, so this only ever adds to other evidence. Worked out once per interned agent; one thread asks.
/// </summary>
public sealed class AgentClassifier
{
    private readonly TextVerdicts _verdicts;

    /// <summary>Makes a classifier for agents of <paramref name="pool"/>.</summary>
    /// <param name="tools">Beginnings of tools' names, case ignored.</param>
    /// <param name="pool">The pool that the parser interns in.</param>
    public AgentClassifier(IEnumerable<string> tools, StringPool pool)
    {
        ArgumentNullException.ThrowIfNull(tools);
        ArgumentNullException.ThrowIfNull(pool);
        string[] beginnings = [.. tools.Where(tool => tool.Length > 0)];
        _verdicts = new TextVerdicts(pool, name => Array.Exists(beginnings, tool => name.StartsWith(tool, StringComparison.OrdinalIgnoreCase)));
    }

    /// <summary>Whether an interned user agent (0 when there is none) is a tool's.</summary>
    public bool IsTool(int agent) => _verdicts.Of(agent) == true;
}
