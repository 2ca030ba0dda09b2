using AutoGuard.Guardian.Planning;
using AutoGuard.Guardian.Remote;
using AutoGuard.Testing;

namespace AutoGuard.Guardian.Tests.Remote;

public sealed class PostgresEngineLocksTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task Two_holders_of_a_lock_wait_for_each_other()
    {
        await using TestDatabase database = await postgres.CreateMigratedAsync();
        using PostgresEngineLocks one = new(database.DataSource);
        using PostgresEngineLocks other = new(database.DataSource);
        IAsyncDisposable first = await one.TakeAsync("a", default);
        await using (await other.TakeAsync("b", default))
        {
        }
        Task<IAsyncDisposable> second = other.TakeAsync("a", default).AsTask();
        await using (var command = database.DataSource.CreateCommand("select count(*) from pg_locks where locktype = 'advisory' and not granted"))
        {
            long deadline = Environment.TickCount64 + 10_000;
            while ((long)(await command.ExecuteScalarAsync())! == 0)
            {
                Assert.True(Environment.TickCount64 < deadline, "waited 10 s for the second to wait");
            }
        }
        Assert.False(second.IsCompleted);
        await first.DisposeAsync();
        await (await second.WaitAsync(TimeSpan.FromSeconds(10))).DisposeAsync();
    }
}
