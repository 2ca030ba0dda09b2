using System.Text;
using AutoGuard.Core.Events;
using AutoGuard.Testing;

namespace AutoGuard.Core.Tests.Events;

[Collection(AllocationCollection.Name)]
public sealed class EventAllocationTests
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, true)]
    public void A_hundred_thousand_events_allocate_nothing_after_warm_up(bool jwt, bool scope)
    {
        byte[][] events = [.. Enumerable.Range(0, 1_000).Select(i => Encoding.UTF8.GetBytes(Event(i, jwt, scope)))];
        Parsing parsing = new(tokenBits: 14);
        EventBatch batch = new(1_024);
        int accepted = Parse(parsing, batch, events, 5_000);
        Assert.Equal(5_000, accepted);
        long allocated = Allocations.LeastOf(() => accepted = Parse(parsing, batch, events, 100_000));
        Assert.Equal(100_000, accepted);
        Assert.Equal(0, allocated);
    }

    [Fact]
    public void Lines_and_envelopes_allocate_nothing_after_warm_up()
    {
        byte[] line = [.. Encoding.UTF8.GetBytes(Event(1, jwt: true, scope: true)), (byte)'\n'];
        byte[] stream = [.. Enumerable.Repeat(line, 10_000).SelectMany(l => l)];
        byte[] envelope = Encoding.UTF8.GetBytes($$"""{"id":"1","source":"/s","specversion":"1.0","type":"t","data":{{Event(1, true, false)}}}""");
        Parsing parsing = new();
        EventBatch batch = new(1);
        CloudEventReader envelopes = new();
        using JsonLinesReader lines = new(new MemoryStream(stream));
        long before = 0;
        int accepted = 0;
        int allocating = 0;
        while (lines.Read())
        {
            // Judged a thousand lines at a time: code that allocates does so in all of them.
            if (lines.LineNumber % 1_000 == 0)
            {
                allocating += lines.LineNumber > 1_000 && GC.GetAllocatedBytesForCurrentThread() != before ? 1 : 0;
                before = GC.GetAllocatedBytesForCurrentThread();
            }
            batch.Clear();
            accepted += parsing.Parser.TryParse(lines.Line, batch, 0, 0, lines.LineNumber) == EventRejection.None ? 1 : 0;
            batch.Clear();
            envelopes.Reset();
            envelopes.AddHeader("content-type"u8, "application/cloudevents+json"u8);
            envelopes.Read(envelope, out ReadOnlySpan<byte> data, out EventDefaults defaults);
            accepted += parsing.Parser.TryParse(data, defaults, batch, 0, 0, 0) == EventRejection.None ? 1 : 0;
        }
        Assert.InRange(allocating, 0, 1);
        Assert.Equal(20_000, accepted);
    }

    private static int Parse(Parsing parsing, EventBatch batch, byte[][] events, int count)
    {
        int accepted = 0;
        for (int i = 0; i < count; i++)
        {
            if (batch.IsFull)
            {
                batch.Clear();
            }
            accepted += parsing.Parser.TryParse(events[i % events.Length], batch, 0, 0, i) == EventRejection.None ? 1 : 0;
        }
        return accepted;
    }

    private static string Event(int i, bool jwt, bool scope)
    {
        string token = jwt
            ? Jwt.Of($"{{\"jti\":\"jti-{i}\",\"user\":\"user-{i % 300}\",\"streams\":[\"XXXXX-YYYY{i % 9}\"],\"exp\":1763139801}}")
            : i % 10 == 0 ? new string('o', 100) + i : $"token-{i}";
        string tokenScope = scope ? $",\"tokenScope\":{{\"streams\":[\"XXXXX-YYYY{i % 9}\"],\"domains\":[\"example.com\"]}}" : "";
        string user = jwt ? "" : $",\"userId\":\"{(i % 10 == 0 ? new string('u', 80) : "user")}-{i}\"";
        string organization = i % 3 == 0 ? "" : $",\"organization\":\"org-{i % 3}\"";
        return $"{{\"type\":\"heartbeat\",\"timestamp\":\"2025-11-14T17:03:21.{i % 1000:d3}Z\",\"sessionId\":\"{i:d8}-1234-5678-9abc-def012345678\",\"ip\":\"203.0.113.{i % 250}\""
            + $",\"token\":\"{token}\"{user},\"country\":\"DE\",\"asn\":64500,\"referrer\":\"https://www.example.com/watch/{i}\",\"userAgent\":\"Mozilla\\/5.0 (n {i % 20})\""
            + $",\"stream\":\"XXXXX-YYYY{i % 9}\",\"duration\":{i}.5{tokenScope}{organization}}}";
    }
}
