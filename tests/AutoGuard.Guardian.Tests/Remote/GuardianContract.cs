using AutoGuard.Core.Guardian;
using AutoGuard.Core.Policy;
using AutoGuard.Testing;

namespace AutoGuard.Guardian.Tests.Remote;

/// <summary>What every guardian owes its callers, whatever stands behind it.</summary>
public abstract class GuardianContract : IAsyncLifetime, IAsyncDisposable
{
    protected FakeTimeProvider Time { get; } = new();

    protected abstract IGuardian Guardian { get; }

    /// <summary>A subject that it can act on.</summary>
    protected virtual Subject Subject => new(SubjectType.Ip, "203.0.113.7");

    public abstract Task InitializeAsync();

    public abstract Task DisposeAsync();

    // Only IAsyncLifetime's is called; the analyzer knows this one.
    ValueTask IAsyncDisposable.DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    /// <summary>Whether the engine itself has the subject denied.</summary>
    protected abstract Task<bool> IsDeniedAsync(Subject subject);

    /// <summary>How often it was called over a network; null where there is none.</summary>
    protected virtual int? Calls => null;

    [Fact]
    public async Task A_decision_comes_into_force_and_a_repeat_changes_nothing()
    {
        Assert.False(await IsDeniedAsync(Subject));
        Assert.Equal(GuardianResult.Applied, (await Guardian.ApplyAsync(Decision(Subject), default)).Result);
        Assert.True(await IsDeniedAsync(Subject));

        GuardianOutcome again = await Guardian.ApplyAsync(Decision(Subject), default);

        AssertRepeated(again);
        Assert.True(await IsDeniedAsync(Subject));
    }

    [Fact]
    public async Task A_release_takes_it_back_or_says_that_it_cannot()
    {
        await Guardian.ApplyAsync(Decision(Subject), default);

        GuardianOutcome outcome = await Guardian.ReleaseAsync(Subject, null, "reviewed", default);

        Assert.Equal(Guardian.Capabilities.Undoable ? GuardianResult.Applied : GuardianResult.Unsupported, outcome.Result);
        Assert.Equal(!Guardian.Capabilities.Undoable, await IsDeniedAsync(Subject));
    }

    [Fact]
    public async Task A_release_decision_is_a_release()
    {
        await Guardian.ApplyAsync(Decision(Subject), default);
        await Guardian.ApplyAsync(Decision(Subject) with { Id = "decision-2", Action = DecisionAction.Release }, default);
        Assert.Equal(!Guardian.Capabilities.Undoable, await IsDeniedAsync(Subject));
    }

    [Fact]
    public async Task Observed_flagged_and_lapsed_decisions_are_not_enforced()
    {
        int? before = Calls;
        Assert.Equal(GuardianResult.Rejected, (await Guardian.ApplyAsync(Decision(Subject) with { Mode = EnforcementMode.Observe }, default)).Result);
        Assert.Equal(GuardianResult.Unsupported, (await Guardian.ApplyAsync(Decision(Subject) with { Action = DecisionAction.Flag }, default)).Result);
        Assert.Equal(GuardianResult.Rejected, (await Guardian.ApplyAsync(Decision(Subject) with { Expires = Sample.Now(Time) }, default)).Result);
        Assert.False(await IsDeniedAsync(Subject));
        Assert.Equal(before, Calls);
    }

    [Theory]
    [InlineData(SubjectType.Ip, "192.168.1.1")]
    [InlineData(SubjectType.Ip, "127.0.0.1")]
    [InlineData(SubjectType.Ip, "169.254.169.254")]
    [InlineData(SubjectType.Ip, "http://169.254.169.254/latest")]
    [InlineData(SubjectType.Cidr, "0.0.0.0/0")]
    [InlineData(SubjectType.Cidr, "203.0.0.0/16")]
    [InlineData(SubjectType.Cidr, "198.51.100.0/24\r\nX-Evil: 1")]
    [InlineData(SubjectType.Ip, "192.0.2.1")]
    [InlineData(SubjectType.Referrer, "official.example")]
    [InlineData(SubjectType.Referrer, "bad.example/../../admin")]
    [InlineData(SubjectType.Token, "a\0b")]
    public async Task What_must_never_be_denied_is_refused_without_a_call(SubjectType type, string value)
    {
        int? before = Calls;
        GuardianOutcome outcome = await Guardian.ApplyAsync(Decision(new Subject(type, value)), default);
        Assert.Contains(outcome.Result, (IEnumerable<GuardianResult>)[GuardianResult.Rejected, GuardianResult.Unsupported]);
        Assert.False(string.IsNullOrEmpty(outcome.Detail));
        Assert.Equal(before, Calls);
    }

    [Theory]
    [InlineData(SubjectType.Token, "jti-77")]
    [InlineData(SubjectType.Ip, "198.51.100.9")]
    [InlineData(SubjectType.Ip, "2001:db8::7")]
    [InlineData(SubjectType.Cidr, "198.51.100.0/24")]
    [InlineData(SubjectType.Referrer, "bad.example")]
    public async Task It_does_what_it_declares_and_declines_the_rest_without_a_call(SubjectType type, string value)
    {
        var subject = new Subject(type, value);
        await PrepareAsync(subject);
        bool can = Guardian.Capabilities.Subjects.Contains(type) && !(Guardian.Capabilities.IsV4Only && value.Contains(':', StringComparison.Ordinal));
        int? before = Calls;

        GuardianOutcome outcome = await Guardian.ApplyAsync(Decision(subject), default);

        Assert.Equal(can ? GuardianResult.Applied : GuardianResult.Unsupported, outcome.Result);
        Assert.Equal(can, await IsDeniedAsync(subject));
        Assert.True(can || before == Calls);
    }

    /// <summary>Whatever the engine needs before it can act on a subject.</summary>
    protected virtual Task PrepareAsync(Subject subject) => Task.CompletedTask;

    protected virtual void AssertRepeated(GuardianOutcome outcome) =>
        Assert.Contains(outcome.Result, (IEnumerable<GuardianResult>)[GuardianResult.Applied, GuardianResult.AlreadyApplied]);

    protected Decision Decision(Subject subject) => Sample.Decision(1, Time) with
    {
        Action = subject.Type == SubjectType.Token ? DecisionAction.Revoke : DecisionAction.Block,
        Mode = EnforcementMode.Enforce,
        Subject = subject,
        Expires = subject.Type is SubjectType.Ip or SubjectType.Cidr ? Sample.Now(Time) + 7_200_000 : null,
    };
}
