using AutoGuard.Core.Events;
using AutoGuard.Core.Features;
using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Pipeline;

/// <summary>Finds the keys of decisions that an earlier process made.</summary>
internal static class LedgerKeys
{
    /// <summary>The key of a decision's subject; null when its value is no address or network.</summary>
    public static LedgerKey? Of(Decision decision, Func<string, string?, Key128> tokenKey, StringPool strings)
    {
        Subject subject = decision.Subject;
        switch (subject.Type)
        {
            case SubjectType.Token:
                Key128 token = tokenKey(subject.Value, decision.Organization);
                return new LedgerKey(SubjectType.Token, token.High, token.Low);
            case SubjectType.Referrer:
                return OfReferrer(subject.Value, strings.Intern(decision.Organization ?? ""), strings);
            default:
                if (!IpNetwork.TryParse(subject.Value, out IpNetwork network))
                {
                    return null;
                }
                int organization = decision.Organization is { } name ? strings.Intern(name) : 0;
                return subject.Type == SubjectType.Cidr
                    ? OfNetwork(FeatureWindows.KeyOf(network), organization)
                    : new LedgerKey(subject.Type, network.Address.High, network.Address.Low, organization);
        }
    }

    /// <summary>The key of a tenant's network or site, by its key among the networks.</summary>
    public static LedgerKey OfNetwork(IpAddress key, int organization) => new(SubjectType.Cidr, key.High, key.Low, organization);

    /// <summary>The key of a tenant's page: by its text, for its number is forgotten sooner than what was decided.</summary>
    public static LedgerKey OfReferrer(string host, int organization, StringPool strings) => new(SubjectType.Referrer, 0, strings.HashOf(host), organization);
}
