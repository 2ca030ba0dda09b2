using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Core.Features;
using AutoGuard.Core.Pipeline;

namespace AutoGuard.Core.Tests.Features;

/// <summary>Features against plain counts over the list of events: lost starts, beats and ends, moves, disorder, duplicates.</summary>
[Collection(nameof(MemoryGroup))]
public sealed class FeatureTwinTests
{
    private const double Window = 600;

    private static readonly PipelineSettings s_settings = new()
    {
        Detection = new DetectionOptions { Window = TimeSpan.FromSeconds(Window), CountryWindow = TimeSpan.FromSeconds(Window) },
    };

    public static TheoryData<int, double> Cases()
    {
        TheoryData<int, double> cases = [];
        for (int seed = 1; seed <= 6; seed++)
        {
            foreach (double now in (double[])[290, 605, 900, 1_455])
            {
                cases.Add(seed, now);
            }
        }
        cases.Add(Environment.ProcessId, 1_200);
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Features_of_messy_traffic_equal_plain_counts_over_its_events(int seed, double now)
    {
        List<Happening> all = Traffic(new Random(seed), now);
        TestTraffic traffic = new(s_settings);
        foreach (Happening h in all)
        {
            traffic.Event(h.At, h.Session, h.Ip, h.Token, h.Token + "-user", h.Type, h.Country, h.Referrer);
        }
        traffic.Disordered(seed, withinSeconds: 9, duplicateShare: 0.1).Run(complete: false);
        long end = TestTraffic.Noon + (long)(now * 1000);
        traffic.Pipeline.AdvanceTo(end, traffic.Output);

        Assert.Equal(0, traffic.Pipeline.Counters.Late);
        Assert.Equal(all.Count, traffic.Pipeline.Counters.Accepted);
        FeatureState state = traffic.Pipeline.State;
        FeatureMeter meter = new(state, FeatureWindows.From(s_settings.Detection), traffic.Referrers, TokenWorkflow.Auto, new Population());
        foreach (IGrouping<string, Happening> token in all.GroupBy(h => h.Token))
        {
            int index = Enumerable.Range(0, state.Tokens.HighWater).Single(i => state.Tokens.IsLive(i) && state.Texts.Text(state.Tokens[i].Text) == token.Key);
            meter.Measure(index, end, out TokenFeatures features);
            Compare($"seed {seed}, {now} s, {token.Key}", [.. token], now, in features);
        }
        foreach (IGrouping<string, Happening> address in all.GroupBy(h => h.Ip))
        {
            int index = state.Addresses.Find(new(IpAddress.From(System.Net.IPAddress.Parse(address.Key)), 0));
            if (index < 0)
            {
                Assert.True(address.Max(h => h.At) < now - Window + 1, $"seed {seed}, {now} s: {address.Key} was retired too soon");
                continue;
            }
            meter.Measure(index, end, out AddressFeatures features);
            CompareAddress($"seed {seed}, {now} s, {address.Key}", all, address.Key, now, in features);
        }
        Assert.Equal(all.Select(h => h.Session).Distinct().Count(), state.TotalSessions);
    }

    private static void Compare(string where, List<Happening> events, double now, in TokenFeatures features)
    {
        List<List<Happening>> sessions = [.. events.GroupBy(h => h.Session).Select(g => g.OrderBy(h => h.At).ThenBy(h => h.Type).ToList())];
        List<List<Happening>> counted = [.. sessions.Where(s => InWindow(s[0].At, now))];
        Same(where + " sessions", counted.Count, features.Sessions);
        double missing = counted.Count == 0 ? 0 : (double)counted.Count(s => s[0].Referrer is null) / counted.Count;
        Same(where + " missing referrers", Math.Round(missing, 9), Math.Round(features.MissingReferrerShare, 9));
        double watched = sessions.Sum(s => s.Skip(1).Zip(s, (later, earlier) => InWindow(later.At, now) ? later.At - earlier.At : 0).Sum());
        Assert.True(Math.Abs(watched - features.Watched) < 0.5, $"{where} watched: {watched} and not {features.Watched}");
        // Marks are renewed within a minute in so short a window, so its edge is known to a minute.
        Between(where + " addresses", events, now, h => h.Ip, features.Addresses);
        Between(where + " networks", events, now, h => h.Ip[..h.Ip.LastIndexOf('.')], features.Networks);
        int surely = sessions.Count(s => s[^1].Type != PlaybackEventType.End && now - s[^1].At <= 60);
        int perhaps = sessions.Count(s => s[^1].Type != PlaybackEventType.End && now - s[^1].At <= 180);
        Assert.True(features.Open >= surely && features.Open <= perhaps, $"{where} open: {features.Open} is not in {surely}..{perhaps}");
        Assert.True(features.Concurrent <= features.Open, $"{where}: {features.Concurrent} of {features.Open} open");
    }

    private static void CompareAddress(string where, List<Happening> all, string ip, double now, in AddressFeatures features)
    {
        int ended = all.GroupBy(h => h.Session).Select(g => g.OrderBy(h => h.At).ThenBy(h => h.Type).ToList()).Count(s =>
            s[0].Type == PlaybackEventType.Start && s[^1].Type == PlaybackEventType.End && s[^1].Ip == ip && s[^1].At - s[0].At <= 15
            && Math.Floor(s[^1].At / 60) > Math.Floor(now / 60) - 10);
        Same(where + " short", ended, features.Short);
        Between(where + " tokens", [.. all.Where(h => h.Ip == ip)], now, h => h.Token, features.Tokens);
    }

    private static void Between(string what, List<Happening> events, double now, Func<Happening, string> key, int actual)
    {
        int least = events.Where(h => h.At >= now - Window + 61).Select(key).Distinct().Count();
        int most = events.Where(h => h.At >= now - Window - 1).Select(key).Distinct().Count();
        Assert.True(actual >= least && actual <= most, $"{what}: {actual} is not in {least}..{most}");
    }

    private static bool InWindow(double at, double now) => Math.Floor(at / 50) > Math.Floor(now / 50) - 12;

    private static void Same<T>(string what, T expected, T actual) => Assert.True(Equals(expected, actual), $"{what}: {expected} and not {actual}");

    private static List<Happening> Traffic(Random random, double until)
    {
        List<Happening> all = [];
        for (int i = 0; i < 160; i++)
        {
            string token = $"t{random.Next(8)}";
            string ip = Address(random);
            string? referrer = random.Next(3) == 0 ? null : "www.example.com";
            double from = random.Next(0, 1_400_000) / 1000.0;
            if (random.Next(4) == 0)
            {
                all.Add(new(from, $"s{i}", ip, token, PlaybackEventType.Start, referrer));
                all.Add(new(from + (random.Next(1, 15_001) / 1000.0), $"s{i}", ip, token, PlaybackEventType.End, referrer));
                continue;
            }
            double to = from + random.Next(40, 500);
            if (random.Next(8) != 0)
            {
                all.Add(new(from, $"s{i}", ip, token, PlaybackEventType.Start, referrer));
            }
            bool lost = true;
            double at = from + 30;
            for (; at < to; at += 30)
            {
                // Never two beats in a row, since that may be taken for the end.
                lost = !lost && random.Next(5) == 0;
                ip = random.Next(12) == 0 ? Address(random) : ip;
                if (!lost)
                {
                    all.Add(new(at, $"s{i}", ip, token, PlaybackEventType.Heartbeat, referrer));
                }
            }
            if (!lost && random.Next(3) != 0)
            {
                all.Add(new(Math.Min(to, at), $"s{i}", ip, token, PlaybackEventType.End, referrer));
            }
        }
        return [.. all.Where(h => h.At < until - 0.5)];
    }

    private static string Address(Random random) => $"198.51.{random.Next(6)}.{random.Next(1, 5)}";

    private sealed record Happening(double At, string Session, string Ip, string Token, PlaybackEventType Type, string? Referrer)
    {
        public string Country => Ip.EndsWith('1') ? "DE" : "FR";
    }
}
