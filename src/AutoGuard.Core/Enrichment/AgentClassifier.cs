using AutoGuard.Core.Events;

namespace AutoGuard.Core.Enrichment;

/// <summary>
/// Tells tools that record, relay or fetch from what people watch with, by the first words of the user agent. Whoever wants
/// to hide gives another name, so this only ever adds to other evidence. Worked out once per interned agent; one thread asks.
/// </summary>
public sealed class AgentClassifier
{
    private readonly string[] _tools;
    private readonly StringPool _pool;
    private byte[] _verdicts = new byte[256];

    /// <summary>Makes a classifier for agents of <paramref name="pool"/>.</summary>
    /// <param name="tools">Beginnings of tools' names, case ignored.</param>
    /// <param name="pool">The pool that the parser interns in.</param>
    public AgentClassifier(IEnumerable<string> tools, StringPool pool)
    {
        ArgumentNullException.ThrowIfNull(tools);
        ArgumentNullException.ThrowIfNull(pool);
        _tools = [.. tools.Where(tool => tool.Length > 0)];
        _pool = pool;
    }

    /// <summary>Whether an interned user agent (0 when there is none) is a tool's.</summary>
    public bool IsTool(int agent)
    {
        if (agent <= StringPool.Overflow)
        {
            return false;
        }
        if (agent >= _verdicts.Length)
        {
            Array.Resize(ref _verdicts, Math.Max(agent + 1, _verdicts.Length * 2));
        }
        ref byte verdict = ref _verdicts[agent];
        if (verdict == 0)
        {
            string name = _pool.Text(agent);
            verdict = Array.Exists(_tools, tool => name.StartsWith(tool, StringComparison.OrdinalIgnoreCase)) ? (byte)2 : (byte)1;
        }
        return verdict == 2;
    }
}
