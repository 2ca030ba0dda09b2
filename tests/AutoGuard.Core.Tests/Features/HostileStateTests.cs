using System.Text;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Enrichment;
using AutoGuard.Core.Events;
using AutoGuard.Core.Features;

namespace AutoGuard.Core.Tests.Features;

/// <summary>Tests that weigh the memory of the process or churn it, and so run by themselves: others count every byte.</summary>
[CollectionDefinition(nameof(MemoryGroup), DisableParallelization = true)]
public sealed class MemoryGroup;

/// <summary>What must hold of the state whatever comes, with tables so small that everything is evicted all the time.</summary>
[Collection(nameof(MemoryGroup))]
public sealed class HostileStateTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Evictions_leave_no_count_wrong_and_nothing_behind(int seed)
    {
        Random random = new(seed);
        World world = new(new CapacityOptions { Sessions = 60, Tokens = 25, Addresses = 25, Networks = 15, Strings = 12 });
        long now = TestTraffic.Noon;
        for (int step = 0; step < 40_000; step++)
        {
            now += random.Next(50) == 0 ? random.Next(0, 120_000) : random.Next(0, 900);
            PlaybackEvent e = new()
            {
                Timestamp = now,
                Type = (PlaybackEventType)random.Next(3),
                Session = new Key128(1, (ulong)random.Next(150) + 1),
                Token = random.Next(5) == 0 ? default : new Key128((ulong)random.Next(60) + 1, (ulong)random.Next(2)),
                User = random.Next(3) == 0 ? default : new Key128(3, (ulong)random.Next(4) + 1),
                Address = IpAddress.FromV4(0x51000000u + (uint)(random.Next(20) << 8) + (uint)random.Next(4)),
                Referrer = random.Next(3) == 0 ? 0 : 2 + random.Next(20),
                Organization = random.Next(16),
                Stream = random.Next(30),
                Country = (ushort)(random.Next(12) << 8 | 'X'),
                Traits = (EventTraits)random.Next(2) | (random.Next(4) == 0 ? EventTraits.ToolAgent : EventTraits.None),
                Duration = random.Next(4) == 0 ? random.Next(-1, int.MaxValue) : -1,
            };
            world.Tracker.Apply(in e, e.Token.IsAbsent ? [] : "token"u8, e.User.IsAbsent ? [] : "user"u8);
            if (step % 40 == 0)
            {
                world.EnrolAll(now);
                world.EndMinute();
                world.Sweeper.Sweep(now);
            }
            if (step % 500 == 0)
            {
                world.Check($"seed {seed}, step {step}");
            }
        }
        Assert.True(world.State.Evictions > 1_000, "the tables were to be too small");

        for (int i = 0; i < 200; i++)
        {
            now += 600_000;
            world.Tracker.Advance(now);
            world.Sweeper.Sweep(now);
            world.EndMinute();
        }
        world.Check($"seed {seed}, after the last has left");
        Assert.Equal(0, world.State.OpenSessions);
        Assert.Equal(0, world.State.Sessions.Count + world.State.Tokens.Count + world.State.Addresses.Count + world.State.Networks.Count + world.State.Referrers.Count);
    }

    [Fact]
    public void A_million_events_with_nothing_in_common_take_bounded_memory()
    {
        TestTraffic traffic = new(new() { Detection = new DetectionOptions { Capacity = new() { Sessions = 5_000, Tokens = 5_000, Addresses = 5_000, Networks = 5_000, Strings = 5_000 } } });
        EventBatch batch = new(1_000);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < 1_000_000; i++)
        {
            ulong n = (ulong)i + 1;
            byte[] text = Encoding.ASCII.GetBytes($"token-{i}");
            ref PlaybackEvent e = ref batch.Next();
            e.Timestamp = TestTraffic.Noon + i;
            e.Type = PlaybackEventType.Start;
            e.Session = new Key128(n, n * 0x9E37_79B9_7F4A_7C15);
            e.Token = new Key128(n * 0xBF58_476D_1CE4_E5B9, n * 0x94D0_49BB_1331_11EB);
            e.TokenText = batch.AppendText(text);
            e.Address = new IpAddress(0x2001_0db8_0000_0000 + n, n);
            e.OrderKey = n << 12;
            e.Referrer = traffic.Strings.Intern($"host-{i}.example");
            batch.Commit();
            if (batch.IsFull)
            {
                traffic.Pipeline.Process(batch, traffic.Output);
                batch.Clear();
            }
        }
        traffic.Pipeline.Complete(traffic.Output);
        long taken = GC.GetTotalMemory(forceFullCollection: true) - before;

        Assert.Equal(1_000_000, traffic.Pipeline.Counters.Accepted);
        Assert.True(taken < 120_000_000, $"{taken} bytes");
        FeatureState state = traffic.Pipeline.State;
        Assert.InRange(state.Tokens.Count, 1, 5_000);
        Assert.Equal(state.Tokens.Count, state.Texts.Rented);
        GC.KeepAlive(traffic);
    }

    private sealed class World
    {
        private long _minute;

        public World(CapacityOptions capacity)
        {
            KeyedHasher hasher = new(1, 2);
            State = new FeatureState(capacity, 3, 4);
            FeatureWindows windows = new(600_000, 600_000, 60_000);
            StringPool strings = new(hasher);
            ReferrerList referrers = new(new ReferrersOptions(), strings);
            for (int i = 0; i < 40; i++)
            {
                strings.Intern("name " + i);
            }
            Strings = strings;
            Fleet = new FleetSeries(strings, 30);
            Tracker = new SessionTracker(State, windows, referrers, Fleet, (address, _, _) => address.V4 % 11 == 0);
            Series = new MinuteSeries(State, Fleet, new SpikeOptions(), new AutoGuard.Core.Spikes.NativeSpikeEngine());
            Sweeper = new StateSweeper(State, windows);
            Meter = new FeatureMeter(State, windows, referrers, TokenWorkflow.Auto, new Population());
        }

        public FeatureState State { get; }

        public StringPool Strings { get; }

        public FleetSeries Fleet { get; }

        public SessionTracker Tracker { get; }

        public MinuteSeries Series { get; }

        public StateSweeper Sweeper { get; }

        private FeatureMeter Meter { get; }

        public void EndMinute()
        {
            Series.EndMinute(_minute++);
            Series.EndMinuteOf(0);
        }

        public void EnrolAll(long now)
        {
            foreach (int i in Live(State.Tokens))
            {
                Meter.Measure(i, now, out TokenFeatures features);
                Series.Enrol(i, features.Sessions);
            }
            foreach (int i in Live(State.Addresses))
            {
                Meter.Measure(i, now, out AddressFeatures features);
                Series.Enrol(i, in features);
                Meter.NoteTokenless(i, now);
            }
        }

        /// <summary>Every lane runs what is open of its own; those who have none are together in that of the rest.</summary>
        private void CheckFleet(string where, List<SessionState> open)
        {
            Same(where + " running", open.Count, Fleet.Running);
            EndMinute();
            List<FleetFigure> running = [.. Fleet.Figures.Where(f => f.Measure == FleetMeasure.Running)];
            foreach (FleetGroup group in Enum.GetValues<FleetGroup>())
            {
                int known = open.Count(s => group switch
                {
                    FleetGroup.Tenant => s.Organization != 0,
                    FleetGroup.Stream => s.Stream != 0,
                    _ => true,
                });
                Same($"{where} running by {group}", known, running.Where(f => f.Group == group).Sum(f => f.Value));
            }
            foreach (FleetFigure figure in running.Where(f => f.Group == FleetGroup.Tenant && f.Name != "(rest)"))
            {
                Same($"{where} running of {figure.Name}", open.Count(s => Strings.Text(s.Organization) == figure.Name), figure.Value);
            }
            foreach (FleetFigure figure in running.Where(f => f.Group == FleetGroup.Stream && f.Name != "(rest)"))
            {
                int expected = open.Count(s => (s.Organization == 0 ? "" : Strings.Text(s.Organization) + "/") + Strings.Text(s.Stream) == figure.Name);
                Same($"{where} running of {figure.Name}", expected, figure.Value);
            }
        }

        public void Check(string where)
        {
            List<SessionState> open = [.. Live(State.Sessions).Select(i => State.Sessions[i]).Where(s => (s.Traits & SessionTraits.Open) != 0)];
            Same(where + " open", open.Count, State.OpenSessions);
            CheckFleet(where, open);
            int texts = 0;
            int addressSets = 0;
            int tokenSets = 0;
            int plainSets = 0;
            int series = 0;
            int windows = 0;
            foreach (int i in Live(State.Tokens))
            {
                ref TokenState token = ref State.Tokens[i];
                StateHandle handle = State.Tokens.HandleOf(i);
                Same(where + " open of a token", open.Count(s => s.Token == handle), token.Open);
                Same(where + " list of a token", token.Open, Length(token.FirstSession, ofToken: true));
                texts += (token.Text != 0 ? 1 : 0) + (token.UserText != 0 ? 1 : 0);
                addressSets += token.Addresses != 0 ? 1 : 0;
                windows += token.Past != 0 ? 1 : 0;
                series += token.Series >= 0 ? 1 : 0;
            }
            foreach (int i in Live(State.Addresses))
            {
                ref AddressState address = ref State.Addresses[i];
                StateHandle handle = State.Addresses.HandleOf(i);
                Same(where + " open of an address", open.Count(s => s.AddressState == handle), address.Open);
                Same(where + " list of an address", address.Open, Length(address.FirstSession, ofToken: false));
                Same(where + " without token at an address", open.Count(s => s.AddressState == handle && s.Token.IsNone && (s.Traits & SessionTraits.Borrowed) == 0), address.Anonymous);
                Same(where + " tools at an address", open.Count(s => s.AddressState == handle && (s.Traits & SessionTraits.ToolAgent) != 0), address.Tools);
                CheckBounds(where, i);
                tokenSets += address.Tokens != 0 ? 1 : 0;
                series += address.Series >= 0 ? 1 : 0;
            }
            foreach (int i in Live(State.Networks))
            {
                ref NetworkState network = ref State.Networks[i];
                StateHandle handle = State.Networks.HandleOf(i);
                Same(where + " open of a network", open.Count(s => s.Network == handle), network.Open);
                Same(where + " without token in a network", open.Count(s => s.Network == handle && s.Token.IsNone && (s.Traits & SessionTraits.Borrowed) == 0), network.Anonymous);
                addressSets += network.Offenders != 0 ? 1 : 0;
                tokenSets += network.Tokens != 0 ? 1 : 0;
                plainSets += network.Addresses != 0 ? 1 : 0;
            }
            foreach (int i in Live(State.Referrers))
            {
                ref ReferrerState referrer = ref State.Referrers[i];
                StateHandle handle = State.Referrers.HandleOf(i);
                Same(where + " open of a referrer", open.Count(s => s.Referrer == handle), referrer.Open);
                tokenSets += referrer.Tokens != 0 ? 1 : 0;
                plainSets += referrer.Addresses != 0 ? 1 : 0;
            }
            foreach (int i in Live(State.Tenants))
            {
                plainSets += State.Tenants[i].Campaign != 0 ? 1 : 0;
            }
            Same(where + " texts", texts, State.Texts.Rented);
            Same(where + " windows", windows, State.Windows.Rented);
            Same(where + " sets of addresses", addressSets, State.AddressSets.Rented);
            Same(where + " sets of tokens", tokenSets, State.TokenSets.Rented);
            Same(where + " plain sets", plainSets, State.PlainSets.Rented);
            Same(where + " series", series, Series.Count);
        }

        /// <summary>What an address is measured as without a look at its sessions is never less than what they show.</summary>
        private void CheckBounds(string where, int address)
        {
            long now = State.Addresses[address].LastSeen;
            Meter.MeasureAtMost(address, now, out AddressFeatures most);
            Meter.Measure(address, now, out AddressFeatures features);
            bool holds = features.Excess <= most.Excess && features.Unowned <= most.Unowned && features.Tokenless <= most.Tokenless
                && features.OpenTokens <= most.OpenTokens && features.ToolShare <= most.ToolShare && features.Campaign <= most.Campaign
                && features.TokensAreUsual <= most.TokensAreUsual && features.Tokens == most.Tokens && features.Sessions == most.Sessions;
            Assert.True(holds, $"{where}: more than the most at an address");
        }

        private int Length(int first, bool ofToken)
        {
            int length = 0;
            int before = -1;
            for (int i = first; i >= 0 && length < 1_000; length++)
            {
                ref SessionState session = ref State.Sessions[i];
                Same("the way back", before, ofToken ? session.PreviousOfToken : session.PreviousOfAddress);
                before = i;
                i = ofToken ? session.NextOfToken : session.NextOfAddress;
            }
            return length;
        }

        private static IEnumerable<int> Live<TKey, TState, THash>(StateTable<TKey, TState, THash> table)
            where TKey : struct, IEquatable<TKey>
            where TState : struct
            where THash : struct, IKeyHash<TKey> => Enumerable.Range(0, table.HighWater).Where(table.IsLive);

        private static void Same(string what, int expected, int actual) => Assert.True(expected == actual, $"{what}: {expected} and not {actual}");
    }
}
