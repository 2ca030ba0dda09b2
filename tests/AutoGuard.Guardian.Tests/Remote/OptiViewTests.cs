using System.Text.Json;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Guardian;
using AutoGuard.Core.Policy;
using AutoGuard.Guardian.Remote;
using Microsoft.Extensions.Logging;

namespace AutoGuard.Guardian.Tests.Remote;

public sealed class OptiViewV1Tests() : OptiViewTests(OptiViewVersion.V1)
{
    [Fact]
    public async Task What_shows_no_list_is_changed_only_where_nobody_else_keeps_one()
    {
        Engine.HidesAddresses = true;
        GuardianOutcome refused = await Guardian.ApplyAsync(Decision(Subject), default);
        Assert.Equal(GuardianResult.Rejected, refused.Result);
        Assert.Contains("Exclusive", refused.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain(Engine.Requests, static request => request.Method == "PATCH");

        Options.OptiView.Exclusive = true;
        Ownership.Owned.Add(new Subject(SubjectType.Ip, "198.51.100.1"));
        Ownership.Owned.Add(Subject);
        Assert.Equal(GuardianResult.Applied, (await Guardian.ApplyAsync(Decision(Subject), default)).Result);
        Assert.Equal(["198.51.100.1/32", "203.0.113.7/32"], Engine.Entries(Target));
    }

    [Fact]
    public async Task An_alias_has_its_own_path()
    {
        Assert.Equal("channels/abc/aliases/d%20e", OptiViewGuardian.PathOf("abc/d e", OptiViewVersion.V1));
        Assert.Equal("channels/..%2F", OptiViewGuardian.PathOf("..%2F", OptiViewVersion.V1).Replace("%252F", "%2F", StringComparison.Ordinal));
        await Guardian.ApplyAsync(Decision(Subject), default);
        Assert.Contains(Engine.Requests, static request => request is { Method: "PATCH", Path: "/channels/channel/aliases/alias" });
    }
}

public sealed class OptiViewV2Tests() : OptiViewTests(OptiViewVersion.V2)
{
    [Fact]
    public async Task An_answer_without_security_is_no_ground_for_a_change()
    {
        Engine.Always = (200, """{"data":{"id":"d"}}""");
        Assert.Equal(GuardianResult.Unavailable, (await Guardian.ApplyAsync(Decision(Subject), default)).Result);
        Assert.DoesNotContain(Engine.Requests, static request => request.Method == "PATCH");
    }
}

/// <summary>OptiView by either generation of its interface.</summary>
public abstract class OptiViewTests(OptiViewVersion version) : RemoteGuardianContract
{
    private OptiViewGuardian _guardian = null!;
    private string? _country;

    internal OwnedInMemory Ownership { get; } = new();

    protected OptiViewStandIn Engine { get; } = new(version == OptiViewVersion.V2);

    protected string Target { get; } = version == OptiViewVersion.V2 ? "distribution" : "channel/alias";

    protected override IGuardian Guardian => _guardian;

    protected override EngineStandIn StandIn => Engine;

    protected override string[] Secrets => [OptiViewStandIn.Secret, Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes($"{OptiViewStandIn.Key}:{OptiViewStandIn.Secret}"))];

    public override async Task InitializeAsync()
    {
        await Engine.StartAsync();
        Engine.Security(Target);
        Engine.Security("second");
        Options.OptiView.Version = version;
        Options.OptiView.Address = Engine.Address;
        Options.OptiView.Targets = [Target];
        Options.OptiView.Key = OptiViewStandIn.Key;
        Options.OptiView.Secret = OptiViewStandIn.Secret;
        Ownership.Owned.Add(Subject);
        _guardian = Make();
    }

    public override async Task DisposeAsync()
    {
        _guardian.Dispose();
        Ownership.Dispose();
        await Engine.DisposeAsync();
    }

    [Fact]
    public async Task The_mode_is_sent_with_every_change()
    {
        await Guardian.ApplyAsync(Decision(Subject), default);
        await Guardian.ReleaseAsync(Subject, null, "reviewed", default);

        Arrived[] patches = [.. Engine.Requests.Where(static request => request.Method == "PATCH")];
        Assert.Equal(2, patches.Length);
        string section = version == OptiViewVersion.V2 ? "security" : "publicationConfig";
        string mode = version == OptiViewVersion.V2 ? "deny" : "blacklist";
        Assert.All(patches, patch => Assert.Equal(mode, JsonElement.Parse(patch.Body).GetProperty(section).GetProperty("ipBlocking").GetProperty("mode").GetString()));
    }

