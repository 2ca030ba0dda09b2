using AutoGuard.Core.Events;
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
                ulong tenant = (uint)strings.Intern(decision.Organization ?? "");
                return new LedgerKey(SubjectType.Referrer, 0, (tenant << 32) | (uint)strings.Intern(subject.Value));
            default:
                return IpNetwork.TryParse(subject.Value, out IpNetwork network)
                    ? new LedgerKey(subject.Type, network.Address.High, network.Address.Low, decision.Organization is { } name ? strings.Intern(name) : 0)
                    : null;
        }
    }
}
