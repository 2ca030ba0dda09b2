using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.Versioning;
using System.Text;
using System.Text.Json;
using AutoGuard.Core.Policy;
using AutoGuard.Testing;
using AutoGuard.Tests.Kafka;
using AutoGuard.Tests.Verbs;
using AutoGuard.Worker;
using Confluent.Kafka;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace AutoGuard.Tests.Worker;

/// <summary>From events on the topic to calls at the vendor's interfaces, with everything between them real.</summary>
[UnsupportedOSPlatform("windows")]
[Collection(ServiceTests.Name)]
public sealed class RemoteEnginesTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private readonly ConcurrentQueue<(string Path, string Body)> _calls = new();

    [Fact]
    public async Task Shared_tokens_are_revoked_by_their_encoded_form_or_their_addresses_blocked_and_the_form_shows_nowhere()
    {
        await using WebApplication engines = await StartEnginesAsync();
        string address = engines.Urls.First();
        using WorkFolder folder = new();
        string secrets = folder.Write("secrets.json", """{ "NanoStream:Key": "bintu-one-s3cret", "TokenService:Key": "bintu-two-s3cret" }""");
        File.SetUnixFileMode(secrets, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await using WorkerBench bench = await WorkerBench.OpenAsync(
            postgres, "Policy:Mode=Enforce", $"Guardian:SecretsFile={secrets}", "Detection:TokenWorkflow=UserBound",
            "Guardian:NanoStream:Enabled=true", $"Guardian:NanoStream:Address={address}/guardian/",
            "Guardian:TokenService:Enabled=true", $"Guardian:TokenService:Address={address}/token/", "Guardian:TokenService:Delay=00:00:00");
        WorkerHost host = await bench.StartAsync();

        // One that can be revoked, one that says that it cannot, and one that the service finds it cannot.
        Shared revocable = new("jti-revocable", "81.2.7", null);
        Shared fixedForm = new("jti-fixed", "82.5.7", false);
        Shared refused = new("jti-refused", "83.7.7", null);
        Shared[] tokens = [revocable, fixedForm, refused];
        DateTimeOffset start = DateTimeOffset.UtcNow.AddMinutes(-6);
        int produced = Produce(bench, tokens, start, TimeSpan.FromSeconds(10), 30);
        await bench.UntilSettledAsync(host, produced);
        await UntilAsync(async () => (await bench.DecisionsAsync()).Count(static d => d.Action == DecisionAction.Revoke) == 3, "three revocations to be decided");

        // Everything so far was read before anything was decided, as after an outage: the next heartbeat brings the encoded forms.
        Produce(bench, tokens, start.AddSeconds(300), TimeSpan.FromSeconds(10), 2);
        await Eventually.True(() => _calls.Count(static c => c.Path == "/token/splay/revoke") >= 2, "two revocations to be sent");
        await Eventually.True(() => Blocked().Count() >= 6, "the addresses of two tokens to be blocked");

        Assert.Equal(
            new[] { revocable.Encoded, refused.Encoded }.Order(),
            _calls.Where(static c => c.Path == "/token/splay/revoke").Select(static c => JsonElement.Parse(c.Body).GetProperty("token").GetString()).Distinct().Order());
        Assert.All(Blocked(), blocked => Assert.Contains(blocked[..6], (IEnumerable<string>)["82.5.7", "83.7.7"]));
        IReadOnlyList<Decision> decisions = await bench.DecisionsAsync();
        foreach (Shared token in (Shared[])[fixedForm, refused])
        {
            Decision flag = decisions.Single(d => d.Subject.Value == token.Identity && d.Action == DecisionAction.Flag && d.Reasons.Any(static r => r.Indicator == "NotRevoked"));
            Assert.Contains("could not be revoked", flag.Reasons[^1].Text, StringComparison.Ordinal);
        }
        await UntilAsync(async () => await bench.CountAsync("encoded_tokens") == 0, "used tokens to be forgotten");
        await AssertShownNowhereAsync(bench, [.. tokens.Select(static t => t.Encoded), "bintu-one-s3cret", "bintu-two-s3cret"]);
    }

    [Fact]
    public async Task A_missing_credential_stops_the_start_with_its_name()
    {
        await using WorkerBench bench = await WorkerBench.OpenAsync(postgres, "Guardian:NanoStream:Enabled=true");
        AutoGuard.CommandLine.VerbException error = await Assert.ThrowsAsync<AutoGuard.CommandLine.VerbException>(bench.StartAsync);
        Assert.Contains("AUTOGUARD__Guardian__NanoStream__Key", error.Message, StringComparison.Ordinal);
    }

    private IEnumerable<string> Blocked() => _calls.Where(static c => c.Path == "/guardian/ip").Select(static c => JsonElement.Parse(c.Body).GetProperty("ip").GetString()!);

    private async Task<WebApplication> StartEnginesAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        WebApplication app = builder.Build();
        app.Run(async context =>
        {
            using StreamReader reader = new(context.Request.Body);
            string body = await reader.ReadToEndAsync();
            _calls.Enqueue((context.Request.Path.Value!, body));
            bool revokes = context.Request.Path == "/token/splay/revoke";
            if (context.Request.Headers["X-BINTU-TOKEN"] != (revokes ? "bintu-two-s3cret" : "bintu-one-s3cret"))
            {
                context.Response.StatusCode = 403;
            }
            else if (revokes && body.Contains(new Shared("jti-refused", "", null).Encoded, StringComparison.Ordinal))
            {
                context.Response.StatusCode = 400;
                await context.Response.WriteAsync("""{"success":false,"errorCode":2011,"message":"token is not revokable"}""");
            }
            else
            {
                context.Response.StatusCode = revokes ? 204 : 200;
            }
        });
        await app.StartAsync();
        return app;
    }

    /// <summary>Six sessions of each token at once, from as many networks and countries.</summary>
    private static int Produce(WorkerBench bench, Shared[] tokens, DateTimeOffset from, TimeSpan interval, int rounds)
    {
        string[] countries = ["DE", "FR", "BR", "US", "IN", "JP"];
        using IProducer<byte[]?, byte[]> producer = new ProducerBuilder<byte[]?, byte[]>(new ProducerConfig { BootstrapServers = bench.Broker.BootstrapServers }).Build();
        int count = 0;
        for (int round = 0; round < rounds; round++)
        {
            string time = (from + (round * interval)).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
            foreach (Shared token in tokens)
            {
                for (int i = 0; i < countries.Length; i++)
                {
                    string scope = token.Revocable is bool revocable ? $$""","tokenScope":{"revocable":{{(revocable ? "true" : "false")}}}""" : "";
                    // Networks of their own that begin alike, to tell whose they are.
                    string ip = string.Create(CultureInfo.InvariantCulture, $"{token.Network}{i}.9");
                    // A name given twice is legal, and so is half a surrogate pair: the last one counts, the other must not stop anything.
                    string json = $$"""{"token":"\ud800","type":"{{(round == 0 ? "start" : "heartbeat")}}","timestamp":"{{time}}","sessionId":"{{token.Identity}}-{{i}}","ip":"{{ip}}","token":"{{token.Encoded}}","userId":"u-{{token.Identity}}","country":"{{countries[i]}}","asn":{{3320 + i}},"stream":"s"{{scope}}}""";
                    producer.Produce(bench.Options.EventsTopic, new Message<byte[]?, byte[]> { Key = Encoding.UTF8.GetBytes(token.Identity), Value = Encoding.UTF8.GetBytes(json) });
                    count++;
                }
            }
        }
        Assert.Equal(0, producer.Flush(TimeSpan.FromSeconds(30)));
        return count;
    }

    private static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        bool met = false;
        await Eventually.True(() => met = met || condition().GetAwaiter().GetResult(), what);
    }

    private static async Task AssertShownNowhereAsync(WorkerBench bench, string[] secrets)
    {
        List<string> shown = [.. bench.Log.Lines];
        await using Npgsql.NpgsqlCommand tables = bench.Database.CreateCommand("select table_name from information_schema.tables where table_schema = 'public'");
        List<string> names = [];
        await using (Npgsql.NpgsqlDataReader reader = await tables.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
            {
                names.Add(reader.GetString(0));
            }
        }
        Assert.Contains("decisions", names);
        foreach (string name in names)
        {
            await using Npgsql.NpgsqlCommand rows = bench.Database.CreateCommand($"select coalesce(string_agg(t::text, ' '), '') from {name} t");
            shown.Add((string)(await rows.ExecuteScalarAsync())!);
        }
        shown.AddRange(bench.Read(bench.Options.DecisionsTopic).Select(static r => Encoding.UTF8.GetString(r.Message.Value!)));
        foreach (string secret in secrets)
        {
            Assert.DoesNotContain(shown, text => text.Contains(secret, StringComparison.Ordinal));
        }
    }

    private sealed record Shared(string Identity, string Network, bool? Revocable)
    {
        public string Encoded { get; } =
            $"{Part("""{"alg":"EdDSA","typ":"JWT"}""")}.{Part($$"""{"jti":"{{Identity}}","iss":"nanocosmos","aud":"splay","exp":4102444800}""")}.{Part("signature of " + Identity)}";

        private static string Part(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
    }
}
