using AutoGuard.Core.Configuration;
using AutoGuard.Core.Guardian;
using AutoGuard.Core.Policy;
using AutoGuard.Guardian.Remote;
using AutoGuard.Guardian.Rules;
using AutoGuard.Guardian.Tests.Api;
using AutoGuard.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace AutoGuard.Guardian.Tests.Remote;

/// <summary>The nanoStream client against AutoGuard's own server, over HTTP: what one part writes the other reads.</summary>
public sealed class CompatibleServerTests(PostgresFixture postgres) : GuardianContract, IClassFixture<PostgresFixture>
{
    private readonly PostgresFixture _postgres = postgres;
    private readonly ApiServer _server = new();
    private NanoStreamGuardian _guardian = null!;

    protected override IGuardian Guardian => _guardian;

    public override async Task InitializeAsync()
    {
        await _postgres.InitializeAsync();
        await _server.InitializeAsync();
        var options = new GuardianOptions
        {
            NanoStream = new NanoStreamOptions { Address = _server.Client.BaseAddress!.AbsoluteUri, Header = BintuHeader.ApiKey, Key = _server.Key, Undo = true },
        };
        var rails = new RuleRails(
            24, 64, new AllowlistOptions { Addresses = [new AllowlistEntry { Value = "192.0.2.0/24" }] }, new ReferrersOptions { Official = ["official.example"] });
        _guardian = new NanoStreamGuardian(options.NanoStream, options.Http, new EngineSecrets(options, "/"), rails, NullLogger<NanoStreamGuardian>.Instance, Time);
    }

    public override async Task DisposeAsync()
    {
        _guardian.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Its_rules_are_listed()
    {
        Subject[] subjects = [Subject, new(SubjectType.Cidr, "198.51.100.0/24"), new(SubjectType.Referrer, "bad.example")];
        foreach (Subject subject in subjects)
        {
            await _guardian.ApplyAsync(Decision(subject), default);
        }

        GuardianListing listing = await _guardian.ListAsync(default);

        Assert.Equal(GuardianResult.Applied, listing.Result);
        Assert.Equal(subjects.Order(), listing.Everywhere.Order());
    }

    protected override async Task<bool> IsDeniedAsync(Subject subject) => subject.Type switch
    {
        SubjectType.Referrer => !await _server.IsAllowedAsync("referrer=" + Uri.EscapeDataString(subject.Value)),
        SubjectType.Token => !await _server.IsAllowedAsync("token=" + Uri.EscapeDataString(subject.Value)),
        _ => !await _server.IsAllowedAsync("ip=" + Uri.EscapeDataString(subject.Value.Split('/')[0])),
    };
}
