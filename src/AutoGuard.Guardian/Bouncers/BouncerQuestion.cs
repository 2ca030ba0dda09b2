using System.Security.Cryptography;
using System.Text;
using AutoGuard.Core.Events;
using AutoGuard.Guardian.Api;
using AutoGuard.Guardian.Rules;
using Microsoft.AspNetCore.Http;

namespace AutoGuard.Guardian.Bouncers;

/// <summary>Which decisions a bouncer wants. Parameters that are not known are ignored, as CrowdSec does.</summary>
internal sealed record BouncerQuestion
{
    private const int LongestList = 1_024;

    /// <summary>Name of the key; the cursor is kept by it and <see cref="Client"/>.</summary>
    public required string Key { get; init; }

    /// <summary>Whom a shared key is used by: address and program, as a digest.</summary>
    public required string Client { get; init; }

    /// <summary>Tenant, or null; rules of a tenant are for keys of that tenant only.</summary>
    public string? Organization { get; init; }

    public bool IsStartup { get; init; }

    public IReadOnlyList<RuleScope> Scopes { get; init; } = [];

    public IReadOnlyList<string> Origins { get; init; } = [];

    public IReadOnlyList<string> With { get; init; } = [];

    public IReadOnlyList<string> Without { get; init; } = [];

    public string? Value { get; init; }

    /// <summary>The address or network asked about, or null.</summary>
    public IpNetwork? Network { get; init; }

    /// <summary>Whether rules around the network are wanted, instead of those within.</summary>
    public bool Contains { get; init; } = true;

    /// <summary>Whether any decision can have the type asked for: all are bans.</summary>
    public bool WantsBans { get; init; } = true;

    public static bool TryRead(HttpContext context, ApiKey key, bool isStream, out BouncerQuestion question, out string wrong)
    {
        IQueryCollection query = context.Request.Query;
        question = null!;
        wrong = "";
        string? ip = Text(query, "ip");
        string? range = Text(query, "range");
        IpNetwork network = default;
        if (ip is not null && !(IpAddress.TryParse(ip, out IpAddress address) && IpNetwork.TryParse(address.ToString(), out network)))
        {
            wrong = "the address cannot be read";
            return false;
        }
        if (ip is null && range is not null && !IpNetwork.TryParse(range, out network))
        {
            wrong = "the range cannot be read";
            return false;
        }
        question = new BouncerQuestion
        {
            Key = key.Name,
            Client = ClientOf(context),
            Organization = key.Organization,
            IsStartup = Text(query, "startup") == "true",
            Scopes = ScopesOf(Text(query, "scopes") ?? Text(query, "scope"), isStream),
            Origins = List(Text(query, "origins")),
            With = List(Text(query, "scenarios_containing")),
            Without = List(Text(query, "scenarios_not_containing")),
            Value = Text(query, "value"),
            Network = ip is null && range is null ? null : network,
            Contains = Text(query, "contains") != "false",
            WantsBans = Text(query, "type") is null or "ban",
        };
        return true;
    }

    // Bouncers that ask for no scope know addresses and ranges only, and some lose a whole batch over anything else.
    private static List<RuleScope> ScopesOf(string? scopes, bool isStream)
    {
        if (scopes is null)
        {
            return isStream ? [RuleScope.Ip, RuleScope.Cidr] : [RuleScope.Ip, RuleScope.Cidr, RuleScope.Referrer, RuleScope.Token];
        }
        var found = new List<RuleScope>();
        foreach (string scope in List(scopes))
        {
            RuleScope? known = scope.Equals("ip", StringComparison.OrdinalIgnoreCase) ? RuleScope.Ip
                : scope.Equals("range", StringComparison.OrdinalIgnoreCase) ? RuleScope.Cidr
                : scope == "token" ? RuleScope.Token
                : scope == "referrer" ? RuleScope.Referrer
                : null;
            if (known is { } one)
            {
                found.Add(one);
            }
        }
        return found;
    }

    private static string[] List(string? text) =>
        text is null ? [] : text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static string? Text(IQueryCollection query, string name)
    {
        string? text = query[name].FirstOrDefault();
        return string.IsNullOrEmpty(text) || text.Length > LongestList || text.Contains('\0', StringComparison.Ordinal) ? null : text;
    }

    private static string ClientOf(HttpContext context)
    {
        byte[] client = Encoding.UTF8.GetBytes($"{context.Connection.RemoteIpAddress}\n{context.Request.Headers.UserAgent}");
        return Convert.ToHexStringLower(SHA256.HashData(client).AsSpan(0, 16));
    }
}
