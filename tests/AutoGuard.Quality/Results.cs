using System.Collections.Immutable;
using System.Text.Json;
using AutoGuard.Simulation.Labels;

namespace AutoGuard.Quality;

/// <summary>What a run came to: all recordings, each detector's judgements on all of them together, and the same by scenario.</summary>
internal sealed class Results
{
    private const int MostWrongSubjects = 500;

    public Results(IReadOnlyList<RecordingResult> recordings, IReadOnlyList<string> sets)
    {
        Recordings = recordings;
        Sets = sets;
        Detectors = Pool(recordings);
        Scenarios = [.. recordings.GroupBy(r => (r.Recording.Profile.Name, r.Recording.Profile.Viewers, r.Recording.Profile.HeartbeatSeconds))
            .Select(g => (g.First().Recording, Pool([.. g])[0]))];
        Reliability = Quality.Reliability.Of(recordings.SelectMany(r => r.Scores));
    }

    public IReadOnlyList<RecordingResult> Recordings { get; }

    public IReadOnlyList<string> Sets { get; }

    /// <summary>AutoGuard first, then the baselines.</summary>
    public ImmutableArray<Judgement> Detectors { get; }

    /// <summary>AutoGuard's judgements by profile, audience and heartbeat; the recording is the first of its scenario.</summary>
    public ImmutableArray<(Recording First, Judgement Own)> Scenarios { get; }

    public IReadOnlyList<ReliabilityRow> Reliability { get; }

    public EvaluationResult Own => Detectors[0].Result;

    /// <summary>All of it as JSON.</summary>
    public byte[] ToJson()
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            WriteRecordings(json);
            json.WriteStartArray("settings");
            foreach (string set in Sets)
            {
                json.WriteStringValue(set);
            }
            json.WriteEndArray();
            json.WriteStartArray("detectors");
            foreach (Judgement judgement in Detectors)
            {
                json.WriteStartObject();
                json.WriteString("name", judgement.Detector);
                json.WriteNumber("processorSeconds", Math.Round(judgement.ProcessorSeconds, 3));
                if (judgement.HeldBytes is { } held)
                {
                    json.WriteNumber("heldBytes", held);
                }
                json.WritePropertyName("evaluation");
                EvaluationJson.Write(json, judgement.Result, MostWrongSubjects);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteStartArray("reliability");
            foreach (ReliabilityRow row in Reliability)
            {
                json.WriteStartObject();
                json.WriteNumber("from", row.Tenth / 10.0);
                json.WriteNumber("subjects", row.Subjects);
                json.WriteNumber("guilty", row.Guilty);
                json.WriteNumber("meanScore", Math.Round(row.MeanScore, 6));
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }

    private void WriteRecordings(Utf8JsonWriter json)
    {
        json.WriteStartArray("recordings");
        foreach (RecordingResult result in Recordings)
        {
            json.WriteStartObject();
            json.WriteString("profile", result.Recording.Profile.Name);
            json.WriteNumber("viewers", result.Recording.Profile.Viewers);
            json.WriteNumber("heartbeatSeconds", result.Recording.Profile.HeartbeatSeconds);
            json.WriteNumber("seed", result.Recording.Seed);
            json.WriteNumber("events", result.Events);
            json.WriteNumber("wallSeconds", Math.Round(result.WallSeconds, 3));
            json.WriteStartArray("missed");
            foreach (MissedIncident missed in result.Missed)
            {
                json.WriteStartObject();
                json.WriteString("id", missed.Incident.Id);
                if (missed.BestScore is { } score)
                {
                    json.WriteNumber("bestScore", score);
                    json.WriteString("best", missed.Best);
                }
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static ImmutableArray<Judgement> Pool(IReadOnlyList<RecordingResult> recordings) =>
        recordings.Count == 0
            ? []
            : [.. recordings[0].Judgements.Select((first, i) => new Judgement(
                first.Detector,
                EvaluationResult.Pool(recordings.Select(r => r.Judgements[i].Result)),
                recordings.Sum(r => r.Judgements[i].ProcessorSeconds),
                recordings.Max(r => r.Judgements[i].HeldBytes)))];
}
