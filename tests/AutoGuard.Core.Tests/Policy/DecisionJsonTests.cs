using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Tests.Policy;

public sealed class DecisionJsonTests
{
    [Fact]
    public void A_decision_is_written_as_the_contract_says()
    {
        Decision decision = Flag() with
        {
            Reasons = [new DecisionReason("ConcurrentSessions", 0.98, 5, 2, 0.41, "5 sessions at once for one user (limit 2)")],
        };

        Assert.Equal(
            """{"id":"01JCNX5V0M","time":"2025-11-14T17:03:21.000Z","action":"flag","mode":"enforce","subject":{"type":"token","value":"jti-7e32"},"organization":null,"score":0.93,"reasons":[{"indicator":"ConcurrentSessions","grade":0.98,"value":5,"threshold":2,"contribution":0.41,"text":"5 sessions at once for one user (limit 2)"}],"harm":{"otherTokens":0,"otherUsers":0,"otherSessions":0},"expires":null,"policy":"ab12","source":{"topic":"playback.events","partition":3,"offset":81723}}""",
            Encoding.UTF8.GetString(DecisionJson.ToUtf8(decision)));
    }

    [Fact]
    public void What_a_decision_follows_is_written_before_the_policy_and_not_at_all_when_it_follows_nothing()
    {
        string json = Encoding.UTF8.GetString(DecisionJson.ToUtf8(Flag() with { Follows = "01JCNX5V0K" }));

        Assert.Contains("\"expires\":null,\"follows\":\"01JCNX5V0K\",\"policy\":", json, StringComparison.Ordinal);
        Assert.Equal("01JCNX5V0K", DecisionJson.Read(Encoding.UTF8.GetBytes(json)).Follows);
        Assert.DoesNotContain("follows", Encoding.UTF8.GetString(DecisionJson.ToUtf8(Flag())), StringComparison.Ordinal);
    }

    [Fact]
    public void Networks_that_a_revocation_leaves_alone_are_written_before_the_policy_and_not_at_all_when_there_are_none()
    {
        Assert.True(IpNetwork.TryParse("203.0.113.0/24", out IpNetwork home));
        Assert.True(IpNetwork.TryParse("2001:db8::/64", out IpNetwork homeOf6));

        string json = Encoding.UTF8.GetString(DecisionJson.ToUtf8(Flag() with { Except = [home, homeOf6] }));

        Assert.Contains("\"expires\":null,\"except\":[\"203.0.113.0/24\",\"2001:db8::/64\"],\"policy\":", json, StringComparison.Ordinal);
        Assert.Equal<IEnumerable<IpNetwork>>([home, homeOf6], DecisionJson.Read(Encoding.UTF8.GetBytes(json)).Except);
        string without = Encoding.UTF8.GetString(DecisionJson.ToUtf8(Flag()));
        Assert.DoesNotContain("except", without, StringComparison.Ordinal);
        Assert.Empty(DecisionJson.Read(Encoding.UTF8.GetBytes(without)).Except);
    }

