using System.Diagnostics;
using System.Globalization;
using AutoGuard.Benchmarks.Runs;
using AutoGuard.Core.Events;
using AutoGuard.Guardian.Rules;

namespace AutoGuard.Benchmarks.Rules;

/// <summary>The matcher with a million rules, made in memory and then read from PostgreSQL: time to load, memory, time of a look-up and of a change.</summary>
internal static class RulesRun
{
    private const int Count = 1_000_000;
    private const int Questions = 1_000_000;
    public static readonly DateTimeOffset Now = new(2025, 11, 14, 12, 0, 0, TimeSpan.Zero);

    public static async Task RunAsync()
    {
        (IpAddress Address, string Token, string Host)[] questions = RunInMemory();
        var random = new Random(20251114);
        await StoredRulesRun.RunAsync(Enumerable.Range(0, Count).Select(i => Make(i, random)), questions);
    }

    private static (IpAddress Address, string Token, string Host)[] RunInMemory()
    {
        var random = new Random(20251114);
        Console.WriteLine($"{Count:N0} rules: half IPv4 addresses, a quarter networks of both families, a quarter tokens and hosts; seed 20251114");
        long before = Live();
        var matcher = new RuleMatcher();
        long length = 0;
        double making = PairedTimes.ProcessorSeconds(() => length = Enumerable.Range(0, Count).Sum(i => (long)Make(i, random).Value.Length));
        double seconds = PairedTimes.ProcessorSeconds(() => matcher.Load(Enumerable.Range(0, Count).Select(i => Make(i, random)))) - making;
        long bytes = Live() - before;
        Say($"load: {seconds:0.00} s of processor time; memory: {bytes / 1024.0 / 1024:0} MiB, {(double)bytes / matcher.Count:0} bytes a rule ({matcher.Count:N0} different ones)");
        (IpAddress Address, string Token, string Host)[] questions = [.. Enumerable.Range(0, Questions).Select(_ => (Address(random), "t" + random.Next(Count), $"h{random.Next(Count)}.example"))];
        Time("address", questions, q => matcher.Check(q.Address, null, null, null, Now).Allowed);
        Time("token", questions, q => matcher.Check(null, q.Token, null, null, Now).Allowed);
        Time("host", questions, q => matcher.Check(null, null, q.Host, null, Now).Allowed);
        Time("all three", questions, q => matcher.Check(q.Address, q.Token, q.Host, null, Now).Allowed);
        long start = Stopwatch.GetTimestamp();
        const int changes = 10_000;
        for (int i = 0; i < changes; i++)
        {
            matcher.Apply([Make(Count + i, random)], []);
        }
        Say($"change: {Stopwatch.GetElapsedTime(start).TotalMicroseconds / changes:0.0} µs each, one after another");
        GC.KeepAlive((matcher, length));
        return questions;
    }

    public static void Time(string what, (IpAddress Address, string Token, string Host)[] questions, Func<(IpAddress Address, string Token, string Host), bool> ask)
    {
        double best = double.MaxValue;
        int allowed = 0;
        for (int round = 0; round < 7; round++)
        {
            allowed = 0;
            double seconds = PairedTimes.ProcessorSeconds(() =>
            {
                foreach ((IpAddress Address, string Token, string Host) question in questions)
                {
                    allowed += ask(question) ? 1 : 0;
                }
            });
            best = Math.Min(best, seconds * 1e9 / questions.Length);
        }
        Say($"look-up by {what}: {best:0} ns, {100.0 * (questions.Length - allowed) / questions.Length:0} % denied");
    }

    private static Rule Make(int number, Random random)
    {
        bool isToken = number % 8 == 7;
        RuleTarget target = (number % 8) switch
        {
            <= 3 => RuleTarget.Of(new IpNetwork(Address(random), 32)),
            4 => RuleTarget.Of(IpNetwork.Of(Address(random), random.Next(20, 31))),
            5 => RuleTarget.Of(IpNetwork.Of(new IpAddress(0x2000_0000_0000_0000 | (ulong)random.NextInt64(1L << 61), 0), random.Next(48, 65))),
            _ => new RuleTarget(isToken ? RuleScope.Token : RuleScope.Referrer, isToken ? "t" + number : $"h{number}.example", default),
        };
        return new Rule
        {
            Id = RuleDraft.IdOf(target, RuleType.Deny, null),
            Scope = target.Scope,
            Value = target.Value,
            Network = target.Network,
            Type = RuleType.Deny,
            Tag = "tag " + (number % 1_000).ToString(CultureInfo.InvariantCulture),
            Origin = RuleOrigin.Import,
            Creator = "benchmark",
            CreatedAt = Now,
            ExpiresAt = Now.AddHours(24),
        };
    }

    private static IpAddress Address(Random random) => IpAddress.FromV4((uint)random.NextInt64(1L << 32));

    public static long Live()
    {
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    public static void Say(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
