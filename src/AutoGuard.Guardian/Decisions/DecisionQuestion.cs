using System.Text.Json;
using AutoGuard.Core.Events;
using AutoGuard.Guardian.Api;
using AutoGuard.Guardian.Publications;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace AutoGuard.Guardian.Decisions;

/// <summary>What a check asks about, read from where the proxies put it.</summary>
/// <remarks>
/// On <c>/check</c> itself query and headers were written by the operator's proxy; on <c>/check/…</c> the path and query are
/// the viewer's own, so of them only the token is taken: whoever could name an address there would name another's. Every
/// token that is found is checked, because nobody knows which of several the origin takes.
/// </remarks>
internal sealed class DecisionQuestion
{
    private const int MostTokens = 8;

    public IpAddress? Address { get; private set; }

    /// <summary>Identities of the tokens.</summary>
    public List<string> Tokens { get; } = [];

    /// <summary>As the viewer sent it.</summary>
    public string? Referrer { get; private set; }

    public string? Stream { get; private set; }

    public string? Organization { get; private set; }

    public string? Country { get; private set; }

    public PublicationKind Kind { get; private set; }

    public string? Publication { get; private set; }

    public static async ValueTask<(DecisionQuestion? Question, IResult? Refusal)> ReadAsync(HttpContext context)
    {
        (DecisionQuestion? question, IResult? refusal) = await ReadAnyAsync(context);
        if (question is { Tokens.Count: > MostTokens })
        {
            return (null, ApiReply.Wrong("token", "there are too many different ones."));
        }
        return question is { Address: null, Tokens.Count: 0, Referrer: null }
            ? (null, ApiReply.Error(StatusCodes.Status400BadRequest, ApiError.ParameterRequired, "Neither address nor token nor referrer was given."))
            : (question, refusal);
    }

    private static async ValueTask<(DecisionQuestion? Question, IResult? Refusal)> ReadAnyAsync(HttpContext context)
    {
        if (HttpMethods.IsPost(context.Request.Method) && context.Request.HasJsonContentType() && !IsViewers(context))
        {
            (JsonDocument? document, IResult? refusal) = await ApiRequest.ReadBodyAsync(context);
            if (document is null)
            {
                return (null, refusal);
            }
            using (document)
            {
                return FromBody(document.RootElement);
            }
        }
        return IsViewers(context) ? FromViewerPath(context) : FromProxy(context);
    }

    // Routing takes "/check/" for "/check", but it is what is asked for a viewer who wants "/", with the viewer's own query behind it.
    private static bool IsViewers(HttpContext context) => !context.Request.Path.Equals("/check", StringComparison.OrdinalIgnoreCase);

    private static (DecisionQuestion?, IResult?) FromBody(JsonElement body)
    {
        Dictionary<string, string> given = [];
        foreach (string field in (string[])["ip", "token", "referrer", "stream", "channel", "alias", "distribution", "country", "organization"])
        {
            if (!ApiRequest.TryGetText(body, field, isRequired: false, out string text, out IResult? refusal))
            {
                return (null, refusal);
            }
            if (text.Length > 0)
            {
                given[field] = text;
            }
        }
        return Make(given.GetValueOrDefault, given.GetValueOrDefault("referrer"));
    }

    private static (DecisionQuestion?, IResult?) FromProxy(HttpContext context)
    {
        // Proxies that speak in headers send no query; reading none is cheaper than reading an empty one.
        IQueryCollection query = context.Request.QueryString.HasValue ? context.Request.Query : QueryCollection.Empty;
        foreach (KeyValuePair<string, StringValues> parameter in query)
        {
            if (parameter.Value.Count > 1)
            {
                return (null, ApiReply.Error(StatusCodes.Status400BadRequest, ApiError.WrongValue, "A parameter was given more than once."));
            }
        }
        IHeaderDictionary headers = context.Request.Headers;
        string? differs = null;
        string? Value(string field)
        {
            string? asked = NullIfEmpty(query[field].ToString());
            string? header = HeaderOf(field) is { } name ? NullIfEmpty(headers[name].ToString()) : null;
            if (asked is not null && header is not null && asked != header)
            {
                // One of the two is the operator's, the other may be the viewer's.
                differs = field;
            }
            return asked ?? header;
        }

        string? referrer = NullIfEmpty(query["referrer"].ToString()) ?? NullIfEmpty(query["referer"].ToString()) ?? headers.Referer.ToString();
        (DecisionQuestion? question, IResult? refusal) = Make(Value, referrer);
        if (differs is not null)
        {
            return (null, ApiReply.Wrong(differs, "query and header say different things."));
        }
        question?.AddTokens(headers["X-Original-URI"].ToString());
        return (question, refusal);
    }

