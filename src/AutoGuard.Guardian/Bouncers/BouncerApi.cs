using System.Text.Json;
using AutoGuard.Guardian.Api;
using AutoGuard.Guardian.Rules;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace AutoGuard.Guardian.Bouncers;

/// <summary>The part of CrowdSec's local API that its bouncers speak, so that each of them enforces AutoGuard's blocks.</summary>
internal sealed partial class BouncerApi(ApiGate gate, BouncerDecisions decisions, TimeProvider time, ILogger<BouncerApi> logger)
{
    private const string Json = "application/json; charset=utf-8";
    private const int FlushEvery = 64 * 1024;

    // Old bouncers never ask again when their first call fails: while the database is away the answer waits.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    public void Map(IEndpointRouteBuilder routes)
    {
        string[] reading = [HttpMethods.Get, HttpMethods.Head];
        routes.MapMethods("/v1/decisions", reading, context => RunAsync(context, ListAsync));
        routes.MapMethods("/v1/decisions/stream", reading, context => RunAsync(context, StreamAsync));
        routes.MapPost("/v1/usage-metrics", context => RunAsync(context, static (_, _) => ValueTask.FromResult(Results.StatusCode(StatusCodes.Status201Created))));
        routes.MapGet("/health", static context =>
        {
            context.Response.ContentType = Json;
            return context.Response.WriteAsync("""{"status":"up"}""", context.RequestAborted);
        });
    }

    private static IResult Error(int status, int code, string message)
    {
        bool isAboutKey = status is StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden;
        return Results.Json(new MessageBody(isAboutKey ? "access forbidden" : message), BouncerJsonContext.Default.MessageBody, statusCode: isAboutKey ? StatusCodes.Status403Forbidden : status);
    }

    private Task RunAsync(HttpContext context, Func<HttpContext, ApiKey, ValueTask<IResult>> action) =>
        gate.RunAsync(context, ApiRole.Bouncer, Error, key => action(context, key));

    private async ValueTask<IResult> ListAsync(HttpContext context, ApiKey key)
    {
        if (!BouncerQuestion.TryRead(context, key, isStream: false, out BouncerQuestion question, out string wrong))
        {
            return Error(StatusCodes.Status400BadRequest, 0, wrong);
        }
        context.Response.ContentType = Json;
        if (HttpMethods.IsHead(context.Request.Method))
        {
            return Results.StatusCode(StatusCodes.Status200OK);
        }
        using var writer = new Utf8JsonWriter(context.Response.BodyWriter);
        int count = 0;
        await foreach (BouncerDecision decision in decisions.FindAsync(question, context.RequestAborted))
        {
            if (count++ == 0)
            {
                writer.WriteStartArray();
            }
            await WriteAsync(context, writer, decision);
        }
        if (count == 0)
        {
            writer.WriteNullValue();
        }
        else
        {
            writer.WriteEndArray();
        }
        return Results.Empty;
    }

    private async ValueTask<IResult> StreamAsync(HttpContext context, ApiKey key)
    {
        if (!BouncerQuestion.TryRead(context, key, isStream: true, out BouncerQuestion question, out string wrong))
        {
            return Error(StatusCodes.Status400BadRequest, 0, wrong);
        }
        context.Response.ContentType = Json;
        // A probe must not take the changes that the bouncer itself waits for.
        if (HttpMethods.IsHead(context.Request.Method))
        {
            return Results.StatusCode(StatusCodes.Status200OK);
        }
        await using BouncerPull pull = await OpenAsync(question, context.RequestAborted);
        using var writer = new Utf8JsonWriter(context.Response.BodyWriter);
        writer.WriteStartObject();
        writer.WriteStartArray("deleted");
        await foreach (BouncerDecision decision in pull.EndedAsync(context.RequestAborted))
        {
            await WriteAsync(context, writer, decision);
        }
        writer.WriteEndArray();
        writer.WriteStartArray("new");
        await foreach (BouncerDecision decision in pull.NewAsync(context.RequestAborted))
        {
            await WriteAsync(context, writer, decision);
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
        await writer.FlushAsync(context.RequestAborted);
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
        // An answer that broke off has not been read: the next one begins where it began.
        await pull.DoneAsync(context.RequestAborted);
        return Results.Empty;
    }

    private async Task<BouncerPull> OpenAsync(BouncerQuestion question, CancellationToken cancellationToken)
    {
        long start = time.GetTimestamp();
        while (true)
        {
            try
            {
                return await decisions.PullAsync(question, cancellationToken);
            }
            catch (NpgsqlException error) when (error is not PostgresException && time.GetElapsedTime(start) < Patience)
            {
                Log.Waiting(logger, error.Message);
                await Task.Delay(Pause, time, cancellationToken);
            }
        }
    }

    private static async ValueTask WriteAsync(HttpContext context, Utf8JsonWriter writer, BouncerDecision decision)
    {
        decision.Write(writer);
        if (writer.BytesPending > FlushEvery)
        {
            writer.Flush();
            await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 4501, Level = LogLevel.Warning, Message = "A bouncer waits for its decisions because the database does not answer: {Reason}")]
        public static partial void Waiting(ILogger logger, string reason);
    }
}
