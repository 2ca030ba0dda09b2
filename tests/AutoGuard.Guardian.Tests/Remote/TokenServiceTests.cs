using System.Security.Cryptography;
using System.Text;
using AutoGuard.Core.Guardian;
using AutoGuard.Core.Policy;
using AutoGuard.Guardian.Remote;
using AutoGuard.Testing;

namespace AutoGuard.Guardian.Tests.Remote;

public sealed class TokenServiceTests(PostgresFixture postgres) : RemoteGuardianContract, IClassFixture<PostgresFixture>
{
    private readonly TokenServiceStandIn _engine = new();
    private readonly TokenCipher _cipher = new(RandomNumberGenerator.GetBytes(32));
    private TestDatabase _database = null!;
    private TokenVault _vault = null!;
    private TokenServiceGuardian _guardian = null!;

    protected override IGuardian Guardian => _guardian;

    protected override EngineStandIn StandIn => _engine;

    protected override Subject Subject => new(SubjectType.Token, "jti-1");

    protected override string[] Secrets => [TokenServiceStandIn.Key, Encoded("jti-1")];

    public override async Task InitializeAsync()
    {
        _database = await postgres.CreateMigratedAsync();
        await _engine.StartAsync();
        Options.TokenService.Address = _engine.Address + "api/v1/";
        Options.TokenService.Key = TokenServiceStandIn.Key;
        _vault = new TokenVault(_database.DataSource, _cipher, TimeSpan.FromHours(24), Time);
        _guardian = new TokenServiceGuardian(Options.TokenService, Options.Http, MakeSecrets(), _vault, Rails, Log.For<TokenServiceGuardian>(), Time);
        await PrepareAsync(Subject);
    }

    public override async Task DisposeAsync()
    {
        _guardian.Dispose();
        _cipher.Dispose();
        await _engine.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Theory]
    [InlineData(2011, GuardianResult.Rejected, false)]
    [InlineData(2012, GuardianResult.Rejected, false)]
    [InlineData(2004, GuardianResult.Rejected, false)]
    [InlineData(1001, GuardianResult.Unavailable, true)]
    public async Task Errors_are_told_apart_by_their_code(int code, GuardianResult expected, bool needsOperator)
    {
        _engine.Codes[Encoded("jti-1")] = code;

        GuardianOutcome outcome = await _guardian.ApplyAsync(Decision(Subject), default);

        Assert.Equal((expected, needsOperator), (outcome.Result, outcome.NeedsOperator));
        Assert.Single(_engine.Requests);
        Assert.Equal(needsOperator, await _vault.HoldsAsync("jti-1", null, default));
    }

    [Fact]
    public async Task The_encoded_form_is_sent_once_and_forgotten()
    {
        Assert.Equal(GuardianResult.Applied, (await _guardian.ApplyAsync(Decision(Subject), default)).Result);
        Assert.Equal([Encoded("jti-1")], _engine.Revoked);
        Assert.False(await _vault.HoldsAsync("jti-1", null, default));
    }

    [Fact]
    public async Task Without_the_encoded_form_it_says_so_and_sends_nothing()
    {
        GuardianOutcome outcome = await _guardian.ApplyAsync(Decision(new Subject(SubjectType.Token, "jti-unknown")), default);
        Assert.Equal(GuardianResult.Unsupported, outcome.Result);
        Assert.Empty(_engine.Requests);
    }

    [Fact]
    public async Task A_form_kept_under_another_key_is_not_sent()
    {
        using var other = new TokenCipher(RandomNumberGenerator.GetBytes(32));
        await new TokenVault(_database.DataSource, other, TimeSpan.FromHours(1), Time).KeepAsync("jti-1", null, Encoding.UTF8.GetBytes(Encoded("jti-1")), null, default);
        GuardianOutcome outcome = await _guardian.ApplyAsync(Decision(Subject), default);
        Assert.Equal(GuardianResult.Unsupported, outcome.Result);
        Assert.Contains("another key", outcome.Detail, StringComparison.Ordinal);
        Assert.Empty(_engine.Requests);
    }

    /// <summary>Repeating a revocation means keeping the token again: it was forgotten after use.</summary>
    protected override void AssertRepeated(GuardianOutcome outcome) =>
        Assert.Contains(outcome.Result, (IEnumerable<GuardianResult>)[GuardianResult.Applied, GuardianResult.Unsupported]);

    protected override Task PrepareAsync(Subject subject) => subject.Type == SubjectType.Token
        ? _vault.KeepAsync(subject.Value, null, Encoding.UTF8.GetBytes(Encoded(subject.Value)), Time.GetUtcNow().AddHours(2), default)
        : Task.CompletedTask;

    protected override Task<bool> IsDeniedAsync(Subject subject) => Task.FromResult(_engine.Revoked.Contains(Encoded(subject.Value)));

    private static string Encoded(string identity) => $"eyJhbGciOiJFZERTQSJ9.{Convert.ToBase64String(Encoding.UTF8.GetBytes(identity)).TrimEnd('=')}.c2lnbmF0dXJl";
}
