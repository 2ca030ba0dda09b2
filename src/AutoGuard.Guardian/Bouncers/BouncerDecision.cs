using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using AutoGuard.Guardian.Rules;

namespace AutoGuard.Guardian.Bouncers;

internal sealed record MessageBody(string Message);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(MessageBody))]
internal sealed partial class BouncerJsonContext : JsonSerializerContext;

/// <summary>A rule in the words of CrowdSec. All seven fields are always there: old bouncers die of a missing one.</summary>
internal readonly record struct BouncerDecision(long Id, string Origin, string Scenario, RuleScope Scope, string Value, TimeSpan Remaining)
{
    // A rule without an end; bouncers know none.
    private static readonly TimeSpan Longest = TimeSpan.FromDays(3650);

    public static string NameOf(RuleScope scope) => scope switch
    {
        RuleScope.Ip => "Ip",
        RuleScope.Cidr => "Range",
        RuleScope.Referrer => "referrer",
        RuleScope.Token => "token",
        _ => throw new ArgumentOutOfRangeException(nameof(scope)),
    };

    /// <summary>A rule that is in force.</summary>
    public static BouncerDecision Of(Rule rule, DateTimeOffset now) => new(
        rule.Sequence, RuleNames.Of(rule.Origin), Why(rule.Reason, rule.Tag), rule.Scope, rule.Value, rule.ExpiresAt is { } expires ? expires - now : Longest);

    /// <summary>A rule that has ended.</summary>
    public static BouncerDecision Ended(long id, string origin, string reason, string tag, RuleScope scope, string value, TimeSpan ago) =>
        new(id, origin, Why(reason, tag), scope, value, ago > TimeSpan.Zero ? -ago : TimeSpan.FromSeconds(-1));

    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("duration", Duration(Remaining));
        writer.WriteNumber("id", Id);
        writer.WriteString("origin", Origin);
        writer.WriteString("scenario", Scenario);
        writer.WriteString("scope", NameOf(Scope));
        writer.WriteString("type", "ban");
        writer.WriteString("value", Value);
        writer.WriteEndObject();
    }

    /// <summary>A duration as Go writes it: hours, minutes and seconds, no days.</summary>
    public static string Duration(TimeSpan span)
    {
        TimeSpan size = span.Duration();
        var text = new StringBuilder(span < TimeSpan.Zero ? "-" : "");
        long hours = (long)size.TotalHours;
        if (hours > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"{hours}h");
        }
        if (hours > 0 || size.Minutes > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"{size.Minutes}m");
        }
        return text.Append(CultureInfo.InvariantCulture, $"{size.Seconds + (size.Milliseconds / 1000.0):0.###}s").ToString();
    }

    private static string Why(string reason, string tag) => reason.Length > 0 ? reason : tag.Length > 0 ? tag : "blocked";
}