    [Fact]
    public async Task Other_peoples_entries_stay()
    {
        Engine.Set(Target, "ipBlocking", true, version == OptiViewVersion.V2 ? "deny" : "blacklist", "198.51.100.0/24", "not an address");

        Assert.Equal(GuardianResult.Applied, (await Guardian.ApplyAsync(Decision(Subject), default)).Result);
        Assert.Equal(["198.51.100.0/24", "not an address", "203.0.113.7/32"], Engine.Entries(Target));
        Assert.Equal(GuardianResult.Applied, (await Guardian.ReleaseAsync(Subject, null, "", default)).Result);
        Assert.Equal(["198.51.100.0/24", "not an address"], Engine.Entries(Target));
        Assert.True(Engine.Enabled(Target));

        Subject theirs = new(SubjectType.Cidr, "198.51.100.0/24");
        Assert.Equal(GuardianResult.AlreadyApplied, (await Guardian.ApplyAsync(Decision(theirs), default)).Result);
        Assert.Equal(GuardianResult.Rejected, (await Guardian.ReleaseAsync(theirs, null, "", default)).Result);
        Assert.Contains("198.51.100.0/24", Engine.Entries(Target));
    }

    [Theory]
    [InlineData(true, "198.51.100.0/24")]
    [InlineData(false, "198.51.100.0/24")]
    [InlineData(true)]
    public async Task An_allow_list_is_never_turned_round(bool enabled, params string[] entries)
    {
        string allow = version == OptiViewVersion.V2 ? "allow" : "whitelist";
        Engine.Set(Target, "ipBlocking", enabled, allow, entries);

        Assert.Equal(GuardianResult.Rejected, (await Guardian.ApplyAsync(Decision(Subject), default)).Result);
        Assert.Equal((enabled, allow), (Engine.Enabled(Target), Engine.Mode(Target)));
        Assert.Equal(entries, Engine.Entries(Target));
    }

    [Fact]
    public async Task A_list_that_somebody_switched_off_is_not_switched_on()
    {
        Engine.Set(Target, "ipBlocking", false, version == OptiViewVersion.V2 ? "deny" : "blacklist", "198.51.100.0/24");
        Assert.Equal(GuardianResult.Rejected, (await Guardian.ApplyAsync(Decision(Subject), default)).Result);
        Assert.False(Engine.Enabled(Target));
    }

    [Fact]
    public async Task The_last_own_entry_switches_the_list_off_when_it_goes()
    {
        await Guardian.ApplyAsync(Decision(Subject), default);
        await Guardian.ReleaseAsync(Subject, null, "", default);
        Assert.Empty(Engine.Entries(Target));
        Assert.False(Engine.Enabled(Target));
    }

    [Fact]
    public async Task A_change_that_was_half_applied_is_seen_and_made_again()
    {
        Engine.HalfApplied = 1;
        Assert.Equal(GuardianResult.Unavailable, (await Guardian.ApplyAsync(Decision(Subject), default)).Result);
        Assert.Empty(Engine.Entries(Target));

        Assert.Equal(GuardianResult.Applied, (await Guardian.ApplyAsync(Decision(Subject), default)).Result);
        Assert.True(await IsDeniedAsync(Subject));
    }

    [Fact]
    public async Task A_block_is_in_force_only_when_every_target_has_it()
    {
        Options.OptiView.Targets = [Target, "second"];
        Engine.Set("second", "ipBlocking", true, version == OptiViewVersion.V2 ? "allow" : "whitelist", "198.51.100.0/24");
        Assert.Equal(GuardianResult.Rejected, (await Guardian.ApplyAsync(Decision(Subject), default)).Result);

        Engine.Set("second", "ipBlocking", false, version == OptiViewVersion.V2 ? "deny" : "blacklist");
        Assert.Equal(GuardianResult.Applied, (await Guardian.ApplyAsync(Decision(Subject), default)).Result);
        GuardianListing listing = await _guardian.ListAsync(default);
        Assert.Equal([Subject], listing.Everywhere);
        Engine.Set("second", "ipBlocking", false, "deny");
        listing = await _guardian.ListAsync(default);
        Assert.Equal((0, 1), (listing.Everywhere.Count, listing.Somewhere.Count));
    }

