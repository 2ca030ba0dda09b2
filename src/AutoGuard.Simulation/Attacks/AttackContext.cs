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
    private readonly int _index;
    private long _clients;

    public AttackContext(SimulatedWorld world, Audience audience, AttackProfile attack, int index)
    {
        World = world;
        Audience = audience;
        Attack = attack;
        _index = index;
        Random = new DeterministicRandom(world.Seed, RandomDomain.Attack, index);
        Start = world.Begin + (long)attack.At.TotalMilliseconds;
        End = Math.Min(Start + (long)attack.Length.TotalMilliseconds, world.End - 1);
        Streams = [.. world.Profile.Streams.Select(s => s.Name)];
        Stream = world.Profile.Streams[audience.PickStreamAt(Start, Random)].Name;
        Organization = world.Profile.Organizations.IsEmpty ? null : world.Profile.Organizations[index % world.Profile.Organizations.Length];
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

    public void NeverTouch(Subject subject) => _neverTouch.Add(subject);

    public void NeverTouch(SimulatedToken token) => _neverTouch.Add(Of(token));

    public static Subject Of(SimulatedToken token) => new(SubjectType.Token, token.Identity);

    /// <summary>A token bound to a new user; at the attack's start.</summary>
    public SimulatedToken UserToken(bool revocable = true) =>
        World.Tokens.ForUser(Random, TokenMint.NewUser(Random), Start, revocable);

    public Location Home() => World.Addresses.Reserve(World.Addresses.Home(Random), Random);

    public Location HomeIn(string country) =>
        World.Addresses.Reserve(World.Addresses.In(country, Random.Chance(0.2) ? NetworkKind.Mobile : NetworkKind.Home, Random), Random);

    public Location DataCentre() => World.Addresses.ReserveHosting(Random);

    public string OfficialReferrer() => Pages.AnyOfficialHost(Random) + "/";

    /// <summary>Lets a client of the attack begin <paramref name="delay"/> milliseconds after its start.</summary>
    public void Launch(ClientPlan plan, long delay = 0) => Launch(plan, Start + delay, RandomDomain.AttackClient);

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
    public void Bystander(Location place, SimulatedToken? token = null)
    {
        SimulatedToken own = token ?? UserToken();
        if (token is null)
        {
            NeverTouch(own);
        }

        ClientPlan plan = Client(place, (1_200_000, 5_400_000)) with
        {
            Label = SessionLabels.CodeOf(HonestKind.Bystander),
            Tokens = [own],
            Referrer = OfficialReferrer(),
            UserAgent = Clients.Browser(Random),
            Pause = (60_000, 600_000),
            Until = World.End,
        };
        long at = Math.Max(World.Begin, Start - Random.Between(60_000, 1_500_000));
        Launch(plan, at, RandomDomain.Bystander);
    }

    private void Launch(ClientPlan plan, long at, RandomDomain domain)
    {
        DeterministicRandom own = new(World.Seed, domain, ((long)_index << 32) | _clients++);
        if (at < World.End - 1_000)
        {
            World.Schedule(at, new LoopingClient(plan, own));
        }
    }
}
