using System.Text.Json;
using System.Text.Json.Nodes;

namespace AutoGuard.Guardian.Tests.Remote;

/// <summary>nanoStream Guardian: the two documented posts, and (ours) list and delete.</summary>
public sealed class NanoStreamStandIn : EngineStandIn
{
    public const string Key = "bintu-secret-0123456789";

    public Dictionary<string, string> Addresses { get; } = [];

    public Dictionary<string, string> Referrers { get; } = [];

    protected override (int Status, string Body) Answer(Arrived request)
    {
        if (request.Headers.GetValueOrDefault("X-BINTU-TOKEN") != Key)
        {
            return (403, """{"success":false,"errorCode":1001,"message":"Provided APIKey is not valid"}""");
        }
        bool isReferrer = request.Path is "/referer" or "/referrer";
        if (!isReferrer && request.Path != "/ip")
        {
            return (404, "");
        }
        Dictionary<string, string> rules = isReferrer ? Referrers : Addresses;
        string field = isReferrer ? "domain" : "ip";
        switch (request.Method)
        {
            case "POST":
                JsonNode body = JsonNode.Parse(request.Body)!;
                rules[(string)body[field]!] = (string)body["type"]!;
                return (200, "");
            case "DELETE":
                string value = Uri.UnescapeDataString(request.Query.Split('=')[1]);
                return rules.Remove(value) ? (204, "") : (404, "");
            default:
                var list = new JsonArray([.. rules.Keys.Select(rule => new JsonObject { [field] = rule, ["type"] = "deny" })]);
                return (200, new JsonObject { ["success"] = true, ["data"] = list }.ToJsonString());
        }
    }
}

/// <summary>The token service's revocation with its error codes.</summary>
public sealed class TokenServiceStandIn : EngineStandIn
{
    public const string Key = "bintu-secret-token-service";

    public HashSet<string> Revoked { get; } = [];

    /// <summary>Error codes of tokens, as the vendor documents them.</summary>
    public Dictionary<string, int> Codes { get; } = [];

    protected override (int Status, string Body) Answer(Arrived request)
    {
        if (request.Headers.GetValueOrDefault("X-BINTU-TOKEN") != Key)
        {
            return (403, Error(1001));
        }
        if (request is not { Method: "POST", Path: "/api/v1/splay/revoke" })
        {
            return (404, "");
        }
        string token = (string)JsonNode.Parse(request.Body)!["token"]!;
        if (Codes.TryGetValue(token, out int code))
        {
            return (code == 2012 ? 403 : 400, Error(code));
        }
        Revoked.Add(token);
        return (204, "");
    }

    private static string Error(int code) => new JsonObject { ["success"] = false, ["errorCode"] = code, ["message"] = "a text with a tpying error" }.ToJsonString();
}

/// <summary>OptiView Live: objects that are patched, each an address list and a country list.</summary>
public sealed class OptiViewStandIn(bool isV2) : EngineStandIn
{
    public const string Key = "optiview-key";
    public const string Secret = "optiview-secret-0123456789";

    private readonly Dictionary<string, JsonObject> _objects = [];

    /// <summary>The next so many patches are taken for done and change nothing but the switch.</summary>
    public int HalfApplied { get; set; }

    /// <summary>V1's documented example of a read shows no address list.</summary>
    public bool HidesAddresses { get; set; }

    public string PathOf(string target) => isV2 ? $"/v2/distributions/{target}" : "/channels/" + target.Replace("/", "/aliases/", StringComparison.Ordinal);

    public JsonObject Security(string target)
    {
        string path = PathOf(target);
        if (!_objects.TryGetValue(path, out JsonObject? security))
        {
            security = new JsonObject
            {
                ["ipBlocking"] = new JsonObject { ["enabled"] = false, ["mode"] = isV2 ? "deny" : "whitelist", ["cidrs"] = new JsonArray() },
                ["geoBlocking"] = new JsonObject { ["enabled"] = false, ["mode"] = isV2 ? "deny" : "whitelist", ["countries"] = new JsonArray() },
            };
            _objects.Add(path, security);
        }
        return security;
    }

