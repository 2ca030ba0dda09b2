using System.Collections.Concurrent;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using AutoGuard.Core.Configuration;

namespace AutoGuard.Configuration;

/// <summary>What a key holds.</summary>
internal enum SettingShape
{
    /// <summary>Further keys, known beforehand.</summary>
    Section,

    /// <summary>One value.</summary>
    Leaf,

    /// <summary>Values in order.</summary>
    List,

    /// <summary>Values under names that the user chooses.</summary>
    Map,
}

/// <summary>
/// One key of the configuration, read off an options type: properties with a public setter are keys, classes are sections,
/// attributes are bounds. Binding, the reference page and the complete <c>appsettings.json</c> all follow from it.
/// </summary>
internal sealed class SettingDefinition
{
    /// <summary>Most entries of a list or map.</summary>
    public const int MostEntries = 100_000;

    private static readonly ConcurrentDictionary<Type, SettingDefinition> Roots = new();

    private SettingDefinition(string path, PropertyInfo? property, Type type)
    {
        Path = path;
        Property = property;
        Type = Nullable.GetUnderlyingType(type) ?? type;
        AllowsNull = type != Type
            || (property is not null && !type.IsValueType && new NullabilityInfoContext().Create(property).WriteState == NullabilityState.Nullable);
        Validators = property is null ? [] : [.. property.GetCustomAttributes<ValidationAttribute>()];
        if (LeafFormat.IsLeaf(Type))
        {
            Shape = SettingShape.Leaf;
        }
        else if (ElementOf(Type, typeof(IDictionary<,>)) is { } value)
        {
            Shape = SettingShape.Map;
            Element = new SettingDefinition($"{path}:*", null, value);
        }
        else if (ElementOf(Type, typeof(IReadOnlyList<>)) is { } element)
        {
            Shape = SettingShape.List;
            Element = new SettingDefinition($"{path}:*", null, element);
        }
        else
        {
            Shape = SettingShape.Section;
            string prefix = path.Length == 0 ? "" : path + ":";
            Children = [.. Type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
                .Where(p => p.SetMethod is { IsPublic: true } && p.GetIndexParameters().Length == 0)
                .OrderBy(p => p.MetadataToken)
                .Select(p => new SettingDefinition(prefix + p.Name, p, p.PropertyType))];
        }
    }

    /// <summary><c>Section:Key</c>; <c>*</c> stands for an element.</summary>
    public string Path { get; }

    /// <summary>Last segment of the path.</summary>
    public string Name => Path[(Path.LastIndexOf(':') + 1)..];

    /// <summary>The property; null for the root and for elements.</summary>
    public PropertyInfo? Property { get; }

    /// <summary>Type of the value, without its nullability.</summary>
    public Type Type { get; }

    /// <summary>Whether <c>null</c> may be written.</summary>
    public bool AllowsNull { get; }

    /// <summary>What the key holds.</summary>
    public SettingShape Shape { get; }

    /// <summary>Keys of a section, in the order of the source code.</summary>
    public IReadOnlyList<SettingDefinition> Children { get; } = [];

    /// <summary>What a list or map holds.</summary>
    public SettingDefinition? Element { get; }

    /// <summary>Bounds from attributes.</summary>
    public IReadOnlyList<ValidationAttribute> Validators { get; }

    /// <summary>An element that may be written as a plain text instead of an object: one with a <c>Value</c>.</summary>
    public SettingDefinition? TextForm =>
        Shape == SettingShape.Section ? Children.FirstOrDefault(c => c.Name == "Value" && c.Type == typeof(string)) : null;

    /// <summary>The definition of an options type as a whole.</summary>
    public static SettingDefinition Of(Type options) => Roots.GetOrAdd(options, static t => new SettingDefinition("", null, t));

    /// <summary>This key and all below it, elements excluded.</summary>
    public IEnumerable<SettingDefinition> Walk() => Children.SelectMany(c => c.Walk()).Prepend(this);

    /// <summary>What is allowed, as the end of "must be …".</summary>
    public string Allowed => Shape switch
    {
        SettingShape.Section when TextForm is not null => "a text, or an object with " + string.Join(", ", Children.Select(c => CamelCase(c.Name))),
        SettingShape.Section => "an object with " + string.Join(", ", Children.Select(c => c.Name)),
        SettingShape.List => $"a list; each entry {Element!.Allowed}",
        SettingShape.Map => $"an object; each value {Element!.Allowed}",
        _ => AllowedLeaf(),
    };

    /// <summary>Whether a value of the right type is within its bounds.</summary>
    public bool IsWithinBounds(object value) => Validators.All(v => v switch
    {
        RequiredAttribute => value is not string text || !string.IsNullOrWhiteSpace(text),
        _ => v.IsValid(value),
    });

    private string AllowedLeaf()
    {
        string allowed = LeafFormat.Describe(Type);
        bool bounded = false;
        foreach (ValidationAttribute validator in Validators.OrderBy(v => v is RequiredAttribute or RegularExpressionAttribute).ThenBy(v => v is RegularExpressionAttribute))
        {
            bounded |= validator is RangeAttribute or TimeRangeAttribute or StringLengthAttribute or MaxLengthAttribute;
            allowed = validator switch
            {
                RangeAttribute range => $"{allowed} from {Bound(range.Minimum)} to {Bound(range.Maximum)}",
                TimeRangeAttribute time => $"{allowed} {time.FormatErrorMessage("")}",
                RequiredAttribute => $"{allowed}, not empty",
                StringLengthAttribute length => $"{allowed} of at most {length.MaximumLength} characters",
                MaxLengthAttribute length => $"{allowed} of at most {length.Length} characters",
                AllowedValuesAttribute values => $"one of {string.Join(", ", values.Values)}",
                _ => $"{allowed}: {validator.FormatErrorMessage(Name)}",
            };
        }
        if (LeafFormat.IsWhole(Type) && !bounded)
        {
            (long least, long most) = LeafFormat.LimitsOf(Type);
            allowed = string.Create(CultureInfo.InvariantCulture, $"{allowed} from {least} to {most}");
        }
        return AllowsNull ? allowed + ", or null" : allowed;
    }

    private static string Bound(object bound) => Convert.ToDouble(bound, CultureInfo.InvariantCulture).ToString("0.################", CultureInfo.InvariantCulture);

    private static string CamelCase(string name) => char.ToLowerInvariant(name[0]) + name[1..];

    private static Type? ElementOf(Type type, Type contract) =>
        type.GetInterfaces().Append(type)
            .FirstOrDefault(i => i.IsGenericType && i.GetGenericTypeDefinition() == contract)?.GetGenericArguments()[^1];
}
