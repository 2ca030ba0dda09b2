using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using AutoGuard.Core.Events;
using AutoGuard.Guardian.Rules;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AutoGuard.Guardian.Api;

/// <summary>The vendor's documented calls, and listing and deleting in their manner.</summary>
internal sealed class GuardianApi(ApiGate gate, RuleStore rules, TimeProvider time)
{
    /// <summary>Ten years.</summary>
    internal const long LongestLifeSeconds = 3650L * 24 * 60 * 60;

    private const int DefaultPage = 100;

    private static readonly Resource Ip = new("ip", "tag", [RuleScope.Ip, RuleScope.Cidr], RuleTarget.TryParseAddress);
    private static readonly Resource Referrer = new("domain", "info", [RuleScope.Referrer], RuleTarget.TryParseReferrer);
    private static readonly Resource Token = new("token", "tag", [RuleScope.Token], ParseToken);

    private delegate bool Parser(string? text, out RuleTarget target, out string why);

    internal void Map(IEndpointRouteBuilder routes)
    {
        MapResource(routes, "/ip", Ip);
        MapResource(routes, "/referer", Referrer);
        MapResource(routes, "/referrer", Referrer);
        MapResource(routes, "/token", Token);
    }

    private void MapResource(IEndpointRouteBuilder routes, string path, Resource resource)
    {
        routes.MapPost(path, (HttpContext context) => WithKeyAsync(context, ApiRole.Write, key => PostAsync(context, resource, key)));
        routes.MapGet(path, (HttpContext context) => WithKeyAsync(context, ApiRole.Read, key => ListAsync(context, resource, key)));
        routes.MapDelete(path, (HttpContext context) => WithKeyAsync(context, ApiRole.Write, key => DeleteByValueAsync(context, resource, key)));
        routes.MapGet(path + "/{id}", (HttpContext context) => WithKeyAsync(context, ApiRole.Read, key => GetAsync(context, resource, ApiRequest.Route(context, "id"), key)));
        routes.MapDelete(path + "/{id}", (HttpContext context) => WithKeyAsync(context, ApiRole.Write, key => DeleteByIdAsync(context, resource, ApiRequest.Route(context, "id"), key)));
    }

    private Task WithKeyAsync(HttpContext context, ApiRole role, Func<ApiKey, ValueTask<IResult>> action) => gate.RunAsync(context, role, ApiReply.Error, action);

    private async ValueTask<IResult> PostAsync(HttpContext context, Resource resource, ApiKey key)
    {
        (JsonDocument? document, IResult? refusal) = await ApiRequest.ReadBodyAsync(context);
        if (document is null)
        {
            return refusal!;
        }
        using (document)
        {
            if (!TryMakeDraft(document.RootElement, resource, key, out RuleDraft? draft, out refusal))
            {
                return refusal!;
            }
            RuleChange change = await rules.AddAsync(draft!, context.RequestAborted);
            return change.Result == RuleResult.Refused
                ? ApiReply.Wrong(resource.Field, change.Why)
                : ApiReply.Rule(change.Rule!, change.Released);
        }
    }

    private bool TryMakeDraft(JsonElement body, Resource resource, ApiKey key, out RuleDraft? draft, out IResult? refusal)
    {
        draft = null;
        if (!ApiRequest.TryGetText(body, resource.Field, isRequired: true, out string value, out refusal)
            || !ApiRequest.TryGetText(body, "type", isRequired: true, out string typeText, out refusal)
            || !ApiRequest.TryGetRemark(body, resource.Remark, out string remark, out refusal)
            || !ApiRequest.TryGetRemark(body, "reason", out string reason, out refusal)
            || !ApiRequest.TryGetName(body, "stream", out string? stream, out refusal)
            || !ApiRequest.TryGetName(body, "organization", out string? organization, out refusal)
            || !TryGetExpiry(body, out RuleExpiry expiry, out refusal))
        {
            return false;
        }
        if (!resource.Parse(value, out RuleTarget target, out string why))
        {
            refusal = ApiReply.Wrong(resource.Field, why + ".");
            return false;
        }
        if (!RuleNames.TryParse(typeText, out RuleType type))
        {
            refusal = ApiReply.Wrong("type", "it must be deny or allow.");
            return false;
        }
        if (!ExceptField.TryRead(body, target, type, out ImmutableArray<IpNetwork> except, out why))
        {
            refusal = ApiReply.Wrong(ExceptField.Name, why + ".");
            return false;
        }
        if (key.Organization is not null && organization is not null && organization != key.Organization)
        {
            refusal = ApiReply.Wrong("organization", "the key is confined to another one.");
            return false;
        }
        draft = new RuleDraft
        {
            Target = target,
            Type = type,
            Except = except,
            Tag = remark,
            Reason = reason,
            Origin = RuleOrigin.Api,
            Creator = key.Name,
            Organization = key.Organization ?? organization,
            Stream = stream,
            Expiry = expiry,
        };
        return true;
    }

