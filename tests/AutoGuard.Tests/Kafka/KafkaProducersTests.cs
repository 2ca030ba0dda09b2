using System.Globalization;
using System.Text;
using AutoGuard.Kafka;
using AutoGuard.Testing;
using Confluent.Kafka;

namespace AutoGuard.Tests.Kafka;

public sealed class KafkaProducersTests
{
    [Fact]
    public async Task Decisions_arrive_in_order_under_the_key_of_their_subject()
    {
        await using var bench = new KafkaBench();
        using var publisher = new KafkaDecisionPublisher(bench.Settings, new LogList<KafkaDecisionPublisher>(), TimeProvider.System);
        DecisionRecord[] decisions = [.. Enumerable.Range(0, 100).Select(number =>
            new DecisionRecord($"subject {number % 3}", Encoding.UTF8.GetBytes($"xx{{\"id\":{number.ToString(CultureInfo.InvariantCulture)}}}").AsMemory(2)))];

        await Eventually.Ended(publisher.PublishAsync(decisions, CancellationToken.None), "the delivery of all decisions");

        List<ConsumeResult<byte[]?, byte[]?>> records = bench.ReadAll(bench.Options.DecisionsTopic, 100);
        Assert.Equal(
            decisions.Select(decision => (decision.Subject, Encoding.UTF8.GetString(decision.Json.Span))),
            records.Select(record => (Encoding.UTF8.GetString(record.Message.Key!), Encoding.UTF8.GetString(record.Message.Value!))));
        Assert.Equal(100, publisher.Published);
    }

    [Fact]
    public async Task A_decision_waits_for_the_broker_to_come_back()
    {
        await using var bench = new KafkaBench();
        using var publisher = new KafkaDecisionPublisher(bench.Settings, new LogList<KafkaDecisionPublisher>(), TimeProvider.System);
        await Eventually.Ended(publisher.PublishAsync("a", "1"u8.ToArray(), CancellationToken.None), "the delivery before the outage");
        await bench.Broker.TakeDownAsync();
        Task publishing = publisher.PublishAsync("b", "2"u8.ToArray(), CancellationToken.None);
        Assert.False(publishing.IsCompleted);

        await bench.Broker.BringUpAsync();
        await Eventually.Ended(publishing, "the delivery after the outage");

        Assert.Equal(["1", "2"], bench.ReadAll(bench.Options.DecisionsTopic, 2).Select(record => Encoding.UTF8.GetString(record.Message.Value!)));
    }

    [Fact]
    public async Task A_decision_that_no_broker_takes_is_an_error()
    {
        await using var bench = new KafkaBench(configure: options => options.Producer["message.timeout.ms"] = "500");
        var log = new LogList<KafkaDecisionPublisher>();
        using var publisher = new KafkaDecisionPublisher(bench.Settings, log, TimeProvider.System);
        await bench.Broker.TakeDownAsync();

        await Assert.ThrowsAnyAsync<KafkaException>(() => Eventually.Ended(publisher.PublishAsync("a", "1"u8.ToArray(), CancellationToken.None), "the delivery to fail"));

        Assert.Equal(1, publisher.Failed);
        Assert.Equal(0, publisher.Published);
    }

    [Fact]
    public async Task Simulated_events_reach_the_worker_whole_and_in_the_order_of_their_token()
    {
        await using var bench = new KafkaBench();
        using (var producer = new KafkaEventProducer(bench.Settings))
        {
            for (int number = 0; number < 30_000; number++)
            {
                producer.Produce(Encoding.UTF8.GetBytes($"token {number % 50}"), Encoding.UTF8.GetBytes(number.ToString(CultureInfo.InvariantCulture)), CancellationToken.None);
            }
            producer.Flush(CancellationToken.None);
            Assert.Equal(30_000, producer.Delivered);
            Assert.Equal(0, producer.Failed);
        }

        BatchReader reader = await BatchReader.Run(bench.Source(), commits: true, r => r.Events.Count >= 30_000, "30,000 simulated events");

        Assert.Equal(30_000, reader.Events.Select(seen => seen.Number).Distinct().Count());
        foreach (IGrouping<long, Seen> token in reader.Events.GroupBy(seen => seen.Number % 50))
        {
            Assert.Single(token.Select(seen => seen.Partition).Distinct());
            Assert.Equal(token.Select(seen => seen.Number).Order(), token.Select(seen => seen.Number));
        }
    }
}
