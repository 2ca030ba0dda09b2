using AutoGuard.Core.Policy;
using Dapper;
using Npgsql;

namespace AutoGuard.Guardian.Storage;

/// <summary>What operators were told about detection itself, in PostgreSQL; deleted with the decisions of its time.</summary>
public sealed class NoticeLog(NpgsqlDataSource database, TimeProvider time)
{
    // An attack may make many; a report shows the latest few.
    private const int MostRead = 100;

    /// <summary>Keeps notices; one that is there already changes nothing.</summary>
    public async Task AppendAsync(IReadOnlyCollection<Notice> notices, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(notices);
        const string Sql = """
            insert into notices (time, kind, organization, text, recorded_at)
            select t, k, o, x, @Now from unnest(@Times, @Kinds, @Organizations, @Texts) as u (t, k, o, x)
            on conflict do nothing
            """;
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            Sql,
            new
            {
                Times = notices.Select(static notice => DateTimeOffset.FromUnixTimeMilliseconds(notice.Time).UtcDateTime).ToArray(),
                Kinds = notices.Select(static notice => NameOf(notice.Kind)).ToArray(),
                Organizations = notices.Select(static notice => StorableText.Of(notice.Organization ?? "")).ToArray(),
                Texts = notices.Select(static notice => StorableText.Of(notice.Text)).ToArray(),
                Now = time.GetUtcNow().UtcDateTime,
            },
            cancellationToken: cancellationToken));
    }

    /// <summary>The latest notices with event times in [from, to), oldest first, at most 100.</summary>
    public async Task<IReadOnlyList<Notice>> ReadAsync(DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        const string Sql = "select time, kind, organization, text from notices where time >= @From and time < @To order by time desc, kind, organization, text limit @MostRead";
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        IEnumerable<Row> rows = await connection.QueryAsync<Row>(new CommandDefinition(
            Sql, new { From = from.UtcDateTime, To = to.UtcDateTime, MostRead }, cancellationToken: cancellationToken));
        return [.. rows.Reverse().Select(static row => row.ToNotice())];
    }

    private static string NameOf(NoticeKind kind) => kind switch
    {
        NoticeKind.BreakerOpened => "breaker_opened",
        NoticeKind.BreakerClosed => "breaker_closed",
        NoticeKind.BlockTooWide => "block_too_wide",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    private sealed class Row
    {
        public DateTime Time { get; init; }

        public string Kind { get; init; } = "";

        public string Organization { get; init; } = "";

        public string Text { get; init; } = "";

        public Notice ToNotice() => new(
            new DateTimeOffset(Time, TimeSpan.Zero).ToUnixTimeMilliseconds(), Enum.GetValues<NoticeKind>().First(kind => NameOf(kind) == Kind),
            Organization.Length == 0 ? null : Organization, Text);
    }
}
