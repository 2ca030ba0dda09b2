using System.Collections.Frozen;
using System.Text.Json;
using AutoGuard.Core.Events;
using Dapper;
using Npgsql;

namespace AutoGuard.Guardian.Publications;

/// <summary>The publications of all tenants in memory; look-ups take a snapshot and never wait.</summary>
public sealed class PublicationTable : IDisposable
{
    // Loads follow one another: the last to end is the last to have read.
    private readonly SemaphoreSlim _loads = new(1, 1);
    private volatile FrozenDictionary<PublicationKey, CompiledPublication> _publications = FrozenDictionary<PublicationKey, CompiledPublication>.Empty;

    /// <summary>Whether no publication has lists.</summary>
    public bool IsEmpty => _publications.Count == 0;

    /// <summary>Whether a publication's own lists, and those made for everybody, refuse a viewer.</summary>
    /// <param name="kind">What it is.</param>
    /// <param name="id">Its id.</param>
    /// <param name="organization">Tenant, or null.</param>
    /// <param name="address">Viewer's address, or null when not asked.</param>
    /// <param name="country">Viewer's country, or null when not known.</param>
    /// <param name="referrer">Referrer as the viewer sent it, or null.</param>
    public PublicationRefusal Check(PublicationKind kind, string id, string? organization, IpAddress? address, string? country, string? referrer)
    {
        FrozenDictionary<PublicationKey, CompiledPublication> publications = _publications;
        PublicationRefusal refusal = PublicationRefusal.None;
        if (publications.TryGetValue(new PublicationKey("", kind, id), out CompiledPublication? common))
        {
            refusal = common.Check(address, country, referrer);
        }
        return refusal == PublicationRefusal.None && organization is { Length: > 0 } && publications.TryGetValue(new PublicationKey(organization, kind, id), out CompiledPublication? own)
            ? own.Check(address, country, referrer)
            : refusal;
    }

    internal async Task LoadAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await _loads.WaitAsync(cancellationToken);
        try
        {
            await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
            IEnumerable<Row> rows = await connection.QueryAsync<Row>(new CommandDefinition(
                "select organization, kind, id, configuration::text as Configuration from publications", cancellationToken: cancellationToken));
            _publications = rows.ToFrozenDictionary(
                static row => new PublicationKey(row.Organization, PublicationKey.KindOf(row.Kind), row.Id), static row => new CompiledPublication(Read(row.Configuration)));
        }
        finally
        {
            _loads.Release();
        }
    }

    public void Dispose() => _loads.Dispose();

    internal static Publication Read(string json) =>
        JsonSerializer.Deserialize(json, PublicationJsonContext.Default.Publication) ?? throw new InvalidOperationException("A publication in the store cannot be read.");

    private sealed class Row
    {
        public string Organization { get; init; } = "";

        public string Kind { get; init; } = "";

        public string Id { get; init; } = "";

        public string Configuration { get; init; } = "";
    }
}