    [Theory]
    [InlineData("\"203.0.113.0/24\"")]
    [InlineData("[\"203.0.113.7/24\"]")]
    [InlineData("[24]")]
    [InlineData("[\"home\"]")]
    public void Exceptions_that_are_no_networks_are_refused_by_name(string except)
    {
        string json = Encoding.UTF8.GetString(DecisionJson.ToUtf8(Flag())).Replace("\"policy\":", $"\"except\":{except},\"policy\":", StringComparison.Ordinal);

        JsonException wrong = Assert.Throws<JsonException>(() => DecisionJson.Read(Encoding.UTF8.GetBytes(json)));

        Assert.Contains("'except'", wrong.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(-0.0, "0")]
    [InlineData(1, "1")]
    [InlineData(10, "10")]
    [InlineData(-0.0000004, "0")]
    [InlineData(0.0000005, "0")]
    [InlineData(0.000001, "0.000001")]
    [InlineData(0.1 + 0.2, "0.3")]
    [InlineData(1.0 / 3, "0.333333")]
    [InlineData(2.0 / 3, "0.666667")]
    [InlineData(1e9, "1000000000")]
    [InlineData(123456789.123456789, "123456789.123457")]
    [InlineData(-1.5, "-1.5")]
    public void Numbers_have_at_most_six_decimals_and_no_exponent(double value, string expected)
    {
        string json = Encoding.UTF8.GetString(DecisionJson.ToUtf8(Flag() with { Score = value }));

        Assert.Contains($"\"score\":{expected},", json, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void A_number_that_is_not_finite_is_refused(double value) =>
        Assert.Throws<ArgumentException>(() => DecisionJson.ToUtf8(Flag() with { Score = value }));

    [Theory]
    [InlineData(1)]
    [InlineData(20251114)]
    [InlineData(-77)]
    public void What_was_written_is_read_back_unchanged(int seed)
    {
        var random = new Random(seed);
        for (int step = 0; step < 500; step++)
        {
            Decision decision = RandomDecision(random);
            byte[] json = DecisionJson.ToUtf8(decision);
            Decision read = DecisionJson.Read(json);

            Assert.True(
                decision with { Reasons = [], Except = [] } == read with { Reasons = [], Except = [] }
                    && decision.Reasons.SequenceEqual(read.Reasons) && decision.Except.SequenceEqual(read.Except),
                $"seed {seed}, step {step}: {Encoding.UTF8.GetString(json)}");
            Assert.True(json.AsSpan().SequenceEqual(DecisionJson.ToUtf8(read)), $"seed {seed}, step {step}");
        }
    }

    [Fact]
    public void Rounding_twice_is_rounding_once()
    {
        var random = new Random(5);
        for (int step = 0; step < 20_000; step++)
        {
            double value = (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-9, 20));
            double once = DecisionJson.Round(value);
            Assert.True(once.Equals(DecisionJson.Round(once)), $"step {step}: {value:R}");
            Assert.True(Math.Abs(once - value) <= 0.5000001e-6 + (Math.BitIncrement(Math.Abs(value)) - Math.Abs(value)), $"step {step}: {value:R} became {once:R}");
        }
    }

    [Fact]
    public void Hostile_text_stays_inside_its_string_and_is_harmless_in_HTML()
    {
        const string Hostile = "\"},\"x\":1</script><img src=x onerror=alert(1)>\u0000\u2028\n'&=cmd";
        byte[] json = DecisionJson.ToUtf8(Flag() with { Subject = new Subject(SubjectType.Token, Hostile) });

        Assert.DoesNotContain(json, static b => b is (byte)'<' or (byte)'>' or (byte)'&' or (byte)'\'' or 0 or > 126);
        Assert.Equal(Hostile, DecisionJson.Read(json).Subject.Value);
    }

    [Theory]
    [InlineData("action", "\"ban\"")]
    [InlineData("action", "\"Flag\"")]
    [InlineData("mode", "1")]
    [InlineData("time", "\"yesterday\"")]
    [InlineData("time", "null")]
    [InlineData("score", "\"0.5\"")]
    [InlineData("score", "1e999")]
    [InlineData("subject", "{}")]
    [InlineData("reasons", "null")]
    [InlineData("harm", "[]")]
    [InlineData("source", "{\"topic\":\"t\",\"partition\":1.5,\"offset\":0}")]
    public void A_wrong_field_is_refused(string field, string value)
    {
        using JsonDocument good = JsonDocument.Parse(DecisionJson.ToUtf8(Flag()));
        string bad = "{" + string.Join(',', good.RootElement.EnumerateObject().Select(p => $"\"{p.Name}\":{(p.Name == field ? value : p.Value.GetRawText())}")) + "}";

        Assert.Throws<JsonException>(() => DecisionJson.Read(Encoding.UTF8.GetBytes(bad)));
    }

    [Fact]
    public void Unknown_fields_are_ignored()
    {
        string json = Encoding.UTF8.GetString(DecisionJson.ToUtf8(Flag()));
        string more = json.Insert(1, "\"extra\":{\"a\":[1,2]},");

        Assert.Equal("01JCNX5V0M", DecisionJson.Read(Encoding.UTF8.GetBytes(more)).Id);
    }

    private static Decision Flag() => new()
    {
        Id = "01JCNX5V0M",
        Time = new DateTimeOffset(2025, 11, 14, 17, 3, 21, TimeSpan.Zero).ToUnixTimeMilliseconds(),
        Action = DecisionAction.Flag,
        Mode = EnforcementMode.Enforce,
        Subject = new Subject(SubjectType.Token, "jti-7e32"),
        Score = 0.93,
        Reasons = [],
        Harm = new HarmPreview(0, 0, 0),
        Policy = "ab12",
        Source = new SourcePosition("playback.events", 3, 81723),
    };

    private static Decision RandomDecision(Random random)
    {
        double Number() => DecisionJson.Round((random.NextDouble() - 0.1) * Math.Pow(10, random.Next(-7, 10)));
        string Text() => string.Concat(Enumerable.Range(0, random.Next(0, 20)).Select(_ => (char)random.Next(0, 0xD800)));
        return Flag() with
        {
            Id = Text(),
            Time = random.NextInt64(0, 253_402_300_799_999),
            Action = (DecisionAction)random.Next(4),
            Mode = (EnforcementMode)random.Next(2),
            Subject = new Subject((SubjectType)random.Next(4), Text()),
            Organization = random.Next(2) == 0 ? null : Text(),
            Score = Number(),
            Reasons = [.. Enumerable.Range(0, random.Next(5)).Select(_ => new DecisionReason(Text(), Number(), Number(), Number(), Number(), Text()))],
            Harm = new HarmPreview(random.Next(), random.Next(), random.Next()),
            Expires = random.Next(2) == 0 ? null : random.NextInt64(0, 253_402_300_799_999),
            Follows = random.Next(2) == 0 ? null : Text(),
            Except = [.. Enumerable.Range(0, random.Next(3)).Select(_ => IpNetwork.Of(IpAddress.FromV4((uint)random.Next()), random.Next(33)))],
            Policy = Text(),
            Source = new SourcePosition(Text(), random.Next(), random.NextInt64()),
        };
    }
}
