namespace AutoGuard.Live;

/// <summary>
/// A view on a terminal, which may be closed while the program runs. Every write then fails; the view ends, and what it shows goes on, or
/// stops in order.
/// </summary>
internal sealed class TerminalView(ILiveView view) : ILiveView
{
    /// <inheritdoc/>
    public async Task RunAsync(Func<LiveSnapshot> read, CancellationToken cancellation)
    {
        try
        {
            await view.RunAsync(read, cancellation);
        }
        catch (IOException)
        {
            // Nobody is left who sees it.
        }
    }

    /// <inheritdoc/>
    public void Conclude(DemoSummary summary)
    {
        try
        {
            view.Conclude(summary);
        }
        catch (IOException)
        {
            // The same; the report has it all.
        }
    }
}
