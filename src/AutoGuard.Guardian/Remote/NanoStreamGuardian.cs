using System.Buffers;
using System.Collections.Frozen;
using System.Net.Http.Headers;
using System.Text.Json;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Guardian;
using AutoGuard.Core.Policy;
using AutoGuard.Guardian.Rules;
using Microsoft.Extensions.Logging;

namespace AutoGuard.Guardian.Remote;

/// <summary>
/// nanoStream Guardian: <c>POST /ip</c> and <c>POST /referer</c> as the vendor documents them. Listing and deleting are not
/// documented; where they are switched on they follow AutoGuard's own compatible server.
/// </summary>
public sealed class NanoStreamGuardian : RemoteGuardian, IListingGuardian, IDisposable
{
    private readonly NanoStreamOptions _options;
    private readonly EngineSecrets _secrets;
    private readonly EngineEndpoint _endpoint;

    /// <summary>Makes a client; nothing is sent before the first decision.</summary>
    public NanoStreamGuardian(
        NanoStreamOptions options, EngineHttpOptions http, EngineSecrets secrets, RuleRails rails, ILogger<NanoStreamGuardian> logger, TimeProvider time)
        : base(rails, logger, time)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _secrets = secrets;
        _endpoint = new EngineEndpoint(options.Address, http, time);
        Capabilities = new GuardianCapabilities(
            new[] { SubjectType.Ip, SubjectType.Cidr, SubjectType.Referrer }.ToFrozenSet(), EndsRunningSessions: false, options.Undo, (int)options.Delay.TotalSeconds)
        {
            NeedsRemoval = true,
            AddressLapseSeconds = (int)options.Lapse.TotalSeconds,
            IsV4Only = true,
            Organizations = options.Organizations.ToFrozenSet(StringComparer.Ordinal),
        };
    }

    /// <inheritdoc/>
    public override string Name => "NanoStream";

    /// <inheritdoc/>
    public override GuardianCapabilities Capabilities { get; }

    /// <inheritdoc/>
    public async ValueTask<GuardianListing> ListAsync(CancellationToken cancellationToken)
    {
        var found = new HashSet<Subject>();
        if (!_options.Undo)
        {
            return new GuardianListing(GuardianResult.Unsupported, found, found, "Listing is not documented, and switched off.");
        }
        GuardianOutcome outcome = await GuardedAsync((self: this, found), static (call, credential, token) => call.self.ListAsync(call.found, credential, token), cancellationToken);
        return new GuardianListing(outcome.Result, found, found, outcome.Detail);
    }

    /// <inheritdoc/>
    public void Dispose() => _endpoint.Dispose();

    /// <inheritdoc/>
    protected override string Credential() => _secrets.Get("NanoStream:Key");

    /// <inheritdoc/>
    protected override async ValueTask<GuardianOutcome> PutAsync(Decision decision, RuleTarget target, string credential, CancellationToken cancellationToken)
    {
        bool isReferrer = target.Scope == RuleScope.Referrer;
        byte[] body = Body(target, isReferrer, "AutoGuard " + decision.Id);
        EngineAnswer answer = await _endpoint.SendAsync(
            address => Request(HttpMethod.Post, address, credential, body), isReferrer ? _options.RefererPath : _options.IpPath, cancellationToken);
        if (answer.IsSuccess)
        {
            return new GuardianOutcome(GuardianResult.Applied, null, answer.ReadJson(static root =>
                root.TryGetProperty("data", out JsonElement data) && data.ValueKind == JsonValueKind.Object
                && data.TryGetProperty("id", out JsonElement id) && id.ValueKind == JsonValueKind.String && id.GetString() is { Length: <= 200 } text ? text : null, null));
        }
        return answer.Status == 409 || (answer.Status == 400 && answer.SpeaksOfDuplicate)
            ? new GuardianOutcome(GuardianResult.AlreadyApplied)
            : Unsuccessful(answer);
    }

    /// <inheritdoc/>
    protected override async ValueTask<GuardianOutcome> TakeBackAsync(
        RuleTarget target, string? organization, string reason, string credential, CancellationToken cancellationToken)
    {
        bool isReferrer = target.Scope == RuleScope.Referrer;
        string path = isReferrer
            ? $"{_options.RefererPath}?domain={Uri.EscapeDataString(target.Value)}"
            : $"{_options.IpPath}?ip={Uri.EscapeDataString(target.Value)}";
        EngineAnswer answer = await _endpoint.SendAsync(address => Request(HttpMethod.Delete, address, credential, null), path, cancellationToken);
        return answer.IsSuccess ? new GuardianOutcome(GuardianResult.Applied)
            : answer.Status == 404 ? new GuardianOutcome(GuardianResult.AlreadyApplied, "There is no rule to take back.")
            : Unsuccessful(answer);
    }

    private async ValueTask<GuardianOutcome> ListAsync(HashSet<Subject> found, string credential, CancellationToken cancellationToken)
    {
        foreach ((string path, string field) in new[] { (_options.IpPath, "ip"), (_options.RefererPath, "domain") })
        {
            string? cursor = null;
            // As many pages as a million rules have; an engine that never ends must not hold us for ever.
            for (int page = 0; page < 1_000; page++)
            {
                string query = $"{path}?type=deny&limit=1000{(cursor is null ? "" : "&cursor=" + Uri.EscapeDataString(cursor))}";
                EngineAnswer answer = await _endpoint.SendAsync(address => Request(HttpMethod.Get, address, credential, null), query, cancellationToken);
                if (!answer.IsSuccess)
                {
                    return Unsuccessful(answer);
                }
                (bool read, cursor) = answer.ReadJson(root => (Take(root, field, found), root.TryGetProperty("cursor", out JsonElement next) ? next.GetString() : null), (false, null));
                if (!read)
                {
                    return new GuardianOutcome(GuardianResult.Unavailable, "Its list of rules cannot be read.");
                }
                if (string.IsNullOrEmpty(cursor))
                {
                    break;
                }
            }
        }
        return new GuardianOutcome(GuardianResult.Applied);
    }

    private static bool Take(JsonElement root, string field, HashSet<Subject> found)
    {
        if (!root.TryGetProperty("data", out JsonElement rules) || rules.ValueKind != JsonValueKind.Array)
        {
            return false;
        }
        foreach (JsonElement rule in rules.EnumerateArray())
        {
            string? value = rule.TryGetProperty(field, out JsonElement text) ? text.GetString() : null;
            RuleTarget target = default;
            bool known = value is not null && (field == "ip" ? RuleTarget.TryParseAddress(value, out target, out _) : RuleTarget.TryParseReferrer(value, out target, out _));
            if (known)
            {
                SubjectType type = target.Scope switch { RuleScope.Ip => SubjectType.Ip, RuleScope.Cidr => SubjectType.Cidr, _ => SubjectType.Referrer };
                found.Add(new Subject(type, target.Value));
            }
        }
        return true;
    }

    private HttpRequestMessage Request(HttpMethod method, Uri address, string credential, byte[]? body)
    {
        var request = new HttpRequestMessage(method, address);
        request.Headers.TryAddWithoutValidation(BintuHeaders.Of(_options.Header), credential);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        }
        return request;
    }

    private static byte[] Body(RuleTarget target, bool isReferrer, string remark)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString(isReferrer ? "domain" : "ip", target.Value);
            writer.WriteString("type", "deny");
            writer.WriteString(isReferrer ? "info" : "tag", remark);
            writer.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }
}

/// <summary>Names of the vendor's headers.</summary>
internal static class BintuHeaders
{
    public static string Of(BintuHeader header) => header == BintuHeader.ApiKey ? "X-BINTU-APIKEY" : "X-BINTU-TOKEN";
}
