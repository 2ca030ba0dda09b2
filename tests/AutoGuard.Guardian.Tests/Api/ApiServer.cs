using System.Net;
using System.Text;
using System.Text.Json;
using AutoGuard.Guardian.Api;
using AutoGuard.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AutoGuard.Guardian.Tests.Api;

/// <summary>The Guardian API on a real Kestrel and a database of its own. Needs the server of <see cref="PostgresFixture"/>.</summary>
public sealed class ApiServer : IAsyncLifetime
{
    private readonly FakeTimeProvider _time;
    private readonly ApiServer? _first;

    public ApiServer()
        : this(null)
    {
    }

    /// <summary>A second node on the database of a first one.</summary>
    internal ApiServer(ApiServer? first)
    {
        _first = first;
        _time = first?._time ?? new FakeTimeProvider();
    }
    private WebApplication _app = null!;

    public FakeTimeProvider Time => _time;

    public LocalGuardianOptions Options { get; } = new() { Limits = { CallsPerSecond = 1_000_000, RefusedKeysPerMinute = 1_000_000 } };

    /// <summary>Routes besides the API's own.</summary>
    public Action<IEndpointRouteBuilder>? MapMore { get; init; }

    /// <summary>Every line that the server logged.</summary>
    public RecordedLog Log { get; } = new();

    public TestDatabase Database { get; private set; } = null!;

    public HttpClient Client { get; private set; } = null!;

    public string Key { get; private set; } = "";

    public IServiceProvider Services => _app.Services;

    public ApiKeys Keys => Services.GetRequiredService<ApiKeys>();

    public async Task InitializeAsync()
    {
        Database = _first?.Database ?? await new PostgresFixture().CreateMigratedAsync();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddProvider(Log).SetMinimumLevel(LogLevel.Trace);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<TimeProvider>(_time);
        builder.Services.AddSingleton(Database.DataSource);
        builder.Services.AddLocalGuardian(Options);
        _app = builder.Build();
        _app.MapGuardianApi();
        MapMore?.Invoke(_app);
        await _app.StartAsync();
        Key = _first?.Key ?? await Keys.EnsureFirstKeyAsync(static (_, _) => Task.CompletedTask, default) ?? throw new InvalidOperationException("There was a key already.");
        Client = MakeClient("X-BINTU-APIKEY", Key);
    }

    public async Task DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
        if (_first is null)
        {
            await Database.DisposeAsync();
        }
    }

    public Uri Address => new(_app.Urls.First());

    public IEnumerable<Endpoint> Endpoints => _app.Services.GetRequiredService<EndpointDataSource>().Endpoints;

    public HttpClient MakeClient(string header, string key)
    {
        var client = new HttpClient { BaseAddress = new Uri(_app.Urls.First()) };
        client.DefaultRequestHeaders.Add(header, key);
        return client;
    }

    public async Task<HttpClient> MakeClientAsync(ApiKey key) => MakeClient("X-BINTU-TOKEN", (await Keys.CreateAsync(key, default))!);

    /// <summary>The verdict; status and body must agree.</summary>
    public async Task<bool> IsAllowedAsync(string query)
    {
        HttpResponseMessage response = await Client.GetAsync("/check?" + query);
        Assert.True(response.StatusCode is HttpStatusCode.OK or HttpStatusCode.Forbidden, $"{(int)response.StatusCode} to {query}");
        bool allowed = JsonElement.Parse(await response.Content.ReadAsStringAsync()).GetProperty("data").GetProperty("allowed").GetBoolean();
        Assert.Equal(response.StatusCode == HttpStatusCode.OK, allowed);
        return allowed;
    }

    public async Task<JsonElement> GetAsync(string path)
    {
        HttpResponseMessage response = await Client.GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return JsonElement.Parse(await response.Content.ReadAsStringAsync());
    }

    public async Task<JsonElement> PostAsync(string path, string json, HttpStatusCode expected)
    {
        HttpResponseMessage response = await Client.PostAsync(path, Json(json));
        string body = await response.Content.ReadAsStringAsync();
        Assert.True(expected == response.StatusCode, $"{(int)response.StatusCode} {body}");
        return JsonElement.Parse(body);
    }

    public async Task AssertNoRuleAsync()
    {
        await using var command = Database.DataSource.CreateCommand("select (select count(*) from rules) + (select count(*) from rule_audit)");
        Assert.Equal(0L, await command.ExecuteScalarAsync());
    }

    public static StringContent Json(string json) => new(json, Encoding.UTF8, "application/json");
}
