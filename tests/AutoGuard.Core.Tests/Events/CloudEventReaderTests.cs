using System.Text;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Tests.Events;

public sealed class CloudEventReaderTests
{
    private const string Structured = "application/cloudevents+json; charset=UTF-8";
    private const string Attributes = "\"id\":\"1\",\"source\":\"/edge\",\"specversion\":\"1.0\",\"type\":\"com.example.session.started.v1\"";

    private static readonly (string, string)[] s_binary =
        [("ce_id", "1"), ("ce_source", "/edge"), ("ce_specversion", "1.0"), ("ce_type", "com.example.session.ended"), ("ce_time", "2025-11-14T17:03:21Z"), ("content-type", "application/json")];

    private readonly CloudEventReader _reader = new();

    [Fact]
    public void Binary_mode_takes_attributes_from_headers_and_the_value_as_it_is()
    {
        Assert.Equal((EventRejection.None, "{\"a\":1}"), Read("{\"a\":1}", out EventDefaults defaults, s_binary));
        Assert.Equal(CloudEventMode.Binary, _reader.Mode);
        Assert.Equal(new EventDefaults(PlaybackEventType.End, 1_763_139_801_000), defaults);
    }

    [Theory]
    [InlineData("ce_id", "")]
    [InlineData("ce_source", "")]
    [InlineData("ce_specversion", "")]
    [InlineData("ce_specversion", "0.3")]
    [InlineData("ce_specversion", "1.0.2")]
    [InlineData("ce_type", "")]
    public void Binary_mode_requires_the_four_attributes(string name, string value)
    {
        Assert.Equal(EventRejection.InvalidEnvelope, Read("{}", out _, [.. s_binary.Where(h => h.Item1 != name)]).Rejection);
        Assert.Equal(EventRejection.InvalidEnvelope, Read("{}", out _, [.. s_binary.Where(h => h.Item1 != name), (name, value)]).Rejection);
    }

    [Fact]
    public void A_record_without_attributes_is_a_bare_event()
    {
        (string, string)[] stray = [("content-type", "application/json"), ("ce_traceparent", "00-x"), ("traceparent", "00-x"), ("é" + new string('x', 100), "y")];
        Assert.Equal((EventRejection.None, "{}"), Read("{}", out EventDefaults defaults, stray));
        Assert.Equal(CloudEventMode.None, _reader.Mode);
        Assert.Equal(default, defaults);
        Assert.Equal(EventRejection.Empty, Read("", out _, stray).Rejection);
        Assert.Equal(EventRejection.Empty, Read("", out _).Rejection);
        Assert.Equal(EventRejection.Empty, Read("", out _, s_binary).Rejection);
    }

    [Theory]
    [InlineData("application/cloudevents+json", EventRejection.None)]
    [InlineData("APPLICATION/CloudEvents+JSON;charset=utf-8", EventRejection.None)]
    [InlineData("application/cloudevents", EventRejection.None)]
    [InlineData("application/cloudevents ; charset=utf-8", EventRejection.None)]
    [InlineData("application/cloudevents+avro", EventRejection.InvalidEnvelope)]
    [InlineData("application/cloudevents-batch+json", EventRejection.InvalidEnvelope)]
    public void The_content_type_tells_structured_mode(string contentType, EventRejection rejection)
    {
        foreach (string header in new[] { "content-type", "Content-Type" })
        {
            Assert.Equal(rejection, Read($"{{{Attributes},\"data\":{{}}}}", out _, (header, contentType)).Rejection);
            Assert.Equal(CloudEventMode.Structured, _reader.Mode);
        }
    }

    [Fact]
    public void Structured_mode_takes_everything_from_the_envelope_and_nothing_from_the_headers()
    {
        string envelope = $"{{{Attributes},\"time\":\"2025-11-14T17:03:21.5Z\",\"ext\":{{\"data\":1}},\"data\": {{\"type\":\"start\",\"n\":[1,{{}}]}} }}";
        foreach ((string, string)[] headers in new[] { s_binary.Append(("content-type", Structured)).ToArray(), [("content-type", Structured), .. s_binary[..5]] })
        {
            Assert.Equal((EventRejection.None, "{\"type\":\"start\",\"n\":[1,{}]}"), Read(envelope, out EventDefaults defaults, headers));
            Assert.Equal(new EventDefaults(PlaybackEventType.Start, 1_763_139_801_500), defaults);
        }
        Assert.Equal(EventRejection.InvalidEnvelope, Read("{\"data\":{}}", out _, [.. s_binary[..5], ("content-type", Structured)]).Rejection);
    }

    [Fact]
    public void A_record_is_not_read_with_the_attributes_of_the_one_before()
    {
        Assert.Equal(EventRejection.None, Read("{}", out _, s_binary).Rejection);
        Assert.Equal(EventRejection.InvalidEnvelope, Read("{}", out _, ("ce_id", "2")).Rejection);
        Assert.Equal(EventRejection.None, Read($"{{{Attributes},\"data\":{{}}}}", out _, ("content-type", Structured)).Rejection);
        Assert.Equal(EventRejection.InvalidEnvelope, Read("{\"data\":{}}", out _, ("content-type", Structured)).Rejection);
    }

    [Theory]
    [InlineData("id")]
    [InlineData("source")]
    [InlineData("specversion")]
    [InlineData("type")]
    public void Structured_mode_requires_the_four_attributes_as_texts(string name)
    {
        string attributes = $"{{{Attributes},\"data\":{{}}}}";
        foreach (string value in new[] { "\"\"", "null", "1", "{}", "[\"1.0\"]" })
        {
            Assert.Equal(EventRejection.InvalidEnvelope, Read(attributes[..^1] + $",\"{name}\":{value}}}", out _, ("content-type", Structured)).Rejection);
        }
        Assert.Equal(EventRejection.InvalidEnvelope, Read(attributes.Replace($"\"{name}\":", "\"x\":", StringComparison.Ordinal), out _, ("content-type", Structured)).Rejection);
    }

