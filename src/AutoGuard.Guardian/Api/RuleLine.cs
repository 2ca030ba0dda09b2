using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;
using AutoGuard.Guardian.Rules;

namespace AutoGuard.Guardian.Api;

/// <summary>
/// A rule as one line of JSON. A line that a person wrote may name a <c>duration</c> in seconds, or neither that nor
/// <c>expiresAt</c>, and then lasts until removed.
/// </summary>
internal static class RuleLine
{
    private const int DeepestLine = 3;

    public static void Write(Utf8JsonWriter writer, Rule rule)
    {
        writer.WriteStartObject();
        writer.WriteString("scope", RuleNames.Of(rule.Scope));
        writer.WriteString("value", rule.Value);
        writer.WriteString("type", RuleNames.Of(rule.Type));
        if (!rule.Except.IsEmpty)
        {
            writer.WritePropertyName(ExceptField.Name);
            DecisionJson.WriteNetworks(writer, rule.Except);
        }
        writer.WriteString("tag", rule.Tag);
        writer.WriteString("reason", rule.Reason);
        writer.WriteString("origin", RuleNames.Of(rule.Origin));
        writer.WriteString("creator", rule.Creator);
        WriteOptional(writer, "organization", rule.Organization);
        WriteOptional(writer, "stream", rule.Stream);
        writer.WriteString("createdAt", RuleBody.Time(rule.CreatedAt));
        WriteOptional(writer, "expiresAt", rule.ExpiresAt is { } expires ? RuleBody.Time(expires) : null);
        writer.WriteEndObject();
    }

    public static bool TryRead(ReadOnlySequence<byte> line, ApiKey key, string why, DateTimeOffset now, out RuleDraft? draft, out string problem)
    {
        draft = null;
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = DeepestLine });
        }
        catch (JsonException)
        {
            problem = "The line is not valid JSON.";
            return false;
        }
        using (document)
        {
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                problem = "The line must be a JSON object.";
                return false;
            }
            return TryRead(document.RootElement, key, why, now, out draft, out problem);
        }
    }

    private static bool TryRead(JsonElement line, ApiKey key, string why, DateTimeOffset now, out RuleDraft? draft, out string problem)
    {
        draft = null;
        if (!TryText(line, "scope", 16, out string scope, out problem) || !TryText(line, "value", 1_024, out string value, out problem)
            || !TryText(line, "type", 16, out string typeName, out problem) || !TryText(line, "tag", RuleDraft.LongestText, out string tag, out problem)
            || !TryText(line, "reason", RuleDraft.LongestText, out string reason, out problem) || !TryText(line, "organization", 128, out string organization, out problem)
            || !TryText(line, "stream", 128, out string stream, out problem) || !TryExpiry(line, now, out RuleExpiry expiry, out problem))
        {
            return false;
        }
        RuleTarget target = default;
        string wrong = "it must be ip, cidr, referrer or token";
        bool isRead = scope switch
        {
            "ip" or "cidr" => RuleTarget.TryParseAddress(value, out target, out wrong),
            "referrer" => RuleTarget.TryParseReferrer(value, out target, out wrong),
            "token" => RuleTarget.TryParseToken(value, out target, out wrong),
            _ => false,
        };
        RuleType type = RuleType.Deny;
        ImmutableArray<IpNetwork> except = [];
        problem = !isRead ? $"The rule's target is not valid: {wrong}."
            : typeName.Length > 0 && !RuleNames.TryParse(typeName, out type) ? "The type must be deny or allow."
            : !ExceptField.TryRead(line, target, type, out except, out string unfit) ? $"The field {ExceptField.Name} is not valid: {unfit}."
            : key.Organization is not null && organization.Length > 0 && organization != key.Organization ? "The key is confined to another organization."
            : "";
        draft = problem.Length > 0 ? null : new RuleDraft
        {
            Target = target,
            Type = type,
            Except = except,
            Tag = tag,
            Reason = reason.Length > 0 ? reason : why,
            Origin = RuleOrigin.Import,
            Creator = key.Name,
            Organization = key.Organization ?? (organization.Length > 0 ? organization : null),
            Stream = stream.Length > 0 ? stream : null,
            Expiry = expiry,
        };
        return draft is not null;
    }

    private static bool TryExpiry(JsonElement line, DateTimeOffset now, out RuleExpiry expiry, out string problem)
    {
        expiry = RuleExpiry.Never;
        if (line.TryGetProperty("duration", out JsonElement duration) && duration.ValueKind != JsonValueKind.Null)
        {
            bool isRead = duration.ValueKind == JsonValueKind.Number && duration.TryGetInt64(out long seconds) && seconds > 0 && seconds <= GuardianApi.LongestLifeSeconds;
            problem = isRead ? "" : "The duration must be whole seconds up to ten years.";
            expiry = isRead ? RuleExpiry.Until(now.AddSeconds(duration.GetInt64())) : expiry;
            return isRead;
        }
        if (!TryText(line, "expiresAt", 40, out string text, out problem) || text.Length == 0)
        {
            return problem.Length == 0;
        }
        if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset at) || at.Year > 9000)
        {
            problem = "The field expiresAt must be a time such as 2025-11-14T12:00:00Z.";
            return false;
        }
        // Whole milliseconds, as all times in the store.
        expiry = RuleExpiry.Until(DateTimeOffset.FromUnixTimeMilliseconds(at.ToUnixTimeMilliseconds()));
        return true;
    }

    private static bool TryText(JsonElement line, string field, int longest, out string text, out string problem)
    {
        text = "";
        problem = "";
        if (!line.TryGetProperty(field, out JsonElement value) || value.ValueKind == JsonValueKind.Null)
        {
            return true;
        }
        if (!ApiRequest.TryGetText(line, field, isRequired: false, out text, out _) || text.Length > longest
            || text.Any(static c => char.IsControl(c)) || text.EnumerateRunes().Any(static r => r.Value == 0xFFFD))
        {
            problem = $"The field {field} must be a text of at most {longest} printable characters.";
            return false;
        }
        return true;
    }

    private static void WriteOptional(Utf8JsonWriter writer, string name, string? value)
    {
        if (value is not null)
        {
            writer.WriteString(name, value);
        }
    }
}
