using System.Buffers;
using System.Text.Json;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;

namespace AutoGuard.Guardian.Remote;

/// <summary>An address list of a target.</summary>
/// <param name="Enabled">Whether it counts.</param>
/// <param name="IsAllowList">Whether it lists who may watch, instead of who may not.</param>
/// <param name="Entries">The entries as they are written there.</param>
internal sealed record OptiViewList(bool Enabled, bool IsAllowList, IReadOnlyList<string> Entries)
{
    public static OptiViewList Off { get; } = new(false, false, []);

    /// <summary>Whether a network is listed by itself.</summary>
    public bool Lists(IpNetwork network) => Entries.Any(entry => IsSame(entry, network));

    public static bool IsSame(string entry, IpNetwork network) => IpNetwork.TryParse(entry, out IpNetwork listed) && listed == network;
}

/// <summary>What a target says of its security.</summary>
/// <param name="Ip">Its address list; null when it does not show one.</param>
/// <param name="Geo">Its country list; null when it does not show one.</param>
internal sealed record OptiViewSecurity(OptiViewList? Ip, OptiViewList? Geo)
{
    /// <summary>Reads what <c>GET</c> answers; null when it is not of the documented form.</summary>
    public static OptiViewSecurity? Read(EngineAnswer answer, OptiViewVersion version) => answer.ReadJson(root =>
    {
        JsonElement target = root.TryGetProperty("data", out JsonElement data) && data.ValueKind == JsonValueKind.Object ? data : root;
        bool isV2 = version == OptiViewVersion.V2;
        if (!target.TryGetProperty(isV2 ? "security" : "publicationConfig", out JsonElement security) || security.ValueKind != JsonValueKind.Object)
        {
            // V1's documented example shows the country list only, and nothing says that the object is always there.
            return isV2 ? null : new OptiViewSecurity(null, null);
        }
        return new OptiViewSecurity(List(security, "ipBlocking", "cidrs") ?? (isV2 ? OptiViewList.Off : null), List(security, "geoBlocking", "countries"));
    }, null);

    /// <summary>The body of a <c>PATCH</c> that replaces the address list. The mode is always sent: left out, V1 takes it for an allow list.</summary>
    public static byte[] Body(OptiViewList list, OptiViewVersion version)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteStartObject(version == OptiViewVersion.V2 ? "security" : "publicationConfig");
            writer.WriteStartObject("ipBlocking");
            writer.WriteBoolean("enabled", list.Enabled);
            writer.WriteString("mode", version == OptiViewVersion.V2 ? "deny" : "blacklist");
            writer.WriteStartArray("cidrs");
            foreach (string entry in list.Entries)
            {
                writer.WriteStringValue(entry);
            }
            writer.WriteEndArray();
            writer.WriteEndObject();
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    private static OptiViewList? List(JsonElement security, string name, string entries)
    {
        if (!security.TryGetProperty(name, out JsonElement list) || list.ValueKind != JsonValueKind.Object)
        {
            return null;
        }
        // One of the vendor's schemas types the switch as a text.
        bool enabled = list.TryGetProperty("enabled", out JsonElement flag)
            && (flag.ValueKind == JsonValueKind.True || (flag.ValueKind == JsonValueKind.String && string.Equals(flag.GetString(), "true", StringComparison.OrdinalIgnoreCase)));
        string? mode = list.TryGetProperty("mode", out JsonElement word) ? word.GetString() : null;
        string[] values = list.TryGetProperty(entries, out JsonElement items) && items.ValueKind == JsonValueKind.Array
            ? [.. items.EnumerateArray().Select(static item => item.GetString() ?? "")]
            : [];
        // V1's default, and the dangerous one: what is not said to be a deny list is none.
        return new OptiViewList(enabled, mode is not ("deny" or "blacklist"), values);
    }
}
