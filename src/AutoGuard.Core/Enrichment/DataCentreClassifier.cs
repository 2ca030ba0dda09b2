using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Enrichment;

/// <summary>
/// Tells whether a network is one of data centres, hosters or VPN carriers: by its number (<see cref="DataCentreList"/> and the
/// configuration), by words of its operator's name, and by what the directories say. One thread asks; what a name means is
/// worked out once per interned number.
/// </summary>
public sealed class DataCentreClassifier
{
    private const AddressTraits ServerTraits = AddressTraits.Hosting | AddressTraits.AnonymousProxy;

    private readonly FrozenSet<uint> _listed;
    private readonly FrozenSet<uint> _exempt;
    private readonly FrozenSet<uint> _egress;
    private readonly string[] _words;
    private readonly TextVerdicts _verdicts;

    /// <summary>Makes a classifier for operator names of <paramref name="pool"/>.</summary>
    /// <exception cref="ArgumentException">An entry of <see cref="EnrichmentOptions.DataCentreProviders"/> has no letter or digit.</exception>
    public DataCentreClassifier(EnrichmentOptions options, StringPool pool)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(pool);
        _verdicts = new TextVerdicts(pool, IsDataCentreName);
        _exempt = options.NotDataCentreAsns.ToFrozenSet();
        // Who lists a network as a data centre himself has seen it misused.
        _egress = SharedEgressList.Networks.Select(network => network.Asn).Concat(options.SharedEgressAsns).Except(options.DataCentreAsns).ToFrozenSet();
        _listed = DataCentreList.Networks.Select(network => network.Asn).Concat(options.DataCentreAsns).ToFrozenSet();
        _words = [.. options.DataCentreProviders.Select(entry => TryParseWords(entry, out string? words)
            ? words
            : throw new ArgumentException($"\"{entry}\" among the data-centre providers has no letter or digit.", nameof(options)))];
    }

    /// <summary>Whether a viewer from this network comes from a server.</summary>
    /// <param name="asn">Autonomous system; 0 when unknown.</param>
    /// <param name="provider">Operator's name, interned; 0 when unknown.</param>
    /// <param name="traits">What directories say of the address.</param>
    public bool IsDataCentre(uint asn, int provider, AddressTraits traits)
    {
        // An operator who exempts a network means it, whatever its name or a directory says.
        if (asn != 0 && _exempt.Contains(asn))
        {
            return false;
        }
        return (traits & ServerTraits) != 0
            || (asn != 0 && _listed.Contains(asn))
            || _verdicts.Of(provider) == true;
    }

    /// <summary>Whether this network is a privacy relay's or a web gateway's, which is then no data centre for detection.</summary>
    /// <param name="asn">Autonomous system; 0 when unknown.</param>
    public bool IsSharedEgress(uint asn) => asn != 0 && _egress.Contains(asn);

    /// <summary>
    /// Reads a configured entry: one or more words, matched whole, case ignored, whatever stands between them.
    /// False when there is no letter or digit in it.
    /// </summary>
    public static bool TryParseWords(string entry, [NotNullWhen(true)] out string? words)
    {
        ArgumentNullException.ThrowIfNull(entry);
        words = Words(entry);
        words = words.Length > 1 ? words : null;
        return words is not null;
    }

    private bool IsDataCentreName(string name)
    {
        string words = Words(name);
        return Array.Exists(_words, entry => words.Contains(entry, StringComparison.Ordinal));
    }

    /// <summary>The words of a text in lower case, each between single spaces: <c>" hetzner online gmbh "</c>.</summary>
    private static string Words(string text)
    {
        StringBuilder words = new(" ", text.Length + 2);
        foreach (char letter in text)
        {
            if (char.IsLetterOrDigit(letter))
            {
                words.Append(char.ToLowerInvariant(letter));
            }
            else if (words[^1] != ' ')
            {
                words.Append(' ');
            }
        }
        return (words[^1] == ' ' ? words : words.Append(' ')).ToString();
    }
}
