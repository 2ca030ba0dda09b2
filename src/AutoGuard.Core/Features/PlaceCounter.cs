namespace AutoGuard.Core.Features;

/// <summary>
/// Counts the places that networks stand for. A line with both protocols shows an IPv4 and an IPv6 network of one operator,
/// so of each operator the larger of the two counts; all ways out that people share (privacy relays, web gateways) are one
/// place together, for one viewer leaves through several.
/// </summary>
internal ref struct PlaceCounter(Span<ulong> seen, Span<PlaceCounter.Operator> operators)
{
    /// <summary>Operators told apart; the networks of further ones count one by one.</summary>
    public const int MostOperators = 32;

    /// <summary>Home lines of one operator that count.</summary>
    public const int MostHomesOfOperator = 3;

    private readonly Span<Operator> _operators = operators;
    private DistinctCounter _networks = new(seen);
    private int _used;
    private int _beyond;
    private bool _shared;

    /// <summary>Distinct networks; saturates at 512.</summary>
    public readonly int Networks => _networks.Count;

    /// <summary>Distinct operators of homes and phones; saturates at <see cref="MostOperators"/>.</summary>
    public int HomeOperators { get; private set; }

    /// <summary>Room for the operators of so many networks.</summary>
    public static int OperatorsFor(int networks) => Math.Min(networks, MostOperators);

    /// <summary>Places.</summary>
    public readonly int Count
    {
        get
        {
            int count = _beyond + (_shared ? 1 : 0);
            foreach (ref readonly Operator one in _operators[.._used])
            {
                count += Math.Max(one.V4, one.V6);
            }
            return count;
        }
    }

    /// <summary>What the networks stand for, given what customers of their operators usually show.</summary>
    public readonly PlaceSums Of(OperatorHabits habits)
    {
        PlaceSums sums = new() { Places = _beyond + (_shared ? 1 : 0), Carriers = _beyond + (_shared ? 1 : 0) };
        bool onTheWay = false;
        foreach (ref readonly Operator one in _operators[.._used])
        {
            OperatorKind kind = habits.KindOf(one.Asn);
            int networks = Math.Max(one.V4, one.V6);
            int homes = Math.Max(one.HomesV4, one.HomesV6);
            int places = 1 + Math.Max(0, networks - kind.Usual);
            // Nor does a line that is dialled anew again and again become more than a few.
            sums.Places += kind.HasLines ? Math.Min(MostHomesOfOperator, places) : places;
            sums.Homes += kind.HasLines ? Math.Min(MostHomesOfOperator, homes) : 0;
            sums.Carriers += one.Asn == 0 ? networks : kind.HasLines && homes > 0 ? 0 : 1;
            onTheWay |= kind.HasLines && homes > OperatorHabits.MostOfLine && !kind.HasOnlyLines;
        }
        sums.Homes -= onTheWay ? MostHomesOfOperator - 1 : 0;
        return sums;
    }

    /// <summary>Takes a network of an operator (0 when unknown).</summary>
    public void Add(uint asn, bool isV4, ulong network, bool sharedEgress, bool dataCentre)
    {
        if (!_networks.Add(network))
        {
            return;
        }
        if (sharedEgress)
        {
            _shared = true;
            return;
        }
        int index = 0;
        while (index < _used && _operators[index].Asn != asn)
        {
            index++;
        }
        if (index == _operators.Length)
        {
            _beyond++;
            return;
        }
        if (index == _used)
        {
            _operators[_used++] = new Operator { Asn = asn };
        }
        ref Operator one = ref _operators[index];
        one.V4 += isV4 ? 1 : 0;
        one.V6 += isV4 ? 0 : 1;
        if (dataCentre)
        {
            return;
        }
        HomeOperators += asn != 0 && one.HomesV4 + one.HomesV6 == 0 ? 1 : 0;
        one.HomesV4 += isV4 ? 1 : 0;
        one.HomesV6 += isV4 ? 0 : 1;
    }

    /// <summary>Networks of one operator by protocol, and those of them that are no data centre's.</summary>
    public struct Operator
    {
        public uint Asn;
        public int V4;
        public int V6;
        public int HomesV4;
        public int HomesV6;
    }
}

/// <summary>What a token's networks stand for.</summary>
internal struct PlaceSums
{
    /// <summary>Places, those networks of an operator taken for one that are usual for one of its customers; three of an operator of lines at most.</summary>
    public int Places;

    /// <summary>
    /// Home lines: networks of operators whose customers have one or two, up to <see cref="PlaceCounter.MostHomesOfOperator"/> of each, for a line
    /// that is dialled anew again and again stays with its operator, and strangers live with several. Where some customers show more, or not enough is
    /// known to say that none does, one who shows more may be on the way, and all of his are one; nobody is on the way with two operators.
    /// </summary>
    public int Homes;

    /// <summary>
    /// Operators whose customers show more networks than a line has, data centres among them; networks of unknown ones count one by one, and all
    /// ways out that people share are one more.
    /// </summary>
    public int Carriers;
}
