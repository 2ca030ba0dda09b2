using System.ComponentModel.DataAnnotations;
using AutoGuard.Kafka;
using Microsoft.Extensions.Configuration;

namespace AutoGuard.Tests.Kafka;

public sealed class KafkaOptionsTests
{
    [Fact]
    public void The_defaults_are_valid()
    {
        var options = new KafkaOptions();

        Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);
        Assert.Empty(KafkaOptionsValidator.Errors(options));
    }

    [Fact]
    public void Every_wrong_property_is_named_with_its_key_and_what_librdkafka_says()
    {
        var options = new KafkaOptions();
        options.Consumer["fetch.min.bites"] = "1";
        options.Consumer["auto.offset.reset"] = "yesterday";
        options.Consumer["enable.auto.commit"] = "true";
        options.Producer["linger.ms"] = "soon";

        List<string> errors = KafkaOptionsValidator.Errors(options);

        Assert.Collection(
            errors,
            error => Assert.StartsWith("Kafka:Consumer:auto.offset.reset: 'yesterday' is refused by librdkafka: ", error, StringComparison.Ordinal),
            error => Assert.StartsWith("Kafka:Consumer:enable.auto.commit cannot be set: ", error, StringComparison.Ordinal),
            error => Assert.Matches("^Kafka:Consumer:fetch.min.bites: librdkafka [0-9.]+ has no such property.$", error),
            error => Assert.StartsWith("Kafka:Producer:linger.ms: 'soon' is refused by librdkafka: ", error, StringComparison.Ordinal));
    }

    [Fact]
    public void A_refused_secret_is_not_repeated_in_the_error()
    {
        var options = new KafkaOptions();
        options.Consumer["ssl.key.pem"] = "hunter2";

        Assert.DoesNotContain("hunter2", string.Concat(KafkaOptionsValidator.Errors(options)), StringComparison.Ordinal);
    }

    [Fact]
    public void Writing_to_the_topic_that_is_read_is_refused()
    {
        var options = new KafkaOptions { DeadLetterTopic = "playback.events" };

        Assert.StartsWith("Kafka:EventsTopic: ", Assert.Single(KafkaOptionsValidator.Errors(options)), StringComparison.Ordinal);
    }

    [Fact]
    public void Property_names_with_dots_bind_from_configuration()
    {
        IConfiguration configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { ["Kafka:Consumer:security.protocol"] = "SASL_SSL", ["Kafka:IdlePartitionTimeout"] = "00:00:05" })
            .Build();

        KafkaOptions options = configuration.GetSection(KafkaOptions.Section).Get<KafkaOptions>()!;

        Assert.Equal("SASL_SSL", options.Consumer["security.protocol"]);
        Assert.Equal(TimeSpan.FromSeconds(5), options.IdlePartitionTimeout);
    }

    [Theory]
    [InlineData("1.9.3", "2.0.2", true)]
    [InlineData("2.15.1", "2.15.1", true)]
    [InlineData("2.15.1", "2.16.0", true)]
    [InlineData("2.15.1", "2.0.2", false)]
    [InlineData("1.9.3", "1.8.0", false)]
    public void A_client_needs_a_library_of_its_own_release_or_a_later_one(string client, string native, bool fits) =>
        Assert.Equal(fits, KafkaLibrary.ProblemOf(Version.Parse(client), Version.Parse(native)) is null);

    [Fact]
    public void The_library_of_this_build_fits()
    {
        Assert.Null(KafkaLibrary.Current.Problem);
        Assert.Matches(@"^Confluent\.Kafka \d+\.\d+\.\d+ on librdkafka \d+\.\d+\.\d+$", KafkaLibrary.Current.Description);
    }

    [Fact]
    public void Options_that_an_old_library_does_not_know_are_not_given_to_it()
    {
        var settings = new KafkaSettings(new KafkaOptions(), "localhost:9092", isEmbedded: false);

        Assert.DoesNotContain("fetch.queue.backoff.ms", settings.ForConsumer(new Version(2, 0, 2)).Keys);
        Assert.Equal("5", settings.ForConsumer(new Version(2, 15, 1))["fetch.queue.backoff.ms"]);
    }

    [Fact]
    public void A_users_property_wins_over_a_default_and_loses_against_a_guarantee()
    {
        var options = new KafkaOptions();
        options.Consumer["auto.offset.reset"] = "latest";
        options.Consumer["enable.auto.offset.store"] = "true";

        Dictionary<string, string> properties = new KafkaSettings(options, "localhost:9092", isEmbedded: false).ForConsumer(new Version(2, 0, 2));

        Assert.Equal("latest", properties["auto.offset.reset"]);
        Assert.Equal("false", properties["enable.auto.offset.store"]);
    }
}
