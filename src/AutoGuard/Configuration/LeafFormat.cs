using System.Globalization;

namespace AutoGuard.Configuration;

/// <summary>How single values are written and read: the types a key may have.</summary>
internal static class LeafFormat
{
    /// <summary>Most characters of a text.</summary>
    public const int MostCharacters = 4096;

    /// <summary>Whether a key may have this type.</summary>
    public static bool IsLeaf(Type type) =>
        type.IsEnum || type == typeof(string) || type == typeof(bool) || type == typeof(double) || type == typeof(TimeSpan)
        || type == typeof(DateTimeOffset) || IsWhole(type);

    /// <summary>Whether the type is a number without fraction.</summary>
    public static bool IsWhole(Type type) =>
        type == typeof(int) || type == typeof(long) || type == typeof(uint) || type == typeof(ushort);

    /// <summary>Reads a value; false when kind or text do not fit the type.</summary>
    public static bool TryParse(Type type, string text, ScalarKind kind, out object value)
    {
        value = text;
        bool untyped = kind == ScalarKind.Untyped;
        if (type == typeof(bool))
        {
            bool read = bool.TryParse(text, out bool flag);
            value = flag;
            return read && (untyped || kind == ScalarKind.Boolean);
        }
        if (type == typeof(double))
        {
            bool read = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number);
            value = number;
            return read && double.IsFinite(number) && (untyped || kind == ScalarKind.Number);
        }
        if (IsWhole(type))
        {
            return TryWhole(type, text, out value) && (untyped || kind == ScalarKind.Number);
        }
        return (untyped || kind == ScalarKind.Text) && TryText(type, text, out value);
    }

    /// <summary>The text of a value, as it is written in the configuration.</summary>
    public static string Format(object value) => value switch
    {
        bool flag => flag ? "true" : "false",
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        TimeSpan span => span.ToString("c", CultureInfo.InvariantCulture),
        DateTimeOffset time => time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture),
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    /// <summary>Whether a value is written without quotes in JSON.</summary>
    public static bool IsBare(object value) => value is bool or double || IsWhole(value.GetType());

    /// <summary>What the type alone allows, as the end of "must be …".</summary>
    public static string Describe(Type type)
    {
        if (type.IsEnum)
        {
            string[] names = Enum.GetNames(type);
            return names.Length == 2 ? $"{names[0]} or {names[1]}" : $"one of {string.Join(", ", names)}";
        }
        return type switch
        {
            _ when type == typeof(bool) => "true or false",
            _ when type == typeof(double) => "a number",
            _ when type == typeof(TimeSpan) => "a time span as [d.]hh:mm:ss",
            _ when type == typeof(DateTimeOffset) => "a time as 2026-01-31T00:00:00Z",
            _ when IsWhole(type) => "a whole number",
            _ => "a text",
        };
    }

    private static bool TryWhole(Type type, string text, out object value)
    {
        value = text;
        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number))
        {
            return false;
        }
        (long least, long most) = LimitsOf(type);
        if (number < least || number > most)
        {
            return false;
        }
        value = Convert.ChangeType(number, type, CultureInfo.InvariantCulture);
        return true;
    }

    /// <summary>Smallest and largest value of a whole-number type.</summary>
    public static (long Least, long Most) LimitsOf(Type type) => type switch
    {
        _ when type == typeof(int) => (int.MinValue, int.MaxValue),
        _ when type == typeof(uint) => (0, uint.MaxValue),
        _ when type == typeof(ushort) => (0, ushort.MaxValue),
        _ => (long.MinValue, long.MaxValue),
    };

    private static bool TryText(Type type, string text, out object value)
    {
        value = text;
        if (type == typeof(string))
        {
            return text.Length <= MostCharacters && !text.Any(char.IsControl);
        }
        if (type.IsEnum)
        {
            string? name = Enum.GetNames(type).FirstOrDefault(n => string.Equals(n, text.Trim(), StringComparison.OrdinalIgnoreCase));
            value = name is null ? text : Enum.Parse(type, name);
            return name is not null;
        }
        if (type == typeof(TimeSpan))
        {
            // A bare "5" would be five days.
            bool read = TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out TimeSpan span) && text.Contains(':', StringComparison.Ordinal);
            value = span;
            return read;
        }
        bool time = DateTimeOffset.TryParseExact(
            text, ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd"], CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset instant);
        value = instant;
        return time;
    }
}