    // Our own addition to the vendor's body: seconds until the rule lapses; 0 for until removed.
    private bool TryGetExpiry(JsonElement body, out RuleExpiry expiry, out IResult? refusal)
    {
        expiry = RuleExpiry.Default;
        refusal = null;
        if (!body.TryGetProperty("duration", out JsonElement value) || value.ValueKind == JsonValueKind.Null)
        {
            return true;
        }
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt64(out long seconds) || seconds < 0 || seconds > LongestLifeSeconds)
        {
            refusal = ApiReply.Wrong("duration", "it must be whole seconds up to ten years, or 0 for until removed.");
            return false;
        }
        expiry = seconds == 0 ? RuleExpiry.Never : RuleExpiry.Until(DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds() + (seconds * 1000)));
        return true;
    }

    private async ValueTask<IResult> ListAsync(HttpContext context, Resource resource, ApiKey key)
    {
        if (!ApiRequest.TryGetQuery(context, "type", out string? typeText, out IResult? refusal)
            || !ApiRequest.TryGetQuery(context, "limit", out string? limitText, out refusal)
            || !ApiRequest.TryGetQuery(context, "cursor", out string? cursorText, out refusal)
            || !ApiRequest.TryGetQuery(context, "stream", out string? stream, out refusal)
            || !ApiRequest.TryGetQuery(context, resource.Field, out string? valueText, out refusal))
        {
            return refusal!;
        }
        RuleType type = default;
        if (typeText is not null && !RuleNames.TryParse(typeText, out type))
        {
            return ApiReply.Wrong("type", "it must be deny or allow.");
        }
        int limit = DefaultPage;
        if (limitText is not null && (!int.TryParse(limitText, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > RuleFilter.LargestPage))
        {
            return ApiReply.Wrong("limit", $"it must be from 1 to {RuleFilter.LargestPage}.");
        }
        long before = 0;
        if (cursorText is not null && !long.TryParse(cursorText, NumberStyles.None, CultureInfo.InvariantCulture, out before))
        {
            return ApiReply.Wrong("cursor", "it must be the cursor of an earlier answer.");
        }
        RuleTarget target = default;
        if (valueText is not null && !resource.Parse(valueText, out target, out string why))
        {
            return ApiReply.Wrong(resource.Field, why + ".");
        }
        IReadOnlyList<Rule> page = await rules.Queries.ListAsync(
            new RuleFilter
            {
                Scopes = resource.Scopes,
                Type = typeText is null ? null : type,
                Value = valueText is null ? null : target.Value,
                Organization = key.Organization,
                Stream = stream,
                Limit = limit,
                Before = cursorText is null ? null : before,
            },
            context.RequestAborted);
        return ApiReply.Rules(page, page.Count == limit ? page[^1].Sequence.ToString(CultureInfo.InvariantCulture) : null);
    }

    private async ValueTask<IResult> GetAsync(HttpContext context, Resource resource, string id, ApiKey key)
    {
        Rule? rule = ApiRequest.IsRuleId(id) ? await rules.Queries.GetAsync(id, context.RequestAborted) : null;
        return rule is not null && resource.Scopes.Contains(rule.Scope) && (key.Organization is null || rule.Organization == key.Organization)
            ? ApiReply.Rule(rule)
            : ApiReply.Error(StatusCodes.Status404NotFound, ApiError.NotFound, "There is no such rule.");
    }

    private async ValueTask<IResult> DeleteByValueAsync(HttpContext context, Resource resource, ApiKey key)
    {
        if (!ApiRequest.TryGetQuery(context, resource.Field, out string? text, out IResult? refusal) || !ApiRequest.TryGetQuery(context, "type", out string? typeText, out refusal)
            || !ApiRequest.TryGetQuery(context, "stream", out string? stream, out refusal))
        {
            return refusal!;
        }
        if (string.IsNullOrEmpty(text))
        {
            return ApiReply.Required(resource.Field);
        }
        if (!resource.Parse(text, out RuleTarget target, out string why))
        {
            return ApiReply.Wrong(resource.Field, why + ".");
        }
        RuleType type = RuleType.Deny;
        if (typeText is not null && !RuleNames.TryParse(typeText, out type))
        {
            return ApiReply.Wrong("type", "it must be deny or allow.");
        }
        return await DeleteByIdAsync(context, resource, RuleDraft.IdOf(target, type, key.Organization, stream), key);
    }

    private async ValueTask<IResult> DeleteByIdAsync(HttpContext context, Resource resource, string id, ApiKey key)
    {
        if (!ApiRequest.TryGetQuery(context, "reason", out string? reason, out IResult? refusal))
        {
            return refusal!;
        }
        string why = reason ?? "";
        if (!ApiRequest.TryCleanRemark("reason", ref why, out refusal))
        {
            return refusal!;
        }
        IResult notFound = ApiReply.Error(StatusCodes.Status404NotFound, ApiError.NotFound, "There is no such rule.");
        if (!ApiRequest.IsRuleId(id))
        {
            return notFound;
        }
        bool isForeign = false;
        RuleChange change = await rules.RemoveAsync(
            id,
            key.Name,
            why,
            rule =>
            {
                isForeign = !resource.Scopes.Contains(rule.Scope) || (key.Organization is not null && rule.Organization != key.Organization);
                return isForeign ? "" : null;
            },
            context.RequestAborted);
        return change.Result switch
        {
            RuleResult.Removed => Results.NoContent(),
            RuleResult.Refused when !isForeign => ApiReply.Error(StatusCodes.Status409Conflict, ApiError.Refused, change.Why),
            _ => notFound,
        };
    }

    private static bool ParseToken(string? text, out RuleTarget target, out string why) => RuleTarget.TryParseToken(Identity(text), out target, out why);

    /// <summary>Callers name a token by what the player sent, or by the identity that decisions and reports show.</summary>
    internal static string? Identity(string? token) =>
        token is not null && token.StartsWith("sha256:", StringComparison.Ordinal) ? token : EdgeIdentity.OfToken(token);

    private sealed record Resource(string Field, string Remark, IReadOnlyList<RuleScope> Scopes, Parser Parse);
}
