using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using AutoGuard.Core.Events;
using AutoGuard.Simulation.World;

namespace AutoGuard.Simulation.Transport;

/// <summary>Lines that are no valid events, each made to be refused for one known reason.</summary>
internal static class MalformedLines
{
    /// <summary>The reasons lines are made for, in turn.</summary>
    public static ImmutableArray<EventRejection> Reasons { get; } =
    [
        EventRejection.InvalidJson,
        EventRejection.MissingType,
        EventRejection.InvalidType,
        EventRejection.MissingTimestamp,
        EventRejection.InvalidTimestamp,
        EventRejection.MissingSessionId,
        EventRejection.InvalidSessionId,
        EventRejection.MissingAddress,
        EventRejection.InvalidAddress,
        EventRejection.InvalidToken,
        EventRejection.InvalidField,
        EventRejection.Future,
    ];

    /// <summary>Writes a line that is refused for <paramref name="reason"/>; <paramref name="time"/> is when it arrives.</summary>
    public static void Write(IBufferWriter<byte> output, EventRejection reason, long time, DeterministicRandom random)
    {
        string now = Rfc3339(time);
        string session = $"bad-{random.Next():x16}";
        string line = reason switch
        {
            EventRejection.InvalidJson => Broken(now, session, random),
            EventRejection.MissingType => $$"""{"timestamp":"{{now}}","sessionId":"{{session}}","ip":"88.64.7.21"}""",
            EventRejection.InvalidType => $$"""{"type":"{{random.Pick<string>(["pause", "START ", "seek", ""])}}","timestamp":"{{now}}","sessionId":"{{session}}","ip":"88.64.7.21"}""",
            EventRejection.MissingTimestamp => $$"""{"type":"start","sessionId":"{{session}}","ip":"88.64.7.21","stream":"x"}""",
            EventRejection.InvalidTimestamp => $$"""{"type":"start","timestamp":{{random.Pick<string>(["\"yesterday\"", "\"2025-13-41T25:61:00Z\"", "-17", "true", "\"14/11/2025 18:00\""])}},"sessionId":"{{session}}","ip":"88.64.7.21"}""",
            EventRejection.MissingSessionId => $$"""{"type":"heartbeat","timestamp":"{{now}}","ip":"88.64.7.21"}""",
            EventRejection.InvalidSessionId => $$"""{"type":"heartbeat","timestamp":"{{now}}","sessionId":{{(random.Chance(0.5) ? "4711" : $"\"{new string('s', 129)}\"")}},"ip":"88.64.7.21"}""",
            EventRejection.MissingAddress => $$"""{"type":"start","timestamp":"{{now}}","sessionId":"{{session}}","stream":"x"}""",
            EventRejection.InvalidAddress => $$"""{"type":"start","timestamp":"{{now}}","sessionId":"{{session}}","ip":"{{random.Pick<string>(["999.1.2.3", "10.0.0.256", "localhost", "2001:db8:::1", "88.64.7.21, 10.0.0.7"])}}"}""",
            EventRejection.InvalidToken => $$"""{"type":"start","timestamp":"{{now}}","sessionId":"{{session}}","ip":"88.64.7.21","token":{{random.Pick<string>(["12345", "{\"jti\":\"a\"}", "[\"a\"]"])}}}""",
            EventRejection.InvalidField => $$"""{"type":"start","timestamp":"{{now}}","sessionId":"{{session}}","ip":"88.64.7.21",{{random.Pick<string>(["\"asn\":true", "\"stream\":[\"x\"]", "\"userAgent\":17"])}}}""",
            _ => $$"""{"type":"start","timestamp":"{{Rfc3339(time + 7_200_000)}}","sessionId":"{{session}}","ip":"88.64.7.21"}""",
        };
        Encoding.UTF8.GetBytes(line, output);
    }

    private static string Broken(string now, string session, DeterministicRandom random) => random.Below(6) switch
    {
        0 => $$"""{"type":"heartbeat","timestamp":"{{now}}","sessionId":"{{session}}","ip":"88.6""",
        1 => "Nov 14 17:20:11 edge-fra-3 kernel: nf_conntrack: table full, dropping packet",
        2 => $$"""{"type":"start","timestamp":"{{now}}","sessionId":"{{session}}","ip":"88.64.7.21"}{"type":"end"}""",
        3 => $$"""["start","{{now}}","{{session}}"]""",
        4 => "<event type=\"start\"/>",
        _ => $$"""{'type':'start','timestamp':'{{now}}'}""",
    };

    private static string Rfc3339(long time) =>
        DateTimeOffset.FromUnixTimeMilliseconds(time).ToString("yyyy-MM-ddTHH:mm:ss.fffZ", System.Globalization.CultureInfo.InvariantCulture);
}
