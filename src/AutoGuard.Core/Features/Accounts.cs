using AutoGuard.Core.Events;

namespace AutoGuard.Core.Features;

/// <summary>
/// The tokens of each account in turn. A player takes a new one every hour or so, and who is handed around is handed around all
/// the same: a token goes on where the account's last one was. Not where that one was revoked: its owner comes back from home.
/// </summary>
public sealed class Accounts
{
    /// <summary>Addresses of an account's last token up to which the next one takes them over; what was in more hands got out, and not the account.</summary>
    public const int MostFollowed = 20;

    private readonly StateTable<Key128, TokenState, Key128Hash> _tokens;
    private readonly RecentSets<AddressMember> _addresses;

    /// <summary>The token that named a user for the first time last, by the upper half of the user's key.</summary>
    private readonly StateTable<ulong, StateHandle, PairHash> _latest;

    /// <summary>Makes the accounts of a table of tokens.</summary>
    /// <param name="tokens">The tokens.</param>
    /// <param name="addresses">Sets of their addresses.</param>
    /// <param name="capacity">Most accounts.</param>
    internal Accounts(StateTable<Key128, TokenState, Key128Hash> tokens, RecentSets<AddressMember> addresses, int capacity)
    {
        _tokens = tokens;
        _addresses = addresses;
        _latest = new(capacity, default);
    }

    /// <summary>Accounts known.</summary>
    public int Count => _latest.Count;

    /// <summary>A token has named its user for the first time: it takes over where the account was since <paramref name="windowStart"/>, Unix seconds.</summary>
    public void FollowOn(int index, uint windowStart)
    {
        ref TokenState token = ref _tokens[index];
        ref StateHandle latest = ref _latest[_latest.GetOrAdd(token.User.High, out bool added)];
        StateHandle before = added ? StateHandle.None : latest;
        latest = _tokens.HandleOf(index);
        if (before.Index == index || !_tokens.Holds(before))
        {
            return;
        }
        ref TokenState previous = ref _tokens[before.Index];
        if (!previous.IsBound || previous.Revoked)
        {
            return;
        }
        int places = previous.Addresses;
        if (_addresses.Count(places, windowStart) <= MostFollowed)
        {
            _addresses.Copy(places, ref token.Addresses, windowStart);
        }
    }

    /// <summary>A token is given away or retired.</summary>
    internal void Forget(int index)
    {
        Key128 user = _tokens[index].User;
        int account = user.IsAbsent ? -1 : _latest.Find(user.High);
        if (account >= 0 && _latest[account].Index == index)
        {
            _latest.Remove(account);
        }
    }
}
