using Dapper;
using Npgsql;

namespace AutoGuard.Guardian.Rules;

/// <summary>Writes down changes of things that are neither rules nor publications.</summary>
public sealed class RuleAudit(NpgsqlDataSource database, TimeProvider time)
{
    /// <summary>Writes one change down.</summary>
    /// <param name="who">Name of the key or person.</param>
    /// <param name="what"><c>add</c>, <c>change</c> or <c>remove</c>.</param>
    /// <param name="why">Why, or empty.</param>
    /// <param name="subject">What was changed, with its kind and a colon before it, as <c>key:edge-1</c>.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task WriteAsync(string who, string what, string why, string subject, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            "insert into rule_audit (at, who, what, why, rule_id) values (@At, @who, @what, @why, @subject)",
            new { At = time.GetUtcNow().UtcDateTime, who, what, why, subject },
            cancellationToken: cancellationToken));
    }
}
