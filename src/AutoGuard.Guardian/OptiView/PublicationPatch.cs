using AutoGuard.Core.Policy;
using System.Text;
using System.Text.Json;
using AutoGuard.Guardian.Publications;
using AutoGuard.Guardian.Rules;

namespace AutoGuard.Guardian.OptiView;

/// <summary>What a caller wants changed: fields that are missing stay as they are, lists are replaced whole.</summary>
internal sealed record PublicationPatch
{
    private const int MostNetworks = 10_000;
    private const int MostCountries = 300;
    private const int MostDomains = 1_000;

    private bool? IpEnabled { get; init; }

    private bool? IpIsAllow { get; init; }

    private IReadOnlyList<string>? Cidrs { get; init; }

    private bool? GeoEnabled { get; init; }

    private bool? GeoIsAllow { get; init; }

    private IReadOnlyList<string>? Countries { get; init; }

    private bool? RefererEnabled { get; init; }

    private IReadOnlyList<string>? Domains { get; init; }

    private bool? AllowNativeApps { get; init; }

    public Publication ApplyTo(Publication before) => new()
    {
        IpBlocking = new AddressList(IpEnabled ?? before.IpBlocking.Enabled, IpIsAllow ?? before.IpBlocking.IsAllow, Cidrs ?? before.IpBlocking.Cidrs),
        GeoBlocking = new CountryList(GeoEnabled ?? before.GeoBlocking.Enabled, GeoIsAllow ?? before.GeoBlocking.IsAllow, Countries ?? before.GeoBlocking.Countries),
        RefererBlocking = new EmbedderList(
            RefererEnabled ?? before.RefererBlocking.Enabled, Domains ?? before.RefererBlocking.AllowedDomains, AllowNativeApps ?? before.RefererBlocking.AllowNativeApps),
    };

    /// <summary>Reads the body of a change; the sentence says what is wrong without quoting it.</summary>
    public static bool TryRead(JsonElement body, PublicationKind kind, out PublicationPatch patch, out string wrong)
    {
        patch = new PublicationPatch();
        wrong = "";
        bool isSecond = kind == PublicationKind.Distribution;
        string envelope = isSecond ? "security" : "publicationConfig";
        if (isSecond && body.EnumerateObject().Any(static field => field.Name != "security"))
        {
            wrong = "Only the field security can be changed here.";
            return false;
        }
        if (!body.TryGetProperty(envelope, out JsonElement lists) || lists.ValueKind != JsonValueKind.Object)
        {
            wrong = $"The field {envelope} must be an object.";
            return false;
        }
        return TryObject(lists, "ipBlocking", out JsonElement? ip, ref wrong) && TryObject(lists, "geoBlocking", out JsonElement? geo, ref wrong)
            && TryObject(lists, "refererBlocking", out JsonElement? referer, ref wrong)
            && (isSecond || referer is null || Fails("refererBlocking belongs to distributions.", ref wrong))
            && (ip is not null || geo is not null || referer is not null || Fails($"The field {envelope} must hold {(isSecond ? "ipBlocking, geoBlocking or refererBlocking" : "ipBlocking or geoBlocking")}.", ref wrong))
            && TryReadIp(ip, isSecond, ref patch, ref wrong) && TryReadGeo(geo, isSecond, ref patch, ref wrong) && TryReadReferer(referer, ref patch, ref wrong);
    }

    /// <summary>A publication in the form of its interface.</summary>
    public static string Write(PublicationKey key, Publication lists)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            bool isSecond = key.Kind == PublicationKind.Distribution;
            writer.WriteStartObject();
            if (isSecond)
            {
                writer.WriteStartObject("data");
            }
            writer.WriteString("id", key.Id);
            writer.WriteStartObject(isSecond ? "security" : "publicationConfig");
            WriteList(writer, "ipBlocking", lists.IpBlocking.Enabled, ModeName(isSecond, lists.IpBlocking.IsAllow), "cidrs", lists.IpBlocking.Cidrs);
            WriteList(writer, "geoBlocking", lists.GeoBlocking.Enabled, ModeName(isSecond, lists.GeoBlocking.IsAllow), "countries", lists.GeoBlocking.Countries);
            if (isSecond)
            {
                writer.WriteStartObject("refererBlocking");
                writer.WriteBoolean("enabled", lists.RefererBlocking.Enabled);
                WriteTexts(writer, "allowedDomains", lists.RefererBlocking.AllowedDomains);
                writer.WriteBoolean("allowNativeApps", lists.RefererBlocking.AllowNativeApps);
                writer.WriteEndObject();
                writer.WriteEndObject();
            }
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static bool TryReadIp(JsonElement? list, bool isSecond, ref PublicationPatch patch, ref string wrong)
    {
        if (list is not { } ip)
        {
            return true;
        }
        if (!TryFlag(ip, "enabled", out bool? enabled, ref wrong) || !TryMode(ip, isSecond, out bool? isAllow, ref wrong)
            || !TryTexts(ip, "cidrs", MostNetworks, static text => RuleTarget.TryParseAddress(text, out RuleTarget target, out _) ? target.Network.ToString() : null, out IReadOnlyList<string>? cidrs, ref wrong))
        {
            return false;
        }
        patch = patch with { IpEnabled = enabled, IpIsAllow = isAllow, Cidrs = cidrs };
        return true;
    }

