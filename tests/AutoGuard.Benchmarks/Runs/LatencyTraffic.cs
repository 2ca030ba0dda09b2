using System.Globalization;
using System.Text;
using System.Text.Unicode;
using AutoGuard.Kafka;

namespace AutoGuard.Benchmarks.Runs;

/// <summary>
/// A steady audience in real time, each viewer heard every thirty seconds, and twice a second one more token that is shared by
/// eight people in eight countries at once. Event times are the clock's.
/// </summary>
internal static class LatencyTraffic
{
    public const int EventsPerSecond = 20_000;
    public const int WarmUpSeconds = 45;
    public const int IncidentsPerSecond = 2;
    private const int Rhythm = 30;
    private const int Viewers = EventsPerSecond * Rhythm;
    private const int Sharers = 8;
    private static readonly string[] Countries = ["US", "BR", "JP", "ZA", "IN", "AU", "FR", "PL"];

    /// <summary>The token of an incident.</summary>
    public static string Token(int incident) => string.Create(CultureInfo.InvariantCulture, $"shared-{incident}");

    /// <summary>Seconds after the first event at which an incident begins.</summary>
    public static double Begins(int incident) => WarmUpSeconds + ((double)incident / IncidentsPerSecond);

    /// <summary>Produces for some seconds to a broker; the process that calls this does nothing else.</summary>
    /// <param name="parameters">Address of the broker, seconds.</param>
    public static void Produce(ReadOnlySpan<string> parameters)
    {
        using KafkaEventProducer producer = new(new KafkaSettings(new KafkaOptions(), parameters[0], isEmbedded: true));
        double seconds = double.Parse(parameters[1], CultureInfo.InvariantCulture);
        TimeProvider time = TimeProvider.System;
        long start = time.GetTimestamp();
        Console.WriteLine(time.GetUtcNow().ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture));
        byte[] line = new byte[1024];
        long sent = 0;
        long shared = 0;
        for (double now = 0; now < seconds; now = time.GetElapsedTime(start).TotalSeconds)
        {
            long millisecond = time.GetUtcNow().ToUnixTimeMilliseconds();
            for (long due = (long)(now * EventsPerSecond); sent < due; sent++)
            {
                Send(producer, line, millisecond, (int)(sent % Viewers), sent >= Viewers);
            }
            // Eight starts at the beginning of each incident, then a heartbeat of each sharer every ten seconds, for a minute.
            for (long due = (long)((now - WarmUpSeconds) * IncidentsPerSecond * Sharers); shared < due; shared++)
            {
                for (int beat = 0; beat <= 6; beat++)
                {
                    long one = shared - (beat * 10L * IncidentsPerSecond * Sharers);
                    if (one >= 0)
                    {
                        Share(producer, line, millisecond, (int)(one / Sharers), (int)(one % Sharers), beat > 0);
                    }
                }
            }
            Thread.Sleep(1);
        }
        producer.Flush(CancellationToken.None);
        if (producer.Failed > 0)
        {
            throw new InvalidOperationException($"The broker refused events: {producer.FirstError}");
        }
        Console.WriteLine(sent.ToString(CultureInfo.InvariantCulture));
    }

    private static void Send(KafkaEventProducer producer, byte[] line, long millisecond, int viewer, bool heard)
    {
        uint address = 0x5000_0000 + ((uint)viewer * 64);
        Utf8.TryWrite(
            line, CultureInfo.InvariantCulture,
            $"{{\"type\":\"{(heard ? "heartbeat" : "start")}\",\"timestamp\":{millisecond},\"sessionId\":\"{viewer:d8}-1234-4567-89ab-0123456789ab\",\"ip\":\"{address >> 24}.{(address >> 16) & 255}.{(address >> 8) & 255}.{address & 255}\",\"token\":\"token-{viewer:d6}\",\"userId\":\"user-{viewer:d6}\",\"country\":\"DE\",\"asn\":3320,\"provider\":\"Deutsche Telekom AG\",\"referrer\":\"https://www.example.com/live\",\"userAgent\":\"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{100 + (viewer % 30)}.0.0.0 Safari/537.36\",\"stream\":\"channel-{viewer % 10}\"}}",
            out int length);
        producer.Produce(line.AsSpan(15, 0), line.AsSpan(0, length), CancellationToken.None);
    }

    private static void Share(KafkaEventProducer producer, byte[] line, long millisecond, int incident, int sharer, bool heard)
    {
        string token = Token(incident);
        Utf8.TryWrite(
            line, CultureInfo.InvariantCulture,
            $"{{\"type\":\"{(heard ? "heartbeat" : "start")}\",\"timestamp\":{millisecond},\"sessionId\":\"{token}-{sharer}\",\"ip\":\"{101 + sharer}.{incident / 250}.{incident % 250}.7\",\"token\":\"{token}\",\"userId\":\"u-{token}\",\"country\":\"{Countries[sharer]}\",\"asn\":{4_000 + sharer},\"provider\":\"Operator {sharer}\",\"referrer\":\"https://www.example.com/live\",\"userAgent\":\"Mozilla/5.0 (X11; Linux x86_64) Chrome/120.0.0.0 Safari/537.36\",\"stream\":\"channel-1\"}}",
            out int length);
        producer.Produce(Encoding.ASCII.GetBytes(token), line.AsSpan(0, length), CancellationToken.None);
    }
}
