using AutoGuard.Core.Policy;
using AutoGuard.Simulation.Labels;
using AutoGuard.Simulation.Profiles;
using AutoGuard.Simulation.World;

namespace AutoGuard.Simulation.Attacks;

/// <summary>What the planning of one attack works with: its time, its randomness, its label, and its growing lists of subjects.</summary>
internal sealed class AttackContext
{
    private readonly List<Subject> _catch = [];
    private readonly List<Subject> _neverTouch = [];
    private readonly List<long> _launches = [];
    private readonly int _index;
    private long _clients;
    private long? _firstAbnormal;

    public AttackContext(SimulatedWorld world, Audience audience, AttackProfile attack, int index)
    {
        World = world;
        Audience = audience;
        Attack = attack;
        _index = index;
        Random = new DeterministicRandom(world.Seed, RandomDomain.Attack, index);
        Start = world.Begin + (long)attack.At.TotalMilliseconds;
        End = Math.Min(Start + (long)attack.Length.TotalMilliseconds, world.End - 1);
        Tenant = PickTenant(audience.Tenants, attack, index);
        Streams = Tenant.Streams;
        Stream = world.Profile.Streams[Tenant.Name is null ? audience.PickStreamAt(Start, Random) : audience.PickStreamAt(Start, Random, Tenant)].Name;
        Organization = Tenant.Name
            ?? (world.Profile.Organizations.IsEmpty ? null : world.Profile.Organizations[index % world.Profile.Organizations.Length]);
    }

    public SimulatedWorld World { get; }

    public Audience Audience { get; }

    public AttackProfile Attack { get; }

    public DeterministicRandom Random { get; }

    public long Start { get; }

    public long End { get; }

    public long Length => End - Start;

    public string[] Streams { get; }

    /// <summary>A stream that people watch when the attack begins.</summary>
    public string Stream { get; }

    public string? Organization { get; }

    /// <summary>The tenant that is attacked.</summary>
    public Tenant Tenant { get; }

    /// <summary>Time of the first event that no honest viewer would cause; the first event where nothing else was said.</summary>
    public long FirstAbnormal => Math.Clamp(_firstAbnormal ?? Start, Start, End);

    public IReadOnlyList<Subject> Catches => _catch;

    public IReadOnlyList<Subject> NeverTouched => _neverTouch;

    /// <summary>The number for the attack's difficulty.</summary>
    public T By<T>(T easy, T hard, T slow) => Attack.Difficulty switch
    {
        Difficulty.Easy => easy,
        Difficulty.Hard => hard,
        _ => slow,
    };

    /// <summary>The attack's size: as the profile says, or as usual for the difficulty.</summary>
    public int Size(int easy, int hard, int slow) => Attack.Scale > 0 ? Attack.Scale : By(easy, hard, slow);

    public void Catch(Subject subject) => _catch.Add(subject);

    public void Catch(SimulatedToken token) => _catch.Add(Of(token));

    public void Catch(TokenLine account) => _catch.AddRange(account.Tokens.Select(Of));

    public void NeverTouch(Subject subject) => _neverTouch.Add(subject);

    public void NeverTouch(SimulatedToken token) => _neverTouch.Add(Of(token));

    public void NeverTouch(TokenLine account) => _neverTouch.AddRange(account.Tokens.Select(Of));

    public static Subject Of(SimulatedToken token) => new(SubjectType.Token, token.Identity);

    /// <summary>An account of a new user: its token at the attack's start, and those that follow where tokens are renewed.</summary>
    public TokenLine Account(bool revocable = true)
    {
        string user = TokenMint.NewUser(Random);
        long life = (long)Tenant.Tokens.RenewAfter.TotalMilliseconds;
        int count = life == 0 ? 1 : 1 + (int)((World.End - Start) / life);
        return new(
            [.. Enumerable.Range(0, count).Select(i => Tenant.Mint.ForUser(Random, user, Start + (i * life), revocable, life / 1_000))], Start, life);
    }

    /// <summary>One token of a new user, at the attack's start.</summary>
    public SimulatedToken UserToken() => Tenant.Mint.ForUser(Random, TokenMint.NewUser(Random), Start);

    public Location Home() => World.Addresses.Reserve(World.Addresses.Home(Random), Random);

    public Location HomeIn(string country) =>
        World.Addresses.Reserve(World.Addresses.In(country, Random.Chance(0.2) ? NetworkKind.Mobile : NetworkKind.Home, Random), Random);

    public Location DataCentre() => World.Addresses.ReserveHosting(Random);