    private static bool TryReadGeo(JsonElement? list, bool isSecond, ref PublicationPatch patch, ref string wrong)
    {
        if (list is not { } geo)
        {
            return true;
        }
        if (!TryFlag(geo, "enabled", out bool? enabled, ref wrong) || !TryMode(geo, isSecond, out bool? isAllow, ref wrong)
            || !TryTexts(geo, "countries", MostCountries, static text => text.Length == 2 && text.All(char.IsAsciiLetter) ? text.ToUpperInvariant() : null, out IReadOnlyList<string>? countries, ref wrong))
        {
            return false;
        }
        patch = patch with { GeoEnabled = enabled, GeoIsAllow = isAllow, Countries = countries };
        return true;
    }

    private static bool TryReadReferer(JsonElement? list, ref PublicationPatch patch, ref string wrong)
    {
        if (list is not { } referer)
        {
            return true;
        }
        if (!TryFlag(referer, "enabled", out bool? enabled, ref wrong) || !TryFlag(referer, "allowNativeApps", out bool? native, ref wrong)
            || !TryTexts(referer, "allowedDomains", MostDomains, Domain, out IReadOnlyList<string>? domains, ref wrong))
        {
            return false;
        }
        patch = patch with { RefererEnabled = enabled, AllowNativeApps = native, Domains = domains };
        return true;
    }

    private static string? Domain(string text)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        string port = colon < 0 ? "" : text[colon..];
        bool isPort = port.Length == 0 || (port.Length is > 1 and <= 6 && port.AsSpan(1).IndexOfAnyExceptInRange('0', '9') < 0);
        return isPort && HostNames.TryNormalize(colon < 0 ? text : text[..colon], out string host) ? host + port : null;
    }

    private static bool TryObject(JsonElement parent, string name, out JsonElement? value, ref string wrong)
    {
        value = parent.TryGetProperty(name, out JsonElement found) && found.ValueKind != JsonValueKind.Null ? found : null;
        return value is null || value.Value.ValueKind == JsonValueKind.Object || Fails($"The field {name} must be an object.", ref wrong);
    }

    // One of the first generation's own schemas types the switch as a text.
    private static bool TryFlag(JsonElement parent, string name, out bool? flag, ref string wrong)
    {
        flag = null;
        if (!parent.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null)
        {
            return true;
        }
        flag = value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.String => value.ValueEquals("true"u8) ? true : value.ValueEquals("false"u8) ? false : null,
            _ => null,
        };
        return flag is not null || Fails($"The field {name} must be true or false.", ref wrong);
    }

    private static bool TryMode(JsonElement parent, bool isSecond, out bool? isAllow, ref string wrong)
    {
        isAllow = null;
        if (!parent.TryGetProperty("mode", out JsonElement value) || value.ValueKind == JsonValueKind.Null)
        {
            return true;
        }
        if (value.ValueKind == JsonValueKind.String)
        {
            isAllow = value.ValueEquals(ModeName(isSecond, true)) ? true : value.ValueEquals(ModeName(isSecond, false)) ? false : null;
        }
        return isAllow is not null || Fails($"The field mode must be {ModeName(isSecond, true)} or {ModeName(isSecond, false)}.", ref wrong);
    }

    private static bool TryTexts(JsonElement parent, string name, int most, Func<string, string?> canonical, out IReadOnlyList<string>? texts, ref string wrong)
    {
        texts = null;
        if (!parent.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null)
        {
            return true;
        }
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() > most)
        {
            return Fails($"The field {name} must be a list of at most {most} texts.", ref wrong);
        }
        var found = new List<string>(value.GetArrayLength());
        foreach (JsonElement item in value.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.String || Decode(item) is not { } text || canonical(text) is not { } one)
            {
                return Fails($"An entry of the field {name} cannot be read.", ref wrong);
            }
            found.Add(one);
        }
        texts = [.. found.Distinct(StringComparer.Ordinal)];
        return true;
    }

    private static string? Decode(JsonElement item)
    {
        try
        {
            return item.GetString();
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair: valid JSON and no text.
            return null;
        }
    }

    private static void WriteList(Utf8JsonWriter writer, string name, bool enabled, string mode, string listName, IReadOnlyList<string> texts)
    {
        writer.WriteStartObject(name);
        writer.WriteBoolean("enabled", enabled);
        writer.WriteString("mode", mode);
        WriteTexts(writer, listName, texts);
        writer.WriteEndObject();
    }

    private static void WriteTexts(Utf8JsonWriter writer, string name, IReadOnlyList<string> texts)
    {
        writer.WriteStartArray(name);
        foreach (string text in texts)
        {
            writer.WriteStringValue(text);
        }
        writer.WriteEndArray();
    }

    private static string ModeName(bool isSecond, bool isAllow) => (isSecond, isAllow) switch
    {
        (true, true) => "allow",
        (true, false) => "deny",
        (false, true) => "whitelist",
        (false, false) => "blacklist",
    };

    private static bool Fails(string sentence, ref string wrong)
    {
        wrong = sentence;
        return false;
    }
}
