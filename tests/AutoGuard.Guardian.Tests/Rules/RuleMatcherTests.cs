using System.Net;
using AutoGuard.Core.Events;
using AutoGuard.Guardian.Rules;
using AutoGuard.Testing;

namespace AutoGuard.Guardian.Tests.Rules;

[Collection(AllocationCollection.Name)]
public sealed class RuleMatcherTests
{
    private static readonly DateTimeOffset Noon = new(2025, 11, 14, 12, 0, 0, TimeSpan.Zero);
    private readonly RuleMatcher _matcher = new();

    [Fact]
    public void Without_rules_everybody_plays() =>
        Assert.Equal(new Verdict(true, null), _matcher.Check(Address("203.0.113.7"), "t", "host.example", null, Noon));

    [Fact]
    public void Addresses_and_networks_of_both_families_are_denied()
    {
        _matcher.Load([Network("203.0.113.7"), Network("198.51.100.0/24"), Network("2001:db8::/48")]);

        Assert.False(Check("203.0.113.7"));
        Assert.True(Check("203.0.113.8"));
        Assert.False(Check("198.51.100.255"));
        Assert.True(Check("198.51.101.0"));
        Assert.False(Check("2001:db8:0:ffff::1"));
        Assert.True(Check("2001:db8:1::1"));
        Assert.False(Check("::ffff:203.0.113.7"));
    }

    [Fact]
    public void Allow_outranks_deny_whichever_is_narrower()
    {
        _matcher.Load([Network("203.0.113.0/24"), Network("203.0.113.7", RuleType.Allow), Network("198.51.100.7"), Network("198.51.100.0/24", RuleType.Allow)]);

        Assert.True(Check("203.0.113.7"));
        Assert.False(Check("203.0.113.8"));
        Assert.True(Check("198.51.100.7"));
    }

    [Fact]
    public void An_allowed_address_does_not_excuse_a_denied_token()
    {
        _matcher.Load([Network("203.0.113.7", RuleType.Allow), Text(RuleScope.Token, "jti-1")]);

        Verdict verdict = _matcher.Check(Address("203.0.113.7"), "jti-1", null, null, Noon);

        Assert.Equal((false, "jti-1"), (verdict.Allowed, verdict.Rule!.Value));
        Assert.True(_matcher.Check(Address("203.0.113.7"), "JTI-1", null, null, Noon).Allowed);
    }

    [Fact]
    public void A_denied_token_stays_good_where_its_rule_excepts_it_and_nowhere_else()
    {
        _matcher.Load([Text(RuleScope.Token, "jti-1") with { Except = Sample.Networks("203.0.113.0/24", "2001:db8:1:2::/64") }]);

        Assert.True(From("203.0.113.255"));
        Assert.True(From("::ffff:203.0.113.7"));
        Assert.True(From("2001:db8:1:2:ffff::1"));
        Assert.False(From("203.0.114.0"));
        Assert.False(From("2001:db8:1:3::1"));
        Assert.False(From(null));

        _matcher.Apply([Text(RuleScope.Token, "jti-1")], []);
        Assert.False(From("203.0.113.7"));
    }

    [Fact]
    public void What_one_rule_excepts_another_on_the_same_token_may_deny()
    {
        _matcher.Load([Text(RuleScope.Token, "jti-1") with { Except = Sample.Networks("203.0.113.0/24") }, Text(RuleScope.Token, "jti-1", organization: "o"), Network("203.0.113.9")]);

        Assert.True(From("203.0.113.7"));
        Assert.False(_matcher.Check(Address("203.0.113.7"), "jti-1", null, "o", Noon).Allowed);
        Assert.Equal("203.0.113.9", _matcher.Check(Address("203.0.113.9"), "jti-1", null, null, Noon).Rule!.Value);
    }

    [Fact]
    public void Referrers_match_exactly_by_sub_domain_or_all()
    {
        _matcher.Load([Text(RuleScope.Referrer, "bad.example"), Text(RuleScope.Referrer, "*.worse.example"), Text(RuleScope.Referrer, "ok.worse.example", RuleType.Allow)]);

        Assert.False(CheckReferrer("bad.example"));
        Assert.True(CheckReferrer("www.bad.example"));
        Assert.False(CheckReferrer("a.b.worse.example"));
        Assert.True(CheckReferrer("worse.example"));
        Assert.True(CheckReferrer("notworse.example"));
        Assert.True(CheckReferrer("ok.worse.example"));

        _matcher.Apply([Text(RuleScope.Referrer, "*")], []);
        Assert.False(CheckReferrer("unknown.example"));
        Assert.True(CheckReferrer("ok.worse.example"));
        Assert.True(CheckReferrer(null));
    }

