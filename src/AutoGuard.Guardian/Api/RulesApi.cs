using System.Globalization;
using System.Text.Json;
using AutoGuard.Guardian.Rules;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AutoGuard.Guardian.Api;

/// <summary>What goes beyond the vendor's calls: all rules at once, their history, and the keys.</summary>
internal sealed class RulesApi(ApiGate gate, RuleStore rules, ApiKeys keys, RuleAudit audit)
{
    private const int DefaultPage = 100;

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/rules", (HttpContext context) => With(context, ApiRole.Read, key => ListAsync(context, key)));
        routes.MapGet("/rules/{id}", (HttpContext context) => With(context, ApiRole.Read, key => GetAsync(context, key)));
        routes.MapGet("/history", (HttpContext context) => With(context, ApiRole.Read, key => HistoryAsync(context, key)));
        routes.MapGet("/keys", (HttpContext context) => With(context, ApiRole.Admin, key => ListKeysAsync(context, key)));
        routes.MapPost("/keys", (HttpContext context) => With(context, ApiRole.Admin, key => MakeKeyAsync(context, key)));
        routes.MapDelete("/keys/{name}", (HttpContext context) => With(context, ApiRole.Admin, key => RevokeKeyAsync(context, key)));
    }

    private Task With(HttpContext context, ApiRole role, Func<ApiKey, ValueTask<IResult>> action) => gate.RunAsync(context, role, ApiReply.Error, action);

    private async ValueTask<IResult> ListAsync(HttpContext context, ApiKey key)
    {
        if (!RuleQuestion.TryRead(context, key, out RuleFilter filter, out IResult? refusal))
        {
            return refusal!;
        }
        IReadOnlyList<Rule> page = await rules.Queries.ListAsync(filter, context.RequestAborted);
        return ApiReply.Rules(page, page.Count == filter.Limit ? page[^1].Sequence.ToString(CultureInfo.InvariantCulture) : null);
    }

    private async ValueTask<IResult> GetAsync(HttpContext context, ApiKey key)
    {
        string id = ApiRequest.Route(context, "id");
        Rule? rule = ApiRequest.IsRuleId(id) ? await rules.Queries.GetAsync(id, context.RequestAborted) : null;
        return rule is not null && (key.Organization is null || rule.Organization == key.Organization)
            ? ApiReply.Rule(rule)
            : ApiReply.Error(StatusCodes.Status404NotFound, ApiError.NotFound, "There is no such rule.");
    }

    private async ValueTask<IResult> HistoryAsync(HttpContext context, ApiKey key)
    {
        if (!ApiRequest.TryGetQuery(context, "subject", out string? subject, out IResult? refusal)
            || !RuleQuestion.TryReadPage(context, DefaultPage, out int limit, out long? before, out refusal))
        {
            return refusal!;
        }
        IReadOnlyList<RuleAuditEntry> page = await rules.Queries.HistoryAsync(key.Organization, subject, before, limit, context.RequestAborted);
        IReadOnlyList<HistoryBody> bodies = [.. page.Select(HistoryBody.Of)];
        string? cursor = page.Count == limit ? page[^1].Sequence.ToString(CultureInfo.InvariantCulture) : null;
        return Results.Json(new DataBody<IReadOnlyList<HistoryBody>>(true, bodies, cursor), ApiJsonContext.Default.DataBodyIReadOnlyListHistoryBody);
    }

    private async ValueTask<IResult> ListKeysAsync(HttpContext context, ApiKey key)
    {
        IReadOnlyList<KeyBody> bodies = [.. (await keys.ListAsync(context.RequestAborted))
            .Where(one => key.Organization is null || one.Organization == key.Organization)
            .Select(static one => new KeyBody(one.Name, ApiKeys.NameOf(one.Role), one.Organization, null))];
        return Results.Json(new DataBody<IReadOnlyList<KeyBody>>(true, bodies), ApiJsonContext.Default.DataBodyIReadOnlyListKeyBody);
    }

    private async ValueTask<IResult> MakeKeyAsync(HttpContext context, ApiKey maker)
    {
        (JsonDocument? document, IResult? refusal) = await ApiRequest.ReadBodyAsync(context);
        if (document is null)
        {
            return refusal!;
        }
        using (document)
        {
            JsonElement body = document.RootElement;
            if (!ApiRequest.TryGetText(body, "name", isRequired: true, out string name, out refusal)
                || !ApiRequest.TryGetText(body, "role", isRequired: true, out string roleName, out refusal)
                || !ApiRequest.TryGetName(body, "organization", out string? organization, out refusal)
                || !ApiRequest.TryGetRemark(body, "reason", out string reason, out refusal))
            {
                return refusal!;
            }
            if (!ApiKeys.IsName(name))
            {
                return ApiReply.Wrong("name", $"it must be {ApiKeys.NameForm}.");
            }
            if (!ApiKeys.TryParseRole(roleName, out ApiRole role))
            {
                return ApiReply.Wrong("role", "it must be bouncer, read, write or admin.");
            }
            if (maker.Organization is not null && organization is not null && organization != maker.Organization)
            {
                return ApiReply.Wrong("organization", "the key is confined to another one.");
            }
            var key = new ApiKey(name, role, maker.Organization ?? organization);
            if (await keys.CreateAsync(key, context.RequestAborted) is not { } text)
            {
                return ApiReply.Error(StatusCodes.Status409Conflict, ApiError.Refused, "There is or was a key of this name.");
            }
            await audit.WriteAsync(maker.Name, "add", reason, "key:" + name, context.RequestAborted);
            return Results.Json(new DataBody<KeyBody>(true, new KeyBody(key.Name, roleName, key.Organization, text)), ApiJsonContext.Default.DataBodyKeyBody);
        }
    }

    private async ValueTask<IResult> RevokeKeyAsync(HttpContext context, ApiKey who)
    {
        string name = ApiRequest.Route(context, "name");
        ApiKey? key = (await keys.ListAsync(context.RequestAborted)).FirstOrDefault(one => one.Name == name && (who.Organization is null || one.Organization == who.Organization));
        if (key is null)
        {
            return ApiReply.Error(StatusCodes.Status404NotFound, ApiError.NotFound, "There is no such key.");
        }
        if (key.Name == who.Name)
        {
            return ApiReply.Error(StatusCodes.Status409Conflict, ApiError.Refused, "A key does not revoke itself; use another one.");
        }
        await keys.RevokeAsync(name, context.RequestAborted);
        await audit.WriteAsync(who.Name, "remove", "", "key:" + name, context.RequestAborted);
        return Results.NoContent();
    }
}
