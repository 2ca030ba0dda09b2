using Microsoft.AspNetCore.Http;
using Npgsql;

namespace AutoGuard.Guardian.Api;

/// <summary>
/// Lets operators in, to pages that show what was decided on anybody: who has a key of the API that reads and is not
/// confined to one tenant, as the password of HTTP Basic (so that a browser asks for it) or in one of the API's own headers.
/// </summary>
internal sealed class OperatorAccess(ApiGate gate) : IEndpointFilter
{
    /// <inheritdoc/>
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        HttpContext http = context.HttpContext;
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers.XContentTypeOptions = "nosniff";
        try
        {
            (ApiKey? key, bool wasGiven) = await gate.FindAsync(http, takesBasic: true);
            if (key is { Organization: null, Role: >= ApiRole.Read })
            {
                return await next(context);
            }
            if (key is null && wasGiven && gate.IsGuessing(http))
            {
                return ApiGate.Later(http, Plain, 60);
            }
            // Also for a key that opens too little: a browser keeps a password that is answered by anything but 401, and
            // would never ask for another one.
            http.Response.Headers.WWWAuthenticate = ApiGate.BasicChallenge;
            return Plain(StatusCodes.Status401Unauthorized, ApiError.KeyNotValid, "A key of the AutoGuard API that reads (role read or above, for all organizations) is needed, as the password; any user name will do.");
        }
        catch (NpgsqlException failure)
        {
            return gate.DatabaseAway(http, Plain, failure);
        }
    }

    private static IResult Plain(int status, int code, string message) => Results.Text(message + "\n", statusCode: status);
}