    /// <summary>A home among those of honest viewers; for attacks with very many places.</summary>
    public Location AnyHome() => World.Addresses.Claim(World.Addresses.Home(Random), Random);

    public Location AnyHomeIn(string country) =>
        World.Addresses.Claim(World.Addresses.In(country, Random.Chance(0.2) ? NetworkKind.Mobile : NetworkKind.Home, Random), Random);

    /// <summary>The referrer that the tenant's viewers send: one of the listed pages, or none where all use apps.</summary>
    public string? OfficialReferrer() =>
        Tenant.Clients == ClientMix.AppsOnly ? null
        : Tenant.Name is { } name ? Pages.AnyHostOf(name, Random) + "/"
        : Pages.AnyOfficialHost(Random) + "/";

    /// <summary>A user agent as the tenant's viewers have it.</summary>
    public string Browser() => Tenant.Clients == ClientMix.AppsOnly ? Random.Pick(Clients.Native) : Clients.Browser(Random);

    /// <summary>The same, of a desktop where the tenant has pages.</summary>
    public string Desktop() => Random.Pick(Tenant.Clients == ClientMix.AppsOnly ? Clients.Native : Clients.Desktop);

    /// <summary>Says when the first event comes that no honest viewer would cause.</summary>
    public void AbnormalFrom(long time) => _firstAbnormal = time;

    /// <summary>Says that the <paramref name="number"/>-th client to begin is the first that is abnormal.</summary>
    public void AbnormalFromClient(int number)
    {
        _launches.Sort();
        _firstAbnormal = _launches[Math.Min(number, _launches.Count) - 1];
    }

    /// <summary>
    /// Lets a client of the attack begin <paramref name="delay"/> milliseconds after its start. The
    /// <paramref name="abnormal"/>-th of its sessions is the first event that is abnormal; 0: another event is.
    /// </summary>
    public void Launch(ClientPlan plan, long delay = 0, int abnormal = 0)
    {
        DeterministicRandom own = Numbers(RandomDomain.AttackClient);
        _launches.Add(Start + delay);
        Schedule(abnormal == 0 ? plan : AbnormalFromSession(abnormal, plan, delay, own), Start + delay, own);
    }

    /// <summary>
    /// Lets a client begin that moves within its session; the <paramref name="abnormal"/>-th move is the first event that is
    /// abnormal, and the session lasts until it shows.
    /// </summary>
    public void LaunchMoving(ClientPlan plan, (long From, long To) range, int abnormal)
    {
        DeterministicRandom own = Numbers(RandomDomain.AttackClient);
        long length = own.Between(plan.Length.From, plan.Length.To);
        long[] moves = [.. Enumerable.Range(0, abnormal).Select(_ => own.Between(range.From, range.To))];
        length = Math.Max(length, moves.Sum() + (2 * World.HeartbeatMilliseconds));
        FirstSteps first = new() { Lengths = [length], Pauses = [own.Between(plan.Pause.From, plan.Pause.To)], Moves = moves };
        long at = Start;
        bool drops = MeetsOutage(first, at, length, own) && first.IsDropped;
        for (int step = 0, move = 0; step < abnormal; step++)
        {
            // Dropped, it goes on elsewhere, which saves it one move; a move that was due by then may have been shown.
            bool dropped = drops && at + moves[move] >= World.OutageAt;
            drops &= !dropped;
            at = dropped ? first.ServedAgain + first.Pauses[0] : at + moves[move++];
        }

        // The session after that may be a short one, and the next begins at another place.
        at = first.IsDropped ? Math.Min(at, first.ServedAgain + plan.Length.From) : at;

        _firstAbnormal = plan.StillPlaysAt(at) ? at : Start + (abnormal * range.From);
        Schedule(plan with { MoveEvery = range, First = first }, Start, own);
    }

    /// <summary>Lets places show one session together; <paramref name="delays"/> says when each joins.</summary>
    public void LaunchClones(ClientPlan plan, long[] delays)
    {
        _launches.AddRange(delays.Select(d => Start + d));
        World.Schedule(Start, new CloneGroup(plan, [.. delays.Select(d => Start + d)], Numbers(RandomDomain.AttackClient)));
    }

    /// <summary>A plan with what all clients of the attack have in common.</summary>
    public ClientPlan Client(Location place, (long From, long To) length) => new()
    {
        Label = SessionLabels.CodeOf(_index),
        Places = [place],
        Streams = [Stream],
        Length = length,
        Organization = Organization,
        Until = End,
    };

