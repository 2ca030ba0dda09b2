using System.Globalization;
using System.Text;
using System.Text.Json;

namespace AutoGuard.Guardian.Remote;

/// <summary>What came back from an engine, or why nothing did.</summary>
/// <param name="Status">HTTP status; 0 when there was no answer.</param>
/// <param name="Body">Body, cut at the endpoint's limit.</param>
/// <param name="RetryAfter">The engine's wish to be left alone for a while.</param>
/// <param name="Failure">Why there was no answer, a short text without secrets; null when there was one.</param>
internal sealed record EngineAnswer(int Status, byte[] Body, TimeSpan? RetryAfter = null, string? Failure = null)
{
    /// <summary>Whether the call did what it asked for.</summary>
    public bool IsSuccess => Failure is null && Status is >= 200 and < 300;

    /// <summary>Whether the credentials were refused.</summary>
    public bool IsRefusedCredential => Failure is null && Status is 401 or 403;

    /// <summary>Whether another attempt may bring another answer.</summary>
    public bool IsTransient => Failure is not null || Status is 408 or 425 or 429 or (>= 500 and not 501);

    /// <summary>Status or failure in words.</summary>
    public string Words => Failure ?? string.Create(CultureInfo.InvariantCulture, $"status {Status}");

    public static EngineAnswer Failed(string why, TimeSpan? retryAfter = null) => new(0, [], retryAfter, why);

    /// <summary>
    /// The vendor's error code: <c>errorCode</c> of the newer services, <c>error.code</c> of the older ones; 0 when the body is
    /// anything else.
    /// </summary>
    public int ErrorCode => ReadJson(static root =>
        root.TryGetProperty("errorCode", out JsonElement code) && code.TryGetInt32(out int number) ? number
        : root.TryGetProperty("error", out JsonElement error) && error.ValueKind == JsonValueKind.Object
            && error.TryGetProperty("code", out JsonElement old) && old.TryGetInt32(out int oldNumber) ? oldNumber
        : 0, 0);

    /// <summary>Whether the body speaks of something that is there already.</summary>
    public bool SpeaksOfDuplicate
    {
        get
        {
            string text = Encoding.UTF8.GetString(Body.AsSpan(0, Math.Min(Body.Length, 4096)));
            return ErrorCode == 1003 || text.Contains("duplicate", StringComparison.OrdinalIgnoreCase)
                || text.Contains("already", StringComparison.OrdinalIgnoreCase) || text.Contains("not unique", StringComparison.OrdinalIgnoreCase);
        }
    }

    /// <summary>Reads the body as a JSON object; <paramref name="otherwise"/> when it is none, or the reader finds another type than it asks for.</summary>
    public T ReadJson<T>(Func<JsonElement, T> read, T otherwise)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(Body, new JsonDocumentOptions { MaxDepth = 32 });
            return document.RootElement.ValueKind == JsonValueKind.Object ? read(document.RootElement) : otherwise;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return otherwise;
        }
    }
}
