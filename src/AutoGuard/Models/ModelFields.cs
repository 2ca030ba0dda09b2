using System.Globalization;
using System.Text.Json;
using AutoGuard.Configuration;

namespace AutoGuard.Models;

/// <summary>
/// Reads the fields of a JSON object and writes down everything that is wrong with them: field, value, and what is allowed. What
/// cannot be read is null or 0, so that one reading finds all mistakes.
/// </summary>
internal sealed class ModelFields
{
    private readonly JsonElement _object;
    private readonly string _path;
    private readonly List<string> _errors;
    private readonly bool _isObject;

    /// <param name="element">What should be an object.</param>
    /// <param name="path">Where it stands; empty for the whole file.</param>
    /// <param name="errors">Takes what is wrong.</param>
    /// <param name="known">The fields it may have.</param>
    public ModelFields(JsonElement element, string path, List<string> errors, params ReadOnlySpan<string> known)
    {
        (_object, _path, _errors) = (element, path, errors);
        _isObject = element.ValueKind == JsonValueKind.Object;
        if (!_isObject)
        {
            errors.Add($"{(path.Length == 0 ? "the file" : path)}: {Show(element)} is not allowed; must be an object");
            return;
        }
        foreach (JsonProperty property in element.EnumerateObject())
        {
            if (!known.Contains(property.Name))
            {
                errors.Add($"{At(Secrets.Show(property.Name, secret: false, quoted: false))}: unknown field; must be one of {string.Join(", ", known)}");
            }
        }
    }

    public long Whole(string name, long least, long most)
    {
        if (Field(name) is not { } value)
        {
            return 0;
        }
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) && number >= least && number <= most)
        {
            return number;
        }
        Refuse(name, value, string.Create(CultureInfo.InvariantCulture, $"a whole number from {least} to {most}"));
        return 0;
    }

    public double Number(string name, double least, double most)
    {
        if (Field(name) is not { } value)
        {
            return 0;
        }
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && number >= least && number <= most)
        {
            return number;
        }
        Refuse(name, value, string.Create(CultureInfo.InvariantCulture, $"a number from {least} to {most}"));
        return 0;
    }

    /// <summary>A text that passes a check; empty when it does not.</summary>
    public string Text(string name, Func<string, bool> isAllowed, string allowed)
    {
        if (Field(name) is not { } value)
        {
            return "";
        }
        if (value.ValueKind == JsonValueKind.String && value.GetString() is { } text && isAllowed(text))
        {
            return text;
        }
        Refuse(name, value, allowed);
        return "";
    }

    /// <summary>The items of an array with the place of each.</summary>
    public IEnumerable<(JsonElement Value, string Path)> Items(string name, int most)
    {
        if (Field(name) is not { } value)
        {
            return [];
        }
        if (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() <= most)
        {
            return value.EnumerateArray().Select((item, i) => (item, string.Create(CultureInfo.InvariantCulture, $"{At(name)}[{i}]")));
        }
        string found = value.ValueKind == JsonValueKind.Array
            ? string.Create(CultureInfo.InvariantCulture, $"a list of {value.GetArrayLength()}")
            : Show(value);
        _errors.Add($"{At(name)}: {found} is not allowed; must be a list of at most {most.ToString(CultureInfo.InvariantCulture)}");
        return [];
    }

    /// <summary>A nested object, or null where the file says null.</summary>
    public ModelFields? Object(string name, bool mayBeNull, params ReadOnlySpan<string> known) =>
        Field(name) is not { } value || (mayBeNull && value.ValueKind == JsonValueKind.Null) ? null : new ModelFields(value, At(name), _errors, known);

    /// <summary>Writes down that a field's value, though well formed, cannot be.</summary>
    public void Refuse(string name, string shown, string allowed) => _errors.Add($"{At(name)}: {shown} is not allowed; must be {allowed}");

    private void Refuse(string name, JsonElement value, string allowed) => Refuse(name, Show(value), allowed);

    private JsonElement? Field(string name)
    {
        if (!_isObject)
        {
            return null;
        }
        if (_object.TryGetProperty(name, out JsonElement value))
        {
            return value;
        }
        _errors.Add($"{At(name)}: missing");
        return null;
    }

    private string At(string name) => _path.Length == 0 ? name : $"{_path}.{name}";

    private static string Show(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => Secrets.Show(value.GetString()!, secret: false),
        _ => Secrets.Show(value.GetRawText(), secret: false, quoted: false),
    };
}