    [Fact]
    public async Task Changes_at_the_same_time_do_not_overwrite_each_other()
    {
        Subject[] subjects = [.. Enumerable.Range(1, 20).Select(static i => new Subject(SubjectType.Ip, $"203.0.113.{i}"))];
        foreach (Subject subject in subjects)
        {
            Ownership.Owned.Add(subject);
        }
        GuardianOutcome[] outcomes = await Task.WhenAll(subjects.Select(subject => Guardian.ApplyAsync(Decision(subject), default).AsTask()));
        Assert.All(outcomes, static outcome => Assert.Equal(GuardianResult.Applied, outcome.Result));
        Assert.Equal(20, Engine.Entries(Target).Length);
    }

    [Fact]
    public async Task A_full_list_refuses()
    {
        Options.OptiView.MostEntries = 1;
        Ownership.Owned.Add(new Subject(SubjectType.Ip, "203.0.113.8"));
        await Guardian.ApplyAsync(Decision(new Subject(SubjectType.Ip, "203.0.113.8")), default);
        GuardianOutcome outcome = await Guardian.ApplyAsync(Decision(Subject), default);
        Assert.Equal(GuardianResult.Rejected, outcome.Result);
        Assert.Equal(["203.0.113.8/32"], Engine.Entries(Target));
    }

    [Theory]
    [InlineData("allow", "BE", "no effect", true)]
    [InlineData("allow", "DE", "already", false)]
    [InlineData("allow", null, "may|if", true)]
    [InlineData("deny", "BE", "already", false)]
    [InlineData("deny", "DE", "", false)]
    public async Task Country_rules_that_come_first_are_warned_about(string mode, string? country, string word, bool logged)
    {
        string written = version == OptiViewVersion.V2 ? mode : mode == "allow" ? "whitelist" : "blacklist";
        Engine.Set(Target, "geoBlocking", true, written, "BE", "NL");
        // The table of the two modes: listed countries are the dangerous ones of an allow list and the harmless ones of a deny list.
        _country = country;

        GuardianOutcome outcome = await Guardian.ApplyAsync(Decision(Subject), default);

        Assert.Equal(GuardianResult.Applied, outcome.Result);
        Assert.True(word.Length == 0 ? outcome.Detail is null : word.Split('|').Any(w => outcome.Detail!.Contains(w, StringComparison.Ordinal)), outcome.Detail);
        Assert.Equal(logged, Log.Lines.Any(static line => line.Level == LogLevel.Warning));
    }

    [Theory]
    [InlineData("")]
    [InlineData("<html>")]
    [InlineData("[]")]
    [InlineData("""{"security":{"ipBlocking":{"enabled":true,"mode":7,"cidrs":[1]}},"publicationConfig":{"ipBlocking":{"enabled":true,"mode":7,"cidrs":[1]}}}""")]
    public async Task What_cannot_be_read_is_not_written_over(string body)
    {
        Engine.Always = (200, body);
        GuardianOutcome outcome = await Guardian.ApplyAsync(Decision(Subject), default);
        Assert.Equal(GuardianResult.Unavailable, outcome.Result);
        Assert.DoesNotContain(Engine.Requests, static request => request.Method == "PATCH");
    }

    protected override Task PrepareAsync(Subject subject)
    {
        Ownership.Owned.Add(subject);
        return Task.CompletedTask;
    }

    protected override Task<bool> IsDeniedAsync(Subject subject)
    {
        string entry = subject.Type == SubjectType.Ip ? subject.Value + (subject.Value.Contains(':', StringComparison.Ordinal) ? "/128" : "/32") : subject.Value;
        return Task.FromResult(Engine.Enabled(Target) && Engine.Mode(Target) is "deny" or "blacklist" && Engine.Entries(Target).Contains(entry));
    }

    private OptiViewGuardian Make() => new(
        Options.OptiView, Options.Http, MakeSecrets(), Ownership, Ownership, (_, _, _) => ValueTask.FromResult(_country), Rails, Log.For<OptiViewGuardian>(), Time);
}
