using System.Globalization;
using AutoGuard.Guardian.Rules;
using Microsoft.AspNetCore.Http;

namespace AutoGuard.Guardian.Api;

/// <summary>Reads which rules a caller wants to see.</summary>
internal static class RuleQuestion
{
    private const int DefaultPage = 100;

    public static bool TryRead(HttpContext context, ApiKey key, out RuleFilter filter, out IResult? refusal)
    {
        filter = new RuleFilter();
        if (!ApiRequest.TryGetQuery(context, "scope", out string? scopeText, out refusal)
            || !ApiRequest.TryGetQuery(context, "type", out string? typeText, out refusal)
            || !ApiRequest.TryGetQuery(context, "origin", out string? originText, out refusal)
            || !ApiRequest.TryGetQuery(context, "value", out string? value, out refusal)
            || !ApiRequest.TryGetQuery(context, "stream", out string? stream, out refusal)
            || !ApiRequest.TryGetQuery(context, "organization", out string? organization, out refusal)
            || !ApiRequest.TryGetQuery(context, "lapsed", out string? lapsed, out refusal)
            || !TryReadPage(context, DefaultPage, out int limit, out long? before, out refusal))
        {
            return false;
        }
        RuleScope scope = default;
        RuleType type = default;
        RuleOrigin origin = default;
        refusal = scopeText is not null && !RuleNames.TryParse(scopeText, out scope) ? ApiReply.Wrong("scope", "it must be ip, cidr, referrer or token.")
            : typeText is not null && !RuleNames.TryParse(typeText, out type) ? ApiReply.Wrong("type", "it must be deny or allow.")
            : originText is not null && !RuleNames.TryParse(originText, out origin) ? ApiReply.Wrong("origin", "it must be autoguard, api or import.")
            : lapsed is not (null or "true" or "false") ? ApiReply.Wrong("lapsed", "it must be true or false.")
            : null;
        filter = new RuleFilter
        {
            Scopes = scopeText is null ? [] : [scope],
            Type = typeText is null ? null : type,
            Origin = originText is null ? null : origin,
            Value = value,
            Stream = stream,
            Organization = key.Organization ?? organization,
            IncludeLapsed = lapsed == "true",
            Limit = limit,
            Before = before,
        };
        return refusal is null;
    }

    public static bool TryReadPage(HttpContext context, int usual, out int limit, out long? before, out IResult? refusal)
    {
        limit = usual;
        before = null;
        if (!ApiRequest.TryGetQuery(context, "limit", out string? limitText, out refusal) || !ApiRequest.TryGetQuery(context, "cursor", out string? cursorText, out refusal))
        {
            return false;
        }
        if (limitText is not null && (!int.TryParse(limitText, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > RuleFilter.LargestPage))
        {
            refusal = ApiReply.Wrong("limit", $"it must be from 1 to {RuleFilter.LargestPage}.");
            return false;
        }
        if (cursorText is not null)
        {
            if (!long.TryParse(cursorText, NumberStyles.None, CultureInfo.InvariantCulture, out long position))
            {
                refusal = ApiReply.Wrong("cursor", "it must be the cursor of an earlier answer.");
                return false;
            }
            before = position;
        }
        return true;
    }
}
