using System.Globalization;
using AutoGuard.Core.Events;
using AutoGuard.Guardian.Api;
using AutoGuard.Guardian.Rules;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AutoGuard.Guardian.Bouncers;

/// <summary>
/// What is denied, as files that proxies and firewalls read. All values are canonical, so none can hold more than itself. Tokens
/// with exceptions are among them, and so are denied everywhere.
/// </summary>
internal sealed class ExportApi(ApiGate gate, BouncerDecisions decisions, TimeProvider time)
{
    // nft takes at most 2^32 milliseconds; what lasts longer stays until the table is loaded again.
    private static readonly TimeSpan LongestTimeout = TimeSpan.FromDays(40);

    public void Map(IEndpointRouteBuilder routes)
    {
        Map(routes, "/export/addresses.txt", [RuleScope.Ip, RuleScope.Cidr], static (writer, rules) => LinesAsync(writer, rules, "", "\n"));
        Map(routes, "/export/tokens.txt", [RuleScope.Token], static (writer, rules) => LinesAsync(writer, rules, "", "\n"));
        Map(routes, "/export/referrers.txt", [RuleScope.Referrer], static (writer, rules) => LinesAsync(writer, rules, "", "\n"));
        Map(routes, "/export/nginx.conf", [RuleScope.Ip, RuleScope.Cidr], static (writer, rules) => LinesAsync(writer, rules, "deny ", ";\n"));
        Map(routes, "/export/nftables.nft", [RuleScope.Ip, RuleScope.Cidr], NftablesAsync);
    }

    private void Map(IEndpointRouteBuilder routes, string path, IReadOnlyList<RuleScope> scopes, Func<TextWriter, IAsyncEnumerable<BouncerDecision>, Task> write) =>
        routes.MapGet(path, context => gate.RunAsync(context, ApiRole.Bouncer, ApiReply.Error, async key =>
        {
            var question = new BouncerQuestion { Key = key.Name, Client = "", Organization = key.Organization, Scopes = scopes };
            context.Response.ContentType = "text/plain; charset=utf-8";
            await using (var writer = new StreamWriter(context.Response.Body, leaveOpen: true) { NewLine = "\n" })
            {
                string made = time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
                await writer.WriteLineAsync($"# AutoGuard, {made}");
                await write(writer, decisions.AllAsync(question, context.RequestAborted));
            }
            return Results.Empty;
        }));

    private static async Task LinesAsync(TextWriter writer, IAsyncEnumerable<BouncerDecision> rules, string before, string after)
    {
        await foreach (BouncerDecision rule in rules)
        {
            await writer.WriteAsync(before);
            await writer.WriteAsync(rule.Value);
            await writer.WriteAsync(after);
        }
    }

    // Loaded with "nft -f", which replaces the table in one transaction. Sets of intervals take no overlaps, so a network
    // within another one is left out: it comes back with the first load after the wider one has ended.
    private static async Task NftablesAsync(TextWriter writer, IAsyncEnumerable<BouncerDecision> rules)
    {
        var networks = new List<(IpNetwork Network, TimeSpan Remaining)>();
        await foreach (BouncerDecision rule in rules)
        {
            if (IpNetwork.TryParse(rule.Value, out IpNetwork network))
            {
                networks.Add((network, rule.Remaining));
            }
        }
        networks.Sort(static (a, b) => a.Network.Address.CompareTo(b.Network.Address) is var order && order != 0 ? order : a.Network.PrefixLength.CompareTo(b.Network.PrefixLength));
        await writer.WriteLineAsync("table inet autoguard\ndelete table inet autoguard\ntable inet autoguard {");
        await SetAsync(writer, "denied4", "ipv4_addr", networks.Where(static n => n.Network.Address.IsV4));
        await SetAsync(writer, "denied6", "ipv6_addr", networks.Where(static n => !n.Network.Address.IsV4));
        await writer.WriteLineAsync("""
              chain input {
                type filter hook input priority filter - 10; policy accept;
                ip saddr @denied4 drop
                ip6 saddr @denied6 drop
              }
            }
            """);
    }

    private static async Task SetAsync(TextWriter writer, string name, string type, IEnumerable<(IpNetwork Network, TimeSpan Remaining)> networks)
    {
        await writer.WriteLineAsync($"  set {name} {{\n    type {type}\n    flags interval, timeout");
        IpNetwork? around = null;
        string separator = "    elements = {\n      ";
        foreach ((IpNetwork network, TimeSpan remaining) in networks)
        {
            if (around?.Contains(network) == true)
            {
                continue;
            }
            around = network;
            string value = network.IsSingleAddress ? network.Address.ToString() : network.ToString();
            string timeout = remaining > LongestTimeout ? "" : string.Create(CultureInfo.InvariantCulture, $" timeout {Math.Max(1, (long)remaining.TotalSeconds)}s");
            await writer.WriteAsync($"{separator}{value}{timeout}");
            separator = ",\n      ";
        }
        await writer.WriteLineAsync(around is null ? "  }" : "\n    }\n  }");
    }
}
