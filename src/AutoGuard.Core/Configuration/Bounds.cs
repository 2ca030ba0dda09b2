using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace AutoGuard.Core.Configuration;

/// <summary>Bounds of a <see cref="TimeSpan"/> setting, both inclusive, in the <c>[d.]hh:mm:ss</c> form of the configuration.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class TimeRangeAttribute(string minimum, string maximum) : ValidationAttribute
{
    /// <summary>Smallest value allowed.</summary>
    public TimeSpan Minimum { get; } = TimeSpan.Parse(minimum, CultureInfo.InvariantCulture);

    /// <summary>Largest value allowed.</summary>
    public TimeSpan Maximum { get; } = TimeSpan.Parse(maximum, CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public override bool IsValid(object? value) => value is null || (value is TimeSpan span && span >= Minimum && span <= Maximum);

    /// <inheritdoc/>
    public override string FormatErrorMessage(string name) =>
        string.Create(CultureInfo.InvariantCulture, $"from {Minimum:c} to {Maximum:c}");
}
