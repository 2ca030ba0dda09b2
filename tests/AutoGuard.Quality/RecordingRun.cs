using System.Buffers;
using System.Diagnostics;
using AutoGuard.Core.Events;
using AutoGuard.Core.Pipeline;
using AutoGuard.Core.Policy;
using AutoGuard.Runtime;
using AutoGuard.Simulation;
using AutoGuard.Simulation.Labels;

namespace AutoGuard.Quality;

/// <summary>Generates one recording and shows it, line by line and without keeping it, to every detector.</summary>
internal sealed class RecordingRun
{
    private const int BatchSize = 2048;

    private readonly Recording _recording;
    private readonly TrafficSimulator _simulator;
    private readonly DetectionParts _parts;
    private readonly LabelledSessions _sessions;
    private readonly DetectionOutput _output = new();
    private readonly List<JudgedDecision> _decisions = [];
    private double _seconds;

    public RecordingRun(Recording recording, HarnessOptions options)
    {
        _recording = recording;
        _simulator = new TrafficSimulator(recording.Profile, recording.Seed);
        _parts = new DetectionParts(HarnessSettings.For(_simulator.Truth, options.Sets));
        _sessions = new LabelledSessions(recording.Seed, _parts.Strings, _parts.Identities);
    }

    public RecordingResult Run(CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        ArrayBufferWriter<byte> line = new(4096);
        EventBatch batch = new(BatchSize);
        int topic = _parts.Strings.Intern("simulation");
        long lines = 0;
        while (_simulator.TryNext(line, out _))
        {
            if (_parts.Read(line.WrittenSpan, default, batch, topic, 0, lines++) == EventRejection.None)
            {
                _sessions.Add(in batch.Last, line.WrittenSpan);
            }
            line.ResetWrittenCount();
            if (batch.IsFull)
            {
                cancellation.ThrowIfCancellationRequested();
                Show(batch);
                batch.Clear();
            }
        }
        Show(batch);
        Finish();
        EvaluationResult result = Evaluation.Judge(_decisions, _simulator.Truth, _sessions);
        return new RecordingResult
        {
            Recording = _recording,
            Judgements = [new Judgement("AutoGuard", result, _seconds, null)],
            Events = lines,
            WallSeconds = Stopwatch.GetElapsedTime(start).TotalSeconds,
            Scores = [.. result.RightSubjects.Select(r => (r.Score, true)), .. result.FalseSubjects.Select(f => (f.Score, false))],
            Missed = [.. result.Incidents.Where(i => !i.CaughtAsExpected).Select(i => new MissedIncident(i, null, ""))],
        };
    }

    private void Show(EventBatch batch)
    {
        double before = ThreadClock.Now;
        _parts.Pipeline.Process(batch, _output);
        _seconds += ThreadClock.Now - before;
        Take();
    }

    private void Finish()
    {
        double before = ThreadClock.Now;
        _parts.Pipeline.Complete(_output);
        _seconds += ThreadClock.Now - before;
        Take();
    }

    private void Take()
    {
        foreach (Decision decision in _output.Decisions)
        {
            _decisions.Add(JudgedDecision.Of(decision));
        }
        _output.Clear();
    }
}
