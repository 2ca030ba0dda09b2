using AutoGuard.Core.Policy;
using Dapper;
using Npgsql;

namespace AutoGuard.Guardian.Storage;

/// <summary>
/// The decisions of the log that are not known to be on the decisions topic. A process may end between the two, and the next one does not
/// make a decision again that is in the log.
/// </summary>
public sealed class UnpublishedDecisions(NpgsqlDataSource database)
{
    /// <summary>The place in the log of the last of them; 0 when there is none.</summary>
    public async Task<long> LastAsync(CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "select coalesce(max(seq), 0) from decisions where not published", cancellationToken: cancellationToken));
    }

    /// <summary>The first of them, in the order they were recorded.</summary>
    /// <param name="last">None behind this place in the log, such as one of <see cref="LastAsync"/>.</param>
    /// <param name="limit">How many at most, from 1.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task<IReadOnlyList<Decision>> ReadAsync(long last, int limit, CancellationToken cancellationToken)
    {
        const string Sql = $"select {DecisionRow.Columns} from decisions d where not d.published and d.seq <= @Last order by d.seq limit @Limit";
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        IEnumerable<DecisionRow> rows = await connection.QueryAsync<DecisionRow>(new CommandDefinition(Sql, new { Last = last, Limit = limit }, cancellationToken: cancellationToken));
        return [.. rows.Select(static row => row.ToDecision())];
    }

    /// <summary>Takes note that these are on the topic; ids that are not in the log are ignored.</summary>
    public async Task MarkAsync(IEnumerable<Decision> published, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            "update decisions set published = true where id = any(@Ids) and not published",
            new { Ids = published.Select(static decision => decision.Id).ToArray() }, cancellationToken: cancellationToken));
    }
}