    public string[] Entries(string target) => [.. Security(target)["ipBlocking"]!["cidrs"]!.AsArray().Select(static entry => (string)entry!)];

    public string Mode(string target) => (string)Security(target)["ipBlocking"]!["mode"]!;

    public bool Enabled(string target) => (bool)Security(target)["ipBlocking"]!["enabled"]!;

    public void Set(string target, string list, bool enabled, string mode, params string[] entries) => Security(target)[list] = new JsonObject
    {
        ["enabled"] = enabled,
        ["mode"] = mode,
        [list == "ipBlocking" ? "cidrs" : "countries"] = new JsonArray([.. entries.Select(static e => (JsonNode)e)]),
    };

    protected override (int Status, string Body) Answer(Arrived request)
    {
        string expected = "Basic " + Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes($"{Key}:{Secret}"));
        if (request.Headers.GetValueOrDefault("Authorization") != expected)
        {
            return (401, "{}");
        }
        if (!_objects.TryGetValue(request.Path, out JsonObject? security))
        {
            return (404, "{}");
        }
        if (request.Method == "PATCH")
        {
            JsonObject given = JsonNode.Parse(request.Body)![isV2 ? "security" : "publicationConfig"]!["ipBlocking"]!.AsObject();
            // Left out, the mode is the dangerous default of V1.
            var taken = new JsonObject
            {
                ["enabled"] = given["enabled"]!.DeepClone(),
                ["mode"] = given["mode"]?.DeepClone() ?? "whitelist",
                ["cidrs"] = given["cidrs"]?.DeepClone() ?? new JsonArray(),
            };
            if (HalfApplied > 0)
            {
                HalfApplied--;
                taken["cidrs"] = security["ipBlocking"]!["cidrs"]!.DeepClone();
            }
            security["ipBlocking"] = taken;
            return isV2 ? (200, Shown(security)) : (204, "");
        }
        return (200, Shown(security));
    }

    private string Shown(JsonObject security)
    {
        JsonObject copy = security.DeepClone().AsObject();
        if (HidesAddresses)
        {
            copy.Remove("ipBlocking");
        }
        return isV2
            ? new JsonObject { ["data"] = new JsonObject { ["id"] = "d", ["security"] = copy } }.ToJsonString()
            : new JsonObject { ["id"] = "c", ["publicationConfig"] = copy }.ToJsonString();
    }
}

/// <summary>A receiver of webhooks that checks signatures and remembers idempotency keys.</summary>
public sealed class WebhookStandIn(TimeProvider time) : EngineStandIn
{
    public const string Secret = "webhook-secret-0123456789";

    private readonly HashSet<string> _seen = [];

    public HashSet<string> Blocked { get; } = [];

    protected override (int Status, string Body) Answer(Arrived request)
    {
        string[] parts = request.Headers.GetValueOrDefault("X-AutoGuard-Signature", "").Split(',');
        long at = long.Parse(parts[0][2..], System.Globalization.CultureInfo.InvariantCulture);
        string expected = Guardian.Remote.WebhookGuardian.Sign(Secret, at, System.Text.Encoding.UTF8.GetBytes(request.Body));
        if (parts[1] != "h=" + expected || Math.Abs(at - time.GetUtcNow().ToUnixTimeSeconds()) > 300)
        {
            return (401, "");
        }
        using JsonDocument body = JsonDocument.Parse(request.Body);
        JsonElement root = body.RootElement;
        if (root.GetProperty("id").GetString() != request.Headers["Idempotency-Key"])
        {
            return (400, "");
        }
        if (!_seen.Add(request.Headers["Idempotency-Key"]))
        {
            return (409, "");
        }
        if (root.GetProperty("type").GetString() == "apply")
        {
            Blocked.Add(root.GetProperty("decision").GetProperty("subject").GetProperty("value").GetString()!);
        }
        else
        {
            Blocked.Remove(root.GetProperty("subject").GetProperty("value").GetString()!);
        }
        return (200, "");
    }
}
