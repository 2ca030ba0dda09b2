using System.Buffers;
using System.Collections.Frozen;
using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Guardian;
using AutoGuard.Core.Policy;
using AutoGuard.Guardian.Rules;
using Microsoft.Extensions.Logging;

namespace AutoGuard.Guardian.Remote;

/// <summary>
/// Tells any other system by HTTP: the decision as JSON, signed with HMAC-SHA256 over the time and the body, with an idempotency
/// key that stays the same however often it is sent.
/// </summary>
public sealed class WebhookGuardian : RemoteGuardian, IDisposable
{
    /// <summary>Header of the signature: <c>t=UNIX SECONDS,h=HEX</c>, the form that OptiView's own webhooks have.</summary>
    public const string SignatureHeader = "X-AutoGuard-Signature";

    private readonly EngineSecrets _secrets;
    private readonly EngineEndpoint _endpoint;

    /// <summary>Makes a client; nothing is sent before the first decision.</summary>
    public WebhookGuardian(
        WebhookOptions options, EngineHttpOptions http, EngineSecrets secrets, RuleRails rails, ILogger<WebhookGuardian> logger, TimeProvider time)
        : base(rails, logger, time)
    {
        ArgumentNullException.ThrowIfNull(options);
        _secrets = secrets;
        _endpoint = new EngineEndpoint(options.Address, http, time);
        Capabilities = new GuardianCapabilities(
            options.Subjects.Select(static name => DecisionNames.TryParse(name, out SubjectType type) ? type : throw new FormatException($"Guardian:Webhook:Subjects has '{name}'.")).ToFrozenSet(),
            options.EndsRunningSessions, options.Undo, (int)options.Delay.TotalSeconds)
        {
            NeedsRemoval = !options.Expires,
            // It is told of them; what it makes of them is the receiver's affair.
            KnowsExceptions = true,
            Organizations = options.Organizations.ToFrozenSet(StringComparer.Ordinal),
        };
    }

    /// <inheritdoc/>
    public override string Name => "Webhook";

    /// <inheritdoc/>
    public override GuardianCapabilities Capabilities { get; }

    /// <summary>The signature of a body sent at a time (Unix seconds), lower-case hex: what a receiver computes and compares.</summary>
    public static string Sign(string secret, long unixSeconds, ReadOnlySpan<byte> body)
    {
        byte[] head = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{unixSeconds}."));
        return Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), (byte[])[.. head, .. body]));
    }

    /// <inheritdoc/>
    public void Dispose() => _endpoint.Dispose();

    /// <inheritdoc/>
    protected override string Credential() => _secrets.Get("Webhook:Secret");

    /// <inheritdoc/>
    protected override ValueTask<GuardianOutcome> PutAsync(Decision decision, RuleTarget target, string credential, CancellationToken cancellationToken) =>
        SendAsync($"{decision.Id}-apply", credential, writer =>
        {
            writer.WriteString("type", "apply");
            writer.WritePropertyName("decision");
            DecisionJson.Write(writer, decision);
        }, cancellationToken);

    /// <inheritdoc/>
    protected override ValueTask<GuardianOutcome> TakeBackAsync(
        RuleTarget target, string? organization, string reason, string credential, CancellationToken cancellationToken)
    {
        byte[] digest = SHA256.HashData(Encoding.UTF8.GetBytes($"{target.Scope}\n{target.Value}\n{organization}\n{reason}"));
        return SendAsync($"{Convert.ToHexStringLower(digest.AsSpan(0, 16))}-release", credential, writer =>
        {
            writer.WriteString("type", "release");
            writer.WriteStartObject("subject");
            writer.WriteString("type", RuleNames.Of(target.Scope));
            writer.WriteString("value", target.Value);
            writer.WriteEndObject();
            writer.WriteString("organization", organization);
            writer.WriteString("reason", reason);
        }, cancellationToken);
    }

    private async ValueTask<GuardianOutcome> SendAsync(string idempotencyKey, string secret, Action<Utf8JsonWriter> write, CancellationToken cancellationToken)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("id", idempotencyKey);
            write(writer);
            writer.WriteEndObject();
        }
        byte[] body = buffer.WrittenSpan.ToArray();
        EngineAnswer answer = await _endpoint.SendAsync(address => Request(address, idempotencyKey, secret, body), "", cancellationToken);
        return answer.IsSuccess ? new GuardianOutcome(GuardianResult.Applied)
            : answer.Status == 409 ? new GuardianOutcome(GuardianResult.AlreadyApplied)
            : Unsuccessful(answer);
    }

    // Made anew for each attempt: a receiver refuses old signatures.
    private HttpRequestMessage Request(Uri address, string idempotencyKey, string secret, byte[] body)
    {
        long now = Time.GetUtcNow().ToUnixTimeSeconds();
        var request = new HttpRequestMessage(HttpMethod.Post, address)
        {
            Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
        };
        request.Headers.Add("Idempotency-Key", idempotencyKey);
        request.Headers.Add(SignatureHeader, string.Create(CultureInfo.InvariantCulture, $"t={now},h={Sign(secret, now, body)}"));
        return request;
    }
}
