namespace AutoGuard.Core.Tests.Architecture;

/// <summary>One type of an assembly uses another of the same assembly. Nested types count as the outermost one.</summary>
internal readonly record struct TypeUse(string FromNamespace, string From, string ToNamespace, string To, bool ToIsEnum)
{
    public override string ToString() => $"{FromNamespace}.{From} uses {ToNamespace}.{To}";
}