    [Theory]
    [InlineData("")]
    [InlineData(",\"data\":null")]
    [InlineData(",\"data_base64\":null")]
    [InlineData(",\"data_base64\":\"\"")]
    [InlineData(",\"data\":{},\"data\":null")]
    public void An_envelope_without_data_is_empty(string data) =>
        Assert.Equal(EventRejection.Empty, Read($"{{{Attributes}{data}}}", out _, ("content-type", Structured)).Rejection);

    [Fact]
    public void Base64_data_is_decoded_also_with_escaped_slashes()
    {
        string data = "{\"a\":\"" + new string('?', 40) + "\"}";
        string encoded = Convert.ToBase64String(Encoding.UTF8.GetBytes(data));
        Assert.Contains('/', encoded);
        Assert.Equal((EventRejection.None, data), Read($"{{\"data_base64\":\"{encoded}\",{Attributes},\"ext\":\"\\u0061\"}}", out _, ("content-type", Structured)));
        string escaped = encoded.Replace("/", "\\/", StringComparison.Ordinal);
        Assert.Equal((EventRejection.None, data), Read($"{{\"data_base64\":\"{escaped}\",{Attributes},\"ty\\u0070e\":\"\\u0061\"}}", out _, ("content-type", Structured)));
        Assert.Equal(EventRejection.InvalidEnvelope, Read($"{{\"data_base64\":\"{encoded}\",\"data\":{{}},{Attributes}}}", out _, ("content-type", Structured)).Rejection);
        foreach (string wrong in new[] { "\"***\"", "\"abc\"", "5", "true", "{}", "[\"YQ==\"]" })
        {
            Assert.Equal(EventRejection.InvalidEnvelope, Read($"{{\"data_base64\":{wrong},{Attributes}}}", out _, ("content-type", Structured)).Rejection);
        }
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{")]
    [InlineData("{} x")]
    [InlineData("{\"data\":{]}")]
    public void A_malformed_envelope_is_invalid_json(string envelope) =>
        Assert.Equal(EventRejection.InvalidJson, Read(envelope, out _, ("content-type", Structured)).Rejection);

    [Fact]
    public void Envelopes_have_a_limit_and_the_largest_event_fits_in_base64()
    {
        string data = "{\"a\":\"" + new string('x', EventParser.LongestEvent - 8) + "\"}";
        Assert.Equal((EventRejection.None, data), Read($"{{{Attributes},\"data_base64\":\"{Convert.ToBase64String(Encoding.UTF8.GetBytes(data))}\"}}", out _, ("content-type", Structured)));
        string padding = new('x', CloudEventReader.LongestEnvelope);
        Assert.Equal(EventRejection.TooLarge, Read($"{{{Attributes},\"data\":{{}},\"x\":\"{padding}\"}}", out _, ("content-type", Structured)).Rejection);
        Assert.Equal(EventRejection.Empty, Read("", out _, ("content-type", Structured)).Rejection);
    }

    [Theory]
    [InlineData("com.example.playback.session.started.v1", PlaybackEventType.Start)]
    [InlineData("com.example.start", PlaybackEventType.Start)]
    [InlineData("start", PlaybackEventType.Start)]
    [InlineData("com.example.heartbeat.v12", PlaybackEventType.Heartbeat)]
    [InlineData("ended.v1", PlaybackEventType.End)]
    [InlineData("com.example.end", PlaybackEventType.End)]
    [InlineData("com.example.restart", null)]
    [InlineData("com.example.started.", null)]
    [InlineData("com.example.started.v", null)]
    [InlineData("com.example.started.v1.v2", null)]
    [InlineData("com.example.started.vx", null)]
    [InlineData("com.example.weekend", null)]
    [InlineData("com.start.example", null)]
    [InlineData("v1", null)]
    [InlineData(".", null)]
    [InlineData("com.example.heartbeats", null)]
    public void The_last_word_of_the_type_names_the_phase(string type, PlaybackEventType? phase)
    {
        Assert.Equal(EventRejection.None, Read("{}", out EventDefaults defaults, [.. s_binary[..3], ("ce_type", type), ("ce_time", "soon")]).Rejection);
        Assert.Equal(new EventDefaults(phase, null), defaults);
    }

    [Fact]
    public void An_event_in_an_envelope_comes_out_of_the_parser_whole()
    {
        Parsing parsing = new();
        _ = Read(Parsing.Without("type"), out EventDefaults defaults, s_binary);
        EventBatch batch = new(1);
        Assert.Equal(EventRejection.None, parsing.Parser.TryParse(Encoding.UTF8.GetBytes(Parsing.Without("type")), defaults, batch, 0, 0, 0));
        Assert.Equal(PlaybackEventType.End, batch.Events[0].Type);
    }

    private (EventRejection Rejection, string Text) Read(string value, out EventDefaults defaults, params (string Name, string Value)[] headers)
    {
        _reader.Reset();
        for (int i = 0; i < headers.Length; i++)
        {
            byte[] header = Encoding.UTF8.GetBytes(headers[i].Value);
            if (i % 2 == 0)
            {
                _reader.AddHeader(headers[i].Name, header);
            }
            else
            {
                _reader.AddHeader(Encoding.UTF8.GetBytes(headers[i].Name), header);
            }
        }
        EventRejection rejection = _reader.Read(Encoding.UTF8.GetBytes(value), out ReadOnlySpan<byte> data, out defaults);
        return (rejection, rejection == EventRejection.None ? Encoding.UTF8.GetString(data) : "");
    }
}
