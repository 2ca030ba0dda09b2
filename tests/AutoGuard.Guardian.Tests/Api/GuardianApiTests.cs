using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using AutoGuard.Guardian.Api;
using AutoGuard.Guardian.Rules;
using AutoGuard.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace AutoGuard.Guardian.Tests.Api;

public sealed class GuardianApiTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private readonly ApiServer _server = new();

    public async Task InitializeAsync()
    {
        await postgres.InitializeAsync();
        await _server.InitializeAsync();
    }

    public Task DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("X-BINTU-TOKEN", "203.0.113.7")]
    [InlineData("X-BINTU-APIKEY", "203.0.113.0/24")]
    public async Task The_documented_call_works_from_curl_with_only_the_address_replaced(string header, string ip)
    {
        string[] arguments =
        [
            "--silent", "--show-error", "--location", _server.Client.BaseAddress + "ip", "--header", "Content-Type: application/json", "--header", $"{header}: {_server.Key}",
            "--data", $$"""{"ip": "{{ip}}", "type": "deny", "tag": "suspected restreaming"}""", "--write-out", " %{http_code}",
        ];
        var start = new ProcessStartInfo("curl", arguments) { RedirectStandardOutput = true };
        using Process curl = Process.Start(start)!;
        string output = await curl.StandardOutput.ReadToEndAsync();
        await curl.WaitForExitAsync();

        Assert.EndsWith(" 200", output, StringComparison.Ordinal);
        using JsonDocument body = JsonDocument.Parse(output[..^4]);
        Assert.True(body.RootElement.GetProperty("success").GetBoolean());
        JsonElement data = body.RootElement.GetProperty("data");
        Assert.Equal((ip, "deny", "suspected restreaming"), (data.GetProperty("ip").GetString(), data.GetProperty("type").GetString(), data.GetProperty("tag").GetString()));
        Assert.Equal("2025-11-14T12:00:00.000Z", data.GetProperty("createdAt").GetString());
        Assert.Equal("2025-11-15T12:00:00.000Z", data.GetProperty("expiresAt").GetString());
        Assert.False(await _server.IsAllowedAsync("ip=203.0.113.7"));
    }

    [Theory]
    [InlineData("/referer")]
    [InlineData("/referrer")]
    public async Task Both_spellings_of_the_referrer_call_work(string path)
    {
        JsonElement body = await _server.PostAsync(path, """{ "domain": "bad-site.example", "info": "free text", "type": "deny" }""", HttpStatusCode.OK);

        JsonElement data = body.GetProperty("data");
        Assert.Equal(("bad-site.example", "free text"), (data.GetProperty("domain").GetString(), data.GetProperty("info").GetString()));
        Assert.False(data.TryGetProperty("expiresAt", out _));
        Assert.False(await _server.IsAllowedAsync("referrer=https://Bad-Site.example:8443/page?x=1"));
        Assert.True(await _server.IsAllowedAsync("referrer=-"));
        Assert.Equal(HttpStatusCode.NoContent, (await _server.Client.DeleteAsync($"{path}/{data.GetProperty("id").GetString()}")).StatusCode);
        Assert.True(await _server.IsAllowedAsync("referrer=bad-site.example"));
    }

    [Fact]
    public async Task The_documented_recipe_for_an_allow_list_works()
    {
        await _server.PostAsync("/referer", """{"domain":"*","type":"deny"}""", HttpStatusCode.BadRequest);
        await _server.PostAsync("/referer", """{"domain":"shop.example","type":"allow"}""", HttpStatusCode.OK);
        await _server.PostAsync("/referer", """{"domain":"*","type":"deny"}""", HttpStatusCode.OK);

        Assert.True(await _server.IsAllowedAsync("referrer=shop.example"));
        Assert.False(await _server.IsAllowedAsync("referrer=other.example"));
        HttpResponseMessage refused = await _server.Client.DeleteAsync("/referer?domain=shop.example&type=allow");
        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
    }

    [Fact]
    public async Task A_block_ends_after_24_hours_or_the_time_asked_for()
    {
        await _server.PostAsync("/ip", """{"ip":"203.0.113.7","type":"deny","tag":""}""", HttpStatusCode.OK);
        await _server.PostAsync("/ip", """{"ip":"203.0.113.8","type":"deny","duration":60}""", HttpStatusCode.OK);
        await _server.PostAsync("/ip", """{"ip":"203.0.113.9","type":"deny","duration":0}""", HttpStatusCode.OK);

        _server.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.True(await _server.IsAllowedAsync("ip=203.0.113.8"));
        Assert.False(await _server.IsAllowedAsync("ip=203.0.113.7"));
        _server.Time.Advance(TimeSpan.FromHours(24));
        Assert.True(await _server.IsAllowedAsync("ip=203.0.113.7"));
        Assert.False(await _server.IsAllowedAsync("ip=203.0.113.9"));
    }

    [Fact]
    public async Task Lists_are_paged_and_filtered_and_entries_deleted_by_value()
    {
        for (int i = 1; i <= 5; i++)
        {
            await _server.PostAsync("/ip", $$"""{"ip":"203.0.113.{{i}}","type":"deny","tag":"t"}""", HttpStatusCode.OK);
        }
        await _server.PostAsync("/ip", """{"ip":"198.51.100.0/24","type":"allow"}""", HttpStatusCode.OK);
        await _server.PostAsync("/referer", """{"domain":"bad.example","type":"deny"}""", HttpStatusCode.OK);

        JsonElement first = await _server.GetAsync("/ip?type=deny&limit=3");
        JsonElement second = await _server.GetAsync($"/ip?type=deny&limit=3&cursor={first.GetProperty("cursor").GetString()}");
        Assert.Equal(["203.0.113.5", "203.0.113.4", "203.0.113.3", "203.0.113.2", "203.0.113.1"], Values(first).Concat(Values(second)));
        Assert.False(second.TryGetProperty("cursor", out _));

        Assert.Equal(HttpStatusCode.NoContent, (await _server.Client.DeleteAsync("/ip?ip=203.0.113.5&reason=mistake")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await _server.Client.DeleteAsync("/ip?ip=203.0.113.5")).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await _server.Client.DeleteAsync("/ip?ip=198.51.100.0%2F24&type=allow")).StatusCode);
        Assert.True(await _server.IsAllowedAsync("ip=203.0.113.5"));
        Assert.Equal(4, Values(await _server.GetAsync("/ip")).Count);
        IReadOnlyList<RuleAuditEntry> audit = await _server.Services.GetRequiredService<RuleStore>().Queries.AuditAsync(
            RuleDraft.IdOf(Target("203.0.113.5"), RuleType.Deny, null), default);
        Assert.Equal(("first-admin", "mistake"), (audit[^1].Who, audit[^1].Why));
    }

    [Fact]
    public async Task A_rule_is_not_deleted_through_another_resource()
    {
        JsonElement rule = await _server.PostAsync("/ip", """{"ip":"203.0.113.7","type":"deny"}""", HttpStatusCode.OK);

        Assert.Equal(HttpStatusCode.NotFound, (await _server.Client.DeleteAsync("/referer/" + rule.GetProperty("data").GetProperty("id").GetString())).StatusCode);
        Assert.False(await _server.IsAllowedAsync("ip=203.0.113.7"));
    }

    [Fact]
    public async Task Domains_are_stored_in_one_spelling()
    {
        JsonElement upper = await _server.PostAsync("/referer", """{"domain":"BÜCHER.Example.","type":"deny"}""", HttpStatusCode.OK);
        JsonElement lower = await _server.PostAsync("/referer", """{"domain":"xn--bcher-kva.example","type":"deny"}""", HttpStatusCode.OK);

        Assert.Equal("xn--bcher-kva.example", upper.GetProperty("data").GetProperty("domain").GetString());
        Assert.Equal(upper.GetProperty("data").GetProperty("id").GetString(), lower.GetProperty("data").GetProperty("id").GetString());
    }

    [Fact]
    public async Task Roles_and_organizations_confine_a_key()
    {
        using HttpClient reader = await _server.MakeClientAsync(new ApiKey("reader", ApiRole.Read, null));
        using HttpClient tenant = await _server.MakeClientAsync(new ApiKey("tenant", ApiRole.Write, "org-a"));
        JsonElement global = await _server.PostAsync("/ip", """{"ip":"203.0.113.7","type":"deny"}""", HttpStatusCode.OK);

        Assert.Equal(HttpStatusCode.Forbidden, (await reader.PostAsync("/ip", ApiServer.Json("""{"ip":"203.0.113.8","type":"deny"}"""))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await reader.GetAsync("/ip")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await tenant.PostAsync("/ip", ApiServer.Json("""{"ip":"203.0.113.8","type":"deny"}"""))).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await tenant.DeleteAsync("/ip/" + global.GetProperty("data").GetProperty("id").GetString())).StatusCode);
        Assert.Contains("203.0.113.8", await tenant.GetStringAsync("/ip"), StringComparison.Ordinal);
        Assert.DoesNotContain("203.0.113.7", await tenant.GetStringAsync("/ip"), StringComparison.Ordinal);
        Assert.False(await _server.IsAllowedAsync("ip=203.0.113.8&organization=org-a"));
        Assert.True(await _server.IsAllowedAsync("ip=203.0.113.8&organization=org-b"));
    }

    [Fact]
    public async Task A_revoked_key_opens_nothing_and_the_first_key_is_made_once()
    {
        using HttpClient writer = await _server.MakeClientAsync(new ApiKey("writer", ApiRole.Write, null));
        Assert.Equal(HttpStatusCode.OK, (await writer.GetAsync("/ip")).StatusCode);

        Assert.True(await _server.Keys.RevokeAsync("writer", default));
        Assert.False(await _server.Keys.RevokeAsync("writer", default));
        Assert.Equal(HttpStatusCode.Forbidden, (await writer.GetAsync("/ip")).StatusCode);
        Assert.Null(await _server.Keys.EnsureFirstKeyAsync(static (_, _) => Task.CompletedTask, default));
        Assert.Null(await _server.Keys.CreateAsync(new ApiKey("writer", ApiRole.Read, null), default));
        await using var command = _server.Database.DataSource.CreateCommand("select count(*) from api_keys where position($1::bytea in hash) > 0");
        command.Parameters.AddWithValue(Encoding.ASCII.GetBytes(_server.Key));
        Assert.Equal(0L, await command.ExecuteScalarAsync());
    }

    [Fact]
    public async Task A_token_is_known_by_its_identity_however_it_is_sent()
    {
        string jwt = $"{Encode("""{"alg":"none"}""")}.{Encode("""{"jti":"jti-1"}""")}.";
        string anonymous = $"{Encode("""{"alg":"none"}""")}.{Encode("""{"sub":"x"}""")}.";
        JsonElement rule = await _server.PostAsync("/token", """{"token":"jti-1","type":"deny","tag":"leaked"}""", HttpStatusCode.OK);
        JsonElement hashed = await _server.PostAsync("/token", $$"""{"token":"{{anonymous}}","type":"deny"}""", HttpStatusCode.OK);

        Assert.Equal("jti-1", rule.GetProperty("data").GetProperty("token").GetString());
        Assert.StartsWith("sha256:", hashed.GetProperty("data").GetProperty("token").GetString(), StringComparison.Ordinal);
        Assert.False(await _server.IsAllowedAsync("token=" + jwt));
        Assert.False(await _server.IsAllowedAsync("token=jti-1"));
        Assert.False(await _server.IsAllowedAsync("token=" + anonymous));
        Assert.True(await _server.IsAllowedAsync("token=" + anonymous + "x"));
        Assert.True(await _server.IsAllowedAsync("token=" + new string('a', 5000)));
    }

    [Fact]
    public async Task Without_its_database_the_API_says_so_and_checks_go_on()
    {
        await _server.PostAsync("/ip", """{"ip":"203.0.113.7","type":"deny"}""", HttpStatusCode.OK);
        await using (var rename = _server.Database.DataSource.CreateCommand("alter table rules rename to gone"))
        {
            await rename.ExecuteNonQueryAsync();
        }

        HttpResponseMessage response = await _server.Client.GetAsync("/ip");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Contains("\"success\":false", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.False(await _server.IsAllowedAsync("ip=203.0.113.7"));
    }

    private static List<string?> Values(JsonElement list) => [.. list.GetProperty("data").EnumerateArray().Select(static r => r.GetProperty("ip").GetString())];

    private static string Encode(string text) => System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));

    private static RuleTarget Target(string ip) => RuleTarget.TryParseAddress(ip, out RuleTarget target, out string why) ? target : throw new FormatException(why);
}
