using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;
using AutoGuard.Guardian.Api;
using AutoGuard.Kafka;
using AutoGuard.Simulation.Labels;
using AutoGuard.Testing;
using AutoGuard.Tests.Kafka;
using AutoGuard.Worker;
using Confluent.Kafka;
using Microsoft.Extensions.DependencyInjection;

namespace AutoGuard.Tests.Worker;

/// <summary>What a worker does from the events topic to the guardian: librdkafka's broker, PostgreSQL, HTTP.</summary>
[Collection(ServiceTests.Name)]
public sealed class WorkerTests(RunningWorker running) : IClassFixture<RunningWorker>
{
    private WorkerBench Bench => running.Bench;

    private WorkerHost Host => running.Host;

    [Fact]
    public async Task Every_attack_is_in_the_decision_log_and_nobody_else()
    {
        IReadOnlyList<Decision> decisions = await Bench.DecisionsAsync();

        Assert.Equal(
            [("ip", running.FloodAddress, DecisionAction.Flag), ("ip", running.FloodAddress, DecisionAction.Block),
             ("token", running.SharedToken, DecisionAction.Flag), ("token", running.SharedToken, DecisionAction.Revoke)],
            decisions.Select(d => (d.Subject.TypeName, d.Subject.Value, d.Action)).Order());
        Assert.All(decisions, decision => Assert.Equal(EnforcementMode.Enforce, decision.Mode));
    }

    [Fact]
    public async Task Every_decision_is_on_the_decisions_topic_once_under_its_subject()
    {
        List<ConsumeResult<byte[]?, byte[]?>> records = Bench.Read(Bench.Options.DecisionsTopic);
        IReadOnlyList<Decision> stored = await Bench.DecisionsAsync();

        Assert.Equal(
            stored.Select(d => (d.Subject.Value, Encoding.UTF8.GetString(DecisionJson.ToUtf8(d)))).Order(),
            records.Select(r => (Encoding.UTF8.GetString(r.Message.Key!), Encoding.UTF8.GetString(r.Message.Value!))).Order());
    }

    [Fact]
    public async Task Blocked_addresses_and_revoked_tokens_are_refused_and_others_let_through()
    {
        using HttpClient client = Bench.Client(Host);

        Assert.False(await AllowedAsync(client, $"ip={running.FloodAddress}"));
        Assert.False(await AllowedAsync(client, $"token={running.SharedToken}"));
        Assert.True(await AllowedAsync(client, "ip=88.64.7.21&token=cloud-token"));
        foreach (Subject honest in running.Flood.Truth.Honest.Concat(running.Messy.Truth.Honest).SelectMany(h => h.Subjects))
        {
            Assert.True(await AllowedAsync(client, $"{(honest.TypeName == "ip" ? "ip" : "token")}={honest.Value}"), honest.Value);
        }
    }

    [Fact]
    public void Positions_are_committed_up_to_the_end_once_all_is_settled()
    {
        Dictionary<int, long> committed = Bench.Committed();

        Assert.Equal(running.Produced, committed.Values.Sum());
    }

