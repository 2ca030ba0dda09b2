using System.Text.Json;
using AutoGuard.Guardian.Rules;
using Dapper;
using Npgsql;

namespace AutoGuard.Guardian.Publications;

/// <summary>
/// The publications' lists in PostgreSQL. Changes are audited beside those of rules and reach other processes in the same
/// way; the matcher of this process has them when the call returns.
/// </summary>
public sealed class PublicationStore(NpgsqlDataSource database, PublicationTable table, RuleRails rails, TimeProvider time)
{
    /// <summary>A publication, or null when nobody has set one up.</summary>
    public async Task<Publication?> GetAsync(PublicationKey key, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        return await ReadAsync(connection, null, key, cancellationToken);
    }

    /// <summary>Changes a publication; one that is not there is made.</summary>
    /// <param name="key">Which.</param>
    /// <param name="change">Makes the new lists of the old ones.</param>
    /// <param name="who">Who asks.</param>
    /// <param name="why">Why.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The new lists, or a sentence that says which guard rail forbids them.</returns>
    public async Task<(Publication? Stored, string Why)> ChangeAsync(
        PublicationKey key, Func<Publication, Publication> change, string who, string why, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(change);
        const string Sql = """
            insert into publications (organization, kind, id, configuration, changed_at) values (@Organization, @Kind, @Id, @After::jsonb, @Now)
            on conflict (organization, kind, id) do update set configuration = excluded.configuration, changed_at = excluded.changed_at;
            insert into rule_audit (at, who, what, why, rule_id, before, after) values (@Now, @who, @What, @why, @Name, @Before::jsonb, @After::jsonb)
            """;
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition("select pg_advisory_xact_lock(@WriteLock)", new { RuleStore.WriteLock }, transaction, cancellationToken: cancellationToken));
        Publication? before = await ReadAsync(connection, transaction, key, cancellationToken);
        Publication after = change(before ?? Publication.NewOf(key.Kind));
        DateTimeOffset now = time.GetUtcNow();
        if (!MayBe(after, now, out string refusal))
        {
            return (null, refusal);
        }
        await connection.ExecuteAsync(new CommandDefinition(
            Sql,
            new
            {
                key.Organization,
                Kind = key.KindName,
                key.Id,
                key.Name,
                who,
                why,
                What = before is null ? "add" : "change",
                Before = before is null ? null : Json(key, before),
                After = Json(key, after),
                Now = now.UtcDateTime,
            },
            transaction,
            cancellationToken: cancellationToken));
        await connection.ExecuteAsync(new CommandDefinition($"notify {RuleStore.Channel}", transaction: transaction, cancellationToken: cancellationToken));
        await transaction.CommitAsync(cancellationToken);
        await table.LoadAsync(database, cancellationToken);
        return (after, "");
    }

    private bool MayBe(Publication lists, DateTimeOffset now, out string why)
    {
        bool locksOut = lists.IpBlocking is { Enabled: true, IsAllow: true, Cidrs.Count: 0 } || lists.GeoBlocking is { Enabled: true, IsAllow: true, Countries.Count: 0 }
            || lists.RefererBlocking is { Enabled: true, AllowedDomains.Count: 0, AllowNativeApps: false };
        if (locksOut)
        {
            why = "An allow list that is empty would lock everybody out.";
            return false;
        }
        foreach (string text in lists.IpBlocking.Cidrs)
        {
            if (!RuleTarget.TryParseAddress(text, out RuleTarget target, out why) || !rails.Permits(target, lists.IpBlocking.IsAllow ? RuleType.Allow : RuleType.Deny, false, now, out why))
            {
                return false;
            }
        }
        why = "";
        return true;
    }

    private static async Task<Publication?> ReadAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, PublicationKey key, CancellationToken cancellationToken)
    {
        string? json = await connection.ExecuteScalarAsync<string?>(new CommandDefinition(
            "select configuration::text from publications where organization = @Organization and kind = @Kind and id = @Id",
            new { key.Organization, Kind = key.KindName, key.Id },
            transaction,
            cancellationToken: cancellationToken));
        return json is null ? null : PublicationTable.Read(json);
    }

    // The audit shows a tenant only what is its own, and finds that out by this field.
    private static string Json(PublicationKey key, Publication publication)
    {
        string json = JsonSerializer.Serialize(publication, PublicationJsonContext.Default.Publication);
        return key.Organization.Length == 0 ? json : $"{{\"organization\":{JsonSerializer.Serialize(key.Organization, PublicationJsonContext.Default.String)},{json[1..]}";
    }
}
