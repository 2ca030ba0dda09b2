using AutoGuard.Core.Configuration;
using AutoGuard.Core.Guardian;
using AutoGuard.Core.Policy;
using AutoGuard.Guardian.Remote;
using AutoGuard.Guardian.Rules;
using Microsoft.Extensions.Logging;

namespace AutoGuard.Guardian.Tests.Remote;

/// <summary>The contract of a client, with everything that a network and a vendor do to it.</summary>
public abstract class RemoteGuardianContract : GuardianContract
{
    protected CapturedLog Log { get; } = new();

    protected GuardianOptions Options { get; } = new()
    {
        Http = new EngineHttpOptions { Timeout = TimeSpan.FromSeconds(1), Retries = 3, RetryPause = TimeSpan.FromMilliseconds(1), BreakerPause = TimeSpan.FromSeconds(30) },
    };

    protected RuleRails Rails { get; } = new(
        24, 64,
        new AllowlistOptions { Addresses = [new AllowlistEntry { Value = "192.0.2.0/24" }] },
        new ReferrersOptions { Official = ["official.example"] });

    protected abstract EngineStandIn StandIn { get; }

    protected override int? Calls => StandIn.Requests.Count;

    /// <summary>Texts that must never show.</summary>
    protected abstract string[] Secrets { get; }

    [Theory]
    [InlineData(Fault.TooMany)]
    [InlineData(Fault.BadGateway)]
    [InlineData(Fault.GatewayTimeout)]
    [InlineData(Fault.Reset)]
    [InlineData(Fault.Silence)]
    [InlineData(Fault.SlowAnswer)]
    [InlineData(Fault.BrokenArchive)]
    public async Task A_fault_that_passes_is_got_over(Fault fault)
    {
        await PrepareAsync(Subject);
        StandIn.Break(fault);

        GuardianOutcome outcome = await Guardian.ApplyAsync(Decision(Subject), default);

        AssertRepeated(outcome);
        Assert.True(await IsDeniedAsync(Subject));
        Assert.True(StandIn.Requests.Count >= 2);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(504)]
    public async Task A_fault_that_stays_is_unavailability_after_a_few_attempts(int status)
    {
        await PrepareAsync(Subject);
        StandIn.Always = (status, "");

        GuardianOutcome outcome = await Guardian.ApplyAsync(Decision(Subject), default);

        Assert.Equal((GuardianResult.Unavailable, false), (outcome.Result, outcome.NeedsOperator));
        Assert.Equal(1 + Options.Http.Retries, StandIn.Requests.Count);
    }

    [Theory]
    [InlineData(401)]
    [InlineData(403)]
    public async Task Refused_credentials_are_told_once_and_not_tried_again(int status)
    {
        await PrepareAsync(Subject);
        StandIn.Always = (status, "");

        GuardianOutcome first = await Guardian.ApplyAsync(Decision(Subject), default);
        GuardianOutcome second = await Guardian.ApplyAsync(Decision(Subject), default);

        Assert.Equal((GuardianResult.Unavailable, true), (first.Result, first.NeedsOperator));
        Assert.Equal((GuardianResult.Unavailable, true), (second.Result, second.NeedsOperator));
        Assert.Single(StandIn.Requests);
        Assert.Single(Log.Lines, static line => line.Level == LogLevel.Error);
    }

    [Theory]
    [InlineData(400, "")]
    [InlineData(400, """{"success":false,"errorCode":1000,"message":"Parameter required: x"}""")]
    [InlineData(404, "no such thing")]
    [InlineData(413, "")]
    [InlineData(422, "{]")]
    [InlineData(301, "")]
    public async Task A_refusal_for_good_is_asked_for_once(int status, string body)
    {
        await PrepareAsync(Subject);
        StandIn.Always = (status, body);

        GuardianOutcome outcome = await Guardian.ApplyAsync(Decision(Subject), default);

        Assert.Equal(GuardianResult.Rejected, outcome.Result);
        Assert.Single(StandIn.Requests);
    }

    [Fact]
    public async Task Nobody_is_shut_out_wholesale()
    {
        GuardianOutcome outcome = await Guardian.ApplyAsync(Decision(new Subject(SubjectType.Referrer, "*")), default);
        Assert.Contains(outcome.Result, (IEnumerable<GuardianResult>)[GuardianResult.Rejected, GuardianResult.Unsupported]);
        Assert.Empty(StandIn.Requests);
    }

    [Fact]
    public async Task A_long_wish_to_be_left_alone_is_passed_on()
    {
        await PrepareAsync(Subject);
        StandIn.RetryAfter = "120";
        StandIn.Break(Fault.TooMany);

        GuardianOutcome outcome = await Guardian.ApplyAsync(Decision(Subject), default);

        Assert.Equal((GuardianResult.Unavailable, TimeSpan.FromSeconds(120)), (outcome.Result, outcome.RetryAfter));
        Assert.Single(StandIn.Requests);
    }

    [Fact]
    public async Task An_engine_that_only_fails_is_left_alone_for_a_while()
    {
        await PrepareAsync(Subject);
        StandIn.Always = (503, "");
        for (int i = 0; i < 4; i++)
        {
            await Guardian.ApplyAsync(Decision(Subject), default);
        }
        int sent = StandIn.Requests.Count;

        GuardianOutcome outcome = await Guardian.ApplyAsync(Decision(Subject), default);

        Assert.Equal(GuardianResult.Unavailable, outcome.Result);
        Assert.Equal(sent, StandIn.Requests.Count);
        StandIn.Always = null;
        Time.Advance(Options.Http.BreakerPause + TimeSpan.FromSeconds(1));
        AssertRepeated(await Guardian.ApplyAsync(Decision(Subject), default));
    }

    [Fact]
    public async Task An_engine_that_is_not_there_is_unavailable()
    {
        await PrepareAsync(Subject);
        await StandIn.DisposeAsync();
        Assert.Equal(GuardianResult.Unavailable, (await Guardian.ApplyAsync(Decision(Subject), default)).Result);
    }

    [Fact]
    public async Task Giving_up_is_told_apart_from_failing()
    {
        await PrepareAsync(Subject);
        StandIn.Break(Fault.Silence, Fault.Silence, Fault.Silence, Fault.Silence);
        using var cancellation = new CancellationTokenSource();
        Task<GuardianOutcome> call = Guardian.ApplyAsync(Decision(Subject), cancellation.Token).AsTask();
        Assert.True(SpinWait.SpinUntil(() => StandIn.Requests.Count > 0, TimeSpan.FromSeconds(10)), "waited 10 s for the request");

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    }

    [Fact]
    public async Task Secrets_show_nowhere()
    {
        await PrepareAsync(Subject);
        var outcomes = new List<GuardianOutcome> { await Guardian.ApplyAsync(Decision(Subject), default) };
        foreach ((int status, string body) in new[] { (400, string.Join(' ', Secrets)), (500, string.Join(' ', Secrets)), (403, string.Join(' ', Secrets)) })
        {
            await PrepareAsync(Subject);
            StandIn.Always = (status, body);
            outcomes.Add(await Guardian.ApplyAsync(Decision(Subject), default));
            outcomes.Add(await Guardian.ReleaseAsync(Subject, null, "reviewed", default));
        }
        string shown = string.Join('\n', outcomes.Select(static o => o.ToString()).Concat(Log.Lines.Select(static l => l.Text)));
        Assert.All(Secrets, secret => Assert.DoesNotContain(secret, shown, StringComparison.Ordinal));
    }

    protected EngineSecrets MakeSecrets() => new(Options, "/");
}
