using AutoGuard.Guardian.Storage;
using AutoGuard.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace AutoGuard.Guardian.Tests;

internal static class Schema
{
    /// <summary>A database with the current schema.</summary>
    public static Task<TestDatabase> CreateMigratedAsync(this PostgresFixture postgres) =>
        postgres.CreateDatabaseAsync("guardian", static database => MigrationRunner.ApplyAsync(database, NullLogger.Instance, TimeProvider.System, CancellationToken.None));
}
