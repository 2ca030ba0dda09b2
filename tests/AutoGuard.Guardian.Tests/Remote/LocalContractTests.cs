using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Core.Guardian;
using AutoGuard.Core.Policy;
using AutoGuard.Guardian.Local;
using AutoGuard.Guardian.Rules;
using AutoGuard.Testing;

namespace AutoGuard.Guardian.Tests.Remote;

public sealed class LocalContractTests(PostgresFixture postgres) : GuardianContract, IClassFixture<PostgresFixture>
{
    private readonly RuleMatcher _matcher = new();
    private TestDatabase _database = null!;
    private RuleStore _rules = null!;
    private LocalGuardian _guardian = null!;

    protected override IGuardian Guardian => _guardian;

    public override async Task InitializeAsync()
    {
        _database = await postgres.CreateMigratedAsync();
        var rails = new RuleRails(
            24, 64, new AllowlistOptions { Addresses = [new AllowlistEntry { Value = "192.0.2.0/24" }] }, new ReferrersOptions { Official = ["official.example"] });
        _rules = new RuleStore(_database.DataSource, rails, _matcher, Time);
        _guardian = new LocalGuardian(_rules, Time);
    }

    public override async Task DisposeAsync()
    {
        _rules.Dispose();
        await _database.DisposeAsync();
    }

    protected override Task<bool> IsDeniedAsync(Subject subject)
    {
        IpNetwork network = default;
        bool isAddress = subject.Type is SubjectType.Ip or SubjectType.Cidr && IpNetwork.TryParse(subject.Value, out network);
        return Task.FromResult(!_matcher.Check(
            isAddress ? network.Address : null,
            subject.Type == SubjectType.Token ? subject.Value : null,
            subject.Type == SubjectType.Referrer ? subject.Value : null,
            null, Time.GetUtcNow()).Allowed);
    }
}
