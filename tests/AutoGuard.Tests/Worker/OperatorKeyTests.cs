using AutoGuard.Guardian.Api;
using AutoGuard.Guardian.Storage;
using AutoGuard.Testing;
using AutoGuard.Tests.Verbs;
using AutoGuard.Worker;
using Microsoft.Extensions.Logging.Abstractions;

namespace AutoGuard.Tests.Worker;

/// <summary>Wherever a first start is cut off, the administrator's key that opens something is in the folder.</summary>
public sealed class OperatorKeyTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime, IDisposable
{
    private readonly WorkFolder _folder = new();
    private TestDatabase _database = null!;

    private string Unfinished => _folder["api-key.new"];

    public async Task InitializeAsync()
    {
        await postgres.InitializeAsync();
        _database = await postgres.CreateDatabaseAsync();
        await MigrationRunner.ApplyAsync(_database.DataSource, NullLogger.Instance, TimeProvider.System, default);
    }

    public async Task DisposeAsync() => await _database.DisposeAsync();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_first_key_is_made_once_and_only_its_owner_reads_it()
    {
        string? made = await OperatorKey.EnsureAsync(Keys(), _folder.Path, default);
        string? again = await OperatorKey.EnsureAsync(Keys(), _folder.Path, default);

        Assert.NotNull(made);
        Assert.Null(again);
        Assert.Equal(made, await OperatorKey.ReadAsync(_folder.Path, default));
        Assert.Equal(ApiRole.Admin, (await Keys().FindAsync(made, default))?.Role);
        Assert.Equal(["api-key"], _folder.Names);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_folder["api-key"]));
        }
    }

    [Fact]
    public async Task A_key_that_cannot_be_kept_is_not_made()
    {
        Directory.CreateDirectory(Unfinished);
        await File.WriteAllTextAsync(Path.Combine(Unfinished, "in the way"), "");

        await Assert.ThrowsAnyAsync<Exception>(() => OperatorKey.EnsureAsync(Keys(), _folder.Path, default));

        Assert.Empty(await Keys().ListAsync(default));
        Directory.Delete(Unfinished, recursive: true);
        Assert.NotNull(await OperatorKey.EnsureAsync(Keys(), _folder.Path, default));
    }

    [Fact]
    public async Task Cut_off_before_it_counts_the_next_start_makes_another()
    {
        await File.WriteAllTextAsync(Unfinished, "ag_never-committed\n");

        string? made = await OperatorKey.EnsureAsync(Keys(), _folder.Path, default);

        Assert.NotEqual("ag_never-committed", made);
        Assert.Equal(made, await OperatorKey.ReadAsync(_folder.Path, default));
        Assert.Equal(["api-key"], _folder.Names);
    }

    [Fact]
    public async Task Cut_off_after_it_counts_the_next_start_finds_it()
    {
        string? made = await Keys().EnsureFirstKeyAsync((key, token) => File.WriteAllTextAsync(Unfinished, key + "\n", token), default);

        string? found = await OperatorKey.EnsureAsync(Keys(), _folder.Path, default);

        Assert.Equal(made, found);
        Assert.Equal(made, await OperatorKey.ReadAsync(_folder.Path, default));
        Assert.Equal(["api-key"], _folder.Names);
    }

    [Fact]
    public async Task What_is_left_of_a_key_that_opens_nothing_is_taken_away_and_the_kept_one_stays()
    {
        string? made = await OperatorKey.EnsureAsync(Keys(), _folder.Path, default);
        await File.WriteAllTextAsync(Unfinished, "ag_of-another-database\n");

        Assert.Null(await OperatorKey.EnsureAsync(Keys(), _folder.Path, default));

        Assert.Equal(made, await OperatorKey.ReadAsync(_folder.Path, default));
        Assert.Equal(["api-key"], _folder.Names);
    }

    private ApiKeys Keys() => new(_database.DataSource, TimeProvider.System);
}
