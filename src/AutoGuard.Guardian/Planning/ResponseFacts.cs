using System.Text.Json;
using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;
using AutoGuard.Core.Reporting;
using AutoGuard.Guardian.Storage;
using Dapper;
using Npgsql;

namespace AutoGuard.Guardian.Planning;

/// <summary>What is known beside a decision when it is to be carried out.</summary>
/// <param name="RecordedAt">When it came into the log.</param>
/// <param name="Claims">What a token says of itself; null when nothing is known.</param>
/// <param name="Country">The subject's most frequent country, two letters; null when unknown.</param>
public sealed record ResponseFacts(DateTimeOffset RecordedAt, TokenClaims? Claims, string? Country);

/// <summary>Reads the facts from the decision log and its evidence.</summary>
public sealed class ResponseFactsReader(NpgsqlDataSource database)
{
    /// <summary>The facts of a decision; those of one that is not in the log say only that it is new.</summary>
    public async Task<ResponseFacts> ReadAsync(Decision decision, DateTimeOffset now, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(decision);
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        DateTime? recorded = await connection.ExecuteScalarAsync<DateTime?>(new CommandDefinition(
            "select recorded_at from decisions where id = @Id", new { decision.Id }, cancellationToken: cancellationToken));
        FlaggedSubject? evidence = await EvidenceAsync(connection, decision.Subject, decision.Organization, cancellationToken);
        return new ResponseFacts(
            recorded is { } at ? new DateTimeOffset(at, TimeSpan.Zero) : now, evidence?.Claims, evidence is { Countries: [var most, ..] } ? most.Name : null);
    }

    /// <summary>Country of a subject by its evidence, or null.</summary>
    public async ValueTask<string?> CountryOfAsync(Subject subject, string? organization, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        FlaggedSubject? evidence = await EvidenceAsync(connection, subject, organization, cancellationToken);
        return evidence is { Countries: [var most, ..] } ? most.Name : null;
    }

    private static async Task<FlaggedSubject?> EvidenceAsync(NpgsqlConnection connection, Subject subject, string? organization, CancellationToken cancellationToken)
    {
        string? json = await connection.ExecuteScalarAsync<string?>(new CommandDefinition(
            "select evidence::text from flagged_subjects where subject_type = @Type and subject_value = @Value and organization = @Organization",
            new { Type = subject.TypeName, Value = StorableText.Of(subject.Value), Organization = StorableText.Of(organization ?? "") }, cancellationToken: cancellationToken));
        return json is null ? null : JsonSerializer.Deserialize(json, StorageJsonContext.Default.FlaggedSubject);
    }
}
