using System.Buffers;
using AutoGuard.Core.Events;
using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.Profiles;

namespace AutoGuard.Simulation.Tests.Labels;

/// <summary>A simulation as a detector reads it: through the parser, in order of arrival, repeats and all.</summary>
internal sealed class ParsedRecording
{
    private ParsedRecording(SimulationTruth truth, StringPool strings, LabelledSessions sessions)
    {
        Truth = truth;
        Strings = strings;
        Sessions = sessions;
    }

    public SimulationTruth Truth { get; }

    public StringPool Strings { get; }

    public LabelledSessions Sessions { get; }

    public List<EventBatch> Batches { get; } = [];

    public static ParsedRecording Of(SimulationProfile profile, ulong seed)
    {
        TrafficSimulator simulator = new(profile, seed);
        KeyedHasher hasher = new(7, 11);
        StringPool strings = new(hasher);
        EventParser parser = new(hasher, strings, new ClaimsPool());
        ParsedRecording recording = new(simulator.Truth, strings, new LabelledSessions(seed, strings, new IdentityKeys(hasher)));
        ArrayBufferWriter<byte> line = new();
        EventBatch batch = new(1024);
        for (long number = 0; simulator.TryNext(line, out _); number++)
        {
            if (parser.TryParse(line.WrittenSpan, batch, 0, 0, number) == EventRejection.None)
            {
                recording.Sessions.Add(in batch.Last, line.WrittenSpan);
            }
            line.ResetWrittenCount();
            if (batch.IsFull)
            {
                recording.Batches.Add(batch);
                batch = new EventBatch(1024);
            }
        }
        recording.Batches.Add(batch);
        return recording;
    }
}
