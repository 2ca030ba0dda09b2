using System.Text.Json;
using AutoGuard.Core.Guardian;
using AutoGuard.Core.Policy;
using AutoGuard.Guardian.Remote;

namespace AutoGuard.Guardian.Tests.Remote;

public sealed class NanoStreamTests : RemoteGuardianContract
{
    private readonly NanoStreamStandIn _engine = new();
    private NanoStreamGuardian _guardian = null!;

    protected override IGuardian Guardian => _guardian;

    protected override EngineStandIn StandIn => _engine;

    protected override string[] Secrets => [NanoStreamStandIn.Key];

    public override async Task InitializeAsync()
    {
        await _engine.StartAsync();
        Options.NanoStream.Address = _engine.Address;
        Options.NanoStream.Key = NanoStreamStandIn.Key;
        _guardian = Make();
    }

    public override async Task DisposeAsync()
    {
        _guardian.Dispose();
        await _engine.DisposeAsync();
    }

    [Theory]
    [InlineData(SubjectType.Ip, "203.0.113.7", "/ip", """{"ip":"203.0.113.7","type":"deny","tag":"AutoGuard decision-1"}""")]
    [InlineData(SubjectType.Cidr, "203.0.113.0/24", "/ip", """{"ip":"203.0.113.0/24","type":"deny","tag":"AutoGuard decision-1"}""")]
    [InlineData(SubjectType.Referrer, "bad-site.example", "/referer", """{"domain":"bad-site.example","type":"deny","info":"AutoGuard decision-1"}""")]
    public async Task It_posts_what_the_vendor_documents(SubjectType type, string value, string path, string body)
    {
        await _guardian.ApplyAsync(Decision(new Subject(type, value)), default);

        Arrived request = Assert.Single(_engine.Requests);
        Assert.Equal(("POST", path), (request.Method, request.Path));
        Assert.Equal("application/json", request.Headers["Content-Type"]);
        Assert.Equal(NanoStreamStandIn.Key, request.Headers["X-BINTU-TOKEN"]);
        Assert.False(request.Headers.ContainsKey("X-BINTU-APIKEY"));
        Assert.True(JsonElement.DeepEquals(JsonElement.Parse(body), JsonElement.Parse(request.Body)), request.Body);
    }

    [Fact]
    public async Task Header_and_paths_are_as_configured()
    {
        Options.NanoStream.Header = Core.Configuration.BintuHeader.ApiKey;
        Options.NanoStream.RefererPath = "referrer";
        using NanoStreamGuardian guardian = Make();
        _engine.Always = (200, "");

        await guardian.ApplyAsync(Decision(new Subject(SubjectType.Referrer, "bad.example")), default);

        Arrived request = Assert.Single(_engine.Requests);
        Assert.Equal(("/referrer", NanoStreamStandIn.Key, false), (request.Path, request.Headers["X-BINTU-APIKEY"], request.Headers.ContainsKey("X-BINTU-TOKEN")));
    }

    [Theory]
    [InlineData(200, "", GuardianResult.Applied)]
    [InlineData(201, "<html>", GuardianResult.Applied)]
    [InlineData(200, """{"success":true,"data":7,"new":[{}]}""", GuardianResult.Applied)]
    [InlineData(409, "", GuardianResult.AlreadyApplied)]
    [InlineData(400, """{"error":{"message":"value is not unique","code":1003}}""", GuardianResult.AlreadyApplied)]
    [InlineData(400, """{"success":false,"errorCode":7,"message":"IP is already blocked"}""", GuardianResult.AlreadyApplied)]
    [InlineData(400, """{"success":false,"errorCode":1000,"message":"Parameter required: ip"}""", GuardianResult.Rejected)]
    public async Task Whatever_it_answers_is_understood_with_care(int status, string body, GuardianResult expected)
    {
        _engine.Always = (status, body);
        Assert.Equal(expected, (await _guardian.ApplyAsync(Decision(Subject), default)).Result);
    }

    [Fact]
    public async Task New_credentials_end_the_silence_after_a_refusal()
    {
        string folder = Directory.CreateTempSubdirectory("autoguard-secrets").FullName;
        try
        {
            string file = Path.Combine(folder, "secrets.json");
            OwnerOnly.Create(file, """{ "NanoStream:Key": "expired" }"""u8);
            Options.NanoStream.Key = "";
            Options.SecretsFile = file;
            using NanoStreamGuardian guardian = Make();
            Assert.True((await guardian.ApplyAsync(Decision(Subject), default)).NeedsOperator);
            Assert.True((await guardian.ApplyAsync(Decision(Subject), default)).NeedsOperator);
            Assert.Single(_engine.Requests);

            await File.WriteAllTextAsync(file, $$"""{ "NanoStream:Key": "{{NanoStreamStandIn.Key}}" }""");
            File.SetLastWriteTimeUtc(file, new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc));

            Assert.Equal(GuardianResult.Applied, (await guardian.ApplyAsync(Decision(Subject), default)).Result);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Without_credentials_nothing_is_sent()
    {
        Options.NanoStream.Key = "";
        using NanoStreamGuardian guardian = Make();
        GuardianOutcome outcome = await guardian.ApplyAsync(Decision(Subject), default);
        Assert.Equal((GuardianResult.Unavailable, true), (outcome.Result, outcome.NeedsOperator));
        Assert.Contains("AUTOGUARD__Guardian__NanoStream__Key", outcome.Detail, StringComparison.Ordinal);
        Assert.Empty(_engine.Requests);
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        _engine.Always = (302, "");
        Assert.Equal(GuardianResult.Rejected, (await _guardian.ApplyAsync(Decision(Subject), default)).Result);
        Assert.Single(_engine.Requests);
    }

    protected override Task<bool> IsDeniedAsync(Subject subject) =>
        Task.FromResult((subject.Type == SubjectType.Referrer ? _engine.Referrers : _engine.Addresses).ContainsKey(subject.Value));

    private NanoStreamGuardian Make() => new(Options.NanoStream, Options.Http, MakeSecrets(), Rails, Log.For<NanoStreamGuardian>(), Time);
}
