using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.Profiles;

namespace AutoGuard.Simulation.World;

/// <summary>A tenant as the audience needs it: who its viewers are, and what they show.</summary>
internal sealed class Tenant
{
    private readonly (double Share, HonestKind Kind)[] _mix;

    public Tenant(string? name, AudienceProfile audience, TokenProfile tokens, ClientMix clients, TokenMint mint, string[] streams, Sites sites, TimeSpan duration)
    {
        Name = name;
        Audience = audience;
        Tokens = tokens;
        Clients = clients;
        Mint = mint;
        Streams = streams;
        _mix =
        [
            (audience.Household, HonestKind.Household),
            (sites.CarrierNats.Length > 0 ? audience.CarrierNat : 0, HonestKind.CarrierNat),
            (sites.Offices.Length > 0 ? audience.Office : 0, HonestKind.Office),
            (audience.PhoneHopping, HonestKind.PhoneHopping),
            (audience.NativeApp, HonestKind.NativeApp),
            (audience.ReferrerStripping, HonestKind.ReferrerStripping),
            (audience.ConsumerVpn, HonestKind.ConsumerVpn),
            (duration >= TimeSpan.FromHours(5) ? audience.Traveller : 0, HonestKind.Traveller),
            (audience.FlakyLine, HonestKind.FlakyLine),
            (sites.Nat64.Length > 0 ? audience.Nat64 : 0, HonestKind.Nat64),
            (audience.DualStack, HonestKind.DualStack),
            (audience.PrivacyAddresses, HonestKind.PrivacyAddresses),
            (audience.MobileIpv6, HonestKind.MobileIpv6),
            (audience.MobileCarrier, HonestKind.MobileCarrier),
            (audience.PrivacyRelay, HonestKind.PrivacyRelay),
            (sites.Proxies.Length > 0 ? audience.CloudProxy : 0, HonestKind.CloudProxy),
            (sites.Campuses.Length > 0 ? audience.Campus : 0, HonestKind.Campus),
            (audience.TwoPlaces, HonestKind.TwoPlaces),
            (audience.BigFamily, HonestKind.BigFamily),
            (audience.SetTopBox, HonestKind.SetTopBox),
            (audience.AllDay, HonestKind.AllDay),
            (audience.VpnSwitching, HonestKind.VpnSwitching),
            (audience.OwnVpn, HonestKind.OwnVpn),
            (audience.Commuter, HonestKind.Commuter),
            (audience.UnlistedPage, HonestKind.UnlistedPage),
            (audience.RedialledLine, HonestKind.RedialledLine),
            (audience.MobileHome, HonestKind.MobileHome),
            (audience.ChannelSurfer, HonestKind.ChannelSurfer),
            (audience.StuckPlayer, HonestKind.StuckPlayer),
            (audience.BorderPhone, HonestKind.BorderPhone),
            (audience.MultiView, HonestKind.MultiView),
            (audience.FamilyPhones, HonestKind.FamilyPhones),
        ];
    }

    /// <summary>The <c>organization</c> of its events; null: none, or one of the profile's equal ones.</summary>
    public string? Name { get; }

    public AudienceProfile Audience { get; }

    public TokenProfile Tokens { get; }

    public ClientMix Clients { get; }

    public TokenMint Mint { get; }

    /// <summary>Names of the streams it shows.</summary>
    public string[] Streams { get; }

    /// <summary>Whether some of its tokens are bound to a user.</summary>
    public bool BindsUsers => Tokens.PerSession + Tokens.Public < 0.999;

    public HonestKind PickKind(DeterministicRandom random)
    {
        double position = random.Below(1_000_000) / 1_000_000.0;
        foreach ((double share, HonestKind kind) in _mix)
        {
            position -= share;
            if (position < 0)
            {
                return kind;
            }
        }

        return HonestKind.Single;
    }

    public TokenWorkflowKind PickWorkflow(DeterministicRandom random)
    {
        double position = random.Below(1_000_000) / 1_000_000.0;
        return position < Tokens.Public ? TokenWorkflowKind.Public
            : position < Tokens.Public + Tokens.PerSession ? TokenWorkflowKind.PerSession
            : TokenWorkflowKind.UserBound;
    }
}
