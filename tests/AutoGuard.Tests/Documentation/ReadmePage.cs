namespace AutoGuard.Tests.Documentation;

/// <summary>A fenced block of a page.</summary>
/// <param name="Language">What stands behind the opening fence.</param>
/// <param name="Lines">The lines between the fences.</param>
internal sealed record FencedBlock(string Language, IReadOnlyList<string> Lines);

/// <summary>The README, taken apart: what a reader would type, and what she is told to see then.</summary>
internal static class ReadmePage
{
    public static string Text { get; } = Repository.Read("README.md");

    public static IReadOnlyList<FencedBlock> Blocks { get; } = BlocksOf(Text);

    /// <summary>All lines of the shell blocks, in order.</summary>
    public static IReadOnlyList<string> Commands { get; } =
        [.. Blocks.Where(block => block.Language == "bash").SelectMany(block => block.Lines).Where(line => line.Trim().Length > 0)];

    /// <summary>The output shown for a command: the first text block after the shell block whose last line it is; empty when none comes before the next one.</summary>
    public static IReadOnlyList<string> OutputOf(string command)
    {
        FencedBlock? next = Blocks
            .SkipWhile(block => block.Language != "bash" || block.Lines[^1] != command)
            .Skip(1)
            .TakeWhile(block => block.Language != "bash")
            .FirstOrDefault(block => block.Language == "text");
        return next?.Lines ?? [];
    }

    public static IReadOnlyList<FencedBlock> BlocksOf(string text)
    {
        List<FencedBlock> blocks = [];
        List<string>? lines = null;
        string language = "";
        foreach (string line in text.Split('\n'))
        {
            if (!line.StartsWith("```", StringComparison.Ordinal))
            {
                lines?.Add(line);
            }
            else if (lines is null)
            {
                language = line[3..].Trim();
                lines = [];
            }
            else
            {
                blocks.Add(new FencedBlock(language, lines));
                lines = null;
            }
        }
        return blocks;
    }
}
