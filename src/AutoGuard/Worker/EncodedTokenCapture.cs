using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;
using AutoGuard.Guardian.Remote;
using AutoGuard.Runtime;
using Npgsql;

namespace AutoGuard.Worker;

/// <summary>
/// Gets hold of the encoded form of flagged tokens: nothing is kept of a token before it was decided on, so its next event is waited
/// for, and the form in it goes encrypted into the vault. For all other events this is one look at a counter.
/// </summary>
internal sealed partial class EncodedTokenCapture(
    TokenVault vault, DetectionParts parts, DecisionSignal signal, ILogger<EncodedTokenCapture> logger, TimeProvider time)
{
    private const int MostWanted = 10_000;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<Key128, Wanted> _wanted = new();
    private readonly ConcurrentQueue<Key128> _order = new();
    private readonly Channel<Caught> _caught = Channel.CreateBounded<Caught>(new BoundedChannelOptions(256) { SingleReader = true });
    private int _count;

    /// <summary>Waits for the next event of the token of an enforced decision. Any thread.</summary>
    public void Want(Decision decision)
    {
        if (decision.Subject.Type != SubjectType.Token || decision.Mode != EnforcementMode.Enforce || decision.Action is not (DecisionAction.Flag or DecisionAction.Revoke))
        {
            return;
        }
        Key128 key = parts.TokenKey(decision.Subject.Value, decision.Organization);
        if (!key.IsAbsent && _wanted.TryAdd(key, new Wanted(decision.Subject.Value, decision.Organization)))
        {
            _order.Enqueue(key);
            Interlocked.Increment(ref _count);
        }
        while (_order.Count > MostWanted && _order.TryDequeue(out Key128 oldest))
        {
            Forget(oldest);
        }
    }

    /// <summary>Looks at an event that was just read. On the reading thread.</summary>
    public void Note(ref readonly PlaybackEvent read, ReadOnlySpan<byte> json)
    {
        if (Volatile.Read(ref _count) == 0 || read.Token.IsAbsent || !_wanted.TryGetValue(read.Token, out Wanted? wanted))
        {
            return;
        }
        TokenClaims? claims = parts.Claims.Get(read.Claims);
        if (claims?.Revocable == false)
        {
            Forget(read.Token);
            return;
        }
        byte[]? encoded = Encoded(json);
        if (encoded is null)
        {
            return;
        }
        DateTimeOffset? expires = claims?.Expires is > 0 and < 253_402_300_799 and var seconds ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;
        if (_caught.Writer.TryWrite(new Caught(wanted, encoded, expires)))
        {
            Forget(read.Token);
        }
        else
        {
            // The store is behind; the token's next event comes soon enough.
            CryptographicOperations.ZeroMemory(encoded);
        }
    }

    /// <summary>Puts what was caught into the vault until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        await foreach (Caught caught in _caught.Reader.ReadAllAsync(cancellation))
        {
            while (true)
            {
                try
                {
                    await vault.KeepAsync(caught.Wanted.Identity, caught.Wanted.Organization, caught.Encoded, caught.Expires, cancellation);
                    break;
                }
                catch (Exception error) when (error is NpgsqlException or TimeoutException)
                {
                    Log.NotKept(logger, Pause.TotalSeconds, error.Message);
                }
                await Task.Delay(Pause, time, cancellation);
            }
            CryptographicOperations.ZeroMemory(caught.Encoded);
            signal.Pulse();
        }
    }

    private void Forget(Key128 key)
    {
        if (_wanted.TryRemove(key, out _))
        {
            Interlocked.Decrement(ref _count);
        }
    }

    /// <summary>The event's token if it is an encoded one; null when it is only an identity.</summary>
    private static byte[]? Encoded(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json.StartsWith("\uFEFF"u8) ? json[3..] : json, new JsonReaderOptions { MaxDepth = 64 });
        byte[] last = [];
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isToken = reader.ValueTextEquals("token"u8);
            reader.Read();
            // Of several equal names the last counts, as for the parser.
            if (isToken)
            {
                CryptographicOperations.ZeroMemory(last);
                last = reader.TokenType == JsonTokenType.String ? Text(ref reader) : [];
            }
            reader.Skip();
        }
        return last.AsSpan().Count((byte)'.') == 2 ? last : null;
    }

    /// <summary>A text in UTF-8, in memory that can be cleared as a string's cannot; empty when it is none.</summary>
    private static byte[] Text(ref Utf8JsonReader reader)
    {
        byte[] text = new byte[reader.ValueSpan.Length];
        try
        {
            int length = reader.CopyString(text);
            byte[] exact = length == text.Length ? text : text[..length];
            if (exact != text)
            {
                CryptographicOperations.ZeroMemory(text);
            }
            return exact;
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair, which the parser takes for U+FFFD: no encoded token has one.
            return [];
        }
    }

    private sealed record Wanted(string Identity, string? Organization);

    private sealed record Caught(Wanted Wanted, byte[] Encoded, DateTimeOffset? Expires);

    private static partial class Log
    {
        [LoggerMessage(EventId = 3211, Level = LogLevel.Warning, Message = "The encoded form of a flagged token cannot be stored; the next attempt is in {Seconds} s: {Reason}")]
        public static partial void NotKept(ILogger logger, double seconds, string reason);
    }
}
