using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace AutoGuard.Guardian.Tests.Remote;

/// <summary>What goes wrong with one request.</summary>
public enum Fault
{
    TooMany,
    BadGateway,
    GatewayTimeout,
    Silence,
    Reset,
    SlowAnswer,
    BrokenArchive,
}

/// <summary>A request as it arrived.</summary>
public sealed record Arrived(string Method, string Path, string Query, IReadOnlyDictionary<string, string> Headers, string Body);

/// <summary>A vendor's interface on a real Kestrel, with faults to order. What it answers is up to who derives from it.</summary>
public abstract class EngineStandIn : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<Fault> _faults = new();
    private readonly ConcurrentQueue<Arrived> _arrived = new();
    private readonly Lock _gate = new();

    protected EngineStandIn()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.Run(HandleAsync);
    }

    public string Address => _app.Urls.First() + "/";

    public IReadOnlyList<Arrived> Requests => [.. _arrived];

    /// <summary>Answers every request with this status and body, once set.</summary>
    public (int Status, string Body)? Always { get; set; }

    /// <summary>What goes with a 429.</summary>
    public string RetryAfter { get; set; } = "1";

    public void Clear() => _arrived.Clear();

    /// <summary>The next requests fail so, one each.</summary>
    public void Break(params ReadOnlySpan<Fault> faults)
    {
        foreach (Fault fault in faults)
        {
            _faults.Enqueue(fault);
        }
    }

    public Task StartAsync() => _app.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Status and body of a request that nothing goes wrong with; one at a time.</summary>
    protected abstract (int Status, string Body) Answer(Arrived request);

    private async Task HandleAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        string body = await reader.ReadToEndAsync();
        var request = new Arrived(
            context.Request.Method, context.Request.Path.Value ?? "", context.Request.QueryString.Value ?? "",
            context.Request.Headers.ToDictionary(static h => h.Key, static h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase), body);
        _arrived.Enqueue(request);
        if (_faults.TryDequeue(out Fault fault))
        {
            await FailAsync(context, fault, request);
            return;
        }
        (int status, string text) = Always ?? Locked(request);
        context.Response.StatusCode = status;
        if (text.Length > 0)
        {
            context.Response.ContentType = "application/json; charset=utf-8";
            await context.Response.WriteAsync(text);
        }
    }

    private (int Status, string Body) Locked(Arrived request)
    {
        lock (_gate)
        {
            return Answer(request);
        }
    }

    private async Task FailAsync(HttpContext context, Fault fault, Arrived request)
    {
        switch (fault)
        {
            case Fault.TooMany:
                context.Response.StatusCode = 429;
                context.Response.Headers.RetryAfter = RetryAfter;
                break;
            case Fault.BadGateway:
                context.Response.StatusCode = 502;
                await context.Response.WriteAsync("<html><body>Bad Gateway</body></html>");
                break;
            case Fault.GatewayTimeout:
                context.Response.StatusCode = 504;
                break;
            case Fault.Reset:
                context.Abort();
                break;
            case Fault.SlowAnswer:
                // The work is done, the head of the answer is out, and the rest never comes.
                (int status, string text) = Locked(request);
                context.Response.StatusCode = status == 204 ? 200 : status;
                context.Response.ContentLength = text.Length + 1000;
                await context.Response.WriteAsync(text[..(text.Length / 2)]);
                await context.Response.Body.FlushAsync();
                await UntilGoneAsync(context);
                break;
            case Fault.BrokenArchive:
                context.Response.Headers.ContentEncoding = "gzip";
                await context.Response.WriteAsync("no gzip at all");
                break;
            default:
                await UntilGoneAsync(context);
                break;
        }
    }

    private static async Task UntilGoneAsync(HttpContext context)
    {
        var gone = new TaskCompletionSource();
        using CancellationTokenRegistration registration = context.RequestAborted.Register(gone.SetResult);
        await gone.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    protected static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