    [Fact]
    public void Denying_everybody_waits_for_an_allowed_referrer()
    {
        Rule allowed = Text(RuleScope.Referrer, "ok.example", RuleType.Allow) with { ExpiresAt = Noon.AddHours(1) };
        _matcher.Load([Text(RuleScope.Referrer, "*")]);
        Assert.True(CheckReferrer("unknown.example"));

        _matcher.Apply([allowed], []);
        Assert.False(CheckReferrer("unknown.example"));
        Assert.True(_matcher.Check(null, null, "unknown.example", null, Noon.AddHours(1)).Allowed);

        _matcher.Apply([], [allowed.Id]);
        Assert.True(CheckReferrer("unknown.example"));
    }

    [Fact]
    public void Expiry_is_honoured_at_the_moment_of_the_look_up()
    {
        _matcher.Load([Network("203.0.113.7") with { ExpiresAt = Noon.AddHours(1) }]);

        Assert.False(_matcher.Check(Address("203.0.113.7"), null, null, null, Noon.AddHours(1).AddMilliseconds(-1)).Allowed);
        Assert.True(_matcher.Check(Address("203.0.113.7"), null, null, null, Noon.AddHours(1)).Allowed);
    }

    [Fact]
    public void Rules_of_one_organization_do_not_touch_another()
    {
        _matcher.Load([Network("203.0.113.7", organization: "a"), Network("203.0.113.7", RuleType.Allow, "b"), Network("198.51.100.7")]);

        Assert.False(_matcher.Check(Address("203.0.113.7"), null, null, "a", Noon).Allowed);
        Assert.True(_matcher.Check(Address("203.0.113.7"), null, null, "b", Noon).Allowed);
        Assert.True(_matcher.Check(Address("203.0.113.7"), null, null, null, Noon).Allowed);
        Assert.False(_matcher.Check(Address("198.51.100.7"), null, null, "b", Noon).Allowed);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(42)]
    [InlineData(20251114)]
    public void It_answers_as_a_plain_list_of_rules_would(int seed)
    {
        var random = new Random(seed);
        var list = new Dictionary<string, Rule>();
        for (int step = 0; step < 300; step++)
        {
            List<Rule> changed = [.. Enumerable.Range(0, random.Next(4)).Select(_ => RandomRule(random))];
            List<string> removed = [.. list.Keys.Where(_ => random.Next(20) == 0)];
            foreach (string id in removed)
            {
                list.Remove(id);
            }
            foreach (Rule rule in changed)
            {
                list[rule.Id] = rule;
            }
            if (random.Next(25) == 0)
            {
                _matcher.Load(list.Values);
            }
            else
            {
                _matcher.Apply(changed, removed);
            }
            for (int question = 0; question < 40; question++)
            {
                IpAddress? address = random.Next(4) == 0 ? null : RandomAddress(random);
                string? token = random.Next(3) == 0 ? null : "t" + random.Next(4);
                string? referrer = random.Next(3) == 0 ? null : RandomHost(random);
                string? organization = random.Next(2) == 0 ? null : "o" + random.Next(2);
                DateTimeOffset now = Noon.AddMinutes(random.Next(100));

                Verdict actual = _matcher.Check(address, token, referrer, organization, now);
                Assert.True(
                    actual.Allowed == Naive(list.Values, address, token, referrer, organization, now),
                    $"seed {seed}, step {step}: {address} {token} {referrer} {organization} {now:O}");
                Assert.True(actual.Allowed || actual.Rule!.Type == RuleType.Deny, $"seed {seed}, step {step}");
                Assert.True(
                    token is null || _matcher.CheckToken(token, address, organization, now).Allowed == Naive(list.Values.Where(static r => r.Scope == RuleScope.Token), address, token, null, organization, now),
                    $"seed {seed}, step {step}: {address} {token} {organization} {now:O}");
            }
        }
        Assert.Equal(list.Count, _matcher.Count);
    }

    [Fact]
    public void A_look_up_allocates_nothing()
    {
        _matcher.Load([.. Enumerable.Range(0, 1000).Select(i => Network($"203.0.{i / 250}.{i % 250}")), Network("198.51.100.0/24"), Text(RuleScope.Referrer, "*.bad.example"), Text(RuleScope.Token, "t")]);
        IpAddress address = Address("192.0.2.1");
        _matcher.Check(address, "x", "a.b.c.example", null, Noon);

        int allowed = 0;
        long allocated = Allocations.LeastOf(() =>
        {
            allowed = 0;
            for (int i = 0; i < 100_000; i++)
            {
                allowed += _matcher.Check(address, "x", "a.b.c.example", null, Noon).Allowed ? 1 : 0;
            }
        });
        Assert.Equal((100_000, 0L), (allowed, allocated));
    }