    private static (DecisionQuestion?, IResult?) FromViewerPath(HttpContext context)
    {
        IHeaderDictionary headers = context.Request.Headers;
        string forwarded = headers["X-Forwarded-For"].ToString();
        string address = headers["X-Envoy-External-Address"].ToString();
        // The last hop is the one that the proxy itself has written.
        address = address.Length > 0 ? address : forwarded[(forwarded.LastIndexOf(',') + 1)..].Trim();
        string? Value(string field) => field switch
        {
            "ip" => NullIfEmpty(address),
            "stream" => NullIfEmpty(headers["X-Decision-Stream"].ToString()),
            "organization" => NullIfEmpty(headers["X-Decision-Organization"].ToString()),
            "country" => NullIfEmpty(headers["X-Decision-Country"].ToString()),
            "token" => Bearer(headers.Authorization.ToString()),
            _ => null,
        };

        (DecisionQuestion? question, IResult? refusal) = Make(Value, headers.Referer.ToString());
        question?.AddTokens(context.Request.QueryString.Value ?? "");
        return (question, refusal);
    }

    private static (DecisionQuestion?, IResult?) Make(Func<string, string?> value, string? referrer)
    {
        var question = new DecisionQuestion
        {
            Referrer = NullIfEmpty(referrer),
            Stream = value("stream"),
            Organization = value("organization"),
            Country = value("country")?.ToUpperInvariant(),
        };
        if (value("ip") is { } ip)
        {
            if (!IpAddress.TryParse(ip, out IpAddress address))
            {
                return (null, ApiReply.Wrong("ip", "it must be an IPv4 or IPv6 address."));
            }
            question.Address = address;
        }
        if (value("token") is { } token)
        {
            question.AddToken(token);
        }
        (question.Kind, question.Publication) = value("alias") is { } alias ? (PublicationKind.Alias, alias)
            : value("distribution") is { } distribution ? (PublicationKind.Distribution, distribution)
            : (PublicationKind.Channel, value("channel") ?? question.Stream);
        question.Stream ??= question.Publication;
        return (question, null);
    }

    private static string? HeaderOf(string field) => field switch
    {
        "ip" => "X-Real-IP",
        "token" => "X-Decision-Token",
        "stream" => "X-Decision-Stream",
        "country" => "X-Decision-Country",
        "organization" => "X-Decision-Organization",
        _ => null,
    };

    /// <summary>Adds every token that an address line carries, as the origin may take any of them.</summary>
    private void AddTokens(string uri)
    {
        int start = uri.IndexOf('?', StringComparison.Ordinal);
        if (start < 0)
        {
            return;
        }
        foreach (Range range in uri.AsSpan(start + 1).SplitAny('&', ';'))
        {
            ReadOnlySpan<char> pair = uri.AsSpan(start + 1)[range];
            int equals = pair.IndexOf('=');
            if (equals > 0 && Uri.UnescapeDataString(pair[..equals]).Equals("token", StringComparison.OrdinalIgnoreCase))
            {
                AddToken(pair[(equals + 1)..].ToString());
            }
        }
    }

    private void AddToken(string text)
    {
        AddIdentity(text);
        if (text.Contains('%', StringComparison.Ordinal))
        {
            AddIdentity(Uri.UnescapeDataString(text));
        }
    }

    private void AddIdentity(string text)
    {
        if (GuardianApi.Identity(text) is { } identity && !Tokens.Contains(identity))
        {
            Tokens.Add(identity);
        }
    }

    private static string? Bearer(string authorization) =>
        authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? NullIfEmpty(authorization["Bearer ".Length..].Trim()) : null;

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
