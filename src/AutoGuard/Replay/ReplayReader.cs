using System.Collections.Concurrent;
using System.Globalization;
using AutoGuard.CommandLine;
using AutoGuard.Core.Events;
using AutoGuard.Live;
using AutoGuard.Runtime;
using AutoGuard.Simulation.Labels;

namespace AutoGuard.Replay;

/// <summary>
/// Reads files into batches on a thread of its own, one file after the other. A few batches go round between it and the
/// detection thread, so memory stays the same however long the input is.
/// </summary>
internal sealed class ReplayReader : IDisposable
{
    private const int BatchSize = 512;
    private const int BatchCount = 16;

    private readonly IReadOnlyList<string> _paths;
    private readonly DetectionParts _parts;
    private readonly TextWriter _error;
    private readonly LabelledSessions? _sessions;
    private readonly BlockingCollection<EventBatch> _free = new(BatchCount);
    private readonly BlockingCollection<EventBatch> _filled = new(BatchCount);
    private readonly long[] _rejected = new long[Enum.GetValues<EventRejection>().Length];
    private readonly Dictionary<string, EventFile> _pipes = new(StringComparer.Ordinal);
    private readonly long _bytesTotal;
    private readonly bool _isUnbounded;
    private long _bytesBefore;
    private long _lines;
    private EventFile? _current;

    /// <param name="paths">Files, pipes, or <c>-</c> for standard input.</param>
    /// <param name="parts">What reads an event.</param>
    /// <param name="error">Where lines that are no events are mentioned.</param>
    /// <param name="sessions">Takes note of the sessions; null: nobody does.</param>
    public ReplayReader(IReadOnlyList<string> paths, DetectionParts parts, TextWriter error, LabelledSessions? sessions)
    {
        _paths = paths;
        _parts = parts;
        _error = error;
        _sessions = sessions;
        for (int i = 0; i < BatchCount; i++)
        {
            _free.Add(new EventBatch(BatchSize));
        }
        // All files are looked at before anything starts, so that a wrong name is no half-done replay.
        foreach (string path in paths)
        {
            if (path == "-")
            {
                _isUnbounded = true;
                continue;
            }
            EventFile file = EventFile.Open(path);
            if (file.IsRepeatable)
            {
                _bytesTotal += file.Length;
                file.Dispose();
            }
            else
            {
                _isUnbounded = true;
                _pipes[path] = file;
            }
        }
    }

    /// <summary>Lines that were not blank.</summary>
    public long Lines => Volatile.Read(ref _lines);

    /// <summary>Lines that are no events, by reason.</summary>
    public IEnumerable<(EventRejection Reason, long Count)> Rejected =>
        _rejected.Select((count, reason) => ((EventRejection)reason, Volatile.Read(ref _rejected[reason]))).Where(pair => pair.Item2 > 0);

    /// <summary>How far the reading is.</summary>
    public ProgressReading Progress => new(_bytesBefore + (_current?.Position ?? 0), _isUnbounded ? 0 : _bytesTotal, Lines);

    /// <summary>Batches in order; each is to be given back by <see cref="Return"/>.</summary>
    public IEnumerable<EventBatch> Batches => _filled.GetConsumingEnumerable();

    public void Return(EventBatch batch)
    {
        batch.Clear();
        _free.Add(batch);
    }

    /// <summary>Reads everything; to be run on a thread of its own.</summary>
    public void Run(CancellationToken cancellation)
    {
        try
        {
            EventBatch batch = _free.Take(cancellation);
            foreach (string path in _paths)
            {
                using EventFile file = _pipes.Remove(path, out EventFile? pipe) ? pipe : EventFile.Open(path);
                _current = file;
                ReadFile(file, ref batch, cancellation);
                if (file.HasMoreBehind)
                {
                    _error.WriteLine($"autoguard: {file.Name}: what stands behind the end of the archive is no part of it and was left out.");
                }
                _bytesBefore += file.Length;
                _current = null;
            }
            if (Lines > 0 && Rejected.Sum(pair => pair.Count) == Lines)
            {
                string reasons = string.Join(", ", Rejected.Select(pair => FormattableString.Invariant($"{ReplaySummary.Name(pair.Reason)} {pair.Count}")));
                throw new VerbException($"Not one line of the input is an event ({reasons}). Is it a recording, one JSON object a line?");
            }
            _filled.Add(batch, cancellation);
        }
        finally
        {
            _current = null;
            _filled.CompleteAdding();
        }
    }

    public void Dispose()
    {
        foreach (EventFile pipe in _pipes.Values)
        {
            pipe.Dispose();
        }
        _free.Dispose();
        _filled.Dispose();
    }

    private void ReadFile(EventFile file, ref EventBatch batch, CancellationToken cancellation)
    {
        int topic = _parts.Strings.Intern(file.Name);
        using JsonLinesReader lines = new(file.Lines);
        try
        {
            while (lines.Read())
            {
                Volatile.Write(ref _lines, _lines + 1);
                EventRejection rejection = lines.IsTooLarge
                    ? EventRejection.TooLarge
                    : _parts.Read(lines.Line, default, batch, topic, 0, lines.LineNumber);
                if (rejection != EventRejection.None)
                {
                    batch.Rejected++;
                    Reject(rejection, file.Name, lines.LineNumber);
                    continue;
                }
                _sessions?.Add(in batch.Last, lines.Line);
                if (batch.IsFull)
                {
                    _filled.Add(batch, cancellation);
                    batch = _free.Take(cancellation);
                }
            }
        }
        catch (Exception error) when (error is IOException or InvalidDataException)
        {
            throw new VerbException(string.Create(
                CultureInfo.InvariantCulture, $"{file.Name} cannot be read beyond line {lines.LineNumber + 1}: {error.Message}"));
        }
    }

    private void Reject(EventRejection rejection, string file, long line)
    {
        if (_rejected[(int)rejection]++ == 0)
        {
            // One sample of each kind; the summary has the counts.
            _error.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"autoguard: {file}, line {line + 1} is no event: {ReplaySummary.Name(rejection)}"));
        }
    }
}
