using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Dapper;
using Npgsql;

namespace AutoGuard.Guardian.Api;

/// <summary>What a key opens; each role includes the ones before it.</summary>
public enum ApiRole
{
    /// <summary>Asks for decisions, as enforcement points do.</summary>
    Bouncer,

    /// <summary>Lists and reads history, too.</summary>
    Read,

    /// <summary>Changes rules.</summary>
    Write,

    /// <summary>Everything.</summary>
    Admin,
}

/// <summary>A key as it is known after it was made: its text is never kept.</summary>
/// <param name="Name">Unique name; what the audit shows.</param>
/// <param name="Role">What it opens.</param>
/// <param name="Organization">Tenant that it is confined to; null: all.</param>
public sealed record ApiKey(string Name, ApiRole Role, string? Organization);

/// <summary>The keys of the HTTP API, kept as SHA-256: they are long and random, so a slow hash would add nothing.</summary>
public sealed class ApiKeys(NpgsqlDataSource database, TimeProvider time)
{
    /// <summary>What a key's name is made of.</summary>
    public const string NameForm = "at most 64 letters, digits, dots, hyphens and underscores";

    private const string Prefix = "ag_";
    private const int KeyBytes = 32;
    private const int LongestKey = 512;
    private const string FirstName = "first-admin";
    private const long CreateLock = 0x4175_746F_4772_6403;
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(5);

    private volatile Known? _known;

    /// <summary>
    /// Makes an administrator's key if there is no key at all, and returns it: the only time that it can be seen. Null when
    /// keys exist.
    /// </summary>
    /// <param name="keep">Keeps the key where it outlives a crash; the key counts only when that has succeeded.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task<string?> EnsureFirstKeyAsync(Func<string, CancellationToken, Task> keep, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(keep);
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition("select pg_advisory_xact_lock(@CreateLock)", new { CreateLock }, transaction, cancellationToken: cancellationToken));
        if (await connection.ExecuteScalarAsync<bool>(new CommandDefinition("select exists (select 1 from api_keys)", transaction: transaction, cancellationToken: cancellationToken)))
        {
            return null;
        }
        string key = await InsertAsync(connection, transaction, new ApiKey(FirstName, ApiRole.Admin, null), cancellationToken);
        await keep(key, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        _known = null;
        return key;
    }

    /// <summary>Makes a key and returns its text, or null when the name is taken.</summary>
    public async Task<string?> CreateAsync(ApiKey key, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(key);
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        try
        {
            string text = await InsertAsync(connection, null, key, cancellationToken);
            _known = null;
            return text;
        }
        catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return null;
        }
    }

    /// <summary>Revokes a key; other processes follow within seconds. False when there is no such key.</summary>
    public async Task<bool> RevokeAsync(string name, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        int changed = await connection.ExecuteAsync(new CommandDefinition(
            "update api_keys set revoked_at = @Now where name = @name and revoked_at is null", new { name, Now = time.GetUtcNow().UtcDateTime }, cancellationToken: cancellationToken));
        _known = null;
        return changed > 0;
    }

    /// <summary>All keys in force, by name.</summary>
    public async Task<IReadOnlyList<ApiKey>> ListAsync(CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        IEnumerable<KeyRow> rows = await connection.QueryAsync<KeyRow>(new CommandDefinition(
            "select name, hash, role, organization from api_keys where revoked_at is null order by name", cancellationToken: cancellationToken));
        return [.. rows.Select(static r => new ApiKey(r.Name, RoleOf(r.Role), r.Organization))];
    }

    /// <summary>The key of a text, or null when there is none or it was revoked.</summary>
    public async ValueTask<ApiKey?> FindAsync(string text, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length > LongestKey)
        {
            return null;
        }
        Known known = await KnownAsync(cancellationToken);
        byte[] hash = Hash(text);
        ApiKey? found = null;
        // Every key is compared in full, so the time taken tells nothing about any of them.
        foreach ((byte[] candidate, ApiKey key) in known.Keys)
        {
            if (CryptographicOperations.FixedTimeEquals(candidate, hash))
            {
                found = key;
            }
        }
        return found;
    }

    private async ValueTask<Known> KnownAsync(CancellationToken cancellationToken)
    {
        if (_known is { } fresh && time.GetElapsedTime(fresh.ReadAt) < Freshness)
        {
            return fresh;
        }
        long readAt = time.GetTimestamp();
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        IEnumerable<KeyRow> rows = await connection.QueryAsync<KeyRow>(new CommandDefinition(
            "select name, hash, role, organization from api_keys where revoked_at is null", cancellationToken: cancellationToken));
        var known = new Known([.. rows.Select(static r => (r.Hash, new ApiKey(r.Name, RoleOf(r.Role), r.Organization)))], readAt);
        _known = known;
        return known;
    }

    private async Task<string> InsertAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, ApiKey key, CancellationToken cancellationToken)
    {
        string text = Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(KeyBytes));
        await connection.ExecuteAsync(new CommandDefinition(
            "insert into api_keys (name, hash, role, organization, created_at) values (@Name, @Hash, @Role, @Organization, @Now)",
            new { key.Name, Hash = Hash(text), Role = NameOf(key.Role), key.Organization, Now = time.GetUtcNow().UtcDateTime },
            transaction,
            cancellationToken: cancellationToken));
        return text;
    }

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));

    /// <summary>Whether a text may be a key's name.</summary>
    public static bool IsName(string text) =>
        text is { Length: > 0 and <= 64 } && text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    /// <summary>A role's name.</summary>
    public static string NameOf(ApiRole role) => role switch
    {
        ApiRole.Bouncer => "bouncer",
        ApiRole.Read => "read",
        ApiRole.Write => "write",
        ApiRole.Admin => "admin",
        _ => throw new ArgumentOutOfRangeException(nameof(role)),
    };

    private static ApiRole RoleOf(string name) =>
        TryParseRole(name, out ApiRole role) ? role : throw new InvalidOperationException($"The role '{name}' of a key is not known.");

    /// <summary>Reads a role's name.</summary>
    public static bool TryParseRole(string? name, out ApiRole role)
    {
        (bool known, role) = name switch
        {
            "bouncer" => (true, ApiRole.Bouncer),
            "read" => (true, ApiRole.Read),
            "write" => (true, ApiRole.Write),
            "admin" => (true, ApiRole.Admin),
            _ => (false, default),
        };
        return known;
    }

    private sealed record Known((byte[] Hash, ApiKey Key)[] Keys, long ReadAt);

    private sealed class KeyRow
    {
        public string Name { get; init; } = "";

        public byte[] Hash { get; init; } = [];

        public string Role { get; init; } = "";

        public string? Organization { get; init; }
    }
}
