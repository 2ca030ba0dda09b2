using AutoGuard.Core.Policy;
using AutoGuard.Guardian.Planning;

namespace AutoGuard.Guardian.Tests.Planning;

/// <summary>What detection would see of subjects, as a test says.</summary>
internal sealed class FakeTraffic : ITrafficView
{
    public Dictionary<Subject, SubjectTraffic> Traffic { get; } = [];

    public void See(Subject subject, long at, int open, long started) => Traffic[subject] = new SubjectTraffic(at, open, started, [], []);

    public ValueTask<SubjectTraffic?> LookAsync(Subject subject, string? organization, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Traffic.GetValueOrDefault(subject));
}
