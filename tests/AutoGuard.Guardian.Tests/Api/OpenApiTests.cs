using System.Net;
using System.Text.Json;
using AutoGuard.Testing;
using Microsoft.AspNetCore.Routing;

namespace AutoGuard.Guardian.Tests.Api;

/// <summary>The served description against the routes that there are and the answers that they give.</summary>
public sealed class OpenApiTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private readonly ApiServer _server = new();

    public async Task InitializeAsync()
    {
        await postgres.InitializeAsync();
        await _server.InitializeAsync();
    }

    public Task DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Every_route_is_described_and_every_description_has_a_route()
    {
        JsonElement document = await _server.GetAsync("/openapi.json");

        string[] described = [.. document.GetProperty("paths").EnumerateObject().SelectMany(static path => path.Value.EnumerateObject().Select(method => $"{method.Name.ToUpperInvariant()} {path.Name}"))];
        // A route for every method is described by the ones that are of use.
        string[] mapped = [.. _server.Endpoints.OfType<RouteEndpoint>().SelectMany(endpoint =>
        {
            string pattern = ("/" + endpoint.RoutePattern.RawText!.TrimStart('/')).Replace("{**", "{", StringComparison.Ordinal);
            IReadOnlyList<string>? methods = endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods;
            return (methods ?? (pattern == "/check" ? ["GET", "POST"] : ["GET"])).Select(method => $"{method} {pattern}");
        })];

        Assert.Equal(mapped.Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Every_reference_leads_somewhere_and_names_are_unique()
    {
        string text = await _server.Client.GetStringAsync("/openapi.json");
        JsonElement document = JsonElement.Parse(text);
        string[] schemas = [.. document.GetProperty("components").GetProperty("schemas").EnumerateObject().Select(static s => s.Name)];
        string[] references = [.. System.Text.RegularExpressions.Regex.Matches(text, "#/components/schemas/([A-Za-z0-9]+)").Select(static m => m.Groups[1].Value).Distinct()];
        string[] names = [.. document.GetProperty("paths").EnumerateObject().SelectMany(static p => p.Value.EnumerateObject()).Select(static o => o.Value.GetProperty("operationId").GetString()!)];

        Assert.Equal(schemas.Order(StringComparer.Ordinal), references.Order(StringComparer.Ordinal));
        Assert.Equal(names.Length, names.Distinct().Count());
    }

    [Fact]
    public async Task A_rule_has_no_field_that_is_not_described()
    {
        JsonElement document = await _server.GetAsync("/openapi.json");
        HashSet<string> described = [.. document.GetProperty("components").GetProperty("schemas").GetProperty("Rule").GetProperty("properties").EnumerateObject().Select(static p => p.Name)];
        JsonElement rule = await _server.PostAsync("/ip", """{"ip":"203.0.113.7","type":"deny","tag":"t","reason":"r","stream":"s","organization":"o"}""", HttpStatusCode.OK);

        Assert.Subset(described, rule.GetProperty("data").EnumerateObject().Select(static p => p.Name).ToHashSet());
        Assert.Equal("r", rule.GetProperty("data").GetProperty("reason").GetString());
    }
}
