using System.Collections.Immutable;
using System.Globalization;
using AutoGuard.Core.Events;
using AutoGuard.Core.Pipeline;
using AutoGuard.Guardian;
using AutoGuard.Verbs;
using AutoGuard.Worker;

namespace AutoGuard.Web;

/// <summary>What the worker serves besides the guardian's API: health, metrics, the dashboard, explanations.</summary>
internal static class OperatorEndpoints
{
    public static void Map(WebApplication app, WorkerFigures figures, DetectionWorker worker, bool authentication, TimeProvider time)
    {
        app.MapGet("/health/live", () => Results.Text("live\n"));
        app.MapGet("/health/ready", () => figures.NotReady is { } why
            ? Results.Text(why + "\n", statusCode: StatusCodes.Status503ServiceUnavailable)
            : Results.Text("ready\n"));
        app.MapGet("/metrics", () => Results.Text(PrometheusText.Of(figures), "text/plain; version=0.0.4; charset=utf-8"));

        RouteGroupBuilder operators = app.MapGroup("");
        if (authentication)
        {
            operators.RequireOperatorKey();
        }
        Dashboard dashboard = new(app.Services.GetRequiredService<StoreReportSource>(), figures, time);
        operators.MapGet("/", (HttpResponse response, CancellationToken cancellation) => DashboardAsync(dashboard, response, cancellation));
        operators.MapGet("/explain/token/{**value}", (string value, string? organization, HttpContext http) => ExplainTokenAsync(worker, value, organization, http.RequestAborted));
        operators.MapGet("/explain/ip/{value}", (string value, string? organization, HttpContext http) => IpAddress.TryParse(value, out IpAddress address)
            ? ExplainAsync(worker, (explainer, now) => explainer.Address(address, now, organization), http.RequestAborted)
            : Task.FromResult(Results.Text("This is no address.\n", statusCode: StatusCodes.Status400BadRequest)));
    }

    private static async Task<IResult> DashboardAsync(Dashboard dashboard, HttpResponse response, CancellationToken cancellation)
    {
        byte[] page = await dashboard.PageAsync(cancellation);
        response.Headers["Refresh"] = Dashboard.Freshness.TotalSeconds.ToString(CultureInfo.InvariantCulture);
        response.Headers.CacheControl = "no-store";
        return Results.Bytes(page, "text/html; charset=utf-8");
    }

    /// <summary>Without an organization the token is looked for in all; an id that several have given is answered 409.</summary>
    private static async Task<IResult> ExplainTokenAsync(DetectionWorker worker, string identity, string? organization, CancellationToken cancellation)
    {
        ImmutableArray<string?> organizations = [organization is "" ? null : organization];
        IResult result = await ExplainAsync(worker, (explainer, now) =>
        {
            organizations = organization is null ? explainer.Organizations(identity, worker.TokenKey) : organizations;
            return organizations.Length == 1 ? explainer.Token(worker.TokenKey(identity, organizations[0]), now) : null;
        }, cancellation);
        return organizations.Length < 2
            ? result
            : Results.Text(ExplainVerb.Ambiguous(organizations) + "\n", statusCode: StatusCodes.Status409Conflict);
    }

    private static async Task<IResult> ExplainAsync(DetectionWorker worker, Func<Explainer, long, Explanation?> ask, CancellationToken cancellation)
    {
        try
        {
            return await worker.ExplainAsync(ask, cancellation) is { } explanation
                ? Results.Json(explanation, ExplanationJson.Default.Explanation)
                : Results.Text("Nothing is known of it: it was not seen within the window.\n", statusCode: StatusCodes.Status404NotFound);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return Results.Text("The worker is stopping.\n", statusCode: StatusCodes.Status503ServiceUnavailable);
        }
        catch (UnansweredException error)
        {
            return Results.Text(error.Message + "\n", statusCode: error.IsRefused ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status500InternalServerError);
        }
    }
}