    [Fact]
    public void A_look_up_of_a_token_with_exceptions_allocates_nothing()
    {
        _matcher.Load([Text(RuleScope.Token, "t") with { Except = [.. Enumerable.Range(0, RuleExceptions.Most).Select(static i => IpNetwork.Of(IpAddress.FromV4(0xCB007100u + ((uint)i << 8)), 24))] }]);
        IpAddress home = Address($"203.0.{113 + RuleExceptions.Most - 1}.7");
        IpAddress away = Address("192.0.2.1");
        _matcher.Check(home, "t", null, null, Noon);

        int allowed = 0;
        long allocated = Allocations.LeastOf(() =>
        {
            allowed = 0;
            for (int i = 0; i < 50_000; i++)
            {
                allowed += _matcher.Check(home, "t", null, null, Noon).Allowed ? 1 : 0;
                allowed += _matcher.CheckToken("t", away, null, Noon).Allowed ? 1 : 0;
            }
        });
        Assert.Equal((50_000, 0L), (allowed, allocated));
    }

    private bool From(string? address) => _matcher.Check(address is null ? null : Address(address), "jti-1", null, null, Noon).Allowed;

    private bool Check(string address) => _matcher.Check(Address(address), null, null, null, Noon).Allowed;

    private bool CheckReferrer(string? host) => _matcher.Check(null, null, host, null, Noon).Allowed;

    private static bool Naive(IEnumerable<Rule> rules, IpAddress? address, string? token, string? referrer, string? organization, DateTimeOffset now)
    {
        List<Rule> active = [.. rules.Where(r => (r.ExpiresAt is null || r.ExpiresAt > now) && (r.Organization is null || r.Organization == organization))];
        bool Passes(Func<Rule, bool> matches) =>
            active.Any(r => matches(r) && r.Type == RuleType.Allow) || !active.Any(r => matches(r) && r.Type == RuleType.Deny);
        bool anyAllowedReferrer = active.Any(static r => r.Scope == RuleScope.Referrer && r.Type == RuleType.Allow);
        return Passes(r => address is IpAddress ip && r.Scope is RuleScope.Ip or RuleScope.Cidr && r.Network.Contains(address.Value))
            && Passes(r => r.Scope == RuleScope.Token && r.Value == token && !(address is IpAddress from && r.Except.Any(n => n.Contains(from))))
            && Passes(r => referrer is not null && r.Scope == RuleScope.Referrer && (r.Value == referrer
                || (r.Value == "*" && (r.Type == RuleType.Allow || anyAllowedReferrer))
                || (r.Value.StartsWith("*.", StringComparison.Ordinal) && referrer.EndsWith(r.Value[1..], StringComparison.Ordinal))));
    }

    private static Rule RandomRule(Random random)
    {
        RuleType type = random.Next(4) == 0 ? RuleType.Allow : RuleType.Deny;
        string? organization = random.Next(3) == 0 ? "o" + random.Next(2) : null;
        DateTimeOffset? expires = random.Next(2) == 0 ? null : Noon.AddMinutes(random.Next(100));
        IpAddress address = RandomAddress(random);
        Rule rule = random.Next(4) switch
        {
            0 => Text(RuleScope.Token, "t" + random.Next(4), type, organization) with
            {
                Except = type == RuleType.Allow ? [] : [.. Enumerable.Range(0, random.Next(3)).Select(_ => IpNetwork.Of(address, random.Next(address.IsV4 ? 33 : 129)))],
            },
            1 => Text(RuleScope.Referrer, random.Next(8) == 0 ? "*" : random.Next(3) == 0 ? "*." + RandomHost(random) : RandomHost(random), type, organization),
            _ => Network(IpNetwork.Of(address, random.Next(address.IsV4 ? 33 : 129)).ToString(), type, organization),
        };
        return rule with { ExpiresAt = expires };
    }

    // Few bits vary, so that rules and questions meet.
    private static IpAddress RandomAddress(Random random) => random.Next(2) == 0
        ? IpAddress.FromV4(0xCB007100u ^ (uint)(random.Next(4) << random.Next(30)))
        : new IpAddress(0x20010DB800000000UL ^ ((ulong)random.Next(4) << random.Next(60)), (ulong)random.Next(4) << random.Next(62));

    private static string RandomHost(Random random) =>
        string.Join('.', Enumerable.Range(0, random.Next(1, 4)).Select(_ => "ab"[random.Next(2)].ToString()));

    private static Rule Network(string text, RuleType type = RuleType.Deny, string? organization = null)
    {
        Assert.True(RuleTarget.TryParseAddress(text, out RuleTarget target, out string why), $"{text}: {why}");
        return Make(target, type, organization);
    }

    private static Rule Text(RuleScope scope, string value, RuleType type = RuleType.Deny, string? organization = null) =>
        Make(new RuleTarget(scope, value, default), type, organization);

    private static Rule Make(RuleTarget target, RuleType type, string? organization) => new()
    {
        Id = RuleDraft.IdOf(target, type, organization),
        Scope = target.Scope,
        Value = target.Value,
        Network = target.Network,
        Type = type,
        Origin = RuleOrigin.Api,
        Creator = "test",
        Organization = organization,
        CreatedAt = Noon,
    };

    private static IpAddress Address(string text) => IpAddress.From(IPAddress.Parse(text));
}
