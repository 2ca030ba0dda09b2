using System.Buffers;
using System.Diagnostics;
using AutoGuard.CommandLine;
using AutoGuard.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Core.Pipeline;
using AutoGuard.Core.Policy;
using AutoGuard.Core.Reporting;
using AutoGuard.Live;
using AutoGuard.Reports;
using AutoGuard.Runtime;
using AutoGuard.Simulation.Labels;

namespace AutoGuard.Replay;

/// <summary>
/// Runs recorded events through the pipeline in event time, as fast as it goes: one thread reads and parses, the other
/// detects. Nothing here depends on real time, so equal input gives equal decisions to the byte.
/// </summary>
internal sealed class ReplayRunner : IDisposable
{
    private readonly EffectiveSettings _settings;
    private readonly IReadOnlyList<string> _files;
    private readonly DetectionParts _parts;
    private readonly SimulationTruth? _truth;
    private readonly LabelledSessions? _sessions;
    private readonly ReplayReader _reader;
    private readonly DetectionOutput _output = new();
    private readonly List<Decision> _decisions = [];
    private readonly List<Notice> _notices = [];
    private readonly Dictionary<(Subject, string?), FlaggedSubject> _cases = [];
    private long _from = long.MaxValue;
    private long _to = long.MinValue;

    /// <param name="settings">The configuration.</param>
    /// <param name="files">What is replayed.</param>
    /// <param name="error">Where lines that are no events are mentioned.</param>
    /// <param name="truth">What really happens in the recording; null when nobody knows.</param>
    public ReplayRunner(EffectiveSettings settings, IReadOnlyList<string> files, TextWriter error, SimulationTruth? truth = null)
    {
        _settings = settings;
        _files = files;
        _parts = new DetectionParts(settings);
        _truth = truth;
        _sessions = truth is null ? null : new LabelledSessions(truth.Seed, _parts.Strings, _parts.Identities);
        _reader = new ReplayReader(files, _parts, error, _sessions);
    }

    /// <summary>How far the replay is.</summary>
    public ProgressReading Progress => _reader.Progress;

    /// <summary>All decisions, in order.</summary>
    public IReadOnlyList<Decision> Decisions => _decisions;

    /// <summary>What an operator would have been told, in order.</summary>
    public IReadOnlyList<Notice> Notices => _notices;

    /// <summary>The pipeline, for explanations.</summary>
    public DetectionPipeline Pipeline => _parts.Pipeline;

    /// <summary>Names of tenants and other interned strings.</summary>
    public StringPool Strings => _parts.Strings;

    /// <summary>The key of a token's identity within a tenant; null for the nameless one.</summary>
    public Key128 TokenKey(string identity, string? organization) => _parts.TokenKey(identity, organization);

    /// <summary>Runs the replay; decisions are in <paramref name="decisionFile"/> when all of it has succeeded.</summary>
    public async Task<ReplaySummary> RunAsync(string? decisionFile, TimeProvider time, CancellationToken cancellation)
    {
        if (decisionFile is null)
        {
            return await RunAsync((Stream?)null, time, cancellation);
        }
        ReplaySummary? summary = null;
        await AtomicFile.WriteAsync(decisionFile, async (stream, token) => summary = await RunAsync(stream, time, token), cancellation);
        return summary!;
    }

