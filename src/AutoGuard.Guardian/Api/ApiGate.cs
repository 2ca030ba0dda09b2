using System.Buffers.Text;
using System.Text;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace AutoGuard.Guardian.Api;

/// <summary>How a route words its refusals.</summary>
/// <param name="status">HTTP status.</param>
/// <param name="code">Error code after those that the vendor's services document.</param>
/// <param name="message">A sentence without anything that the caller sent.</param>
internal delegate IResult ErrorShape(int status, int code, string message);

/// <summary>Lets calls through to the API: who calls, what that key opens, how often it calls, and whether the database is there.</summary>
internal sealed partial class ApiGate(ApiKeys keys, LocalGuardianOptions options, ILogger<ApiGate> logger) : IDisposable
{
    /// <summary>What makes a browser ask for a key.</summary>
    public const string BasicChallenge = "Basic realm=\"AutoGuard\", charset=\"UTF-8\"";

    private const string NoAddress = "";
    private static readonly string[] KeyHeaders = ["X-BINTU-APIKEY", "X-BINTU-TOKEN", "X-Api-Key"];

    private readonly PartitionedRateLimiter<string> _calls = PartitionedRateLimiter.Create<string, string>(name => RateLimitPartition.GetTokenBucketLimiter(
        name,
        _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = options.Limits.CallsPerSecond * 2,
            TokensPerPeriod = options.Limits.CallsPerSecond,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            QueueLimit = 0,
        }));

    private readonly PartitionedRateLimiter<string> _failures = PartitionedRateLimiter.Create<string, string>(address => RateLimitPartition.GetFixedWindowLimiter(
        address, _ => new FixedWindowRateLimiterOptions { PermitLimit = options.Limits.RefusedKeysPerMinute, Window = TimeSpan.FromMinutes(1), QueueLimit = 0 }));

    /// <summary>Runs an action for a key of at least a role.</summary>
    public async Task RunAsync(HttpContext context, ApiRole role, ErrorShape error, Func<ApiKey, ValueTask<IResult>> action, bool takesBasic = false)
    {
        IResult result = await AnswerAsync(context, role, error, action, takesBasic);
        await result.ExecuteAsync(context);
    }

    /// <summary>The key of a call, or null with its text when there is one that opens nothing.</summary>
    public async ValueTask<(ApiKey? Key, bool WasGiven)> FindAsync(HttpContext context, bool takesBasic)
    {
        string text = "";
        foreach (string header in KeyHeaders)
        {
            text = text.Length > 0 ? text : context.Request.Headers[header].ToString();
        }
        if (text.Length == 0 && takesBasic)
        {
            text = Password(context.Request.Headers.Authorization.ToString());
        }
        return text.Length == 0 ? (null, false) : (await keys.FindAsync(text, context.RequestAborted), true);
    }

    /// <summary>Whether an address has shown too many wrong keys within a minute.</summary>
    public bool IsGuessing(HttpContext context)
    {
        using RateLimitLease lease = _failures.AttemptAcquire(context.Connection.RemoteIpAddress?.ToString() ?? NoAddress);
        return !lease.IsAcquired;
    }

    /// <summary>The answer where the database failed on the way.</summary>
    public IResult DatabaseAway(HttpContext context, ErrorShape error, NpgsqlException failure)
    {
        Log.DatabaseAway(logger, failure);
        if (context.Response.HasStarted || context.Response.BodyWriter.UnflushedBytes > 0)
        {
            // Half an answer must not look like a whole one.
            context.Abort();
            return Results.Empty;
        }
        return error(StatusCodes.Status503ServiceUnavailable, ApiError.Unavailable, "The rules' database is not available; try again.");
    }

    /// <summary>The answer to who calls too often.</summary>
    public static IResult Later(HttpContext context, ErrorShape error, int seconds)
    {
        context.Response.Headers.RetryAfter = seconds == 1 ? "1" : "60";
        return error(StatusCodes.Status429TooManyRequests, ApiError.TooOften, "Too many calls; try again later.");
    }

    public void Dispose()
    {
        _calls.Dispose();
        _failures.Dispose();
    }

    private async Task<IResult> AnswerAsync(HttpContext context, ApiRole role, ErrorShape error, Func<ApiKey, ValueTask<IResult>> action, bool takesBasic)
    {
        // Answers depend on the key and change with every rule.
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        try
        {
            (ApiKey? key, bool wasGiven) = await FindAsync(context, takesBasic);
            if (key is null)
            {
                return Refuse(context, error, wasGiven, takesBasic);
            }
            using RateLimitLease lease = _calls.AttemptAcquire(key.Name);
            if (!lease.IsAcquired)
            {
                return Later(context, error, 1);
            }
            return key.Role >= role
                ? await action(key)
                : error(StatusCodes.Status403Forbidden, ApiError.AccessDenied, "The key's role does not permit this call.");
        }
        catch (NpgsqlException failure)
        {
            return DatabaseAway(context, error, failure);
        }
        catch (BadHttpRequestException failure)
        {
            return failure.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? error(failure.StatusCode, ApiError.TooLarge, "The body is too large.")
                : error(StatusCodes.Status400BadRequest, ApiError.WrongValue, "The body could not be read.");
        }
    }

    private IResult Refuse(HttpContext context, ErrorShape error, bool wasGiven, bool takesBasic)
    {
        if (wasGiven && IsGuessing(context))
        {
            return Later(context, error, 60);
        }
        if (takesBasic)
        {
            context.Response.Headers.WWWAuthenticate = BasicChallenge;
        }
        return wasGiven
            ? error(StatusCodes.Status403Forbidden, ApiError.KeyNotValid, "Provided APIKey is not valid")
            : error(StatusCodes.Status401Unauthorized, ApiError.KeyMissing, $"The header {KeyHeaders[0]} or {KeyHeaders[1]} is missing.");
    }

    private static string Password(string authorization)
    {
        const string Scheme = "Basic ";
        if (!authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) || !Base64.IsValid(authorization.AsSpan(Scheme.Length).Trim()))
        {
            return "";
        }
        string pair = Encoding.UTF8.GetString(Convert.FromBase64String(authorization[Scheme.Length..].Trim()));
        int colon = pair.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? "" : pair[(colon + 1)..];
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 4301, Level = LogLevel.Error, Message = "A call of the Guardian API failed because the database is not available.")]
        public static partial void DatabaseAway(ILogger logger, Exception error);
    }
}
