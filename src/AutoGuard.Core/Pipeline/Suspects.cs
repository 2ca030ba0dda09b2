using AutoGuard.Core.Events;
using AutoGuard.Core.Features;

namespace AutoGuard.Core.Pipeline;

/// <summary>Notes who scored as high as a flag where others are judged by it: addresses with their network, tokens with their addresses.</summary>
internal sealed class Suspects(FeatureState state, FeatureWindows windows)
{
    /// <summary>Notes an address that offends with its network: many of them are the network's offence.</summary>
    public void NoteOffender(IpAddress address, int organization, long now)
    {
        int index = state.Networks.Find(new(FeatureWindows.NetworkOf(address).Address, organization));
        if (index < 0)
        {
            return;
        }
        ref NetworkState network = ref state.Networks[index];
        uint seconds = FeatureWindows.Seconds(now);
        ref AddressMember member = ref state.AddressSets.GetOrAdd(
            ref network.Offenders, state.Hash.Hash(address), seconds, windows.WindowStart(now), out bool added);
        member.Address = address;
        if (added)
        {
            if (state.Dossiers.Get(network.Dossier) is null)
            {
                network.Dossier = state.Dossiers.Open();
            }
            state.MarkNetwork(index);
        }
    }

    /// <summary>Notes a suspect with the addresses it plays from: a relay that changes its token stays where it is.</summary>
    public void NoteToken(in TokenState token, Key128 key, long now)
    {
        int looked = 0;
        for (int i = token.FirstSession; i >= 0 && looked < Dossier.Capacity; looked++)
        {
            ref SessionState session = ref state.Sessions[i];
            if (state.Addresses.Holds(session.AddressState))
            {
                ref AddressState address = ref state.Addresses[session.AddressState.Index];
                ref TokenMember suspect = ref state.TokenSets.GetOrAdd(
                    ref address.Suspects, key.High, FeatureWindows.Seconds(now), windows.WindowStart(now), out bool added);
                suspect.User = token.IsBound ? (uint)token.User.High : 0;
                suspect.Settled = token.Revoked ? FeatureWindows.Seconds(now) : 0;
                if (added)
                {
                    state.MarkAddress(session.AddressState.Index);
                }
            }
            i = session.NextOfToken;
        }
    }
}
