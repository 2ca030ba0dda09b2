namespace AutoGuard.Core.Tests.Architecture;

/// <summary>
/// Which namespaces of Core may see which: a stage sees the stages before it; the ports see events and policy, and only the
/// pipeline sees them; everybody sees the configuration, which itself names choices of policy and spike detection by their enums.
/// </summary>
internal sealed class LayerRules(string root)
{
    private const string Configuration = "Configuration";

    private static readonly string[] Stages = ["Events", "Enrichment", "Spikes", "Features", "Indicators", "Scoring", "Policy", "Pipeline"];
    private static readonly string[] Ports = ["Guardian", "Reporting"];

    public IEnumerable<string> Violations(IEnumerable<TypeUse> uses) =>
        uses.Where(use => IsInside(use.FromNamespace) && IsInside(use.ToNamespace) && !Allows(use)).Select(use => use.ToString()).Order();

    private bool Allows(TypeUse use)
    {
        string from = Layer(use.FromNamespace);
        string to = Layer(use.ToNamespace);
        if (!IsKnown(from) || !IsKnown(to))
        {
            return false;
        }
        if (from == to || to == Configuration)
        {
            return true;
        }
        if (from == Configuration)
        {
            return use.ToIsEnum && (to is "Policy" or "Spikes");
        }
        if (Ports.Contains(from))
        {
            return to is "Events" or "Policy";
        }
        return Ports.Contains(to) ? from == "Pipeline" : Array.IndexOf(Stages, to) < Array.IndexOf(Stages, from);
    }

    private static bool IsKnown(string layer) => layer == Configuration || Stages.Contains(layer) || Ports.Contains(layer);

    private bool IsInside(string name) => name == root || name.StartsWith(root + ".", StringComparison.Ordinal);

    private string Layer(string name) => name.Length <= root.Length ? "" : name[(root.Length + 1)..].Split('.')[0];
}
