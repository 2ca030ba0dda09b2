using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Tests.Policy;

public sealed class CircuitBreakerTests
{
    private const long T = TestTraffic.Noon;
    private const long Minute = 60_000;

    private readonly StringPool _strings = new(new KeyedHasher(1, 2));
    private readonly CircuitBreaker _breaker;
    private readonly List<Notice> _notices = [];
    private ulong _subject;

    public CircuitBreakerTests() => _breaker = new CircuitBreaker(new PolicyOptions { BreakerAudienceShare = 0.02, BreakerAudienceFloor = 20 }, _strings);

    [Theory]
    [InlineData(100, 20)]
    [InlineData(1_000, 20)]
    [InlineData(50_000, 1_000)]
    public void As_many_viewers_as_the_share_or_the_floor_allow_may_be_touched_within_ten_minutes(int audience, int limit)
    {
        _breaker.Pass(T, audience);
        Assert.Equal(limit, _breaker.Limit);
        for (int i = 0; i < limit / 5; i++)
        {
            Assert.True(Ask(T, 5), $"block {i}");
        }
        Assert.False(_breaker.IsOpen);

        Assert.False(Ask(T, 1));
        Assert.True(_breaker.IsOpen);
        Assert.Equal(T, _breaker.OpenedAt);
        Notice notice = Assert.Single(Notices());
        Assert.Equal(NoticeKind.BreakerOpened, notice.Kind);
        Assert.Contains(FormattableString.Invariant($"{limit + 1:N0} viewers"), notice.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Blocks_further_apart_than_ten_minutes_never_open_it()
    {
        for (int minute = 0; minute < 100; minute++)
        {
            _breaker.Pass(T + (minute * Minute), 100);
            Assert.True(Ask(T + (minute * Minute), 2), $"minute {minute}");
        }
        Assert.Empty(Notices());
    }

    [Fact]
    public void It_closes_when_less_than_half_the_limit_has_been_asked_for_during_the_recovery()
    {
        _breaker.Pass(T, 100);
        LedgerKey waiting = Key();
        Assert.True(Ask(T, 15));
        Assert.False(_breaker.TryBlock(waiting, 0, 15, T));
        long minute = 0;
        for (; minute < 30; minute++)
        {
            _breaker.Pass(T + (minute * Minute), 100);
            Assert.False(_breaker.TryBlock(waiting, 0, 15, T + (minute * Minute)), $"minute {minute}");
        }
        long lastAsked = minute - 1;
        for (; _breaker.IsOpen && minute < 100; minute++)
        {
            _breaker.Pass(T + (minute * Minute), 100);
        }

        // Ten minutes until what was asked for no longer counts, and ten of recovery after the last minute in which it did.
        Assert.Equal(lastAsked + 9 + 10, minute - 1);
        Assert.True(_breaker.TryBlock(waiting, 0, 15, T + (minute * Minute)));
        Notice closed = Notices()[^1];
        Assert.Equal(NoticeKind.BreakerClosed, closed.Kind);
        Assert.Contains("Blocks that became flags meanwhile: 1.", closed.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void One_block_that_is_too_wide_alone_protects_nobody_else()
    {
        _breaker.Pass(T, 100);
        LedgerKey wide = Key();
        Assert.False(_breaker.TryBlock(wide, 0, 21, T));
        Assert.False(_breaker.TryBlock(wide, 0, 22, T + 5_000));
        Assert.True(Ask(T, 20));

        Assert.False(_breaker.IsOpen);
        Assert.Equal(NoticeKind.BlockTooWide, Assert.Single(Notices()).Kind);
    }

    [Fact]
    public void A_share_of_one_switches_the_limit_off()
    {
        CircuitBreaker breaker = new(new PolicyOptions { BreakerAudienceShare = 1 }, _strings);
        breaker.Pass(T, 10);
        Assert.True(breaker.TryBlock(Key(), 0, 1_000_000, T));
        Assert.True(breaker.TryBlock(Key(), 0, 1_000_000, T));
    }

    [Fact]
    public void When_the_referrer_goes_missing_for_everybody_blocks_become_flags_until_it_is_back()
    {
        Run(0, 60, minute => Starts(minute, 40, missing: 8));
        Assert.True(Ask(T + (60 * Minute), 1));
        int opened = Until(60, minute => Starts(minute, 40, missing: 36), open: true);
        Assert.InRange(opened, 60, 63);
        Assert.False(Ask(T + (opened * Minute), 1));
        Notice notice = Assert.Single(Notices());
        Assert.Matches(@"^Blocks become flags: \d+ % of \d+ networks started sessions without a referrer in the last 5 minutes, 20 % of [\d,]+ in the hour before\.$", notice.Text);

        Run(opened + 1, opened + 15, minute => Starts(minute, 40, missing: 36));
        Assert.True(_breaker.IsOpen);
        int closed = Until(opened + 15, minute => Starts(minute, 40, missing: 8), open: false);
        Assert.InRange(closed, opened + 15 + 10, opened + 15 + 10 + 6);
        Assert.True(Ask(T + (closed * Minute), 1));
    }

    [Fact]
    public void A_change_that_lasts_is_normal_within_two_hours()
    {
        Run(0, 60, minute => Starts(minute, 40, missing: 8));
        int opened = Until(60, minute => Starts(minute, 40, missing: 36), open: true);
        int closed = Until(opened + 1, minute => Starts(minute, 40, missing: 36), open: false);
        Assert.InRange(closed, opened + 30, opened + 90);
    }

    [Fact]
    public void One_network_that_sends_thousands_without_a_referrer_opens_nothing()
    {
        Run(0, 90, minute =>
        {
            Starts(minute, 40, missing: 8);
            for (int i = 0; minute >= 60 && i < 3_000; i++)
            {
                Hear(minute, 0x0A000001, missing: true);
            }
        });

        Assert.Empty(Notices());
    }

    [Fact]
    public void What_is_sick_of_one_tenant_keeps_only_its_own_blocks_back()
    {
        int sick = _strings.Intern("sick");
        int well = _strings.Intern("well");
        Run(0, 70, minute =>
        {
            Starts(minute, 40, missing: minute < 60 ? 8 : 36, organization: sick);
            Starts(minute, 400, missing: 80, organization: well, from: 0x20000000);
        });

        Assert.True(_breaker.IsOpenFor(sick));
        Assert.False(_breaker.IsOpenFor(well));
        Assert.False(_breaker.IsOpenFor(0));
        Assert.Equal("sick", Assert.Single(Notices()).Organization);
    }

    [Fact]
    public void When_a_tenant_whose_players_never_send_a_referrer_has_its_kick_off_nothing_is_sick()
    {
        int app = _strings.Intern("app");
        int web = _strings.Intern("web");
        Run(0, 80, minute =>
        {
            int viewers = minute < 65 ? 30 : 300;
            Starts(minute, viewers, missing: viewers, organization: app);
            Starts(minute, 100, missing: 5, organization: web, from: 0x20000000);
        });

        Assert.Empty(Notices());
    }

    [Fact]
    public void What_goes_missing_for_every_tenant_keeps_all_blocks_back_in_the_proportions_of_now()
    {
        int app = _strings.Intern("app");
        int web = _strings.Intern("web");
        Run(0, 70, minute =>
        {
            Starts(minute, 40, missing: minute < 60 ? 4 : 30, organization: app);
            Starts(minute, 40, missing: minute < 60 ? 4 : 30, organization: web, from: 0x20000000);
        });

        Assert.True(_breaker.IsOpenFor(0));
        Assert.Contains(Notices(), notice => notice.Organization is null && notice.Text.Contains(", 10 % of", StringComparison.Ordinal));
    }

    [Fact]
    public void When_the_referrer_goes_missing_for_many_tenants_of_whom_little_is_known_all_blocks_are_kept_back()
    {
        int[] tenants = [.. Enumerable.Range(0, 60).Select(i => _strings.Intern($"tenant{i}"))];
        Run(0, 70, minute =>
        {
            // Of each a viewer every other minute: too few to say anything of it alone.
            foreach (int tenant in tenants.Where(tenant => (tenant + minute) % 2 == 0))
            {
                Starts(minute, 1, missing: minute < 60 ? 0 : 1, organization: tenant, from: 0x20000000 + ((uint)tenant << 16));
            }
        });

        Assert.True(_breaker.IsOpenFor(tenants[0]));
        Assert.Null(Assert.Single(Notices()).Organization);
    }

    [Fact]
    public void A_tool_takes_no_viewers_place_behind_its_address()
    {
        Run(0, 70, minute =>
        {
            Starts(minute, 40, missing: 0, traits: EventTraits.ToolAgent);
            Starts(minute, 40, missing: minute < 60 ? 8 : 36);
        });

        Assert.True(_breaker.IsOpen);
    }

    [Fact]
    public void A_flood_by_tools_without_tokens_is_no_sickness()
    {
        Run(0, 80, minute =>
        {
            Starts(minute, 40, missing: 8);
            if (minute >= 65)
            {
                Starts(minute, 200, missing: 200, Symptom.NoToken, from: 0x20000000, traits: EventTraits.ToolAgent);
            }
        });

        Assert.Empty(Notices());
    }

    [Theory]
    [InlineData(Symptom.Duplicates, "sent events twice")]
    [InlineData(Symptom.Late, "sent late events")]
    [InlineData(Symptom.Malformed, "records were no events")]
    [InlineData(Symptom.NoToken, "without a token")]
    [InlineData(Symptom.NoCountry, "unknown country")]
    [InlineData(Symptom.NoOperator, "unknown network operator")]
    [InlineData(Symptom.DataCentre, "data centres")]
    public void Every_symptom_opens_it_and_says_which(Symptom symptom, string expected)
    {
        Run(0, 80, minute =>
        {
            Starts(minute, 40, missing: 8, minute < 70 ? null : symptom);
            if (minute >= 70 && symptom == Symptom.Malformed)
            {
                _breaker.HearMalformed(40, T + (minute * Minute));
            }
        });

        Notice notice = Assert.Single(Notices());
        Assert.Contains(expected, notice.Text, StringComparison.Ordinal);
        Assert.Equal(notice.Text, "Blocks become flags: " + _breaker.Reason);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Shares_that_only_wander_open_nothing_in_a_week(int seed)
    {
        Random random = new(seed);
        Run(0, 7 * 1_440, minute =>
        {
            // A daily swing of the share by 0.15 either way, and of the audience by a factor of nine.
            double season = Math.Sin(minute * 2 * Math.PI / 1_440);
            int networks = (int)(50 + (40 * season));
            double share = 0.4 + (0.15 * season);
            Starts(minute, networks, Enumerable.Range(0, networks).Count(_ => random.NextDouble() < share));
        });

        Assert.Empty(Notices());
    }

    [Fact]
    public void Too_little_is_known_of_an_empty_night_to_call_it_sick()
    {
        Run(0, 200, minute => Starts(minute, minute % 10 == 0 ? 3 : 0, missing: minute < 150 ? 0 : 3));
        Assert.Empty(Notices());
    }

    [Fact]
    public void Records_that_are_no_events_before_the_first_event_harm_nothing()
    {
        for (int i = 0; i < 1_000; i++)
        {
            _breaker.HearMalformed(5, long.MinValue);
        }
        Run(0, 5, minute => Starts(minute, 40, missing: 8));
        Assert.Empty(Notices());
    }

    private void Run(int from, int to, Action<int> minute)
    {
        for (int m = from; m < to; m++)
        {
            Tick(m, minute);
        }
    }

    private int Until(int from, Action<int> minute, bool open)
    {
        int m = from;
        for (; _breaker.IsOpen != open; m++)
        {
            Assert.True(m < from + 300, $"it is still {(open ? "closed" : "open")} after five hours");
            Tick(m, minute);
        }
        return m;
    }

    private void Tick(int m, Action<int> minute)
    {
        minute(m);
        _breaker.Pass(T + (m * Minute) + 55_000, 1_000);
        _breaker.TakeNotices(_notices);
    }

    private void Starts(int minute, int networks, int missing, Symptom? symptom = null, int organization = 0, uint from = 0x10000000, EventTraits traits = EventTraits.None)
    {
        for (int i = 0; i < networks; i++)
        {
            Hear(minute, from + (uint)(i << 8), missing: i < missing, symptom, organization, traits);
        }
    }

    private void Hear(int minute, uint address, bool missing, Symptom? symptom = null, int organization = 0, EventTraits traits = EventTraits.None)
    {
        PlaybackEvent e = new()
        {
            Timestamp = T + (minute * Minute) + 30_000,
            Type = PlaybackEventType.Start,
            Address = IpAddress.FromV4(address),
            Token = symptom == Symptom.NoToken ? default : new Key128(1, 1),
            Referrer = missing ? 0 : 7,
            Country = symptom == Symptom.NoCountry ? (ushort)0 : (ushort)1,
            Asn = symptom == Symptom.NoOperator ? 0u : 1u,
            Organization = organization,
            Traits = traits | (symptom == Symptom.DataCentre ? EventTraits.DataCentre : EventTraits.None),
        };
        _breaker.Hear(in e);
        if (symptom == Symptom.Duplicates)
        {
            _breaker.HearAgain(in e);
        }
        if (symptom == Symptom.Late)
        {
            _breaker.HearLate(in e, e.Timestamp);
        }
    }

    private bool Ask(long now, int viewers) => _breaker.TryBlock(Key(), 0, viewers, now);

    private LedgerKey Key() => new(SubjectType.Ip, 0, ++_subject);

    private List<Notice> Notices()
    {
        _breaker.TakeNotices(_notices);
        return _notices;
    }
}
