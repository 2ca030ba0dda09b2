using System.Buffers;
using System.Buffers.Text;
using AutoGuard.Core.Events;
using AutoGuard.Simulation.World;

namespace AutoGuard.Simulation.Transport;

/// <summary>Writes one event as JSON. All but four members are rendered once per session, so this mostly copies.</summary>
internal sealed class EventLineWriter
{
    private readonly byte[] _second = new byte[20];
    private long _secondNumber = long.MinValue;

    public void Write(IBufferWriter<byte> output, PlaybackSession session, PlaybackEventType type, long time, bool numericTimestamp, bool unknownField)
    {
        string scope = type == PlaybackEventType.Start && session.Plan.Token is { } token ? token.Scope : "";
        Span<byte> line = output.GetSpan(session.Body.Length + scope.Length + 200);
        int at = Copy(
            type switch
            {
                PlaybackEventType.Start => "{\"type\":\"start\",\"timestamp\":"u8,
                PlaybackEventType.Heartbeat => "{\"type\":\"heartbeat\",\"timestamp\":"u8,
                _ => "{\"type\":\"end\",\"timestamp\":"u8,
            },
            line,
            0);
        at = numericTimestamp ? Number(time, line, at) : Timestamp(time, line, at);
        line[at++] = (byte)',';
        at = Copy(session.Body, line, at);
        if (scope.Length > 0)
        {
            at = Copy(",\"tokenScope\":"u8, line, at);
            at += System.Text.Encoding.ASCII.GetBytes(scope, line[at..]);
        }
        else if (type != PlaybackEventType.Start)
        {
            at = Copy(",\"duration\":"u8, line, at);
            at = Number((time - session.Start) / 1000, line, at);
        }

        if (unknownField)
        {
            at = Copy(",\"playerVersion\":{\"major\":4,\"build\":\"4.21.3\"}"u8, line, at);
        }

        line[at++] = (byte)'}';
        output.Advance(at);
    }

    private static int Copy(ReadOnlySpan<byte> text, Span<byte> line, int at)
    {
        text.CopyTo(line[at..]);
        return at + text.Length;
    }

    private static int Number(long value, Span<byte> line, int at)
    {
        Utf8Formatter.TryFormat(value, line[at..], out int written);
        return at + written;
    }

    private int Timestamp(long time, Span<byte> line, int at)
    {
        long second = time / 1000;
        if (second != _secondNumber)
        {
            _secondNumber = second;
            DateTimeOffset.FromUnixTimeSeconds(second).TryFormat(_second, out _, "yyyy-MM-ddTHH:mm:ss.", System.Globalization.CultureInfo.InvariantCulture);
        }

        line[at++] = (byte)'"';
        at = Copy(_second, line, at);
        int rest = (int)(time - (second * 1000));
        line[at++] = (byte)('0' + (rest / 100));
        line[at++] = (byte)('0' + (rest / 10 % 10));
        line[at++] = (byte)('0' + (rest % 10));
        line[at++] = (byte)'Z';
        line[at++] = (byte)'"';
        return at;
    }
}
