using AutoGuard.Core.Events;

namespace AutoGuard.Core.Features;

/// <summary>
/// The tokens of each account in turn. A player takes a new one every hour or so, and who is handed around is handed around all
/// the same: a token goes on where the account's last one was. Not where that one was revoked: its owner comes back from home.
/// </summary>
/// <remarks>
/// One place of four bytes per account, at most half of them taken: the user's key is looked up in the token that the place names
/// (open addressing with linear probing; a removed place is closed by moving up what follows).
/// </remarks>
public sealed class Accounts
{
    /// <summary>Addresses of an account's last token up to which the next one takes them over; what was in more hands got out, and not the account.</summary>
    public const int MostFollowed = 20;

    private readonly StateTable<Key128, TokenState, Key128Hash> _tokens;
    private readonly RecentSets<AddressMember> _addresses;
    private readonly TokenWindows _windows;

    /// <summary>Most tokens kept of those that were revoked before this process began; hundreds of times what is revoked in a hold-off.</summary>
    private const int MostRevokedBefore = 1 << 18;

    private readonly HashSet<Key128> _revokedBefore = [];

    /// <summary>Per place the index, plus one, of the token that named an account for the first time last; 0 when free.</summary>
    private int[] _latest = new int[1024];

    /// <summary>Makes the accounts of a table of tokens.</summary>
    /// <param name="tokens">The tokens.</param>
    /// <param name="addresses">Sets of their addresses.</param>
    /// <param name="windows">Their windows.</param>
    internal Accounts(StateTable<Key128, TokenState, Key128Hash> tokens, RecentSets<AddressMember> addresses, TokenWindows windows)
    {
        _windows = windows;
        _tokens = tokens;
        _addresses = addresses;
    }

    /// <summary>Accounts known.</summary>
    public int Count { get; private set; }

    /// <summary>Takes note of a token that an earlier process revoked: its state begins anew here, but what got out is out.</summary>
    internal void NoteRevoked(Key128 token)
    {
        if (_revokedBefore.Count < MostRevokedBefore)
        {
            _revokedBefore.Add(token);
        }
    }

    /// <summary>Whether a token was revoked before this process began.</summary>
    internal bool WasRevoked(Key128 token) => _revokedBefore.Contains(token);

    /// <summary>A token has named its user for the first time: it takes over where the account was, and how it went from country to country.</summary>
    /// <param name="index">Place of the token.</param>
    /// <param name="windowStart">Since when, Unix seconds.</param>
    /// <param name="slot">The slot of the window that runs now.</param>
    public void FollowOn(int index, uint windowStart, long slot)
    {
        ref TokenState token = ref _tokens[index];
        int before = Exchange(token.User, index);
        if (before < 0)
        {
            return;
        }
        ref TokenState previous = ref _tokens[before];
        if (previous.IsBound && !previous.Revoked && _addresses.Count(previous.Addresses, windowStart) <= MostFollowed)
        {
            token.AccountSince = previous.AccountSince != 0 ? previous.AccountSince : FeatureWindows.Seconds(previous.FirstSeen);
            TakeOver(previous.Addresses, ref token.Addresses, windowStart);
            _windows.TakeOver(ref previous, ref token, slot);
        }
    }

    private void TakeOver(int from, ref int to, uint windowStart)
    {
        bool hasHome = false;
        bool isFirst = to == 0;
        // Adding takes memory of the pool that is read.
        for (int i = 0; i < _addresses.Members(from).Length; i++)
        {
            AddressMember member = _addresses.Members(from)[i];
            if (member.Identity != 0 && member.LastSeen >= windowStart)
            {
                ref AddressMember taken = ref _addresses.GetOrAdd(ref to, member.Identity, member.LastSeen, windowStart, out bool added);
                if (added)
                {
                    taken = member;
                    taken.TakenOver = true;
                    taken.First = false;
                    taken.Latest &= isFirst;
                }
                taken.Home |= member.Home;
                taken.Returned |= member.Returned;
                hasHome |= member.Home;
            }
        }
        if (hasHome)
        {
            LeaveHome(from, ref to);
        }
    }

    /// <summary>An account has one home: where a token was first that named its user late is its own first line only.</summary>
    private void LeaveHome(int account, ref int token)
    {
        for (int i = 0; i < _addresses.Members(token).Length; i++)
        {
            AddressMember own = _addresses.Members(token)[i];
            if (own is { Identity: not 0, Home: true, TakenOver: false } && !IsHome(account, own.Network))
            {
                ref AddressMember first = ref _addresses.GetOrAdd(ref token, own.Identity, own.LastSeen, 0, out _);
                first.Home = false;
                first.First = true;
            }
        }
    }

    private bool IsHome(int account, ulong network)
    {
        foreach (ref readonly AddressMember member in _addresses.Members(account))
        {
            if (member.Identity != 0 && member.Home && member.Network == network)
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Index of the token that named a user for the first time last, or -1.</summary>
    internal int LatestOf(Key128 user) => _latest[PlaceOf(user)] - 1;

    /// <summary>A token is given away or retired.</summary>
    internal void Forget(int index)
    {
        Key128 user = _tokens[index].User;
        int mask = _latest.Length - 1;
        int place = HomeOf(user);
        while (_latest[place] != 0 && _latest[place] != index + 1)
        {
            place = (place + 1) & mask;
        }
        if (user.IsAbsent || _latest[place] == 0)
        {
            return;
        }
        Count--;
        for (int next = (place + 1) & mask; _latest[next] != 0; next = (next + 1) & mask)
        {
            // What lies further from its home than the gap does may move into the gap.
            int home = HomeOf(_tokens[_latest[next] - 1].User);
            if (((next - home) & mask) >= ((next - place) & mask))
            {
                _latest[place] = _latest[next];
                place = next;
            }
        }
        _latest[place] = 0;
    }

    /// <summary>Puts a token in the place of its user; which one was there before, or -1.</summary>
    private int Exchange(Key128 user, int index)
    {
        int place = PlaceOf(user);
        int before = _latest[place] - 1;
        _latest[place] = index + 1;
        if (before < 0 && ++Count * 2 > _latest.Length)
        {
            Grow();
        }
        return before;
    }

    /// <summary>The place of a user's token, or the free one where it would be.</summary>
    private int PlaceOf(Key128 user)
    {
        int place = HomeOf(user);
        while (_latest[place] != 0 && _tokens[_latest[place] - 1].User != user)
        {
            place = (place + 1) & (_latest.Length - 1);
        }
        return place;
    }

    private int HomeOf(Key128 user) => (int)user.High & (_latest.Length - 1);

    private void Grow()
    {
        int[] smaller = _latest;
        _latest = new int[smaller.Length * 2];
        foreach (int token in smaller)
        {
            if (token != 0)
            {
                _latest[PlaceOf(_tokens[token - 1].User)] = token;
            }
        }
    }
}
