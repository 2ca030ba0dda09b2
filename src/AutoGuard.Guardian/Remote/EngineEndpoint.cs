using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using AutoGuard.Core.Configuration;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;

namespace AutoGuard.Guardian.Remote;

/// <summary>
/// One engine's HTTP interface: every call has a time-out, is repeated with growing pauses and jitter when that may help
/// (429 with its Retry-After, 5xx, no answer), and is not made at all for a while after most calls have failed.
/// </summary>
/// <remarks>
/// Requests go below the configured base address and nowhere else: redirects are not followed, and no text of a decision
/// ever becomes a part of host or path.
/// </remarks>
internal sealed class EngineEndpoint : IDisposable
{
    private const int LargestAnswer = 8 * 1024 * 1024;

    /// <summary>A longer wish of the engine is the outbox's business, which has other engines to serve meanwhile.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(20);

    private readonly HttpClient _client;
    private readonly Uri _address;
    private readonly Uri _base;
    private readonly ResiliencePipeline<EngineAnswer> _pipeline;
    private readonly TimeProvider _time;
    private readonly TimeSpan _timeout;

    public EngineEndpoint(string address, EngineHttpOptions options, TimeProvider time)
    {
        _address = new Uri(address, UriKind.Absolute);
        _base = new Uri(address.EndsWith('/') ? address : address + "/", UriKind.Absolute);
        _time = time;
        _timeout = options.Timeout;
        _client = new HttpClient(
            new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                UseCookies = false,
                AutomaticDecompression = DecompressionMethods.GZip,
                ConnectTimeout = options.Timeout,
                PooledConnectionLifetime = TimeSpan.FromMinutes(5),
                MaxResponseHeadersLength = 32,
            })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _client.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("AutoGuard", "0.1"));
        _pipeline = Pipeline(options, time);
    }

    /// <summary>Sends a request made anew for every attempt. Throws for cancellation only.</summary>
    /// <param name="make">Makes the request for an address below the base.</param>
    /// <param name="path">Path and query below the base; empty: the configured address as it is.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async ValueTask<EngineAnswer> SendAsync(Func<Uri, HttpRequestMessage> make, string path, CancellationToken cancellationToken)
    {
        Uri address = path.Length == 0 ? _address : new Uri(_base, path);
        try
        {
            return await _pipeline.ExecuteAsync(
                static async (call, token) => await call.Endpoint.SendOnceAsync(call.Make(call.Address), token), (Endpoint: this, Make: make, Address: address), cancellationToken);
        }
        catch (BrokenCircuitException open)
        {
            return EngineAnswer.Failed("left alone for a while after many failures", open.RetryAfter);
        }
    }

    public void Dispose() => _client.Dispose();

    private static ResiliencePipeline<EngineAnswer> Pipeline(EngineHttpOptions options, TimeProvider time)
    {
        var builder = new ResiliencePipelineBuilder<EngineAnswer> { TimeProvider = time };
        if (options.Retries > 0)
        {
            builder.AddRetry(new RetryStrategyOptions<EngineAnswer>
            {
                ShouldHandle = static outcome => ValueTask.FromResult(outcome.Outcome.Result is { IsTransient: true } answer && (answer.RetryAfter ?? default) <= LongestPause),
                MaxRetryAttempts = options.Retries,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = options.RetryPause,
                MaxDelay = LongestPause,
                DelayGenerator = static outcome => ValueTask.FromResult(outcome.Outcome.Result?.RetryAfter),
            });
        }
        return builder
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions<EngineAnswer>
            {
                // An engine that says 429 is well; it is only asked too often.
                ShouldHandle = static outcome => ValueTask.FromResult(outcome.Outcome.Result is { IsTransient: true, Status: not 429 }),
                FailureRatio = 0.8,
                MinimumThroughput = 10,
                SamplingDuration = TimeSpan.FromSeconds(60),
                BreakDuration = options.BreakerPause,
            })
            .Build();
    }

    private async ValueTask<EngineAnswer> SendOnceAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using HttpRequestMessage owned = request;
        using var late = new CancellationTokenSource(_timeout, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            using HttpResponseMessage response = await _client.SendAsync(owned, HttpCompletionOption.ResponseHeadersRead, both.Token);
            byte[]? body = await ReadAsync(response.Content, both.Token);
            return body is null
                ? EngineAnswer.Failed("an answer larger than any sensible one")
                : new EngineAnswer((int)response.StatusCode, body, RetryAfter(response));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return EngineAnswer.Failed("no answer in time");
        }
        catch (HttpRequestException error)
        {
            // Never the exception's own text: it may repeat what was sent.
            return EngineAnswer.Failed(error.InnerException is SocketException socket ? $"no connection ({socket.SocketErrorCode})" : $"no answer ({error.HttpRequestError})");
        }
        catch (IOException)
        {
            return EngineAnswer.Failed("the connection broke during the answer");
        }
        catch (InvalidDataException)
        {
            return EngineAnswer.Failed("an answer that cannot be unpacked");
        }
    }

    private static async ValueTask<byte[]?> ReadAsync(HttpContent content, CancellationToken cancellationToken)
    {
        await using Stream stream = await content.ReadAsStreamAsync(cancellationToken);
        using var buffer = new MemoryStream();
        var chunk = new byte[16 * 1024];
        int read;
        while ((read = await stream.ReadAsync(chunk, cancellationToken)) > 0)
        {
            if (buffer.Length + read > LargestAnswer)
            {
                return null;
            }
            buffer.Write(chunk, 0, read);
        }
        return buffer.ToArray();
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        TimeSpan? wish = response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - _time.GetUtcNow(),
            _ => null,
        };
        return wish is { } asked && asked > TimeSpan.Zero ? TimeSpan.FromTicks(Math.Min(asked.Ticks, TimeSpan.TicksPerDay)) : null;
    }
}
