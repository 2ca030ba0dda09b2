using System.Globalization;
using AutoGuard.CommandLine;
using AutoGuard.Core.Events;
using AutoGuard.Live;
using AutoGuard.Replay;
using AutoGuard.Runtime;

namespace AutoGuard.Backtest;

/// <summary>
/// Runs a recording through several configurations. Those that read events alike share one reading: each batch goes
/// through all their pipelines before the next. Each pipeline gets what it would get alone, so its decisions are those of
/// <c>replay</c>.
/// </summary>
internal sealed class SharedReplay
{
    /// <summary>Configurations at once: each has state of its own for the whole audience.</summary>
    private const int MostAtOnce = 4;

    private readonly IReadOnlyList<string> _files;
    private readonly TextWriter _error;
    private readonly TimeProvider _time;
    private bool _sampled;

    /// <summary>Makes it for files that can be read again and again.</summary>
    /// <exception cref="VerbException">One is a pipe or cannot be read.</exception>
    public SharedReplay(IReadOnlyList<string> files, TextWriter error, TimeProvider time)
    {
        _files = files;
        _error = error;
        _time = time;
        foreach (string path in files)
        {
            using EventFile file = EventFile.Open(path);
            if (!file.IsRepeatable)
            {
                throw new VerbException($"{path} is no regular file: a backtest reads its input more than once.", ExitStatus.Usage);
            }
        }
    }

    /// <summary>Lines of the recording, known after the first run.</summary>
    public long Lines { get; private set; }

    /// <summary>Runs all contenders over the whole recording.</summary>
    public async Task RunAsync(string title, IReadOnlyList<Contender> contenders, CancellationToken cancellation)
    {
        List<Contender> waiting = [.. contenders];
        int done = 0;
        while (waiting.Count > 0)
        {
            List<Contender> group = [.. waiting.Where(c => DetectionParts.ReadAlike(c.Settings, waiting[0].Settings)).Take(MostAtOnce)];
            waiting.RemoveAll(group.Contains);
            string part = waiting.Count + done == 0
                ? title
                : string.Create(CultureInfo.InvariantCulture, $"{title} ({done + group.Count} of {contenders.Count})");
            await RunGroupAsync(part, group, cancellation);
            done += group.Count;
        }
    }

    private async Task RunGroupAsync(string title, List<Contender> group, CancellationToken cancellation)
    {
        DetectionParts parts = new(group[0].Settings);
        foreach (Contender contender in group)
        {
            contender.Start(contender == group[0] ? parts.Pipeline : parts.PipelineFor(contender.Settings));
        }
        // What is wrong with the input is the same in every run: it is said once.
        using ReplayReader reader = new(_files, parts, _sampled ? TextWriter.Null : _error, sessions: null);
        _sampled = true;
        using CancellationTokenSource linked = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task reading = Task.Factory.StartNew(
            () => reader.Run(linked.Token), linked.Token, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Task<bool> detecting = DetectAsync(reader, group, reading, linked);
        await Terminal.Progress(_time).WhileAsync(title, () => reader.Progress, detecting);
        cancellation.ThrowIfCancellationRequested();
        Lines = reader.Lines;
    }

    private static async Task<bool> DetectAsync(ReplayReader reader, List<Contender> group, Task reading, CancellationTokenSource linked)
    {
        try
        {
            await Task.Factory.StartNew(
                () => Detect(reader, group, linked.Token), linked.Token, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        finally
        {
            // When detection fails the reader must not wait for ever to hand over its next batch.
            await linked.CancelAsync();
            await reading.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
        return reading.IsFaulted ? throw reading.Exception!.InnerException! : true;
    }

    private static void Detect(ReplayReader reader, List<Contender> group, CancellationToken cancellation)
    {
        ParallelOptions side = new() { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancellation };
        foreach (EventBatch batch in reader.Batches)
        {
            Parallel.ForEach(group, side, contender => contender.Process(batch));
            reader.Return(batch);
            cancellation.ThrowIfCancellationRequested();
        }
        foreach (Contender contender in group)
        {
            contender.Complete();
        }
    }
}
