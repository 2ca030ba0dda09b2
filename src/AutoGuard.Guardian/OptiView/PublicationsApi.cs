using System.Text.Json;
using AutoGuard.Guardian.Api;
using AutoGuard.Guardian.Publications;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AutoGuard.Guardian.OptiView;

/// <summary>
/// The OptiView calls that switch address and country lists of a channel, an alias or a distribution, in both generations of
/// that interface. The key is the password of HTTP Basic, or stands in one of the API's own headers.
/// </summary>
internal sealed class PublicationsApi(ApiGate gate, PublicationStore publications)
{
    private const int LargestBody = 1024 * 1024;
    private const int DeepestObject = 8;

    public void Map(IEndpointRouteBuilder routes)
    {
        Map(routes, "/channels/{id}", PublicationKind.Channel, "id");
        Map(routes, "/channels/{id}/aliases/{aliasId}", PublicationKind.Alias, "aliasId");
        Map(routes, "/aliases/{aliasId}", PublicationKind.Alias, "aliasId");
        Map(routes, "/v2/distributions/{id}", PublicationKind.Distribution, "id");
    }

    private void Map(IEndpointRouteBuilder routes, string path, PublicationKind kind, string id)
    {
        ErrorShape error = kind == PublicationKind.Distribution ? Problem : Empty;
        routes.MapPatch(path, (HttpContext context) => gate.RunAsync(context, ApiRole.Write, error, key => PatchAsync(context, kind, ApiRequest.Route(context, id), key, error), takesBasic: true));
        routes.MapGet(path, (HttpContext context) => gate.RunAsync(context, ApiRole.Read, error, key => GetAsync(context, kind, ApiRequest.Route(context, id), key, error), takesBasic: true));
    }

    /// <summary>The first generation documents an empty object and nothing else; the sentence goes into a header.</summary>
    private static IResult Empty(int status, int code, string message) => new EmptyError(status, message);

    private static IResult Problem(int status, int code, string message) => Results.Problem(message, statusCode: status);

    private async ValueTask<IResult> PatchAsync(HttpContext context, PublicationKind kind, string id, ApiKey key, ErrorShape error)
    {
        if (!IsId(id))
        {
            return error(StatusCodes.Status404NotFound, ApiError.NotFound, "An id is at most 128 letters, digits, hyphens, dots and underscores.");
        }
        if (!ApiRequest.TryGetQuery(context, "reason", out string? reason, out IResult? refusal))
        {
            return error(StatusCodes.Status400BadRequest, ApiError.WrongValue, "The reason is not valid.");
        }
        string why = reason ?? "";
        if (!ApiRequest.TryCleanRemark("reason", ref why, out refusal))
        {
            return error(StatusCodes.Status400BadRequest, ApiError.WrongValue, "The reason is not valid.");
        }
        (JsonDocument? document, refusal) = await ApiRequest.ReadBodyAsync(context, LargestBody, DeepestObject);
        if (document is null)
        {
            int status = (refusal as IStatusCodeHttpResult)?.StatusCode ?? StatusCodes.Status400BadRequest;
            return error(status, ApiError.WrongValue, "The body must be a JSON object of at most 1 MiB, sent as application/json.");
        }
        using (document)
        {
            if (!PublicationPatch.TryRead(document.RootElement, kind, out PublicationPatch patch, out string wrong))
            {
                return error(StatusCodes.Status400BadRequest, ApiError.WrongValue, wrong);
            }
            var publication = new PublicationKey(key.Organization ?? "", kind, id);
            (Publication? stored, string forbidden) = await publications.ChangeAsync(publication, patch.ApplyTo, key.Name, why, context.RequestAborted);
            return stored is null ? error(StatusCodes.Status400BadRequest, ApiError.Refused, Plain(forbidden))
                : kind == PublicationKind.Distribution ? Show(publication, stored)
                : Results.NoContent();
        }
    }

    private async ValueTask<IResult> GetAsync(HttpContext context, PublicationKind kind, string id, ApiKey key, ErrorShape error)
    {
        var publication = new PublicationKey(key.Organization ?? "", kind, id);
        return IsId(id) && await publications.GetAsync(publication, context.RequestAborted) is { } lists
            ? Show(publication, lists)
            : error(StatusCodes.Status404NotFound, ApiError.NotFound, "Nothing is set up for this id.");
    }

    private static IResult Show(PublicationKey key, Publication lists) =>
        Results.Text(PublicationPatch.Write(key, lists), "application/json; charset=utf-8");

    private static bool IsId(string id) =>
        id.Length is > 0 and <= PublicationKey.LongestId && id.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    // Guard rails quote networks, which are ASCII, and reasons of the configured allowlist, which need not be.
    private static string Plain(string sentence) => string.Concat(sentence.Select(static c => c is >= ' ' and < '\u007F' ? c : '?'));

    private sealed class EmptyError(int status, string message) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = status;
            httpContext.Response.ContentType = "application/json; charset=utf-8";
            httpContext.Response.Headers["X-Error-Detail"] = message;
            return httpContext.Response.WriteAsync("{}", httpContext.RequestAborted);
        }
    }
}
