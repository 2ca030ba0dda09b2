using System.Collections;
using AutoGuard.CommandLine;
using AutoGuard.Configuration;
using AutoGuard.Testing;
using AutoGuard.Tests.Kafka;
using AutoGuard.Verbs;
using Npgsql;

namespace AutoGuard.Tests.Verbs;

public sealed class ConnectionProbeTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task Embedded_servers_are_told_to_be_started_by_run()
    {
        EffectiveSettings settings = Settings();

        Assert.Equal(new CheckLine("Kafka answers", "embedded, started by run"), await ConnectionProbes.KafkaAsync(settings, CancellationToken.None));
        CheckLine database = await ConnectionProbes.DatabaseAsync(settings, CancellationToken.None);
        Assert.True(database.Passed);
        Assert.StartsWith("embedded, started by run: PostgreSQL ", database.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_broker_that_answers_tells_of_the_topic()
    {
        await using KafkaBench bench = new(partitions: 3);
        string server = $"Kafka:BootstrapServers={bench.Broker.BootstrapServers}";

        CheckLine there = await ConnectionProbes.KafkaAsync(Settings(server), CancellationToken.None);
        CheckLine missing = await ConnectionProbes.KafkaAsync(Settings(server, "Kafka:EventsTopic=elsewhere"), CancellationToken.None);

        Assert.True(there.Passed, there.Text);
        Assert.Matches(@"^\d+ brokers?; playback\.events has 3 partitions$", there.Text);
        Assert.True(missing.Passed, missing.Text);
        Assert.EndsWith("elsewhere is not there yet, or may not be seen", missing.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_broker_that_does_not_answer_fails_the_check()
    {
        CheckLine line = await ConnectionProbes.KafkaAsync(Settings("Kafka:BootstrapServers=127.0.0.1:1"), CancellationToken.None);

        Assert.False(line.Passed);
        Assert.StartsWith("no broker at 127.0.0.1:1: ", line.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_is_logged_in_to_and_nothing_is_made_in_it()
    {
        await using TestDatabase database = await postgres.CreateDatabaseAsync();

        CheckLine line = await ConnectionProbes.DatabaseAsync(Settings($"ConnectionStrings:AutoGuard={database.ConnectionString}"), CancellationToken.None);

        Assert.True(line.Passed, line.Text);
        Assert.Matches(@"^PostgreSQL \d+(\.\d+)* answers$", line.Text);
        await using NpgsqlCommand tables = database.DataSource.CreateCommand("select count(*) from information_schema.tables where table_schema = 'public'");
        Assert.Equal(0L, await tables.ExecuteScalarAsync());
    }

    [Fact]
    public async Task A_database_that_refuses_fails_the_check_without_telling_the_password()
    {
        await using TestDatabase database = await postgres.CreateDatabaseAsync();
        NpgsqlConnectionStringBuilder wrong = new(database.ConnectionString) { Database = "no_such_database", Password = "s3cret-s3cret" };

        CheckLine refused = await ConnectionProbes.DatabaseAsync(Settings($"ConnectionStrings:AutoGuard={wrong.ConnectionString}"), CancellationToken.None);
        CheckLine away = await ConnectionProbes.DatabaseAsync(Settings("ConnectionStrings:AutoGuard=Host=127.0.0.1;Port=1;Password=s3cret-s3cret"), CancellationToken.None);

        Assert.False(refused.Passed);
        Assert.False(away.Passed);
        Assert.StartsWith("127.0.0.1:1 does not let us in: ", away.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", refused.Text + away.Text, StringComparison.Ordinal);
    }

    private static EffectiveSettings Settings(params string[] sets) => SettingsLoader.Load([], sets, new Hashtable());
}
