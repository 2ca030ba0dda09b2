using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using AutoGuard.Core.Events;
using BenchmarkDotNet.Attributes;

namespace AutoGuard.Benchmarks.Events;

/// <summary>
/// From bytes to <see cref="PlaybackEvent"/>, against a bare loop over the JSON tokens of the same events: the ratio says
/// what understanding an event costs beyond reading it, on whatever machine it runs. All times are per event.
/// </summary>
[MemoryDiagnoser]
public class ParseBenchmarks
{
    private const int Count = 10_000;
    private const int Viewers = 5_000;

    private byte[][] _events = [];
    private EventParser _parser = null!;
    private EventBatch _batch = null!;

    /// <summary>What the events are like.</summary>
    public enum Traffic
    {
        /// <summary>391 bytes: platform's token id, no escapes.</summary>
        Plain,

        /// <summary>The same with an encoded JWT in place of the token id.</summary>
        Jwt,

        /// <summary>The same with a token scope, which takes the strict reader.</summary>
        Scope,
    }

    /// <summary>Kind of traffic.</summary>
    [Params(Traffic.Plain, Traffic.Jwt, Traffic.Scope)]
    public Traffic Kind { get; set; }

    /// <summary>Makes the events and lets the parser see each once.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _events = [.. Enumerable.Range(0, Count).Select(i => Encoding.UTF8.GetBytes(Event(i % Viewers, i)))];
        KeyedHasher hasher = new(0x0123_4567_89AB_CDEF, 0xFEDC_BA98_7654_3210);
        _parser = new EventParser(hasher, new StringPool(hasher), new ClaimsPool());
        _batch = new EventBatch(1024);
        if (Parser() != Count)
        {
            throw new InvalidOperationException("An event of the benchmark is not valid.");
        }
    }

    /// <summary>Walks the tokens and does nothing with them.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Count)]
    public int BareReader()
    {
        int tokens = 0;
        foreach (byte[] utf8 in _events)
        {
            Utf8JsonReader reader = new(utf8);
            while (reader.Read())
            {
                tokens++;
            }
        }
        return tokens;
    }

    /// <summary>Fills events into batches.</summary>
    [Benchmark(OperationsPerInvoke = Count)]
    public int Parser()
    {
        int accepted = 0;
        _batch.Clear();
        foreach (byte[] utf8 in _events)
        {
            if (_batch.IsFull)
            {
                _batch.Clear();
            }
            accepted += _parser.TryParse(utf8, _batch, 0, 0, accepted) == EventRejection.None ? 1 : 0;
        }
        return accepted;
    }

    private string Event(int viewer, int i)
    {
        string token = $"token-{viewer:d6}";
        string payload = $"{{\"iss\":\"nanocosmos\",\"aud\":\"splay\",\"sub\":\"00000000-0000-0000-0000-{viewer:d12}\",\"jti\":\"{token}\",\"user\":\"user-{viewer:d6}\",\"streams\":[\"XXXXX-YYYY1\"],\"iat\":1763130000,\"nbf\":1763130000,\"exp\":1763216400}}";
        string encoded = $"{Encode("{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"nanocosmos\"}")}.{Encode(payload)}.{Encode(new string('s', 256))}";
        string scope = Kind == Traffic.Scope ? ",\"tokenScope\":{\"streams\":[\"XXXXX-YYYY1\"],\"domains\":[\"example.com\"],\"revocable\":true}" : "";
        return string.Create(CultureInfo.InvariantCulture,
            $"{{\"type\":\"heartbeat\",\"timestamp\":\"2025-11-14T17:{i / 60 % 60:d2}:{i % 60:d2}.250Z\",\"sessionId\":\"{viewer:d8}-1234-4567-89ab-0123456789ab\",\"ip\":\"203.0.113.{viewer % 250}\",\"token\":\"{(Kind == Traffic.Jwt ? encoded : token)}\",\"userId\":\"user-{viewer:d6}\",\"country\":\"DE\",\"asn\":{64500 + (viewer % 100)},\"provider\":\"Example Networks\",\"referrer\":\"https://www.example.com/live\",\"userAgent\":\"Mozilla/5.0 (X11; Linux x86_64) Chrome/{100 + (viewer % 30)}.0.0.0 Safari/537.36\",\"stream\":\"XXXXX-YYYY{viewer % 10}\",\"duration\":{i % 3600}{scope}}}");
    }

    private static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
}
