using System.Collections.Immutable;
using AutoGuard.Core.Events;
using AutoGuard.Core.Guardian;
using AutoGuard.Core.Policy;
using AutoGuard.Core.Reporting;
using AutoGuard.Guardian.Planning;
using AutoGuard.Guardian.Storage;
using AutoGuard.Testing;
using Dapper;
using Npgsql;

namespace AutoGuard.Guardian.Tests.Storage;

public sealed class PostgresDecisionStoreTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private readonly FakeTimeProvider _time = new();
    private TestDatabase _database = null!;
    private PostgresDecisionStore _store = null!;

    public async Task InitializeAsync()
    {
        _database = await postgres.CreateMigratedAsync();
        _store = new PostgresDecisionStore(_database.DataSource, _time);
    }

    public async Task DisposeAsync() => await _database.DisposeAsync();

    [Fact]
    public async Task Decisions_are_read_back_unchanged_and_repeats_change_nothing()
    {
        Decision[] decisions = [.. Enumerable.Range(0, 200).Select(i => Sample.Decision(i, _time) with
        {
            Action = (DecisionAction)(i % 4),
            Mode = (EnforcementMode)(i % 2),
            Subject = new Subject((SubjectType)(i % 4), $"subject-{i}-ü😀"),
            Organization = i % 3 == 0 ? null : "org",
            Expires = i % 5 == 0 ? null : Sample.Now(_time) + 3_600_000 + i,
            Follows = i % 7 == 0 ? $"01JCKX00017V3Q9ZB2M4T8W{i:D3}" : null,
            Except = (i % 3) switch { 0 => [], 1 => Sample.Networks("203.0.113.0/24", "2001:db8:1:2::/64"), _ => Sample.Networks("198.51.100.7/32") },
            Score = DecisionJson.Round(i / 333.0),
            Reasons = [new DecisionReason("A", 0.123456, i, 1e9, -0.000001, "\"quoted\" <b>\n\u0001"), new DecisionReason("B", 0, 0, 0, 0, "")],
        })];

        Assert.Equal(200, await _store.AppendAsync(decisions, [], default));
        Assert.Equal(0, await _store.AppendAsync(decisions, [], default));
        Assert.Equal(1, await _store.AppendAsync([decisions[0], Sample.Decision(200, _time), Sample.Decision(200, _time)], [], default));

        IReadOnlyList<Decision> read = await _store.ReadDecisionsAsync(_time.GetUtcNow() - Day, _time.GetUtcNow() + Day, default);
        Assert.Equal(201, read.Count);
        foreach ((Decision expected, Decision actual) in decisions.Zip(read))
        {
            Assert.Equal(DecisionJson.ToUtf8(expected), DecisionJson.ToUtf8(actual));
            Assert.Equal(expected with { Reasons = [], Except = [] }, actual with { Reasons = [], Except = [] });
            Assert.Equal(expected.Except.AsEnumerable(), actual.Except);
            Assert.Equal(expected.Reasons.AsEnumerable(), actual.Reasons);
        }
    }

    [Fact]
    public async Task What_is_stored_is_left_to_publish_until_it_is_marked_but_not_what_an_older_version_stores()
    {
        UnpublishedDecisions unpublished = new(_database.DataSource);
        Decision[] decisions = [.. Enumerable.Range(0, 3).Select(i => Sample.Decision(i, _time))];
        await _store.AppendAsync(decisions, [], default);
        long last = await unpublished.LastAsync(default);
        await _store.AppendAsync([Sample.Decision(3, _time)], [], default);
        await using (NpgsqlConnection connection = await _database.DataSource.OpenConnectionAsync())
        {
            // It names the columns that it knows.
            await connection.ExecuteAsync("""
                insert into decisions (id, time, action, mode, subject_type, subject_value, score, reasons, harm, policy, topic, "partition", "offset", recorded_at)
                select 'older', time, action, mode, subject_type, subject_value, score, reasons, harm, policy, topic, "partition", "offset", recorded_at
                from decisions where id = 'decision-0'
                """);
        }

        await unpublished.MarkAsync([decisions[1]], default);

        Assert.Equal(["decision-0", "decision-2"], (await unpublished.ReadAsync(last, 10, default)).Select(static d => d.Id));
        Assert.Equal(["decision-0"], (await unpublished.ReadAsync(last, 1, default)).Select(static d => d.Id));
        Assert.Equal(["decision-0", "decision-2", "decision-3"], (await unpublished.ReadAsync(long.MaxValue, 10, default)).Select(static d => d.Id));
        await unpublished.MarkAsync([.. decisions, Sample.Decision(3, _time)], default);
        Assert.Equal(0, await unpublished.LastAsync(default));
    }

    [Fact]
    public async Task What_is_left_to_publish_and_to_enforce_keeps_its_exceptions()
    {
        Decision revocation = Revocation(0, Sample.Networks("203.0.113.0/24", "2001:db8:1:2::/64"));
        await _store.AppendAsync([revocation], [], default);

        Decision unpublished = Assert.Single(await new UnpublishedDecisions(_database.DataSource).ReadAsync(long.MaxValue, 10, default));
        Decision pending = Assert.Single(await _store.PendingAsync("Local", 10, Day, default)).Decision;

        Assert.Equal(DecisionJson.ToUtf8(revocation), DecisionJson.ToUtf8(unpublished));
        Assert.Equal(revocation.Except.AsEnumerable(), pending.Except);
    }

    [Fact]
    public async Task A_later_revocation_with_other_exceptions_supersedes_an_earlier_one_unless_it_ends_before()
    {
        await _store.AppendAsync(
            [
                Revocation(0, Sample.Networks("203.0.113.0/24")), Revocation(1, []),
                Revocation(2, Sample.Networks("203.0.113.0/24"), "jti-2"), Revocation(3, [], "jti-2") with { Expires = Sample.Now(_time) + 60_000 },
                Revocation(4, Sample.Networks("203.0.113.0/24"), "jti-3"), Revocation(5, Sample.Networks("203.0.113.0/24"), "jti-3"),
            ],
            [],
            default);

        Assert.Equal(["decision-1", null, null, null, null, null], (await _store.PendingAsync("Local", 10, Day, default)).Select(static p => p.SupersededBy));
    }

    [Fact]
    public async Task Blocks_that_lapse_are_found_and_nothing_else()
    {
        long start = Sample.Now(_time);
        Decision[] decisions = [.. Enumerable.Range(0, 12).Select(i => Sample.Decision(i, _time) with
        {
            Time = start + i,
            Action = (DecisionAction)(i % 4),
            Expires = i < 8 ? start + 3_600_000 + i : null,
        })];
        await _store.AppendAsync(decisions, [], default);

        IReadOnlyList<Decision> read = await _store.ReadLapsingAsync(_time.GetUtcNow(), _time.GetUtcNow().AddMilliseconds(11), default);

        Assert.Equal(
            decisions.Where(d => d.Action == DecisionAction.Block && d.Expires is not null).Select(d => (d.Id, d.Expires)),
            read.Select(d => (d.Id, d.Expires)));
        Assert.Equal(2, read.Count);
    }

    [Fact]
    public async Task A_period_is_half_open()
    {
        await _store.AppendAsync([Sample.Decision(0, _time), Sample.Decision(1, _time), Sample.Decision(2, _time)], [], default);
        DateTimeOffset start = _time.GetUtcNow();

        IReadOnlyList<Decision> read = await _store.ReadDecisionsAsync(start, start.AddMilliseconds(2), default);

        Assert.Equal(["decision-0", "decision-1"], read.Select(static d => d.Id));
    }

    [Theory]
    [InlineData("nul\0inside")]
    [InlineData("half \uD83D pair")]
    [InlineData("\\u0000 is only text \\")]
    [InlineData("'; drop table decisions; --")]
    public async Task Text_that_PostgreSQL_cannot_hold_fails_no_batch(string hostile)
    {
        Decision decision = Sample.Decision(0, _time) with
        {
            Subject = new Subject(SubjectType.Token, hostile),
            Organization = hostile,
            Reasons = [new DecisionReason(hostile, 0, 0, 0, 0, hostile)],
        };
        FlaggedSubject flagged = Sample.Flagged(decision) with { Referrers = [new Tally(hostile, 1)], User = hostile };
        FlaggedSubject twin = Sample.Flagged(decision with { Subject = new Subject(SubjectType.Token, hostile.Replace('\0', '\uFFFD')) });

        await _store.AppendAsync([decision], [flagged, twin], default);
        await _store.RecordOutcomeAsync(decision.Id, "Local", new GuardianOutcome(GuardianResult.Applied, hostile, hostile), null, default);

        FlaggedSubject read = Assert.Single((await _store.ReadFlaggedAsync(_time.GetUtcNow(), _time.GetUtcNow() + Day, 10, default)).Highest);
        string stored = hostile.Replace('\0', '\uFFFD').Replace('\uD83D', '\uFFFD');
        Assert.Equal(stored, read.Subject.Value);
        Assert.Equal(stored, read.Decisions[0].Reasons[0].Text);
    }

    [Fact]
    public async Task Evidence_is_read_back_and_the_latest_wins_whatever_the_order_of_arrival()
    {
        Decision early = Sample.Decision(0, _time);
        Decision late = Sample.Decision(1, _time) with { Time = Sample.Now(_time) + 60_000, Score = 0.7, Subject = early.Subject };
        FlaggedSubject rich = Sample.Flagged(late) with
        {
            User = "u",
            Score = 0.7,
            Streams = [new Tally("s", 3)],
            Claims = new TokenClaims { Streams = ["s"], Revocable = true, Expires = 1_763_000_000 },
            Timeline =
            [
                new SessionSpan { Start = 1, End = 2, Running = true, Address = "203.0.113.7", Country = "DE", Provider = "p", DataCentre = true, Stream = "s", Referrer = "", UserAgent = "<x>" },
            ],
        };
        await _store.AppendAsync([late], [rich], default);
        await _store.AppendAsync([early], [Sample.Flagged(early)], default);

        FlaggedSubject read = Assert.Single((await _store.ReadFlaggedAsync(_time.GetUtcNow(), _time.GetUtcNow() + Day, 10, default)).Highest);

        Assert.Equal([early.Id, late.Id], read.Decisions.Select(static d => d.Id));
        Assert.Equal(early.Score, read.Score);
        Assert.Equal(rich.Timeline.AsEnumerable(), read.Timeline);
        Assert.Equal(rich.Streams.AsEnumerable(), read.Streams);
        Assert.Equal("u", read.User);
        Assert.Equal(rich.Claims.Expires, read.Claims!.Expires);
        Assert.Equal(rich.Claims.Streams.AsEnumerable(), read.Claims.Streams);
    }

    [Fact]
    public async Task A_report_holds_only_the_periods_subjects_and_decisions_highest_score_first()
    {
        Decision low = Sample.Decision(0, _time) with { Subject = new Subject(SubjectType.Token, "low"), Score = 0.6 };
        Decision high = Sample.Decision(1, _time) with { Subject = new Subject(SubjectType.Ip, "203.0.113.7"), Score = 0.9, Organization = "org" };
        Decision later = Sample.Decision(2, _time) with { Time = Sample.Now(_time) + 3_600_000, Subject = low.Subject };
        Decision other = Sample.Decision(3, _time) with { Time = Sample.Now(_time) + 3_600_000, Subject = new Subject(SubjectType.Token, "other") };
        await _store.AppendAsync([low, high, later, other], [Sample.Flagged(low), Sample.Flagged(later), Sample.Flagged(other)], default);

        (IReadOnlyList<FlaggedSubject> read, int total) = await _store.ReadFlaggedAsync(_time.GetUtcNow(), _time.GetUtcNow().AddHours(1), 10, default);

        Assert.Equal(2, total);
        Assert.Equal(["203.0.113.7", "low"], read.Select(static f => f.Subject.Value));
        Assert.Equal("org", read[0].Organization);
        Assert.Equal(low.Id, Assert.Single(read[1].Decisions).Id);
    }

    [Fact]
    public async Task Of_many_subjects_those_with_the_highest_scores_are_read_and_all_are_counted()
    {
        // Equal scores in every type, with and without a tenant, and two decisions each: the order of reports decides whom the limit leaves out.
        Decision[] decisions = [.. Enumerable.Range(0, 160).Select(i => Sample.Decision(i, _time) with
        {
            Subject = new Subject((SubjectType)(i % 4), $"{(i % 3 == 0 ? "B" : "a")}-{i % 40}"),
            Organization = i % 5 == 0 ? null : $"org-{i % 2}",
            Score = DecisionJson.Round((i % 7) / 10.0),
        })];
        await _store.AppendAsync(decisions, [.. decisions.Where((_, i) => i % 2 == 0).Select(Sample.Flagged)], default);
        (IReadOnlyList<FlaggedSubject> all, int total) = await _store.ReadFlaggedAsync(_time.GetUtcNow(), _time.GetUtcNow() + Day, 1_000, default);

        var expected = decisions.GroupBy(static d => (d.Subject, d.Organization))
            .OrderByDescending(static g => g.Max(static d => d.Score)).ThenBy(static g => g.Key.Subject).ThenBy(static g => g.Key.Organization, StringComparer.Ordinal)
            .Select(static g => (g.Key, Count: g.Count())).ToList();
        Assert.Equal((expected.Count, expected.Count), (total, all.Count));
        foreach (int most in (int[])[1, 7, 30, expected.Count - 1])
        {
            (IReadOnlyList<FlaggedSubject> highest, int counted) = await _store.ReadFlaggedAsync(_time.GetUtcNow(), _time.GetUtcNow() + Day, most, default);

            Assert.Equal(expected.Count, counted);
            Assert.Equal(
                expected.Take(most).OrderBy(static e => e.Key.Subject).ThenBy(static e => e.Key.Organization, StringComparer.Ordinal),
                highest.Select(static f => ((f.Subject, f.Organization), f.Decisions.Length)).OrderBy(static e => e.Item1.Subject).ThenBy(static e => e.Item1.Organization, StringComparer.Ordinal));
        }
    }

    [Fact]
    public async Task Nothing_flagged_is_counted_as_none()
    {
        (IReadOnlyList<FlaggedSubject> highest, int total) = await _store.ReadFlaggedAsync(_time.GetUtcNow(), _time.GetUtcNow() + Day, 10, default);

        Assert.Empty(highest);
        Assert.Equal(0, total);
    }

    [Fact]
    public async Task The_outbox_holds_enforceable_decisions_until_each_guardian_answers_for_good()
    {
        Decision block = Enforced(0, DecisionAction.Block);
        Decision release = Enforced(1, DecisionAction.Release);
        Decision revoke = Enforced(2, DecisionAction.Revoke);
        await _store.AppendAsync([block, release, revoke, Enforced(3, DecisionAction.Flag), Sample.Decision(4, _time) with { Action = DecisionAction.Block }], [], default);

        Assert.Equal([block.Id, release.Id, revoke.Id], await PendingIds("Local"));
        await _store.RecordOutcomeAsync(block.Id, "Local", new GuardianOutcome(GuardianResult.Applied, null, "rule-1"), null, default);
        await _store.RecordOutcomeAsync(release.Id, "Local", new GuardianOutcome(GuardianResult.Unsupported), null, default);
        await _store.RecordOutcomeAsync(revoke.Id, "Local", new GuardianOutcome(GuardianResult.Unavailable, "time-out"), _time.GetUtcNow().AddMinutes(1), default);

        Assert.Empty(await PendingIds("Local"));
        Assert.Equal([block.Id, release.Id, revoke.Id], await PendingIds("NanoStream"));

        _time.Advance(TimeSpan.FromMinutes(1));
        PendingDecision again = Assert.Single(await _store.PendingAsync("Local", 10, Day, default));
        Assert.Equal((revoke.Id, 1), (again.Decision.Id, again.Attempts));
        await _store.RecordOutcomeAsync(revoke.Id, "Local", new GuardianOutcome(GuardianResult.Rejected, "not revocable"), null, default);
        await _store.RecordOutcomeAsync(revoke.Id, "Local", new GuardianOutcome(GuardianResult.Unavailable), null, default);
        Assert.Empty(await PendingIds("Local"));

        IReadOnlyList<RecordedOutcome> outcomes = await _store.ReadOutcomesAsync(_time.GetUtcNow() - Day, _time.GetUtcNow() + Day, default);
        Assert.Equal([GuardianResult.Applied, GuardianResult.Unsupported, GuardianResult.Rejected], outcomes.Select(static o => o.Outcome.Result));
        Assert.Equal(("rule-1", 2), (outcomes[0].Outcome.RuleId, outcomes[2].Attempts));
    }

    [Fact]
    public async Task What_came_of_decisions_is_put_together_for_reports()
    {
        Decision block = Enforced(0, DecisionAction.Block);
        Decision flag = Enforced(3, DecisionAction.Flag);
        await _store.AppendAsync([block, flag], [], default);
        await _store.RecordOutcomeAsync(block.Id, "Local", new GuardianOutcome(GuardianResult.Applied), null, default);
        await _store.RecordOutcomeAsync(block.Id, "Webhook", new GuardianOutcome(GuardianResult.Unavailable, "time-out"), _time.GetUtcNow().AddMinutes(1), default);
        var effects = new EffectLog(_database.DataSource, _time);
        await effects.WatchAsync(block.Id, _time.GetUtcNow(), false, [], default);
        await effects.FinishAsync(block.Id, Effect.Moved, 0, 1, "to another address", default);
        await effects.LinkAsync("revocation", [block], "not revocable", default);

        IReadOnlyDictionary<string, Aftermath> found = await new AftermathReader(_database.DataSource).ReadAsync([block.Id, flag.Id, "nobody"], default);

        Aftermath aftermath = Assert.Single(found).Value;
        Assert.Equal([new EngineOutcome("Local", "applied", null, 1), new EngineOutcome("Webhook", "unavailable", "time-out", 1)], aftermath.Engines.AsEnumerable());
        Assert.Equal(("moved", 0L, 1, "to another address"), (aftermath.Effect, aftermath.NewSessions, aftermath.OpenSessions, aftermath.EffectDetail));
        Assert.Equal(("revocation", "not revocable"), (aftermath.InPlaceOf, aftermath.InPlaceBecause));
        Assert.Equal([new EngineSummary("Local", 1, 0, 0), new EngineSummary("Webhook", 0, 1, 0)], AftermathReader.Summarize(found.Values).AsEnumerable());
    }

    [Fact]
    public async Task Notices_are_kept_once_read_by_their_time_and_deleted_with_the_decisions()
    {
        var told = new NoticeLog(_database.DataSource, _time);
        long now = Sample.Now(_time);
        Notice[] notices =
        [
            new(now, NoticeKind.BreakerOpened, null, "61 blocks within a minute."), new(now + 1, NoticeKind.BlockTooWide, "red\0", "One block would touch 9 %."),
            new(now + 3_600_000, NoticeKind.BreakerClosed, null, "Blocks are made again."),
        ];
        await told.AppendAsync(notices, default);
        await told.AppendAsync(notices, default);

        Assert.Equal([notices[0], notices[1] with { Organization = "red\uFFFD" }], await told.ReadAsync(_time.GetUtcNow(), _time.GetUtcNow().AddHours(1), default));
        Assert.Equal(3, (await told.ReadAsync(_time.GetUtcNow(), _time.GetUtcNow() + Day, default)).Count);
        _time.Advance(Day);
        await _store.DeleteOlderThanAsync(_time.GetUtcNow(), default);
        Assert.Empty(await told.ReadAsync(_time.GetUtcNow() - Day, _time.GetUtcNow(), default));
    }

    [Fact]
    public async Task Lapsed_and_old_decisions_are_not_pending()
    {
        await _store.AppendAsync(
            [Enforced(0, DecisionAction.Block) with { Expires = Sample.Now(_time) + 60_000 }, Enforced(1, DecisionAction.Revoke)], [], default);
        Assert.Equal(2, (await PendingIds("Local")).Count);

        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(["decision-1"], await PendingIds("Local"));
        _time.Advance(Day);
        Assert.Empty(await PendingIds("Local"));
    }

    [Fact]
    public async Task Retention_deletes_old_decisions_with_their_outcomes_and_evidence()
    {
        Decision old = Enforced(0, DecisionAction.Block);
        await _store.AppendAsync([old], [Sample.Flagged(old)], default);
        await _store.RecordOutcomeAsync(old.Id, "Local", new GuardianOutcome(GuardianResult.Applied), null, default);
        _time.Advance(TimeSpan.FromDays(30));
        Decision fresh = Enforced(1, DecisionAction.Block) with { Subject = new Subject(SubjectType.Token, "fresh") };
        await _store.AppendAsync([fresh], [Sample.Flagged(fresh)], default);

        Assert.Equal(1, await _store.DeleteOlderThanAsync(_time.GetUtcNow().AddDays(-7), default));

        await using NpgsqlConnection connection = await _database.DataSource.OpenConnectionAsync();
        Assert.Equal("1,0,1", await connection.ExecuteScalarAsync<string>(
            "select concat_ws(',', (select count(*) from decisions), (select count(*) from decision_outcomes), (select count(*) from flagged_subjects))"));
    }

    private Decision Enforced(int number, DecisionAction action) =>
        Sample.Decision(number, _time) with { Action = action, Mode = EnforcementMode.Enforce };

    private Decision Revocation(int number, ImmutableArray<IpNetwork> except, string token = "jti-1") =>
        Enforced(number, DecisionAction.Revoke) with { Subject = new Subject(SubjectType.Token, token), Except = except };

    private async Task<List<string>> PendingIds(string guardian) =>
        [.. (await _store.PendingAsync(guardian, 100, Day, default)).Select(static p => p.Decision.Id)];
}
