using AutoGuard.Core.Indicators;
using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Pipeline;

/// <summary>What an operator is advised to do next.</summary>
internal static class Recommendations
{
    /// <summary>A sentence for the latest decision on a subject.</summary>
    public static string For(Decision decision)
    {
        bool enforced = decision.Mode == EnforcementMode.Enforce;
        return (decision.Subject.Type, decision.Action) switch
        {
            (SubjectType.Token, DecisionAction.Revoke) when enforced && !decision.Except.IsDefaultOrEmpty =>
                "The token was revoked but for its user's own line. Tell its owner that it got out, and watch for the same pattern under a new token.",
            (SubjectType.Token, DecisionAction.Revoke) when enforced =>
                "The token was revoked. Ask its owner to sign in again, and watch for the same pattern under a new token.",
            (SubjectType.Token, DecisionAction.Revoke) =>
                "Revoke the token if the owner cannot explain the pattern; AutoGuard only observes and has not.",
            (SubjectType.Token, _) =>
                "Look at the timeline: several addresses playing at once speak for sharing. Revoke the token or contact its owner if so.",
            (SubjectType.Ip, DecisionAction.Block) when enforced =>
                "The address is blocked for new connections. Release it if it turns out to be a shared or partner address.",
            (SubjectType.Ip, DecisionAction.Block) =>
                "Block the address if it is not a partner's or your own monitoring; AutoGuard only observes and has not.",
            (SubjectType.Ip, _) when decision.Harm.OtherTokens > 0 =>
                "Other viewers share this address: act on the tokens behind it rather than on the address.",
            (SubjectType.Ip, _) => "Check whether the address is a partner's, an office or your own monitoring before blocking it.",
            (SubjectType.Cidr, DecisionAction.Block) when enforced =>
                "The network is blocked for new connections. If it belongs to a partner, release it and allowlist it.",
            (SubjectType.Cidr, _) when decision.Reasons.Any(static r => r.Indicator == nameof(Indicator.SiteMissingToken)) =>
                "Find out whose this /48 is. If it is one line or one server's, block it; if it is a carrier's, its app may have lost its tokens.",
            (SubjectType.Cidr, _) => "Several addresses of this network offend: consider blocking the network.",
            (SubjectType.Referrer, DecisionAction.Block) when enforced =>
                "The page is refused as a referrer until the rule is removed. If it is a partner's, add it to Referrers:Official.",
            _ => "Find out who runs this page. If it may embed the streams, add it to Referrers:Official; if not, block it.",
        };
    }
}
