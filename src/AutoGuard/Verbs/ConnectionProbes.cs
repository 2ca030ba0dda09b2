using System.Globalization;
using AutoGuard.CommandLine;
using AutoGuard.Configuration;
using AutoGuard.Kafka;
using AutoGuard.Storage;
using Confluent.Kafka;
using Npgsql;

namespace AutoGuard.Verbs;

/// <summary>Opens the connections that a worker would open, reads a little and changes nothing.</summary>
internal static class ConnectionProbes
{
    private const string KafkaLine = "Kafka answers";
    private const string DatabaseLine = "Database";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Asks the configured brokers for their topics, as the worker's consumer would.</summary>
    public static async Task<CheckLine> KafkaAsync(EffectiveSettings settings, CancellationToken cancellation)
    {
        KafkaOptions options = settings.Values.Kafka;
        if (options.BootstrapServers.Trim().Length == 0)
        {
            return new CheckLine(KafkaLine, "embedded, started by run");
        }
        return KafkaLibrary.Current is { Problem: null, Native: { } native }
            ? await Task.Factory.StartNew(
                () => AskBrokers(new KafkaSettings(options, options.BootstrapServers, isEmbedded: false), native),
                cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default)
            : new CheckLine(KafkaLine, "not asked: the library is not usable", Passed: false);
    }

    /// <summary>Logs in to the configured PostgreSQL; of the embedded one only the programs are looked for.</summary>
    public static async Task<CheckLine> DatabaseAsync(EffectiveSettings settings, CancellationToken cancellation)
    {
        string connection = settings.Values.ConnectionStrings.AutoGuard;
        return connection.Length == 0 ? await FindProgramsAsync(cancellation) : await LogInAsync(connection, cancellation);
    }

    private static CheckLine AskBrokers(KafkaSettings settings, Version native)
    {
        string? reason = null;
        try
        {
            using IConsumer<Ignore, Ignore> consumer = new ConsumerBuilder<Ignore, Ignore>(settings.ForConsumer(native))
                .SetErrorHandler((_, error) => reason ??= error.Reason)
                .SetLogHandler((_, _) => { })
                .Build();
            using IAdminClient admin = new DependentAdminClientBuilder(consumer.Handle).Build();
            Metadata metadata = admin.GetMetadata(Patience);
            TopicMetadata? events = metadata.Topics.Find(topic => topic.Topic == settings.Options.EventsTopic);
            string topic = events is null || events.Error.IsError
                ? $"{settings.Options.EventsTopic} is not there yet, or may not be seen"
                : string.Create(CultureInfo.InvariantCulture, $"{settings.Options.EventsTopic} has {Count(events.Partitions.Count, "partition")}");
            return new CheckLine(KafkaLine, string.Create(CultureInfo.InvariantCulture, $"{Count(metadata.Brokers.Count, "broker")}; {topic}"));
        }
        catch (KafkaException error)
        {
            return new CheckLine(KafkaLine, $"no broker at {settings.BootstrapServers}: {reason ?? error.Error.Reason}", Passed: false);
        }
    }

    private static async Task<CheckLine> FindProgramsAsync(CancellationToken cancellation)
    {
        try
        {
            PostgresPrograms programs = await PostgresPrograms.FindAsync(null, cancellation);
            return new CheckLine(DatabaseLine, string.Create(CultureInfo.InvariantCulture, $"embedded, started by run: PostgreSQL {programs.Major}"));
        }
        catch (EmbeddedPostgresException error)
        {
            return new CheckLine(DatabaseLine, error.Message, Passed: false);
        }
    }

    private static async Task<CheckLine> LogInAsync(string connection, CancellationToken cancellation)
    {
        NpgsqlConnectionStringBuilder parts = new(connection) { Pooling = false, Timeout = (int)Patience.TotalSeconds };
        try
        {
            await using NpgsqlConnection database = new(parts.ConnectionString);
            await database.OpenAsync(cancellation);
            await using NpgsqlCommand command = new("select has_schema_privilege(current_schema(), 'create') or to_regclass('decisions') is not null", database);
            bool usable = await command.ExecuteScalarAsync(cancellation) is true;
            return usable
                ? new CheckLine(DatabaseLine, $"PostgreSQL {database.PostgreSqlVersion} answers")
                : new CheckLine(DatabaseLine, $"PostgreSQL {database.PostgreSqlVersion} answers, but {parts.Username} may not create tables in it", Passed: false);
        }
        catch (Exception error) when (error is NpgsqlException or TimeoutException)
        {
            // The server's own words name user and database, never the password.
            return new CheckLine(DatabaseLine, $"{parts.Host}:{parts.Port.ToString(CultureInfo.InvariantCulture)} does not let us in: {error.InnerException?.Message ?? error.Message}", Passed: false);
        }
    }

    private static string Count(int count, string noun) => string.Create(CultureInfo.InvariantCulture, $"{count} {noun}{(count == 1 ? "" : "s")}");
}
