using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Core.Features;
using AutoGuard.Core.Pipeline;
using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Tests.Features;

/// <summary>An account whose player takes a new token every so often is one account.</summary>
public sealed class AccountsTests
{
    [Theory]
    [InlineData("u", null, 4)]
    [InlineData("somebody", null, 2)]
    [InlineData("u", "other", 2)]
    public void A_token_was_where_the_token_before_it_was_of_the_same_user_and_tenant(string user, string? organization, int places)
    {
        TestTraffic traffic = new();
        traffic.Session(0, 600, "s1", "81.1.1.1", "first", user, asn: 64500, organization: organization);
        traffic.Session(700, 1_200, "s2", "82.1.1.1", "first", user, asn: 64501, organization: organization);
        traffic.Session(1_300, 1_800, "s3", "83.1.1.1", "t", "u", asn: 64502);
        traffic.Session(1_900, 2_400, "s4", "84.1.1.1", "t", "u", asn: 64503);

        Assert.Equal(places, Measure(traffic, 2_400).Places);
    }

    [Fact]
    public void Of_three_tokens_in_turn_the_last_was_where_all_of_them_were()
    {
        TestTraffic traffic = new();
        foreach ((int i, string token) in (ReadOnlySpan<(int, string)>)[(0, "first"), (1, "second"), (2, "t")])
        {
            traffic.Session(i * 700, (i * 700) + 600, $"s{i}", $"8{i}.1.1.1", token, "u", asn: 64500 + (uint)i, country: ((string[])["DE", "FR", "IT"])[i]);
        }

        TokenFeatures last = Measure(traffic, 2_100);

        Assert.Equal(3, last.Places);
        Assert.Equal(3, last.Countries);
        Assert.Equal(1, last.Sessions);
    }

    [Fact]
    public void What_has_left_the_window_is_not_taken_over()
    {
        int window = (int)new DetectionOptions().Window.TotalSeconds;
        TestTraffic traffic = new();
        traffic.Session(0, 300, "s1", "81.1.1.1", "first", "u", asn: 64500);
        traffic.Session(window, window + 300, "s2", "82.1.1.1", "first", "u", asn: 64501);
        traffic.Session(window + 600, window + 900, "s3", "83.1.1.1", "t", "u", asn: 64502);

        Assert.Equal(2, Measure(traffic, window + 900).Places);
    }

    [Theory]
    [InlineData(Accounts.MostFollowed, Accounts.MostFollowed + 1)]
    [InlineData(Accounts.MostFollowed + 1, 1)]
    public void A_token_that_got_out_says_nothing_of_the_account_s_next_one(int hands, int places)
    {
        // Nothing is decided, for what was revoked is another story.
        TestTraffic traffic = new(new PipelineSettings { Policy = new PolicyOptions { FlagScore = 1, BlockScore = 1 } });
        for (int i = 0; i < hands; i++)
        {
            traffic.Session(i, 600, $"s{i}", $"81.{i}.1.1", "first", "u", asn: 64500 + (uint)i);
        }
        traffic.Session(700, 1_200, "s", "83.1.1.1", "t", "u", asn: 64499);

        Assert.Equal(places, Measure(traffic, 1_200).Places);
    }

    [Theory]
    [InlineData(DecisionAction.Flag, 3)]
    [InlineData(DecisionAction.Revoke, 1)]
    public void A_token_that_was_revoked_before_a_restart_is_not_followed_after_it(DecisionAction action, int places)
    {
        TestTraffic traffic = new();
        Decision earlier = new()
        {
            Id = "earlier",
            Time = TestTraffic.Noon - 60_000,
            Action = action,
            Mode = EnforcementMode.Observe,
            Subject = new Subject(SubjectType.Token, "first"),
            Score = 1,
            Reasons = [],
            Harm = new HarmPreview(0, 0, 0),
            Policy = "",
            Source = new SourcePosition("", 0, 0),
        };
        traffic.Pipeline.Remember([earlier], (token, organization) => traffic.TokenKey(token, organization));
        // Whoever has it plays on, and its owner comes back from home.
        traffic.Session(0, 600, "s1", "81.1.1.1", "first", "u", asn: 64500);
        traffic.Session(0, 600, "s2", "82.1.1.1", "first", "u", asn: 64501);
        traffic.Session(700, 1_200, "s3", "83.1.1.1", "t", "u", asn: 64502);

        Assert.Equal(places, Measure(traffic, 1_200).Places);
    }

    [Fact]
    public void A_forgotten_token_leaves_no_account_behind()
    {
        TestTraffic traffic = new();
        traffic.Session(0, 600, "s1", "81.1.1.1", "first", "u");
        traffic.Session(700, 1_200, "s2", "81.1.1.1", "t", "u");
        Measure(traffic, 1_200);
        FeatureState state = traffic.Pipeline.State;
        Assert.Equal(1, state.Accounts.Count);

        foreach (string token in (string[])["first", "t"])
        {
            int index = state.Tokens.Find(traffic.TokenKey(token));
            state.Release(index, ref state.Tokens[index]);
            state.Tokens.Remove(index);
            Assert.Equal(token == "first" ? 1 : 0, state.Accounts.Count);
        }
    }

