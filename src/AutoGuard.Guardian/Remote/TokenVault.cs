using System.Security.Cryptography;
using AutoGuard.Guardian.Storage;
using Dapper;
using Npgsql;

namespace AutoGuard.Guardian.Remote;

/// <summary>What the vault knows of a token.</summary>
public enum VaultAnswer
{
    /// <summary>Nothing is kept.</summary>
    Absent,

    /// <summary>What is kept was made with another key, or was changed: it is of no use.</summary>
    Unreadable,

    /// <summary>The encoded form.</summary>
    Found,
}

/// <summary>The encoded tokens of flagged tokens, encrypted in PostgreSQL, dropped after use or expiry.</summary>
public sealed class TokenVault(NpgsqlDataSource database, TokenCipher cipher, TimeSpan grace, TimeProvider time)
{
    // Tokens that can be revoked live a day at most; what says nothing of its expiry is kept for as long.
    private static readonly TimeSpan LifeUnknown = TimeSpan.FromHours(24);

    /// <summary>Keeps a token's encoded form; the caller clears its own copy.</summary>
    /// <param name="identity">The token's identity.</param>
    /// <param name="organization">Its tenant, or null.</param>
    /// <param name="encoded">The encoded form in UTF-8.</param>
    /// <param name="expires">When the token expires, if that is known.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task KeepAsync(string identity, string? organization, ReadOnlyMemory<byte> encoded, DateTimeOffset? expires, CancellationToken cancellationToken)
    {
        const string Sql = """
            insert into encoded_tokens (identity, organization, key_id, nonce, sealed, kept_at, drop_after)
            values (@Identity, @Organization, @KeyId, @Nonce, @Sealed, @Now, @DropAfter)
            on conflict (identity, organization) do update
            set key_id = excluded.key_id, nonce = excluded.nonce, sealed = excluded.sealed, kept_at = excluded.kept_at, drop_after = excluded.drop_after
            """;
        (string Identity, string Organization) name = Name(identity, organization);
        (byte[] nonce, byte[] sealedForm) = cipher.Seal(encoded.Span, name.Identity, name.Organization);
        DateTimeOffset now = time.GetUtcNow();
        // A token may claim any expiry: a year, or the year 9999.
        DateTimeOffset latest = now + TimeSpan.FromDays(366);
        DateTimeOffset drop = (expires is { } end ? (end < latest ? end : latest) : now + LifeUnknown) + grace;
        if (drop <= now)
        {
            return;
        }
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            Sql,
            new { name.Identity, name.Organization, cipher.KeyId, Nonce = nonce, Sealed = sealedForm, Now = now.UtcDateTime, DropAfter = drop.UtcDateTime },
            cancellationToken: cancellationToken));
    }

    /// <summary>The encoded form, if it is kept; the caller clears it after use.</summary>
    public async Task<(VaultAnswer Answer, byte[] Encoded)> FindAsync(string identity, string? organization, CancellationToken cancellationToken)
    {
        (string Identity, string Organization) name = Name(identity, organization);
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        Row? row = await connection.QuerySingleOrDefaultAsync<Row>(new CommandDefinition(
            "select key_id as KeyId, nonce, sealed from encoded_tokens where identity = @Identity and organization = @Organization and drop_after > @Now",
            new { name.Identity, name.Organization, Now = time.GetUtcNow().UtcDateTime }, cancellationToken: cancellationToken));
        if (row is null)
        {
            return (VaultAnswer.Absent, []);
        }
        byte[]? encoded = cipher.Open(row.Nonce, row.Sealed, name.Identity, name.Organization);
        return encoded is null ? (VaultAnswer.Unreadable, []) : (VaultAnswer.Found, encoded);
    }

    /// <summary>Whether something is kept for a token.</summary>
    public async Task<bool> HoldsAsync(string identity, string? organization, CancellationToken cancellationToken)
    {
        (VaultAnswer answer, byte[] encoded) = await FindAsync(identity, organization, cancellationToken);
        CryptographicOperations.ZeroMemory(encoded);
        return answer == VaultAnswer.Found;
    }

    /// <summary>Forgets a token.</summary>
    public async Task DropAsync(string identity, string? organization, CancellationToken cancellationToken)
    {
        (string Identity, string Organization) name = Name(identity, organization);
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            "delete from encoded_tokens where identity = @Identity and organization = @Organization", new { name.Identity, name.Organization }, cancellationToken: cancellationToken));
    }

    /// <summary>Forgets everything past its time; returns how much that was.</summary>
    public async Task<int> SweepAsync(CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteAsync(new CommandDefinition(
            "delete from encoded_tokens where drop_after <= @Now", new { Now = time.GetUtcNow().UtcDateTime }, cancellationToken: cancellationToken));
    }

    private static (string Identity, string Organization) Name(string identity, string? organization) =>
        (StorableText.Of(identity), StorableText.Of(organization ?? ""));

    private sealed class Row
    {
        public string KeyId { get; init; } = "";

        public byte[] Nonce { get; init; } = [];

        public byte[] Sealed { get; init; } = [];
    }
}
