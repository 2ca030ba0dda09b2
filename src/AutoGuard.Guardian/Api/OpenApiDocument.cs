using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AutoGuard.Guardian.Api;

/// <summary>The description of the API, checked in beside this file; it holds no secret and asks for no key.</summary>
internal static class OpenApiDocument
{
    public const string Path = "/openapi.json";

    private const string Resource = "AutoGuard.Guardian.Api.openapi.json";

    public static byte[] Text { get; } = Read();

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet(Path, static context =>
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.ContentLength = Text.Length;
        return context.Response.Body.WriteAsync(Text, 0, Text.Length, context.RequestAborted);
    });

    private static byte[] Read()
    {
        using Stream stream = typeof(OpenApiDocument).Assembly.GetManifestResourceStream(Resource) ?? throw new InvalidOperationException($"{Resource} is not in the program.");
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }
}
