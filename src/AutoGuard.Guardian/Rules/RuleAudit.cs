using Dapper;
using Npgsql;

namespace AutoGuard.Guardian.Rules;

/// <summary>Writes down changes of things that are neither rules nor publications.</summary>
internal sealed class RuleAudit(NpgsqlDataSource database, TimeProvider time)
{
    public async Task WriteAsync(string who, string what, string why, string subject, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            "insert into rule_audit (at, who, what, why, rule_id) values (@At, @who, @what, @why, @subject)",
            new { At = time.GetUtcNow().UtcDateTime, who, what, why, subject },
            cancellationToken: cancellationToken));
    }
}
