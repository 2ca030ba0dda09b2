using System.Text;
using System.Text.RegularExpressions;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Enrichment;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Tests.Enrichment;

public sealed partial class DataCentreTests
{
    private readonly StringPool _pool = new(new KeyedHasher(1, 2));

    [Fact]
    public void The_built_in_list_is_long_sorted_and_named()
    {
        Assert.True(DataCentreList.Networks.Length >= 150, $"only {DataCentreList.Networks.Length}");
        for (int i = 1; i < DataCentreList.Networks.Length; i++)
        {
            Assert.True(DataCentreList.Networks[i].Asn > DataCentreList.Networks[i - 1].Asn, $"{DataCentreList.Networks[i]} is out of order");
        }
        Assert.All(DataCentreList.Networks, network => Assert.True(network.Name.Trim().Length > 2, $"{network}"));
        Assert.Equal(4, DataCentreList.Networks.Select(network => network.Kind).Distinct().Count());
    }

    [LocationFact]
    public void Every_listed_network_is_registered_under_its_name()
    {
        LocationDatabaseReader registry = new(File.ReadAllBytes(LocationTool.Database));
        Assert.All(DataCentreList.Networks, network =>
        {
            string registered = Encoding.UTF8.GetString(registry.NameOf(network.Asn).Span);
            Assert.True(IsNamedAlike(network.Name, registered), $"{network} is registered as \"{registered}\"");
        });
    }

    [Theory]
    [InlineData("Amazon.com, Inc.", true)]
    [InlineData("AMAZON-02", true)]
    [InlineData("Hetzner Online GmbH", true)]
    [InlineData("ACME-DATA_CENTER (Lyon)", true)]
    [InlineData("Acme VPS", true)]
    [InlineData("OVHcloud", false)]
    [InlineData("Covhari Telecom", false)]
    [InlineData("Amazonas Fibra", false)]
    [InlineData("Data General Center", false)]
    [InlineData("Deutsche Telekom AG", false)]
    public void Words_of_an_operators_name_count_only_whole(string name, bool expected)
    {
        DataCentreClassifier classifier = new(new EnrichmentOptions(), _pool);
        int provider = _pool.Intern(name);
        Assert.Equal(expected, classifier.IsDataCentre(0, provider, AddressTraits.None));
        Assert.Equal(expected, classifier.IsDataCentre(3320, provider, AddressTraits.None));
    }

    [Fact]
    public void Numbers_are_added_and_taken_away_by_the_configuration()
    {
        DataCentreClassifier classifier = new(new EnrichmentOptions { DataCentreAsns = [64500], NotDataCentreAsns = [13335] }, _pool);

        Assert.True(classifier.IsDataCentre(16509, 0, AddressTraits.None));
        Assert.True(classifier.IsDataCentre(64500, 0, AddressTraits.None));
        Assert.False(classifier.IsDataCentre(64501, 0, AddressTraits.None));
        Assert.False(classifier.IsDataCentre(0, 0, AddressTraits.None));
        Assert.False(classifier.IsDataCentre(13335, _pool.Intern("Cloudflare, Inc."), AddressTraits.Hosting));
    }

    [Theory]
    [InlineData(AddressTraits.Hosting, true)]
    [InlineData(AddressTraits.AnonymousProxy, true)]
    [InlineData(AddressTraits.Satellite | AddressTraits.Anycast | AddressTraits.Hostile, false)]
    public void What_directories_say_counts(AddressTraits traits, bool expected) =>
        Assert.Equal(expected, new DataCentreClassifier(new EnrichmentOptions(), _pool).IsDataCentre(64500, 0, traits));

    [Fact]
    public void Operators_are_judged_by_name_however_many_came_before()
    {
        StringPool small = new(new KeyedHasher(1, 2), capacity: 100);
        DataCentreClassifier classifier = new(new EnrichmentOptions { DataCentreProviders = ["amazon", "other"] }, small);
        for (int i = 0; i < 1_000; i++)
        {
            Assert.False(classifier.IsDataCentre(0, small.Intern($"Operator {i}", StringKind.Label), AddressTraits.None));
            Assert.True(classifier.IsDataCentre(0, small.Intern($"Amazon {i}", StringKind.Label), AddressTraits.None));
        }
        Assert.False(classifier.IsDataCentre(0, StringPool.Overflow, AddressTraits.None));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" -- ")]
    public void A_configured_word_without_letters_is_refused(string word)
    {
        Assert.False(DataCentreClassifier.TryParseWords(word, out _));
        Assert.Throws<ArgumentException>(() => new DataCentreClassifier(new EnrichmentOptions { DataCentreProviders = [word] }, _pool));
    }

    /// <summary>Whether the names share a word, or one spells the other's first without spaces.</summary>
    private static bool IsNamedAlike(string name, string registered)
    {
        string squeezed = string.Concat(Words(registered));
        string brand = string.Concat(Words(name.Split('(', ',')[0]));
        return Words(name).Where(word => word.Length > 2).Intersect(Words(registered)).Any()
            || Words(name).Any(word => word.Length > 3 && squeezed.Contains(word, StringComparison.Ordinal))
            || squeezed.Contains(brand, StringComparison.Ordinal)
            || name.Contains($"({registered})", StringComparison.Ordinal);
    }

    private static IEnumerable<string> Words(string text) => WordPattern().Matches(text.ToLowerInvariant()).Select(match => match.Value);

    [GeneratedRegex("[a-z0-9]+")]
    private static partial Regex WordPattern();
}
