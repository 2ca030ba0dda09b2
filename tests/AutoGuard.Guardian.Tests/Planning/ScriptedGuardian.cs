using AutoGuard.Core.Guardian;
using AutoGuard.Core.Policy;

namespace AutoGuard.Guardian.Tests.Planning;

/// <summary>An engine in memory that answers as told, and lists what it has.</summary>
internal class ScriptedGuardian(string name, GuardianCapabilities capabilities) : IGuardian
{
    public string Name => name;

    public GuardianCapabilities Capabilities => capabilities;

    public HashSet<Subject> Rules { get; } = [];

    public List<string> Calls { get; } = [];

    /// <summary>What was to be put in, in order.</summary>
    public List<Decision> Applied { get; } = [];

    /// <summary>Why rules were to be taken out.</summary>
    public List<string> Reasons { get; } = [];

    /// <summary>The next answers; when there is none it does what it is asked.</summary>
    public Queue<GuardianOutcome> Answers { get; } = new();

    /// <summary>What happens elsewhere after a rule was put in, and before whoever asked for that is told.</summary>
    public Func<Task> AfterApply { get; set; } = static () => Task.CompletedTask;

    public async ValueTask<GuardianOutcome> ApplyAsync(Decision decision, CancellationToken cancellationToken)
    {
        Calls.Add("apply " + decision.Subject.Value);
        Applied.Add(decision);
        GuardianOutcome outcome = Answers.TryDequeue(out GuardianOutcome? answer) ? answer : new GuardianOutcome(Rules.Add(decision.Subject) ? GuardianResult.Applied : GuardianResult.AlreadyApplied);
        await AfterApply();
        return outcome;
    }

    /// <summary>What happens elsewhere after a rule was taken out, and before whoever asked for that is told.</summary>
    public Func<Task> AfterRelease { get; set; } = static () => Task.CompletedTask;

    public async ValueTask<GuardianOutcome> ReleaseAsync(Subject subject, string? organization, string reason, CancellationToken cancellationToken)
    {
        Calls.Add("release " + subject.Value);
        Reasons.Add(reason);
        GuardianOutcome outcome = Answers.TryDequeue(out GuardianOutcome? answer) ? answer : new GuardianOutcome(Rules.Remove(subject) ? GuardianResult.Applied : GuardianResult.AlreadyApplied);
        await AfterRelease();
        return outcome;
    }
}

/// <summary>The same, with a list of what it has.</summary>
internal sealed class ListingGuardian(string name, GuardianCapabilities capabilities) : ScriptedGuardian(name, capabilities), IListingGuardian
{
    public GuardianResult ListResult { get; set; } = GuardianResult.Applied;

    /// <summary>What happens elsewhere while the engine is asked.</summary>
    public Func<Task> Meanwhile { get; set; } = static () => Task.CompletedTask;

    public async ValueTask<GuardianListing> ListAsync(CancellationToken cancellationToken)
    {
        Calls.Add("list");
        await Meanwhile();
        return new GuardianListing(ListResult, Rules.ToHashSet(), Rules.ToHashSet());
    }
}
