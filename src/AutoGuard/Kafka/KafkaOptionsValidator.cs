using Microsoft.Extensions.Options;

namespace AutoGuard.Kafka;

/// <summary>
/// Checks every property under <c>Kafka:Consumer</c> and <c>Kafka:Producer</c> against the librdkafka that is loaded: it
/// alone knows its names and values.
/// </summary>
public sealed class KafkaOptionsValidator : IValidateOptions<KafkaOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, KafkaOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        List<string> errors = Errors(options);
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    /// <summary>One sentence for each wrong property, naming the key; the value only where it cannot be a secret.</summary>
    public static List<string> Errors(KafkaOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var errors = new List<string>();
        AddErrors(errors, "Kafka:Consumer", options.Consumer);
        AddErrors(errors, "Kafka:Producer", options.Producer);
        if (options.DecisionsTopic == options.EventsTopic || options.DeadLetterTopic == options.EventsTopic)
        {
            errors.Add($"Kafka:EventsTopic: '{options.EventsTopic}' is also a topic AutoGuard writes to; the three topics must differ.");
        }
        else if (options.DecisionsTopic == options.DeadLetterTopic)
        {
            errors.Add($"Kafka:DeadLetterTopic: '{options.DeadLetterTopic}' is also Kafka:DecisionsTopic; the three topics must differ.");
        }
        return errors;
    }

    private static void AddErrors(List<string> errors, string section, Dictionary<string, string> properties)
    {
        foreach ((string property, string value) in properties.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            string key = $"{section}:{property}";
            if (KafkaSettings.Reserved.TryGetValue(property, out string? instead))
            {
                errors.Add($"{key} cannot be set: {instead}.");
                continue;
            }
            // Without the library nothing that needs Kafka starts anyway; that is said in its own place.
            if (KafkaLibrary.Current.Native is not Version native)
            {
                continue;
            }
            Librdkafka.ConfigurationResult result = Librdkafka.TrySet(property, value, out string text);
            if (result == Librdkafka.ConfigurationResult.Unknown)
            {
                errors.Add($"{key}: librdkafka {native} has no such property.");
            }
            else if (result != Librdkafka.ConfigurationResult.Ok)
            {
                errors.Add($"{key}: {(IsSecret(property) ? "librdkafka refuses the value." : $"'{value}' is refused by librdkafka: {text}")}");
            }
        }
    }

    private static bool IsSecret(string property) =>
        property.Contains("password", StringComparison.OrdinalIgnoreCase)
        || property.Contains("secret", StringComparison.OrdinalIgnoreCase)
        || property.Contains("key", StringComparison.OrdinalIgnoreCase)
        || property.Contains("pem", StringComparison.OrdinalIgnoreCase)
        || property.Contains("config", StringComparison.OrdinalIgnoreCase);
}
