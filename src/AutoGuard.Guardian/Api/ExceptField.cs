using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using AutoGuard.Core.Events;
using AutoGuard.Guardian.Rules;

namespace AutoGuard.Guardian.Api;

/// <summary>Reads the field <c>except</c> of a rule that somebody wants.</summary>
internal static class ExceptField
{
    public const string Name = "except";

    private static readonly string Form = string.Create(CultureInfo.InvariantCulture, $"it must be an array of at most {RuleExceptions.Most} networks, such as [\"203.0.113.0/24\"]");

    /// <summary>False with half a sentence when it is there and cannot be taken; the same network twice counts once.</summary>
    public static bool TryRead(JsonElement body, RuleTarget target, RuleType type, out ImmutableArray<IpNetwork> except, out string why)
    {
        except = [];
        why = "";
        if (!body.TryGetProperty(Name, out JsonElement value) || value.ValueKind == JsonValueKind.Null)
        {
            return true;
        }
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() > RuleExceptions.Most)
        {
            why = Form;
            return false;
        }
        if (value.GetArrayLength() > 0 && (target.Scope != RuleScope.Token || type != RuleType.Deny))
        {
            why = $"a rule of scope {RuleNames.Of(target.Scope)} and type {RuleNames.Of(type)} has no exceptions; only one of scope token and type deny has";
            return false;
        }
        var networks = new List<IpNetwork>();
        foreach (JsonElement item in value.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.String)
            {
                why = Form;
                return false;
            }
            if (!RuleExceptions.TryParse(ApiRequest.TryDecode(item, out string text) ? text : null, out IpNetwork network, out why))
            {
                return false;
            }
            if (!networks.Contains(network))
            {
                networks.Add(network);
            }
        }
        except = [.. networks];
        return true;
    }
}
