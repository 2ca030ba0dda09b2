using System.Text.Json;
using AutoGuard.Core.Guardian;
using AutoGuard.Core.Policy;
using AutoGuard.Guardian.Remote;

namespace AutoGuard.Guardian.Tests.Remote;

public sealed class WebhookTests : RemoteGuardianContract
{
    private readonly WebhookStandIn _engine;
    private WebhookGuardian _guardian = null!;

    public WebhookTests() => _engine = new WebhookStandIn(Time);

    protected override IGuardian Guardian => _guardian;

    protected override EngineStandIn StandIn => _engine;

    protected override string[] Secrets => [WebhookStandIn.Secret];

    public override async Task InitializeAsync()
    {
        await _engine.StartAsync();
        Options.Webhook.Address = _engine.Address + "hook?tenant=7";
        Options.Webhook.Secret = WebhookStandIn.Secret;
        _guardian = new WebhookGuardian(Options.Webhook, Options.Http, MakeSecrets(), Rails, Log.For<WebhookGuardian>(), Time);
    }

    public override async Task DisposeAsync()
    {
        _guardian.Dispose();
        await _engine.DisposeAsync();
    }

    [Fact]
    public async Task A_repeat_has_the_same_key_and_a_new_time()
    {
        _engine.Break(Fault.BadGateway);
        await _guardian.ApplyAsync(Decision(Subject), default);
        Time.Advance(TimeSpan.FromMinutes(10));
        GuardianOutcome later = await _guardian.ApplyAsync(Decision(Subject), default);

        Assert.Equal(GuardianResult.AlreadyApplied, later.Result);
        Assert.Equal(["decision-1-apply"], _engine.Requests.Select(static r => r.Headers["Idempotency-Key"]).Distinct());
        Assert.Equal(2, _engine.Requests.Select(static r => r.Headers[WebhookGuardian.SignatureHeader]).Distinct().Count());
        Assert.All(_engine.Requests, static r => Assert.Equal(("/hook", "?tenant=7"), (r.Path, r.Query)));
    }

    [Fact]
    public async Task A_revocation_tells_where_the_token_stays_good()
    {
        Decision shared = Decision(new Subject(SubjectType.Token, "jti-1")) with { Action = DecisionAction.Revoke, Except = Sample.Networks("203.0.113.0/24", "2001:db8:1:2::/64") };

        Assert.Equal(GuardianResult.Applied, (await _guardian.ApplyAsync(shared, default)).Result);

        using JsonDocument body = JsonDocument.Parse(Assert.Single(_engine.Requests).Body);
        Assert.Equal(["203.0.113.0/24", "2001:db8:1:2::/64"], body.RootElement.GetProperty("decision").GetProperty("except").EnumerateArray().Select(static item => item.GetString()));
        Assert.True(_guardian.Capabilities.KnowsExceptions);
    }

    [Fact]
    public void The_signature_is_the_documented_one() =>
        // printf '1763121600.{"a":1}' | openssl dgst -sha256 -hmac webhook-secret-0123456789
        Assert.Equal("458f83c7", WebhookGuardian.Sign(WebhookStandIn.Secret, 1763121600, """{"a":1}"""u8)[..8]);

    protected override Task<bool> IsDeniedAsync(Subject subject) => Task.FromResult(_engine.Blocked.Contains(subject.Value));
}
