using System.Text.Json;
using AutoGuard.Core.Events;
using AutoGuard.Guardian.Api;
using AutoGuard.Guardian.Publications;
using AutoGuard.Guardian.Rules;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace AutoGuard.Guardian.Decisions;

/// <summary>
/// The question of proxies and players' back ends: may this connection play? 200 when it may, 403 when it may not, and 401
/// when the key is missing or wrong, so that a proxy told to let everybody pass while AutoGuard does not answer can count
/// that in, and never mistakes it for a verdict. Answered from memory; the database is not asked.
/// </summary>
internal sealed partial class DecisionPoint(
    ApiGate gate, RuleMatcher matcher, PublicationTable publications, LocalGuardianOptions options, TimeProvider time, ILogger<DecisionPoint> logger)
{
    private static readonly byte[] Allowed = """{"success":true,"data":{"allowed":true}}"""u8.ToArray();
    private static readonly string[] RefusalNames = ["", "ipBlocking", "geoBlocking", "refererBlocking"];
    private readonly RepeatedWarning _warning = new(time);

    public void Map(IEndpointRouteBuilder routes)
    {
        // Envoy keeps the viewer's method and appends the viewer's path.
        routes.Map("/check", AnswerAsync);
        routes.Map("/check/{**path}", AnswerAsync);
    }

    private async Task AnswerAsync(HttpContext context)
    {
        context.Response.Headers.CacheControl = "no-store";
        ApiKey? key;
        try
        {
            (key, _) = await gate.FindAsync(context, takesBasic: false);
        }
        catch (NpgsqlException failure)
        {
            Log.KeysAway(logger, failure);
            await ApiReply.Error(StatusCodes.Status503ServiceUnavailable, ApiError.Unavailable, "The keys cannot be read; try again.").ExecuteAsync(context);
            return;
        }
        if (key is null)
        {
            if (_warning.IsDue())
            {
                Log.NoKey(logger);
            }
            await ApiReply.Error(StatusCodes.Status401Unauthorized, ApiError.KeyNotValid, "A key is missing or not valid.").ExecuteAsync(context);
            return;
        }
        (DecisionQuestion? question, IResult? refusal) = await DecisionQuestion.ReadAsync(context);
        if (question is null)
        {
            await refusal!.ExecuteAsync(context);
            return;
        }
        await Decide(question, key.Organization ?? question.Organization, context);
    }

    private Task Decide(DecisionQuestion question, string? organization, HttpContext context)
    {
        DateTimeOffset now = time.GetUtcNow();
        string? referrer = EdgeIdentity.OfReferrer(question.Referrer);
        Verdict verdict = matcher.Check(question.Address, null, referrer, organization, now, question.Stream);
        for (int i = 0; i < question.Tokens.Count && verdict.Allowed; i++)
        {
            Verdict byToken = matcher.CheckToken(question.Tokens[i], question.Address, organization, now, question.Stream);
            verdict = byToken.Allowed && verdict.Rule is not null ? verdict : byToken;
        }
        if (!verdict.Allowed)
        {
            return Deny(context, verdict.Rule!);
        }
        PublicationRefusal publication = question.Publication is { } id && !publications.IsEmpty
            ? publications.Check(question.Kind, id, organization, question.Address, question.Country ?? CountryOf(question.Address), question.Referrer)
            : PublicationRefusal.None;
        return publication == PublicationRefusal.None ? Allow(context, verdict.Rule) : Deny(context, question.Kind, publication);
    }

    private string? CountryOf(IpAddress? address) => address is { } known ? options.CountryOf?.Invoke(known) : null;

    private static Task Allow(HttpContext context, HeldRule? rule)
    {
        context.Response.Headers["X-Decision"] = "allow";
        if (rule is not null)
        {
            return Write(context, StatusCodes.Status200OK, new VerdictBody(true, RuleBody.Of(rule), null));
        }
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = Allowed.Length;
        return context.Response.Body.WriteAsync(Allowed, 0, Allowed.Length, context.RequestAborted);
    }

    // Headers hold nothing but words of ours: values of rules may be texts that no header can carry.
    private static Task Deny(HttpContext context, HeldRule rule)
    {
        context.Response.Headers["X-Decision"] = "deny";
        context.Response.Headers["X-Decision-Reason"] = RuleNames.Of(rule.Scope);
        context.Response.Headers["X-Decision-Rule"] = rule.Id;
        return Write(context, StatusCodes.Status403Forbidden, new VerdictBody(false, RuleBody.Of(rule), null));
    }

    private static Task Deny(HttpContext context, PublicationKind kind, PublicationRefusal refusal)
    {
        string reason = $"{RefusalNames[(int)refusal]} of the {PublicationKey.NameOf(kind)}";
        context.Response.Headers["X-Decision"] = "deny";
        context.Response.Headers["X-Decision-Reason"] = reason;
        return Write(context, StatusCodes.Status403Forbidden, new VerdictBody(false, null, reason));
    }

    private static Task Write(HttpContext context, int status, VerdictBody body)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(new DataBody<VerdictBody>(true, body), ApiJsonContext.Default.DataBodyVerdictBody);
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.ContentLength = json.Length;
        return context.Response.Body.WriteAsync(json, 0, json.Length, context.RequestAborted);
    }

    /// <summary>One warning a minute: every request of a misconfigured proxy would make one.</summary>
    private sealed class RepeatedWarning(TimeProvider time)
    {
        private long _next;

        public bool IsDue()
        {
            long now = time.GetUtcNow().ToUnixTimeSeconds();
            long next = Interlocked.Read(ref _next);
            return now >= next && Interlocked.CompareExchange(ref _next, now + 60, next) == next;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 4401, Level = LogLevel.Error, Message = "A check could not be answered because the keys cannot be read from the database.")]
        public static partial void KeysAway(ILogger logger, Exception error);

        [LoggerMessage(EventId = 4402, Level = LogLevel.Warning, Message = "Checks come without a valid key and are refused; see X-Api-Key in the proxy's configuration. This is said once a minute.")]
        public static partial void NoKey(ILogger logger);
    }
}
