using System.Text.Json;
using AutoGuard.Guardian.Rules;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace AutoGuard.Guardian.Api;

/// <summary>Reads what callers send; everything is hostile until it has passed through here.</summary>
internal static class ApiRequest
{
    public const int LargestBody = 16 * 1024;
    private const int DeepestBody = 8;
    private const int LongestName = 128;

    /// <summary>The posted object, or the answer that refuses it.</summary>
    public static async ValueTask<(JsonDocument? Body, IResult? Refusal)> ReadBodyAsync(HttpContext context, int largest = LargestBody, int deepest = DeepestBody)
    {
        if (!context.Request.HasJsonContentType())
        {
            return (null, ApiReply.Error(StatusCodes.Status415UnsupportedMediaType, ApiError.WrongContentType, "Content-Type must be application/json."));
        }
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = largest;
        }
        try
        {
            JsonDocument body = await JsonDocument.ParseAsync(context.Request.Body, new JsonDocumentOptions { MaxDepth = deepest }, context.RequestAborted);
            if (body.RootElement.ValueKind == JsonValueKind.Object)
            {
                return (body, null);
            }
            body.Dispose();
            return (null, ApiReply.Error(StatusCodes.Status400BadRequest, ApiError.WrongValue, "The body must be a JSON object."));
        }
        catch (JsonException)
        {
            return (null, ApiReply.Error(StatusCodes.Status400BadRequest, ApiError.WrongValue, "The body is not valid JSON."));
        }
        catch (BadHttpRequestException error)
        {
            return (null, error.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? ApiReply.Error(error.StatusCode, ApiError.TooLarge, $"The body is larger than {largest} bytes.")
                : ApiReply.Error(error.StatusCode, ApiError.WrongValue, "The body could not be read."));
        }
    }

    /// <summary>A field's text; false with the answer when it is missing or no text.</summary>
    public static bool TryGetText(JsonElement body, string field, bool isRequired, out string text, out IResult? refusal)
    {
        text = "";
        refusal = null;
        if (!body.TryGetProperty(field, out JsonElement value) || value.ValueKind == JsonValueKind.Null)
        {
            refusal = isRequired ? ApiReply.Required(field) : null;
            return !isRequired;
        }
        if (value.ValueKind != JsonValueKind.String || !TryDecode(value, out text))
        {
            refusal = ApiReply.Wrong(field, "it must be a text.");
            return false;
        }
        if (isRequired && text.Length == 0)
        {
            refusal = ApiReply.Required(field);
            return false;
        }
        return true;
    }

    /// <summary>A name of at most 128 printable characters; null when it is not given.</summary>
    public static bool TryGetName(JsonElement body, string field, out string? name, out IResult? refusal)
    {
        name = null;
        if (!TryGetText(body, field, isRequired: false, out string text, out refusal) || text.Length == 0)
        {
            return refusal is null;
        }
        if (!IsName(text))
        {
            refusal = ApiReply.Wrong(field, "it must be at most 128 printable characters.");
            return false;
        }
        name = text;
        return true;
    }

    /// <summary>Whether a text may name a stream, a tenant or a key.</summary>
    public static bool IsName(string text) =>
        text.Length <= LongestName && !text.Any(static c => char.IsControl(c)) && !text.EnumerateRunes().Any(static r => r.Value == 0xFFFD);

    public static bool IsRuleId(string text) => text.Length == 32 && text.All(char.IsAsciiHexDigitLower);

    public static string Route(HttpContext context, string name) => context.Request.RouteValues[name] as string ?? "";

    /// <summary>A free text for people: bounded, without control characters; line ends and tabs become spaces.</summary>
    public static bool TryGetRemark(JsonElement body, string field, out string text, out IResult? refusal)
    {
        if (!TryGetText(body, field, isRequired: false, out text, out refusal))
        {
            return false;
        }
        return TryCleanRemark(field, ref text, out refusal);
    }

    public static bool TryCleanRemark(string field, ref string text, out IResult? refusal)
    {
        text = text.Replace('\n', ' ').Replace('\r', ' ').Replace('\t', ' ').Trim();
        refusal = text.Length > RuleDraft.LongestText ? ApiReply.Wrong(field, $"it is longer than {RuleDraft.LongestText} characters.")
            : text.Any(static c => char.IsControl(c)) || text.EnumerateRunes().Any(static r => r.Value == 0xFFFD) ? ApiReply.Wrong(field, "it holds control characters.")
            : null;
        return refusal is null;
    }

    /// <summary>The first value of a query parameter, or null; a repeated one could be meant to fool one of two readers.</summary>
    public static bool TryGetQuery(HttpContext context, string name, out string? value, out IResult? refusal)
    {
        StringValues values = context.Request.Query[name];
        value = values.Count == 0 ? null : values[0];
        // No parameter has a use for U+0000 or half a surrogate pair, and PostgreSQL takes neither.
        refusal = values.Count > 1 ? ApiReply.Wrong(name, "it was given more than once.")
            : value is not null && (value.Contains('\0', StringComparison.Ordinal) || value.EnumerateRunes().Any(static r => r.Value == 0xFFFD)) ? ApiReply.Wrong(name, "it holds control characters.")
            : null;
        return refusal is null;
    }

    /// <summary>The text of a JSON string; false when it is none: one with half of a surrogate pair is valid JSON and no text.</summary>
    public static bool TryDecode(JsonElement value, out string text)
    {
        try
        {
            text = value.GetString()!;
            return true;
        }
        catch (InvalidOperationException)
        {
            text = "";
            return false;
        }
    }
}