    [Fact]
    public async Task The_dashboard_shows_the_flagged_to_who_has_the_key_and_asks_everybody_else_for_it()
    {
        using HttpClient stranger = Bench.Client(Host, withKey: false);
        using HttpResponseMessage refused = await stranger.GetAsync("/");
        using HttpRequestMessage request = new(HttpMethod.Get, "/") { Headers = { Authorization = Bench.Password } };
        using HttpResponseMessage shown = await stranger.SendAsync(request);
        string page = await shown.Content.ReadAsStringAsync();

        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal("Basic", refused.Headers.WwwAuthenticate.Single().Scheme);
        Assert.Equal(HttpStatusCode.OK, shown.StatusCode);
        Assert.Contains(running.SharedToken, page, StringComparison.Ordinal);
        Assert.Contains(running.FloodAddress, page, StringComparison.Ordinal);
        Assert.DoesNotContain(running.SharedToken, await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Basic !!!")]
    [InlineData("Basic b3BlcmF0b3I=")]
    [InlineData("Basic b3BlcmF0b3I6d3Jvbmc=")]
    [InlineData("Bearer b3BlcmF0b3I6d3Jvbmc=")]
    public async Task A_wrong_key_is_no_key(string authorization)
    {
        using HttpClient stranger = Bench.Client(Host, withKey: false);
        foreach (string path in (string[])["/", $"/explain/ip/{running.FloodAddress}", $"/explain/token/{running.SharedToken}"])
        {
            using HttpRequestMessage request = new(HttpMethod.Get, path);
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
            using HttpResponseMessage answer = await stranger.SendAsync(request);

            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        }
    }

    [Theory]
    [InlineData(ApiRole.Bouncer, null, HttpStatusCode.Unauthorized)]
    [InlineData(ApiRole.Read, "red", HttpStatusCode.Unauthorized)]
    [InlineData(ApiRole.Read, null, HttpStatusCode.OK)]
    public async Task An_enforcement_points_key_or_a_tenants_opens_neither_dashboard_nor_explanations(ApiRole role, string? organization, HttpStatusCode expected)
    {
        string key = (await Host.Services.GetRequiredService<ApiKeys>().CreateAsync(new ApiKey($"page-{role}-{organization}", role, organization), default))!;
        using HttpClient client = Bench.Client(Host, withKey: false);
        client.DefaultRequestHeaders.Add("X-BINTU-APIKEY", key);
        foreach (string path in (string[])["/", $"/explain/ip/{running.FloodAddress}", $"/explain/token/{running.SharedToken}"])
        {
            using HttpResponseMessage answer = await client.GetAsync(path);

            Assert.Equal(expected, answer.StatusCode);
        }
    }

    [Fact]
    public async Task It_says_that_it_lives_and_is_ready_without_a_key()
    {
        using HttpClient stranger = Bench.Client(Host, withKey: false);

        Assert.Equal("live\n", await stranger.GetStringAsync("/health/live"));
        Assert.Equal("ready\n", await stranger.GetStringAsync("/health/ready"));
    }

    [Fact]
    public async Task The_metrics_count_what_was_produced_and_name_nobody()
    {
        using HttpClient stranger = Bench.Client(Host, withKey: false);
        string text = await stranger.GetStringAsync("/metrics");
        Dictionary<string, double> metrics = text.Split('\n').Where(line => line.Length > 0 && line[0] != '#').Select(line => line.Split(' '))
            .ToDictionary(pair => pair[0], pair => double.Parse(pair[1], CultureInfo.InvariantCulture));

        Assert.Equal(running.Produced, metrics["messaging_client_consumed_messages_total"]);
        Assert.Equal(
            running.Produced,
            metrics["autoguard_event_processed_total"] + metrics.Where(m => m.Key.StartsWith("autoguard_event_dropped_total", StringComparison.Ordinal)).Sum(m => m.Value));
        Assert.Equal(4, metrics["autoguard_decision_stored_total"]);
        Assert.Equal(2, metrics["autoguard_decision_enforced_total"]);
        Assert.Equal(0, metrics["autoguard_kafka_lag"]);
        Assert.Equal(0, metrics["autoguard_kafka_paused"]);
        Assert.InRange(metrics["autoguard_start_seconds"], 0.001, 3_600);
        Assert.Equal(metrics["autoguard_decision_stored_total"], metrics["autoguard_decision_published_total"]);
        Assert.Equal(0, metrics["autoguard_state_eviction_total"]);
        Assert.Equal(0, metrics["autoguard_text_lost_total"]);
        foreach ((EventRejection reason, long count) in Malformed())
        {
            Assert.Equal(count, metrics[$"autoguard_event_dropped_total{{reason=\"{SourceCounters.NameOf(reason)}\"}}"]);
        }
        Assert.DoesNotContain(running.SharedToken, text, StringComparison.Ordinal);
        Assert.DoesNotContain(running.FloodAddress, text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_explains_what_it_knows_of_a_token_and_an_address()
    {
        using HttpClient client = Bench.Client(Host);
        using JsonDocument token = JsonDocument.Parse(await client.GetStringAsync($"/explain/token/{running.SharedToken}"));
        using JsonDocument address = JsonDocument.Parse(await client.GetStringAsync($"/explain/ip/{running.FloodAddress}"));
        using HttpResponseMessage unknown = await client.GetAsync("/explain/token/nobody/has/this");
        using HttpResponseMessage nonsense = await client.GetAsync("/explain/ip/999.1.1.1");

        // A count over the window: how many are open at this moment depends on when one asks.
        Assert.Contains(token.RootElement.GetProperty("indicators").EnumerateArray(), i => i.GetProperty("indicator").GetString() == "DistinctNetworks" && i.GetProperty("grade").GetDouble() > 0.5);
        Assert.Contains(address.RootElement.GetProperty("indicators").EnumerateArray(), i => i.GetProperty("indicator").GetString() == "AddressConnections");
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, nonsense.StatusCode);
    }

    [Fact]
    public async Task A_token_id_of_two_organizations_is_asked_back()
    {
        using HttpClient client = Bench.Client(Host);
        using HttpResponseMessage unclear = await client.GetAsync("/explain/token/tenants-token");
        using JsonDocument red = JsonDocument.Parse(await client.GetStringAsync("/explain/token/tenants-token?organization=red"));
        using HttpResponseMessage green = await client.GetAsync("/explain/token/tenants-token?organization=green");
        using HttpResponseMessage nameless = await client.GetAsync("/explain/token/tenants-token?organization=");

        Assert.Equal(HttpStatusCode.Conflict, unclear.StatusCode);
        Assert.Contains("\"blue\", \"red\"", await unclear.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal("red", red.RootElement.GetProperty("organization").GetString());
        Assert.NotEmpty(red.RootElement.GetProperty("counterEvidence").EnumerateArray());
        Assert.Equal(HttpStatusCode.NotFound, green.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, nameless.StatusCode);
    }

    [Fact]
    public async Task CloudEvents_of_both_modes_are_events_like_others()
    {
        using HttpClient client = Bench.Client(Host);
        using JsonDocument token = JsonDocument.Parse(await client.GetStringAsync("/explain/token/cloud-token"));

        Assert.Equal(2, token.RootElement.GetProperty("sessions").GetInt32());
    }

    [Fact]
    public async Task Malformed_records_are_on_the_dead_letter_topic_with_their_coordinates()
    {
        long malformed = running.Flood.Malformed + running.Messy.Malformed;
        await Eventually.True(() => Host.Figures.Source.DeadLettered >= malformed, $"{malformed} dead letters");
        List<ConsumeResult<byte[]?, byte[]?>> letters = Bench.Read(Bench.Options.DeadLetterTopic);
        var originals = Enumerable.Range(0, Bench.Options.EmbeddedPartitions).SelectMany(partition => Bench.Read(Bench.Options.EventsTopic, partition))
            .ToDictionary(record => (record.Partition.Value, record.Offset.Value));

        Assert.Equal(
            Malformed().Select(pair => (SourceCounters.NameOf(pair.Reason), pair.Count)).Order(),
            letters.GroupBy(letter => Header(letter, "autoguard.reason")).Select(group => (group.Key, (long)group.Count())).Order());
        foreach (ConsumeResult<byte[]?, byte[]?> letter in letters)
        {
            Assert.Equal(Bench.Options.EventsTopic, Header(letter, "autoguard.topic"));
            ConsumeResult<byte[]?, byte[]?> original = originals[(Number(letter, "autoguard.partition"), Number(letter, "autoguard.offset"))];
            Assert.Equal(original.Message.Value, letter.Message.Value);
        }
    }

    [Fact]
    public async Task No_encoded_token_is_kept_or_published()
    {
        await using Npgsql.NpgsqlCommand command = Bench.Database.CreateCommand(
            "select coalesce(string_agg(t, ''), '') from (select d::text from decisions d union all select f::text from flagged_subjects f) as x (t)");
        string stored = (string)(await command.ExecuteScalarAsync())!;
        string published = string.Concat(Bench.Read(Bench.Options.DecisionsTopic).Select(r => Encoding.UTF8.GetString(r.Message.Value!)));

        Assert.Contains(running.SharedToken, stored, StringComparison.Ordinal);
        Assert.DoesNotContain("eyJ", stored + published + string.Concat(Bench.Log.Lines), StringComparison.Ordinal);
    }

    private IEnumerable<(EventRejection Reason, long Count)> Malformed() =>
        running.Flood.Counts.Malformed.Concat(running.Messy.Counts.Malformed).GroupBy(pair => pair.Key, pair => pair.Value).Select(group => (group.Key, group.Sum()));

    private static async Task<bool> AllowedAsync(HttpClient client, string query)
    {
        using HttpResponseMessage response = await client.GetAsync("/check?" + query);
        using JsonDocument answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return answer.RootElement.GetProperty("data").GetProperty("allowed").GetBoolean();
    }

    private static string Header(ConsumeResult<byte[]?, byte[]?> record, string name) => Encoding.UTF8.GetString(record.Message.Headers.GetLastBytes(name));

    private static int Number(ConsumeResult<byte[]?, byte[]?> record, string name) => int.Parse(Header(record, name), CultureInfo.InvariantCulture);
}
