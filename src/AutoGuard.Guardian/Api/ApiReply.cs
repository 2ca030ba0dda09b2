using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using AutoGuard.Guardian.Rules;
using Microsoft.AspNetCore.Http;

namespace AutoGuard.Guardian.Api;

/// <summary>Error codes, after those that the vendor's services document.</summary>
internal static class ApiError
{
    public const int ParameterRequired = 1000;
    public const int KeyNotValid = 1001;
    public const int WrongValue = 1004;
    public const int NotFound = 1404;
    public const int Refused = 1409;
    public const int TooLarge = 1413;
    public const int TooOften = 1429;
    public const int WrongContentType = 1415;
    public const int AccessDenied = 2001;
    public const int KeyMissing = 4002;
    public const int Unavailable = 5003;
}

internal sealed record ErrorBody(bool Success, int ErrorCode, string Message);

internal sealed record DataBody<T>(bool Success, T Data, string? Cursor = null, int? Released = null);

internal sealed record KeyBody(string Name, string Role, string? Organization, string? Key);

internal sealed record HistoryBody(long Sequence, string At, string Who, string What, string Why, string Subject, JsonElement? Before, JsonElement? After)
{
    public static HistoryBody Of(RuleAuditEntry entry) =>
        new(entry.Sequence, RuleBody.Time(entry.At), entry.Who, entry.What, entry.Why, entry.RuleId, Element(entry.Before), Element(entry.After));

    private static JsonElement? Element(string? json) => json is null ? null : JsonElement.Parse(json);
}

internal sealed record ImportProblem(int Line, string Why);

internal sealed record ImportBody(int Lines, int Added, int Changed, int Unchanged, int Refused, int Released, IReadOnlyList<ImportProblem> Problems);

/// <summary>A rule as the vendor's calls speak of it: the value under the field that it was posted in.</summary>
internal sealed record RuleBody
{
    public required string Id { get; init; }

    public string? Ip { get; init; }

    public string? Domain { get; init; }

    public string? Token { get; init; }

    public required string Type { get; init; }

    public IReadOnlyList<string>? Except { get; init; }

    public string? Tag { get; init; }

    public string? Info { get; init; }

    public string? Reason { get; init; }

    public required string Origin { get; init; }

    public required string Creator { get; init; }

    public string? Organization { get; init; }

    public string? Stream { get; init; }

    public required string CreatedAt { get; init; }

    public string? ExpiresAt { get; init; }

    public static RuleBody Of(Rule rule)
    {
        bool isReferrer = rule.Scope == RuleScope.Referrer;
        return new RuleBody
        {
            Id = rule.Id,
            Ip = rule.Scope is RuleScope.Ip or RuleScope.Cidr ? rule.Value : null,
            Domain = isReferrer ? rule.Value : null,
            Token = rule.Scope == RuleScope.Token ? rule.Value : null,
            Type = RuleNames.Of(rule.Type),
            Except = RuleExceptions.Texts(rule.Except),
            Tag = isReferrer ? null : rule.Tag,
            Info = isReferrer ? rule.Tag : null,
            Reason = rule.Reason.Length > 0 ? rule.Reason : null,
            Origin = RuleNames.Of(rule.Origin),
            Creator = rule.Creator,
            Organization = rule.Organization,
            Stream = rule.Stream,
            CreatedAt = Time(rule.CreatedAt),
            ExpiresAt = rule.ExpiresAt is { } expires ? Time(expires) : null,
        };
    }

    public static RuleBody Of(HeldRule rule) => Of(new Rule
    {
        Id = rule.Id,
        Scope = rule.Scope,
        Value = rule.Value,
        Type = rule.Type,
        Except = rule.Except,
        Tag = rule.Tag,
        Origin = rule.Origin,
        Creator = rule.Creator,
        Organization = rule.Organization,
        Stream = rule.Stream,
        CreatedAt = rule.CreatedAt,
        ExpiresAt = rule.ExpiresAt,
    });

    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}

internal sealed record VerdictBody(bool Allowed, RuleBody? Rule, string? Reason);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(DataBody<RuleBody>))]
[JsonSerializable(typeof(DataBody<IReadOnlyList<RuleBody>>))]
[JsonSerializable(typeof(DataBody<VerdictBody>))]
[JsonSerializable(typeof(DataBody<KeyBody>))]
[JsonSerializable(typeof(DataBody<IReadOnlyList<KeyBody>>))]
[JsonSerializable(typeof(DataBody<IReadOnlyList<HistoryBody>>))]
[JsonSerializable(typeof(DataBody<ImportBody>))]
internal sealed partial class ApiJsonContext : JsonSerializerContext;

/// <summary>The answers of the API, all in the vendor's shape.</summary>
internal static class ApiReply
{
    public static IResult Rule(Rule rule, int released = 0) =>
        Results.Json(new DataBody<RuleBody>(true, RuleBody.Of(rule), Released: released == 0 ? null : released), ApiJsonContext.Default.DataBodyRuleBody);

    public static IResult Rules(IReadOnlyList<Rule> rules, string? cursor)
    {
        IReadOnlyList<RuleBody> bodies = [.. rules.Select(RuleBody.Of)];
        return Results.Json(new DataBody<IReadOnlyList<RuleBody>>(true, bodies, cursor), ApiJsonContext.Default.DataBodyIReadOnlyListRuleBody);
    }

    public static IResult Error(int status, int code, string message) =>
        Results.Json(new ErrorBody(false, code, message), ApiJsonContext.Default.ErrorBody, statusCode: status);

    public static IResult Required(string field) => Error(StatusCodes.Status400BadRequest, ApiError.ParameterRequired, $"Parameter required: {field}");

    public static IResult Wrong(string field, string why) => Error(StatusCodes.Status400BadRequest, ApiError.WrongValue, $"Parameter {field} is not valid: {why}");
}
