using System.Buffers;
using System.Diagnostics;
using AutoGuard.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Core.Pipeline;
using AutoGuard.Core.Policy;
using AutoGuard.Runtime;
using AutoGuard.Simulation;
using AutoGuard.Simulation.Baselines;
using AutoGuard.Simulation.Labels;

namespace AutoGuard.Quality;

/// <summary>Generates one recording and shows it, line by line and without keeping it, to every detector.</summary>
internal sealed class RecordingRun
{
    private const int BatchSize = 2048;

    private readonly Recording _recording;
    private readonly TrafficSimulator _simulator;
    private readonly LabelledSessions _sessions;
    private readonly DetectionOutput _output = new();
    private readonly List<JudgedDecision> _decisions = [];
    private readonly BaselineRun? _baselines;
    private readonly ScoreProbe? _probe;
    private readonly Dictionary<Subject, double> _scores = [];
    private readonly TimeSpan _wait;
    private DetectionParts _parts;
    private double _seconds;

    /// <param name="recording">What is run.</param>
    /// <param name="options">How.</param>
    /// <param name="probing">Whether scores are asked for on the way; asking may change what is decided later.</param>
    public RecordingRun(Recording recording, HarnessOptions options, bool probing = false)
    {
        _recording = recording;
        _simulator = new TrafficSimulator(recording.Profile, recording.Seed);
        EffectiveSettings settings = HarnessSettings.For(_simulator.Truth, options.Sets);
        // Events may come late by as much, and a key is looked at once in each interval.
        _wait = settings.Values.Detection.AllowedLateness + (settings.Values.Detection.TickInterval / 2);
        _parts = new DetectionParts(settings);
        _sessions = new LabelledSessions(recording.Seed, _parts.Strings, _parts.Identities);
        _baselines = options.Baselines && !probing ? new BaselineRun(_parts.Strings, settings.Values, recording.Seed) : null;
        _parts.Pipeline.Watch.LeastScore = Reliability.LeastScore;
        _parts.Pipeline.Watch.Scored = (subject, score) => _scores[subject] = Math.Max(score, _scores.GetValueOrDefault(subject));
        _probe = probing ? new ScoreProbe(_simulator.Truth, _parts.Pipeline, _parts.TokenKey) : null;
    }

    /// <summary>Runs all detectors over the recording and judges them; not to be called twice.</summary>
    public RecordingResult Run(bool measureMemory)
    {
        long start = Stopwatch.GetTimestamp();
        long lines = Read();
        Func<Subject, bool> isGuilty = Evaluation.Guilt(_simulator.Truth);
        EvaluationResult own = Evaluation.Judge(_decisions, _simulator.Truth, _sessions);
        List<Judgement> judgements = [new("AutoGuard", own, _seconds, measureMemory ? Memory.FreedBy(() => _parts = null!) : null)];
        if (_baselines is not null)
        {
            judgements.AddRange(_baselines.Judge(_decisions, _simulator.Truth, _sessions, measureMemory));
        }
        judgements.Add(WhoKnows(Oracle.Name, TimeSpan.Zero));
        judgements.Add(WhoKnows(Oracle.NameOfWaiting, _wait));
        return new RecordingResult
        {
            Recording = _recording,
            Judgements = judgements,
            Events = lines,
            WallSeconds = Stopwatch.GetElapsedTime(start).TotalSeconds,
            Scores = [.. _scores.Select(pair => (pair.Value, isGuilty(pair.Key)))],
            Missed = [.. own.Incidents.Where(i => !i.CaughtAsExpected).Select(i => new MissedIncident(i, null, ""))],
        };
    }

    private Judgement WhoKnows(string name, TimeSpan wait) =>
        new(name, Evaluation.Judge(Oracle.Decisions(_simulator.Truth, _sessions, wait), _simulator.Truth, _sessions), 0, null);

    /// <summary>The best scores that subjects of some incidents reached, by incident.</summary>
    public IReadOnlyDictionary<string, (double Score, string Text)> Probe()
    {
        Read();
        return _probe!.Best;
    }

    private long Read()
    {
        ArrayBufferWriter<byte> line = new(4096);
        EventBatch batch = new(BatchSize);
        int topic = _parts.Strings.Intern("simulation");
        long lines = 0;
        while (_simulator.TryNext(line, out _))
        {
            if (_parts.Read(line.WrittenSpan, default, batch, topic, 0, lines++) == EventRejection.None && _probe is null)
            {
                _sessions.Add(in batch.Last, line.WrittenSpan);
            }
            line.ResetWrittenCount();
            if (batch.IsFull)
            {
                Show(batch);
                batch.Clear();
            }
        }
        Show(batch);
        double before = ThreadClock.Now;
        _parts.Pipeline.Complete(_output);
        _seconds += ThreadClock.Now - before;
        Take();
        _baselines?.Complete();
        return lines;
    }

    private void Show(EventBatch batch)
    {
        double before = ThreadClock.Now;
        _parts.Pipeline.Process(batch, _output);
        _seconds += ThreadClock.Now - before;
        Take();
        _baselines?.Process(batch);
        _probe?.Look();
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
