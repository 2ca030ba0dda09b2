using System.Globalization;
using System.Text;
using AutoGuard.Core.Events;
using AutoGuard.Kafka;
using AutoGuard.Testing;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace AutoGuard.Tests.Kafka;

public sealed class DeadLetterTests
{
    private const short ProduceRequest = 0;
    private const int TopicAuthorizationFailed = 29;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Records_that_are_no_events_go_to_the_dead_letter_topic_with_their_coordinates(bool readsOneByOne)
    {
        await using var bench = new KafkaBench(partitions: 2);
        bench.ProduceTexts([(0, "1"), (1, "no number"), (1, null), (0, "throw"), (1, "2")]);
        KafkaEventSource source = bench.Source(readsOneByOne: readsOneByOne);

        BatchReader reader = await BatchReader.Run(source, commits: true, r => r.Positions.GetValueOrDefault(1) == 3 && r.Positions.GetValueOrDefault(0) == 2, "both partitions read");

        Assert.Equal([1L, 2L], reader.Events.Select(seen => seen.Number).Order());
        List<ConsumeResult<byte[]?, byte[]?>> letters = bench.ReadAll(bench.Options.DeadLetterTopic, 3);
        Assert.Equal(
            [
                "0/1 parserFault playback.events key test throw",
                "1/0 invalidJson playback.events key test no number",
                "1/1 empty playback.events key test (null)",
            ],
            letters.Select(Describe).Order(StringComparer.Ordinal));
        Assert.Equal(1, source.Counters.Rejected(EventRejection.InvalidJson));
        Assert.Equal(1, source.Counters.Rejected(EventRejection.Empty));
        Assert.Equal(1, source.Counters.ParserFaults);
        Assert.Equal(3, source.Counters.DeadLettered);
        Assert.Equal(new Dictionary<int, long> { [0] = 2, [1] = 3 }, bench.Committed());

        static string Describe(ConsumeResult<byte[]?, byte[]?> letter)
        {
            string Header(string name) => Encoding.UTF8.GetString(letter.Message.Headers.GetLastBytes(name));
            return $"{Header("autoguard.partition")}/{Header("autoguard.offset")} {Header("autoguard.reason")} {Header("autoguard.topic")} "
                + $"{Encoding.UTF8.GetString(letter.Message.Key!)} {Header("origin")} "
                + (letter.Message.Value is byte[] value ? Encoding.UTF8.GetString(value) : "(null)");
        }
    }

    [Fact]
    public async Task Nothing_beyond_a_bad_record_is_committed_before_its_copy_is_acknowledged()
    {
        await using var bench = new KafkaBench(partitions: 1);
        bench.ProduceTexts([(0, "1"), (0, "2"), (0, "bad"), (0, "3"), (0, "4")]);
        const int Refusals = 3;
        bench.Broker.FailRequests(ProduceRequest, [.. Enumerable.Repeat(TopicAuthorizationFailed, Refusals)]);
        KafkaEventSource source = bench.Source();
        source.Start();
        var reader = new BatchReader(source, commits: true);

        await Eventually.True(() => source.Counters.DeadLetterFailures >= 1 && reader.Events.Count == 4, "a refused copy of the bad record");
        await Eventually.True(() => source.Counters.Commits > 0, "a commit");
        Assert.Equal(0, source.Counters.DeadLettered);
        Assert.Equal(2, bench.Committed()[0]);

        await Eventually.True(() => source.Counters.DeadLettered == 1, "the copy to be acknowledged in the end");
        await Eventually.True(() => bench.Committed()[0] == 5, "the commit of everything once the copy succeeded");
        await reader.Stop();
        Assert.Contains(bench.Log.Lines(LogLevel.Error), line => line.StartsWith("A record cannot be copied to the dead-letter topic", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_flood_of_bad_records_is_logged_once_and_counted_whole()
    {
        await using var bench = new KafkaBench(partitions: 1);
        bench.ProduceTexts(Enumerable.Range(0, 2_000).Select(number => (0, (string?)string.Create(CultureInfo.InvariantCulture, $"bad {number}"))));
        KafkaEventSource source = bench.Source();

        await BatchReader.Run(source, commits: true, r => r.Positions.GetValueOrDefault(0) == 2_000, "all 2,000 bad records read");

        Assert.Equal(2_000, source.Counters.Rejected(EventRejection.InvalidJson));
        Assert.Equal(2_000, source.Counters.DeadLettered);
        Assert.Equal(2_000, bench.Committed()[0]);
        string line = Assert.Single(bench.Log.Lines(LogLevel.Warning));
        Assert.Equal("A record of topic playback.events, partition 0, offset 0 is not a playback event (invalidJson) and goes to the dead-letter topic; 0 more of its kind since the last such line.", line);
    }
}
