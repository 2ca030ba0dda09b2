using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Tests.Events;

public sealed class EventFuzzTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void The_scanner_agrees_with_the_reader_on_whatever_it_accepts(int seed)
    {
        Random random = new(seed);
        RawField[] scanned = new RawField[EventFields.Count];
        RawField[] read = new RawField[EventFields.Count];
        byte[] scratch = new byte[EventParser.LongestEvent];
        FlatScanner scanner = new();
        int flat = 0;
        int refused = 0;
        for (int i = 0; i < 60_000; i++)
        {
            byte[] json = HostileJson.Next(random);
            bool byReader = EventJson.TryRead(json, scratch, read, out _);
            if (!scanner.TryScan(json, scanned))
            {
                refused += byReader ? 0 : 1;
                continue;
            }
            flat++;
            Assert.True(byReader, Failure(seed, i, json, "the scanner takes what the reader refuses"));
            Assert.True(scanned.AsSpan().SequenceEqual(read), Failure(seed, i, json, "the places differ"));
        }
        Assert.True(flat > 5_000 && refused > 5_000, $"seed {seed}: the inputs are one-sided, {flat} flat and {refused} malformed");
    }

    [Fact]
    public void Every_field_is_recognised_by_its_whole_name_wherever_the_scanner_expects_it()
    {
        for (EventField field = 0; (int)field < EventFields.Count; field++)
        {
            string name = char.ToLowerInvariant(field.ToString()[0]) + field.ToString()[1..];
            name = field == EventField.Address ? "ip" : name;
            byte[] json = Encoding.UTF8.GetBytes($"{{\"{name}\":1, and more to come");
            int at = 1;
            Assert.Equal(field, EventFields.Of(Encoding.UTF8.GetBytes(name)));
            Assert.True(EventFields.TryExpected(json, ref at, field));
            Assert.Equal(name.Length + 4, at);
            for (EventField other = EventField.Unknown; (int)other < EventFields.Count; other++)
            {
                at = 1;
                Assert.Equal(other == field, EventFields.TryExpected(json, ref at, other));
            }
        }
    }

    /// <summary>The framework's document model as an oracle of the strict reader: same verdict, same values.</summary>
    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public void The_reader_agrees_with_the_document_model(int seed)
    {
        Random random = new(seed);
        RawField[] fields = new RawField[EventFields.Count];
        byte[] scratch = new byte[EventParser.LongestEvent];
        string[] names = ["type", "timestamp", "sessionId", "ip", "token", "userId", "country", "asn", "provider", "referrer", "userAgent", "stream", "duration", "tokenScope", "organization"];
        for (int i = 0; i < 15_000; i++)
        {
            byte[] json = HostileJson.Next(random);
            bool mine = EventJson.TryRead(json, scratch, fields, out _);
            using JsonDocument? document = Parse(json);
            Assert.True(mine == document?.RootElement.ValueKind is JsonValueKind.Object, Failure(seed, i, json, "verdicts differ"));
            if (!mine)
            {
                continue;
            }
            RawEvent raw = new(json, scratch, fields);
            foreach (string name in names)
            {
                EventField field = EventFields.Of(Encoding.UTF8.GetBytes(name));
                Assert.True(Same(document!.RootElement, name, raw, field), Failure(seed, i, json, name));
            }
        }
    }

    [Theory]
    [InlineData(21)]
    [InlineData(22)]
    public void No_input_makes_the_parser_throw_and_rejected_ones_leave_nothing(int seed)
    {
        Random random = new(seed);
        Parsing parsing = new(claimsBits: 6, tokenBits: 4);
        EventBatch batch = new(1_000);
        int[] seen = new int[Enum.GetValues<EventRejection>().Length];
        for (int i = 0; i < 110_000; i++)
        {
            if (batch.IsFull)
            {
                batch.Clear();
            }
            byte[] json = random.Next(20) == 0 ? HostileJson.Bytes(random, random.Next(300)) : HostileJson.Next(random);
            (int count, int text) = (batch.Count, batch.TextLength);
            EventRejection rejection;
            try
            {
                rejection = parsing.Parser.TryParse(json, batch, 0, 0, i);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException(Failure(seed, i, json, "threw"), e);
            }
            seen[(int)rejection]++;
            bool accepted = rejection == EventRejection.None;
            Assert.True(batch.Count == count + (accepted ? 1 : 0) && (accepted || batch.TextLength == text), Failure(seed, i, json, "left traces"));
            if (accepted)
            {
                CheckInvariants(batch, parsing, Failure(seed, i, json, "broke an invariant"));
            }
        }
        foreach (EventRejection reason in new[]
        {
            EventRejection.None, EventRejection.InvalidJson, EventRejection.MissingType, EventRejection.InvalidType, EventRejection.InvalidTimestamp,
            EventRejection.InvalidSessionId, EventRejection.InvalidAddress, EventRejection.InvalidToken, EventRejection.InvalidField,
        })
        {
            Assert.True(seen[(int)reason] > 20, $"seed {seed}: only {seen[(int)reason]} inputs were {reason}");
        }
    }

    /// <summary>Spelling a text with escapes takes the other way through the parser, and must change nothing.</summary>
    [Theory]
    [InlineData(31)]
    public void Escaping_and_spacing_change_nothing(int seed)
    {
        Random random = new(seed);
        Parsing parsing = new();
        int accepted = 0;
        for (int i = 0; i < 20_000; i++)
        {
            List<(string Name, string Json)> fields = HostileJson.Fields(random);
            byte[] plain = HostileJson.Write(fields, random: null);
            byte[] strange = HostileJson.Write(fields, random);
            EventRejection rejection = parsing.Parse(plain);
            string expected = rejection == EventRejection.None ? parsing.Describe(parsing.Batch.Events[0]) : "";
            Assert.True(rejection == parsing.Parse(strange), Failure(seed, i, strange, "verdicts differ"));
            Assert.True(expected.Length == 0 || expected == parsing.Describe(parsing.Batch.Events[0]), Failure(seed, i, strange, expected));
            accepted += expected.Length > 0 ? 1 : 0;
        }
        Assert.True(accepted > 2_000, $"seed {seed}: only {accepted} accepted");
    }

    [Theory]
    [InlineData(41)]
    public void Hostile_envelopes_never_throw(int seed)
    {
        Random random = new(seed);
        CloudEventReader reader = new();
        string[] names = ["content-type", "ce_id", "ce_source", "ce_specversion", "ce_type", "ce_time", "ce_x", "other", ""];
        string[] values = ["application/cloudevents+json", "application/cloudevents; charset=utf-8", "application/json", "1.0", "0.3", "", "a.started.v1", "2025-11-14T17:03:21Z", "x"];
        for (int i = 0; i < 30_000; i++)
        {
            reader.Reset();
            for (int h = random.Next(7); h > 0; h--)
            {
                reader.AddHeader(names[random.Next(names.Length)], Encoding.UTF8.GetBytes(values[random.Next(values.Length)]));
            }
            string envelope = $$"""{"id":"1","source":"/s","specversion":"1.0","type":"t","d\u0061ta":{{Encoding.UTF8.GetString(HostileJson.Next(random))}}}""";
            byte[] value = HostileJson.Mutate(Encoding.UTF8.GetBytes(envelope), random);
            EventRejection rejection = reader.Read(value, out ReadOnlySpan<byte> data, out _);
            Assert.True(rejection != EventRejection.None || !data.IsEmpty, Failure(seed, i, value, "accepted without data"));
        }
    }

    private static void CheckInvariants(EventBatch batch, Parsing parsing, string failure)
    {
        PlaybackEvent e = batch.Events[^1];
        Assert.True(!e.Session.IsAbsent && !e.Address.IsAbsent && e.Timestamp is >= 946_684_800_000 and < 4_102_444_800_000 && e.Duration >= -1, failure);
        Assert.True(e.Token.IsAbsent == (e.TokenText.Length == 0) && e.User.IsAbsent == (e.UserText.Length == 0), failure);
        Assert.True(e.TokenText.Length <= 256 && e.UserText.Length <= 256, failure);
        Assert.True(System.Text.Unicode.Utf8.IsValid(batch.Text(e.TokenText)) && System.Text.Unicode.Utf8.IsValid(batch.Text(e.UserText)), failure);
        foreach (int number in new[] { e.Provider, e.Organization, e.Stream, e.Referrer, e.UserAgent })
        {
            Assert.True(Encoding.UTF8.GetByteCount(parsing.Strings.Text(number)) <= StringPool.LongestText, failure);
        }
        Assert.True(e.Claims == 0 || parsing.Claims.Get(e.Claims) is not null, failure);
    }

    private static bool Same(JsonElement root, string name, in RawEvent raw, EventField field)
    {
        JsonElement value = root.EnumerateObject().LastOrDefault(p => IsNamed(p, name)).Value;
        if (value.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
        {
            return raw.Kind(field) == RawKind.Absent && raw.Bytes(field).IsEmpty;
        }
        return value.ValueKind switch
        {
            JsonValueKind.String => raw.Kind(field) == RawKind.Text && SameText(value, raw.Bytes(field)),
            JsonValueKind.Number => raw.Kind(field) == RawKind.Number && JsonMarshal.GetRawUtf8Value(value).SequenceEqual(raw.Bytes(field)),
            JsonValueKind.Object => raw.Kind(field) == RawKind.Object && JsonMarshal.GetRawUtf8Value(value).SequenceEqual(raw.Bytes(field)),
            _ => raw.Kind(field) == RawKind.Other,
        };
    }

    private static bool IsNamed(JsonProperty property, string name)
    {
        try
        {
            return property.NameEquals(name);
        }
        catch (InvalidOperationException)
        {
            // half a surrogate pair: no name that is known
            return false;
        }
    }

    private static bool SameText(JsonElement value, ReadOnlySpan<byte> bytes)
    {
        try
        {
            return value.GetString() == Encoding.UTF8.GetString(bytes);
        }
        catch (InvalidOperationException)
        {
            // half a surrogate pair, or bytes that are not UTF-8: the document model gives no text to compare with
            return true;
        }
    }

    private static JsonDocument? Parse(byte[] json)
    {
        try
        {
            return JsonDocument.Parse(json);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Failure(int seed, int step, byte[] json, string what) =>
        string.Create(CultureInfo.InvariantCulture, $"seed {seed}, step {step}: {what}: {Convert.ToHexString(json)} = {Encoding.UTF8.GetString(json)}");
}
