using System.Text;
using AutoGuard.Guardian.Api;
using Microsoft.Extensions.Primitives;

namespace AutoGuard.Web;

/// <summary>
/// Lets in who knows a key of the API: as the password of HTTP Basic (so that a browser asks for it), or in one of the
/// API's own headers. A key confined to one tenant does not open pages that show all of them.
/// </summary>
internal sealed class OperatorAccess(ApiKeys keys, bool required) : IEndpointFilter
{
    /// <inheritdoc/>
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        if (!required || await IsKnownAsync(context.HttpContext))
        {
            return await next(context);
        }
        context.HttpContext.Response.Headers.WWWAuthenticate = "Basic realm=\"AutoGuard\", charset=\"UTF-8\"";
        return Results.Text("A key of the AutoGuard API is needed, as the password; any user name will do.\n", statusCode: StatusCodes.Status401Unauthorized);
    }

    private async Task<bool> IsKnownAsync(HttpContext http)
    {
        string? text = Password(http.Request.Headers.Authorization);
        foreach (string header in (string[])["X-BINTU-APIKEY", "X-BINTU-TOKEN"])
        {
            text ??= http.Request.Headers.TryGetValue(header, out StringValues value) ? value.ToString() : null;
        }
        return text is { Length: > 0 } && await keys.FindAsync(text, http.RequestAborted) is { Organization: null };
    }

    private static string? Password(StringValues authorization)
    {
        const string scheme = "Basic ";
        string text = authorization.ToString();
        if (!text.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }
        Span<byte> bytes = new byte[text.Length];
        if (!Convert.TryFromBase64String(text[scheme.Length..], bytes, out int length))
        {
            return null;
        }
        string pair = Encoding.UTF8.GetString(bytes[..length]);
        int colon = pair.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? null : pair[(colon + 1)..];
    }
}
