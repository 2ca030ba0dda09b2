using System.Buffers;
using AutoGuard.Kafka;
using AutoGuard.Simulation;
using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.Transport;
using AutoGuard.Tests.Samples;

namespace AutoGuard.Tests.Worker;

/// <summary>The lines of a simulation, with its labels.</summary>
internal sealed class Traffic
{
    private Traffic(TrafficSimulator simulator)
    {
        ArrayBufferWriter<byte> line = new();
        List<TrafficLine> lines = [];
        while (simulator.TryNext(line, out SimulatedLine written))
        {
            lines.Add(new TrafficLine(written.Key.ToArray(), line.WrittenSpan.ToArray(), written.ArrivalTime));
            line.ResetWrittenCount();
        }
        Lines = lines;
        Truth = simulator.Truth;
        Counts = simulator.Counts;
    }

    public IReadOnlyList<TrafficLine> Lines { get; }

    public SimulationTruth Truth { get; }

    public TrafficCounts Counts { get; }

    public long Malformed => Counts.Malformed.Values.Sum();

    /// <summary>A sample as it is.</summary>
    public static Traffic Of(string sample) => new(new SampleFolder(sample).Simulator());

    /// <summary>A sample as if it had ended just now: an enforced decision of long ago has lapsed.</summary>
    public static Traffic Now(string sample)
    {
        SampleFolder folder = new(sample);
        DateTimeOffset start = DateTimeOffset.UtcNow - (folder.Truth.To - folder.Truth.From) - TimeSpan.FromMinutes(5);
        return new Traffic(folder.Simulator(new DateTimeOffset(start.Ticks - (start.Ticks % TimeSpan.TicksPerMinute), TimeSpan.Zero)));
    }

    public static Traffic Of(TrafficSimulator simulator) => new(simulator);

    /// <summary>Produces lines in order of arrival.</summary>
    public static void Produce(KafkaSettings kafka, IEnumerable<TrafficLine> lines)
    {
        using KafkaEventProducer producer = new(kafka);
        foreach (TrafficLine line in lines.OrderBy(line => line.Arrival))
        {
            producer.Produce(line.Key, line.Json, CancellationToken.None);
        }
        using CancellationTokenSource deadline = new(TimeSpan.FromSeconds(60));
        producer.Flush(deadline.Token);
        Assert.Equal(0, producer.Failed);
    }
}

/// <summary>A line on its way to the topic.</summary>
internal sealed record TrafficLine(byte[] Key, byte[] Json, long Arrival);
