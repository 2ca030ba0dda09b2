using AutoGuard.Core.Events;

namespace AutoGuard.Core.Features;

/// <summary>One session in a dossier.</summary>
public struct DossierSession
{
    /// <summary>Which session it is.</summary>
    public StateHandle Session;

    /// <summary>First event, Unix milliseconds.</summary>
    public long Start;

    /// <summary>Last event, Unix milliseconds.</summary>
    public long LastSeen;

    /// <summary>Address at the time.</summary>
    public IpAddress Address;

    /// <summary>Interned stream, referrer host, user agent and provider.</summary>
    public int Stream;

    /// <inheritdoc cref="Stream"/>
    public int ReferrerHost;

    /// <inheritdoc cref="Stream"/>
    public int UserAgent;

    /// <inheritdoc cref="Stream"/>
    public int Provider;

    /// <summary>Packed country.</summary>
    public ushort Country;

    /// <summary>Whether it was open when last recorded.</summary>
    public bool Open;

    /// <summary>Whether the address is of a data centre.</summary>
    public bool DataCentre;
}

/// <summary>The latest sessions of one suspect, for the reviewer: a ring of at most <see cref="Capacity"/>.</summary>
public sealed class Dossier
{
    /// <summary>Most sessions kept.</summary>
    public const int Capacity = 200;

    private DossierSession[] _sessions = new DossierSession[8];

    /// <summary>Places of the same sessions in their table, side by side, to be searched at once.</summary>
    private int[] _indices = new int[8];
    private int _next;

    /// <summary>Sessions kept, in no particular order.</summary>
    public ReadOnlySpan<DossierSession> Sessions => _sessions.AsSpan(0, Count);

    /// <summary>Number of sessions kept.</summary>
    public int Count { get; private set; }

    /// <summary>Whether a decision rests on it, so that it is not given away.</summary>
    public bool Pinned { get; set; }

    /// <summary>Adds a session, or brings the one already kept up to date.</summary>
    public void Record(StateHandle handle, in SessionState session)
    {
        for (int i = Count; (i = _indices.AsSpan(0, i).LastIndexOf(handle.Index)) >= 0;)
        {
            if (_sessions[i].Session == handle && _sessions[i].Address == session.Address)
            {
                _sessions[i].LastSeen = session.LastSeen;
                _sessions[i].Open = (session.Traits & SessionTraits.Open) != 0;
                return;
            }
        }
        if (Count == _sessions.Length && Count < Capacity)
        {
            Array.Resize(ref _sessions, Math.Min(Capacity, Count * 2));
            Array.Resize(ref _indices, _sessions.Length);
        }
        int place = Count < _sessions.Length ? Count++ : _next;
        _next = (place + 1) % Capacity;
        _indices[place] = handle.Index;
        _sessions[place] = new DossierSession
        {
            Session = handle,
            Start = session.Start,
            LastSeen = session.LastSeen,
            Address = session.Address,
            Stream = session.Stream,
            ReferrerHost = session.ReferrerHost,
            UserAgent = session.UserAgent,
            Provider = session.Provider,
            Country = session.Country,
            Open = (session.Traits & SessionTraits.Open) != 0,
            DataCentre = (session.Traits & SessionTraits.DataCentre) != 0,
        };
    }

    internal void Clear()
    {
        Count = 0;
        _next = 0;
        Pinned = false;
    }
}

/// <summary>
/// The dossiers of those who earned one. A bounded ring: when all are in use, the oldest that no decision rests on is
/// given away; its former owner sees that by the generation in the number.
/// </summary>
public sealed class Dossiers(int capacity)
{
    private const int LongestSearch = 64;
    private readonly Dossier?[] _dossiers = new Dossier?[capacity];
    private readonly int[] _generations = new int[capacity];
    private int _next;

    /// <summary>Opens an empty dossier and returns its number; 0 when every candidate is pinned.</summary>
    public int Open()
    {
        for (int i = 0; i < LongestSearch; i++)
        {
            int place = _next;
            _next = (_next + 1) % _dossiers.Length;
            Dossier dossier = _dossiers[place] ??= new Dossier();
            if (dossier.Pinned)
            {
                continue;
            }
            dossier.Clear();
            _generations[place] = (_generations[place] + 1) & 0x7FFF;
            return (_generations[place] << 16) | (place + 1);
        }
        return 0;
    }

    /// <summary>The dossier of a number; null for 0 and for one given away since.</summary>
    public Dossier? Get(int number)
    {
        int place = (number & 0xFFFF) - 1;
        return place >= 0 && _generations[place] == number >> 16 ? _dossiers[place] : null;
    }

    /// <summary>Gives a dossier back; its number becomes 0.</summary>
    public void Close(ref int number)
    {
        if (Get(number) is { } dossier)
        {
            dossier.Clear();
            int place = (number & 0xFFFF) - 1;
            _generations[place] = (_generations[place] + 1) & 0x7FFF;
        }
        number = 0;
    }
}
