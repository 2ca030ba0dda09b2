using AutoGuard.Core.Events;
using AutoGuard.Core.Features;

namespace AutoGuard.Core.Pipeline;

/// <summary>
/// Has the memory fetched that the next events and judgements will need, while the ones before them are at work: state of a million
/// sessions lies in no cache, and each step (index, session, its token and address, their sets) is known only when the one
/// before it has come. Changes nothing but time.
/// </summary>
internal sealed class Foresight(FeatureState state)
{
    // How many events ahead each step is taken.
    private const int Events = 40;
    private const int Places = 32;
    private const int Sessions = 24;
    private const int Links = 16;
    private const int Sets = 8;

    // The same for judgements.
    private const int Keys = 16;
    private const int Parts = 8;
    private const int Seconds = 4;

    private readonly int[] _guesses = new int[64];

    /// <summary>Looks ahead from an event of a slot. To be called for every event from the first on.</summary>
    public void Look(ReorderBuffer.Slot slot, int position)
    {
        if (position == 0)
        {
            for (int ahead = -Events; ahead < 0; ahead++)
            {
                Step(slot, ahead);
            }
        }
        Step(slot, position);
    }

    /// <summary>Looks ahead from a token that is judged.</summary>
    public void LookAtTokens(List<StateHandle> marked, int position, int count)
    {
        if (position + Keys < count)
        {
            state.Tokens.Foresee(marked[position + Keys]);
        }
        if (position + Parts < count)
        {
            ref TokenState token = ref state.Tokens[marked[position + Parts].Index];
            state.AddressSets.Foresee(token.Addresses);
            state.Windows.Foresee(in token);
            if (token.FirstSession >= 0)
            {
                Cache.Fetch(in state.Sessions[token.FirstSession]);
            }
        }
        if (position + Seconds < count)
        {
            FetchSecond(marked[position + Seconds]);
        }
    }

    /// <summary>The second session of a token that is judged soon.</summary>
    private void FetchSecond(StateHandle token)
    {
        int first = state.Tokens[token.Index].FirstSession;
        if (first >= 0 && state.Sessions[first].NextOfToken is >= 0 and var second)
        {
            Cache.Fetch(in state.Sessions[second]);
        }
    }

    /// <summary>Looks ahead from an address that is judged.</summary>
    public void LookAtAddresses(List<StateHandle> marked, int position, int count)
    {
        if (position + Keys < count)
        {
            state.Addresses.Foresee(marked[position + Keys]);
        }
        if (position + Parts < count)
        {
            state.TokenSets.Foresee(state.Addresses[marked[position + Parts].Index].Tokens);
        }
    }

    private void Step(ReorderBuffer.Slot slot, int position)
    {
        if (position + Events < slot.Count)
        {
            Cache.Fetch(in slot[position + Events]);
        }
        if (position + Places is >= 0 and var place && place < slot.Count)
        {
            state.Sessions.Foresee(slot[place].Session);
        }
        if (position + Sessions is >= 0 and var session && session < slot.Count)
        {
            _guesses[session % _guesses.Length] = state.Sessions.Guess(slot[session].Session);
        }
        if (position + Links is >= 0 and var link && link < slot.Count)
        {
            FetchLinks(in slot[link], _guesses[link % _guesses.Length]);
        }
        if (position + Sets is >= 0 and var set && set < slot.Count && _guesses[set % _guesses.Length] is >= 0 and var known)
        {
            FetchSets(in state.Sessions[known], slot[set].Timestamp);
        }
    }

    private void FetchLinks(ref readonly PlaybackEvent e, int guess)
    {
        if (guess < 0)
        {
            state.Tokens.Guess(e.Token);
            state.Addresses.Guess(new(e.Address, e.Organization));
            return;
        }
        ref SessionState session = ref state.Sessions[guess];
        state.Tokens.Foresee(session.Token);
        state.Addresses.Foresee(session.AddressState);
        state.Networks.Foresee(session.Network);
    }

    private void FetchSets(ref readonly SessionState session, long now)
    {
        if (now < session.NextRefresh || !state.Tokens.Holds(session.Token) || !state.Addresses.Holds(session.AddressState) || !state.Networks.Holds(session.Network))
        {
            return;
        }
        state.AddressSets.Foresee(state.Tokens[session.Token.Index].Addresses);
        state.TokenSets.Foresee(state.Addresses[session.AddressState.Index].Tokens);
        ref NetworkState network = ref state.Networks[session.Network.Index];
        state.TokenSets.Foresee(network.Tokens);
        state.PlainSets.Foresee(network.Addresses);
    }
}
