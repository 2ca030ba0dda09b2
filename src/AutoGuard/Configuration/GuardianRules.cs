using System.Globalization;
using System.Text.RegularExpressions;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Policy;

namespace AutoGuard.Configuration;

/// <summary>What the section <c>Guardian</c> must hold beyond single keys: addresses, credentials from the right place, things to act on.</summary>
/// <param name="guardian">The section.</param>
/// <param name="originOf">Where a key's value was given.</param>
/// <param name="error">Takes a key and its problem.</param>
internal sealed partial class GuardianRules(GuardianOptions guardian, Func<string, SettingOrigin> originOf, Action<string, string> error)
{
    /// <summary>Whether any engine is enabled.</summary>
    public static bool AnyEnabled(GuardianOptions guardian) =>
        guardian.Local.Enabled || guardian.NanoStream.Enabled || guardian.TokenService.Enabled || guardian.OptiView.Enabled || guardian.Webhook.Enabled;

    /// <summary>Checks everything.</summary>
    public void Check()
    {
        CheckAddress("Guardian:NanoStream:Address", guardian.NanoStream.Address, isBase: true);
        CheckAddress("Guardian:TokenService:Address", guardian.TokenService.Address, isBase: true);
        CheckAddress("Guardian:OptiView:Address", guardian.OptiView.Address, isBase: true);
        if (guardian.Webhook.Enabled || guardian.Webhook.Address.Length > 0)
        {
            CheckAddress("Guardian:Webhook:Address", guardian.Webhook.Address, isBase: false);
        }
        CheckPath("Guardian:NanoStream:IpPath", guardian.NanoStream.IpPath);
        CheckPath("Guardian:NanoStream:RefererPath", guardian.NanoStream.RefererPath);
        CheckPath("Guardian:TokenService:RevokePath", guardian.TokenService.RevokePath);
        CheckSecret("Guardian:NanoStream:Key", guardian.NanoStream.Key);
        CheckSecret("Guardian:TokenService:Key", guardian.TokenService.Key);
        CheckSecret("Guardian:OptiView:Key", guardian.OptiView.Key);
        CheckSecret("Guardian:OptiView:Secret", guardian.OptiView.Secret);
        CheckSecret("Guardian:Webhook:Secret", guardian.Webhook.Secret);
        CheckSecret("Guardian:EncodedTokens:Key", guardian.EncodedTokens.Key);
        CheckTargets(guardian.OptiView);
        CheckSubjects(guardian.Webhook);
    }

    private void CheckAddress(string key, string address, bool isBase)
    {
        bool read = Uri.TryCreate(address, UriKind.Absolute, out Uri? uri);
        bool secure = read && (uri!.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback));
        if (!secure || uri!.UserInfo.Length > 0 || uri.Fragment.Length > 0 || (isBase && uri.Query.Length > 0))
        {
            error(key, $"{Secrets.Show(address, secret: read && uri!.UserInfo.Length > 0)} is not allowed; must be https://HOST/…, without user or fragment{(isBase ? " or query" : "")} (http:// only to this machine)");
        }
    }

    private void CheckPath(string key, string path)
    {
        if (!PathPattern().IsMatch(path) || path.Split('/').Any(static part => part is "." or ".."))
        {
            error(key, $"{Secrets.Show(path, secret: false)} is not allowed; must be a path below the address, as a or a/b, of letters, digits, - and _");
        }
    }

    private void CheckSecret(string key, string secret)
    {
        if (secret.Length > 0 && !originOf(key).Source.StartsWith("environment", StringComparison.Ordinal))
        {
            string where = key == "Guardian:EncodedTokens:Key" ? "Guardian:EncodedTokens:KeyFile" : "Guardian:SecretsFile";
            error(key, $"{Secrets.Hidden} is a credential, which files of settings and command lines show to others; must be given as AUTOGUARD__{key.Replace(":", "__", StringComparison.Ordinal)} in the environment, or in {where}");
        }
    }

    private void CheckTargets(OptiViewOptions optiView)
    {
        if (optiView.Enabled && optiView.Targets.Length == 0)
        {
            error("Guardian:OptiView:Targets", "is empty; must name the distributions (V2), or channels and aliases (V1), that blocks are put on");
        }
        Regex pattern = optiView.Version == OptiViewVersion.V2 ? DistributionPattern() : ChannelPattern();
        for (int i = 0; i < optiView.Targets.Length; i++)
        {
            if (!pattern.IsMatch(optiView.Targets[i]))
            {
                string form = optiView.Version == OptiViewVersion.V2 ? "the id of a distribution" : "CHANNEL or CHANNEL/ALIAS";
                error(string.Create(CultureInfo.InvariantCulture, $"Guardian:OptiView:Targets:{i}"), $"{Secrets.Show(optiView.Targets[i], secret: false)} is not allowed; must be {form}");
            }
        }
    }

    private void CheckSubjects(WebhookOptions webhook)
    {
        for (int i = 0; i < webhook.Subjects.Length; i++)
        {
            if (!DecisionNames.TryParse(webhook.Subjects[i], out SubjectType _))
            {
                error(string.Create(CultureInfo.InvariantCulture, $"Guardian:Webhook:Subjects:{i}"), $"{Secrets.Show(webhook.Subjects[i], secret: false)} is not allowed; must be one of token, ip, cidr, referrer");
            }
        }
        if (webhook.Enabled && webhook.Subjects.Length == 0)
        {
            error("Guardian:Webhook:Subjects", "is empty; must name what the webhook acts on");
        }
    }

    [GeneratedRegex(@"^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*\z")]
    private static partial Regex PathPattern();

    [GeneratedRegex(@"^[A-Za-z0-9_-]{1,128}\z")]
    private static partial Regex DistributionPattern();

    [GeneratedRegex(@"^[A-Za-z0-9_-]{1,128}(/[A-Za-z0-9_-]{1,128})?\z")]
    private static partial Regex ChannelPattern();
}
