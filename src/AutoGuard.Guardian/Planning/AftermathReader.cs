using System.Collections.Immutable;
using AutoGuard.Core.Reporting;
using Dapper;
using Npgsql;

namespace AutoGuard.Guardian.Planning;

/// <summary>Puts outcomes, effects and follow-ups of decisions together, for reports.</summary>
public sealed class AftermathReader(NpgsqlDataSource database)
{
    /// <summary>What came of some decisions, by their id; those of which nothing is known are not among them.</summary>
    public async Task<IReadOnlyDictionary<string, Aftermath>> ReadAsync(IReadOnlyCollection<string> decisionIds, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(decisionIds);
        const string Sql = """
            select decision_id as DecisionId, guardian as Engine, result, detail, attempts from decision_outcomes where decision_id = any(@Ids) order by guardian;
            select decision_id as DecisionId, effect, new_sessions as NewSessions, open_sessions as OpenSessions, detail as EffectDetail
            from decision_effects where decision_id = any(@Ids);
            select decision_id as DecisionId, parent_id as InPlaceOf, why as InPlaceBecause from decision_follow_ups where decision_id = any(@Ids) order by parent_id
            """;
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        await using SqlMapper.GridReader results = await connection.QueryMultipleAsync(new CommandDefinition(Sql, new { Ids = decisionIds.ToArray() }, cancellationToken: cancellationToken));
        var found = new Dictionary<string, Aftermath>(StringComparer.Ordinal);
        Aftermath Of(string id) => found.TryGetValue(id, out Aftermath? known) ? known : new Aftermath { DecisionId = id };
        foreach (IGrouping<string, OutcomeRow> outcomes in (await results.ReadAsync<OutcomeRow>()).GroupBy(static row => row.DecisionId, StringComparer.Ordinal))
        {
            ImmutableArray<EngineOutcome> engines = [.. outcomes.Select(static row => new EngineOutcome(row.Engine, row.Result, row.Detail, row.Attempts))];
            found[outcomes.Key] = Of(outcomes.Key) with { Engines = engines };
        }
        foreach (EffectRow row in await results.ReadAsync<EffectRow>())
        {
            found[row.DecisionId] = Of(row.DecisionId) with { Effect = row.Effect, NewSessions = row.NewSessions, OpenSessions = row.OpenSessions, EffectDetail = row.EffectDetail };
        }
        foreach (FollowUpRow row in await results.ReadAsync<FollowUpRow>())
        {
            found[row.DecisionId] = Of(row.DecisionId) with { InPlaceOf = row.InPlaceOf, InPlaceBecause = row.InPlaceBecause };
        }
        return found;
    }

    /// <summary>How the engines did with some decisions, by name.</summary>
    public static ImmutableArray<EngineSummary> Summarize(IEnumerable<Aftermath> aftermaths) =>
    [
        .. aftermaths.SelectMany(static aftermath => aftermath.Engines).GroupBy(static outcome => outcome.Engine, StringComparer.Ordinal)
            .OrderBy(static engine => engine.Key, StringComparer.Ordinal)
            .Select(static engine => new EngineSummary(
                engine.Key,
                engine.Count(static outcome => outcome.Result is "applied" or "already_applied"),
                engine.Count(static outcome => outcome.Result == "unavailable"),
                engine.Count(static outcome => outcome.Result == "rejected"))),
    ];

    private sealed class OutcomeRow
    {
        public string DecisionId { get; init; } = "";

        public string Engine { get; init; } = "";

        public string Result { get; init; } = "";

        public string? Detail { get; init; }

        public int Attempts { get; init; }
    }

    private sealed class EffectRow
    {
        public string DecisionId { get; init; } = "";

        public string Effect { get; init; } = "";

        public long? NewSessions { get; init; }

        public int? OpenSessions { get; init; }

        public string? EffectDetail { get; init; }
    }

    private sealed class FollowUpRow
    {
        public string DecisionId { get; init; } = "";

        public string InPlaceOf { get; init; } = "";

        public string InPlaceBecause { get; init; } = "";
    }
}