    [Fact]
    public void However_tokens_come_and_go_each_account_s_latest_is_known()
    {
        const int Users = 40;
        FeatureState state = new(new CapacityOptions(), 1, 2);
        Random random = new(7);
        Dictionary<ulong, int> latest = [];
        List<int> live = [];
        for (int step = 0; step < 20_000; step++)
        {
            // Few users, whose keys want few places: long rows, in which gaps must be closed rightly.
            int index;
            if (live.Count > 60 || (live.Count > 0 && random.Next(3) == 0))
            {
                int gone = random.Next(live.Count);
                index = live[gone];
                live.RemoveAt(gone);
                ulong owner = state.Tokens[index].User.High;
                state.Release(index, ref state.Tokens[index]);
                state.Tokens.Remove(index);
                _ = latest.GetValueOrDefault(owner, -1) == index && latest.Remove(owner);
            }
            else
            {
                ulong owner = (ulong)(random.Next(Users) % 7) + ((ulong)random.Next(Users) << 40);
                index = state.Tokens.GetOrAdd(new Key128((ulong)step + 1, 9), out _);
                state.Tokens[index].User = new Key128(owner + 1, 1);
                live.Add(index);
                state.Accounts.FollowOn(index, 0, 0);
                latest[owner + 1] = index;
            }
            Assert.Equal(latest.Count, state.Accounts.Count);
        }
        Assert.All(latest, pair => Assert.Equal(pair.Value, state.Accounts.LatestOf(new Key128(pair.Key, 1))));
        Assert.Equal(-1, state.Accounts.LatestOf(new Key128(ulong.MaxValue, 1)));
    }

    [Fact]
    public void An_account_that_goes_from_hand_to_hand_is_flagged_though_each_of_its_tokens_is_in_few()
    {
        TestTraffic traffic = new TestTraffic().Audience();
        for (int hand = 0; hand < 6; hand++)
        {
            int from = hand * 1_200;
            traffic.Session(from, from + 600, $"s{hand}a", $"90.{hand}.1.1", $"token{hand / 2}", "u", asn: 64500 + (uint)(hand % 4), agent: $"Player {hand}");
            traffic.Session(from + 610, from + 1_190, $"s{hand}b", $"90.{hand}.1.1", $"token{hand / 2}", "u", asn: 64500 + (uint)(hand % 4), agent: $"Player {hand}");
        }
        traffic.InOrder().Run();

        Assert.NotEmpty(traffic.Decisions);
        Assert.All(traffic.Decisions, decision => Assert.Contains(decision.Subject.Value, (string[])["token1", "token2"]));
        Assert.Contains(traffic.Decisions, decision => decision.Reasons.Any(reason => reason.Indicator == "DistinctHomes" && reason.Value > 3));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Whoever_is_only_where_others_of_the_account_were_is_flagged_at_most(bool family)
    {
        TestTraffic traffic = new TestTraffic().Audience();
        if (family)
        {
            // Four devices with a token each: at home, in the office, at school, at the grandmother's.
            for (int device = 0; device < 4; device++)
            {
                Thrice(traffic, device * 1_500, device, $"token{device}");
            }
        }
        else
        {
            // Somebody who can write events gives a victim's name to a token of his own, seen in three countries.
            for (int home = 0; home < 3; home++)
            {
                traffic.Session(home * 60, (home * 60) + 2, $"forged-{home}", $"90.{home}.1.1", "forged", "u", asn: 64500 + (uint)home, agent: $"Player {home}", country: ((string[])["DE", "FR", "IT"])[home]);
            }
            Thrice(traffic, 1_500, 3, "victim", "ES");
        }
        traffic.InOrder().Run();

        Assert.DoesNotContain(traffic.Decisions, decision => decision.Subject.Value != "forged" && decision.Action != DecisionAction.Flag);
        Assert.Contains(traffic.Decisions, decision => decision.Subject.Value is "token3" or "victim");
    }

    [Fact]
    public void An_address_is_a_token_s_own_once_it_has_been_there()
    {
        TestTraffic traffic = new();
        traffic.Session(0, 600, "s1", "81.1.1.1", "first", "u", asn: 64500);
        traffic.Session(700, 1_200, "s2", "82.1.1.1", "first", "u", asn: 64501);
        traffic.Session(1_300, 1_800, "s3", "82.1.1.1", "t", "u", asn: 64501);

        TokenFeatures features = Measure(traffic, 1_800);

        Assert.Equal(2, features.Places);
        Assert.Equal(1, features.TakenOver);
    }

    private static void Thrice(TestTraffic traffic, int from, int home, string token, string country = "DE")
    {
        for (int i = 0; i < 3; i++)
        {
            traffic.Session(
                from + (i * 400), from + (i * 400) + 390, $"{token}-{home}-{i}", $"90.{home}.1.1", token, "u", asn: 64500 + (uint)(home % 4), agent: $"Player {home}", country: country);
        }
    }

    private static TokenFeatures Measure(TestTraffic traffic, int second)
    {
        long now = TestTraffic.Noon + (second * 1_000L);
        foreach (EventBatch batch in traffic.InOrder().Batches(256))
        {
            traffic.Pipeline.Process(batch, traffic.Output);
        }
        traffic.Pipeline.AdvanceTo(now, traffic.Output);
        new FeatureMeter(traffic.Pipeline.State, FeatureWindows.From(traffic.Settings.Detection), traffic.Referrers, TokenWorkflow.Auto, new Population())
            .Measure(traffic.Pipeline.State.Tokens.Find(traffic.TokenKey("t")), now, out TokenFeatures features);
        return features;
    }
}