    private async Task<ReplaySummary> RunAsync(Stream? decisions, TimeProvider time, CancellationToken cancellation)
    {
        long start = time.GetTimestamp();
        using CancellationTokenSource linked = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task reading = Task.Factory.StartNew(
            () => _reader.Run(linked.Token), linked.Token, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            await Task.Factory.StartNew(
                () => Detect(decisions, linked.Token), linked.Token, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        finally
        {
            // When detection fails the reader must not wait for ever to hand over its next batch.
            await linked.CancelAsync();
            await reading.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
        if (reading.IsFaulted)
        {
            throw reading.Exception!.InnerException!;
        }
        cancellation.ThrowIfCancellationRequested();
        return Summarise(time.GetElapsedTime(start));
    }

    /// <summary>The report of the whole replay.</summary>
    public FlaggedReport Report()
    {
        DateTimeOffset from = DateTimeOffset.FromUnixTimeMilliseconds(_from == long.MaxValue ? 0 : _from);
        DateTimeOffset to = DateTimeOffset.FromUnixTimeMilliseconds(_to == long.MinValue ? 0 : _to + 1);
        long tick = (long)_settings.Values.Detection.TickInterval.TotalMilliseconds;
        FlaggedReportBuilder builder = new(from, to.AddMilliseconds(tick), _settings.Values.Reports.TimeZone);
        foreach (FlaggedSubject evidence in _cases.Values)
        {
            builder.Add(evidence);
        }
        foreach (Decision decision in _decisions)
        {
            builder.Add(decision);
        }
        return builder.Build(
            string.Join(", ", _files.Select(Path.GetFileName)), _settings.Fingerprint, _settings.Values.Policy.Mode,
            _parts.Pipeline.Counters.Accepted, _parts.Pipeline.State.TotalSessions) with { Notices = [.. _notices] };
    }

    public void Dispose() => _reader.Dispose();

    private void Detect(Stream? file, CancellationToken cancellation)
    {
        ArrayBufferWriter<byte> line = new();
        foreach (EventBatch batch in _reader.Batches)
        {
            foreach (ref readonly PlaybackEvent e in batch.Events)
            {
                _from = Math.Min(_from, e.Timestamp);
                _to = Math.Max(_to, e.Timestamp);
            }
            _parts.Pipeline.NoteMalformed(batch.Rejected);
            _parts.Pipeline.Process(batch, _output);
            _reader.Return(batch);
            Take(file, line);
            cancellation.ThrowIfCancellationRequested();
        }
        _parts.Pipeline.Complete(_output);
        Take(file, line);
    }

    private void Take(Stream? file, ArrayBufferWriter<byte> line)
    {
        _notices.AddRange(_output.Notices);
        if (_output.Decisions.Count == 0 && _output.Cases.Count == 0)
        {
            _output.Clear();
            return;
        }
        foreach (Decision decision in _output.Decisions)
        {
            _decisions.Add(decision);
            if (file is not null)
            {
                line.ResetWrittenCount();
                DecisionJson.Write(line, decision);
                line.Write("\n"u8);
                file.Write(line.WrittenSpan);
            }
        }
        foreach (FlaggedSubject evidence in _output.Cases)
        {
            _cases[(evidence.Subject, evidence.Organization)] = evidence;
        }
        _output.Clear();
    }

    private ReplaySummary Summarise(TimeSpan wall)
    {
        PipelineCounters counters = _parts.Pipeline.Counters;
        List<(EventRejection, long)> malformed = [.. _reader.Rejected];
        if (counters.Future > 0)
        {
            malformed.Add((EventRejection.Future, counters.Future));
        }
        using Process process = Process.GetCurrentProcess();
        return new ReplaySummary
        {
            Events = _reader.Lines,
            Accepted = counters.Accepted,
            Malformed = malformed,
            Late = counters.Late,
            Duplicates = counters.Duplicates,
            Sessions = _parts.Pipeline.State.TotalSessions,
            Tokens = _parts.Pipeline.State.TotalTokens,
            Addresses = _parts.Pipeline.State.TotalAddresses,
            EventTimeFrom = _from == long.MaxValue ? null : _from,
            EventTimeTo = _to == long.MinValue ? null : _to,
            WallSeconds = wall.TotalSeconds,
            PeakMemoryBytes = process.PeakWorkingSet64,
            Flags = counters.Flags,
            Blocks = counters.Blocks,
            Revocations = counters.Revocations,
            Evaluation = _truth is null ? null : Evaluation.Judge(_decisions.Select(JudgedDecision.Of), _truth, _sessions),
        };
    }
}