    /// <summary>
    /// Delays of <paramref name="count"/> clients within <paramref name="spread"/> milliseconds: the first at once, the
    /// others anywhere.
    /// </summary>
    public long Delay(int client, long spread) => client == 0 ? 0 : Random.Below(Math.Max(1, Math.Min(spread, Length - 2_000)));

    /// <summary>An honest viewer at the given place, with a token of its own, before and during the attack.</summary>
    public void Bystander(Location place, TokenLine? account = null, string? referrer = null)
    {
        TokenLine own = account ?? Account();
        if (account is null)
        {
            NeverTouch(own);
        }

        ClientPlan plan = Client(place, (1_200_000, 5_400_000)) with
        {
            Label = SessionLabels.CodeOf(HonestKind.Bystander),
            Tokens = [own],
            RenewsWithin = true,
            Referrer = referrer ?? OfficialReferrer(),
            UserAgent = Browser(),
            Pause = (60_000, 600_000),
            Until = World.End,
        };
        long at = Math.Max(World.Begin, Start - Random.Between(60_000, 1_500_000));
        Schedule(plan, at, Numbers(RandomDomain.Bystander));
    }

    /// <summary>Another customer of the same hoster, in the same /24: an honest person behind a VPN.</summary>
    public void Neighbour(Location place, int step)
    {
        Location neighbour = AddressBook.Beside(place, step);
        Bystander(neighbour);
        NeverTouch(Subject.Of(neighbour.Address));
    }

    /// <summary>The tenant the profile names; else the next of those that have what the kind needs.</summary>
    private static Tenant PickTenant(Tenant[] tenants, AttackProfile attack, int index)
    {
        if (attack.Organization is { } name)
        {
            return tenants.First(t => t.Name == name);
        }

        Tenant[] suitable = [.. tenants.Where(t => attack.Kind switch
        {
            AttackKind.IllegalEmbed => t.Clients != ClientMix.AppsOnly && t.Tokens.PerSession + t.Tokens.Public > 0,
            AttackKind.PirateApp => t.Clients == ClientMix.PagesOnly && t.Tokens.PerSession > 0,
            AttackKind.Framing when attack.Difficulty == Difficulty.Easy => t.Tokens.Public > 0,
            AttackKind.Framing => t.Clients != ClientMix.AppsOnly,
            AttackKind.AddressFlood or AttackKind.Ipv6Flood or AttackKind.DistributedFlood or AttackKind.SilentProbing or AttackKind.TokenGuessing => true,
            _ => t.BindsUsers,
        })];
        return suitable.Length == 0 ? tenants[index % tenants.Length] : suitable[index % suitable.Length];
    }

    /// <summary>Draws ahead what comes before the <paramref name="number"/>-th session, in the order in which the client would.</summary>
    private ClientPlan AbnormalFromSession(int number, ClientPlan plan, long delay, DeterministicRandom own)
    {
        FirstSteps first = new() { Lengths = new long[number - 1], Pauses = new long[number - 1] };
        long at = Start + delay;
        for (int i = 0; i < number - 1; i++)
        {
            first.Lengths[i] = own.Between(plan.Length.From, plan.Length.To);
            first.Pauses[i] = own.Between(plan.Pause.From, plan.Pause.To);
            bool dropped = MeetsOutage(first, at, first.Lengths[i], own) && first.IsDropped;
            at = (dropped ? first.ServedAgain : at + first.Lengths[i]) + first.Pauses[i];
        }

        _firstAbnormal = plan.StillPlaysAt(at) ? at : Start + delay + ((number - 1) * (plan.Length.From + plan.Pause.From));
        return plan with { First = first };
    }

    /// <summary>Whether the outage comes while a session runs; then draws whether it is dropped, and until when.</summary>
    private bool MeetsOutage(FirstSteps first, long at, long length, DeterministicRandom own)
    {
        bool meets = at < World.OutageAt && at + length > World.OutageAt;
        if (meets)
        {
            first.IsDropped = World.IsDropped(own);
            first.ServedAgain = World.ServedAgainAt(World.OutageAt, own, isDropped: true);
        }

        return meets;
    }

    private DeterministicRandom Numbers(RandomDomain domain) => new(World.Seed, domain, ((long)_index << 32) | _clients++);

    private void Schedule(ClientPlan plan, long at, DeterministicRandom own)
    {
        if (at < World.End - 1_000)
        {
            World.Schedule(at, new LoopingClient(plan, own));
        }
    }
}
