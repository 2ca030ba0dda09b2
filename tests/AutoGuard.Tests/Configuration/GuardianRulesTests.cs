namespace AutoGuard.Tests.Configuration;

public sealed class GuardianRulesTests : IDisposable
{
    private readonly SettingsFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("Guardian:NanoStream:Address=http://guardian.example/", "Guardian:NanoStream:Address")]
    [InlineData("Guardian:NanoStream:Address=https://guardian.example/?a=b", "Guardian:NanoStream:Address")]
    [InlineData("Guardian:TokenService:Address=file:///etc/passwd", "Guardian:TokenService:Address")]
    [InlineData("Guardian:OptiView:Address=gopher://x/", "Guardian:OptiView:Address")]
    [InlineData("Guardian:NanoStream:IpPath=../admin", "Guardian:NanoStream:IpPath")]
    [InlineData("Guardian:NanoStream:RefererPath=//evil.example/x", "Guardian:NanoStream:RefererPath")]
    [InlineData("Guardian:TokenService:RevokePath=https://evil.example", "Guardian:TokenService:RevokePath")]
    [InlineData("Guardian:OptiView:Targets=a/b", "Guardian:OptiView:Targets:0")]
    [InlineData("Guardian:OptiView:Enabled=true", "Guardian:OptiView:Targets")]
    [InlineData("Guardian:Webhook:Enabled=true", "Guardian:Webhook:Address")]
    [InlineData("Guardian:Webhook:Subjects=user", "Guardian:Webhook:Subjects:0")]
    public void What_cannot_work_or_leads_elsewhere_is_refused(string set, string key) =>
        Assert.StartsWith(key + ": ", Assert.Single(_folder.Errors(set)), StringComparison.Ordinal);

    [Fact]
    public void Credentials_are_taken_from_the_environment()
    {
        _folder.Variable("AUTOGUARD__Guardian__NanoStream__Key", "from-environment");
        Assert.Equal("from-environment", _folder.Load("Guardian:NanoStream:Enabled=true").Values.Guardian.NanoStream.Key);
        Assert.DoesNotContain("from-environment", _folder.Load().Dump(), StringComparison.Ordinal);
    }

    [Fact]
    public void Credentials_in_a_settings_file_are_refused_without_being_shown()
    {
        _folder.Overlay("site.json", """{ "Guardian": { "OptiView": { "Secret": "s3cret" } } }""");
        string error = Assert.Single(_folder.Errors());
        Assert.StartsWith("Guardian:OptiView:Secret: (hidden) is a credential", error, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Engines_on_this_machine_may_speak_http() =>
        Assert.True(_folder.Load("Guardian:NanoStream:Address=http://127.0.0.1:8088/", "Guardian:NanoStream:Enabled=true").Values.Guardian.NanoStream.Enabled);
}
