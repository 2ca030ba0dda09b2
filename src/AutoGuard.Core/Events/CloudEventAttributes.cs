namespace AutoGuard.Core.Events;

/// <summary>The parts of an envelope that mean something here.</summary>
internal enum CloudEventAttribute
{
    Unknown,
    Id,
    Source,
    SpecVersion,
    Type,
    Time,
    Data,
    EncodedData,
}

/// <summary>What the attributes of one CloudEvent say.</summary>
internal struct CloudEventAttributes
{
    public bool IsUnreadable;
    public PlaybackEventType? Type;
    public long? Time;
    private bool _hasId;
    private bool _hasSource;
    private bool _hasVersion;
    private bool _hasType;

    public readonly bool AreComplete => _hasId && _hasSource && _hasVersion && _hasType;

    public static CloudEventAttribute Of(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("id"u8) ? CloudEventAttribute.Id
        : name.SequenceEqual("source"u8) ? CloudEventAttribute.Source
        : name.SequenceEqual("specversion"u8) ? CloudEventAttribute.SpecVersion
        : name.SequenceEqual("type"u8) ? CloudEventAttribute.Type
        : name.SequenceEqual("time"u8) ? CloudEventAttribute.Time
        : name.SequenceEqual("data"u8) ? CloudEventAttribute.Data
        : name.SequenceEqual("data_base64"u8) ? CloudEventAttribute.EncodedData
        : CloudEventAttribute.Unknown;

    /// <summary>Takes an attribute by its name; whether it is a required one.</summary>
    public bool Set(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        CloudEventAttribute attribute = Of(name);
        Set(attribute, value);
        return attribute is CloudEventAttribute.Id or CloudEventAttribute.Source or CloudEventAttribute.SpecVersion or CloudEventAttribute.Type;
    }

    public void Set(CloudEventAttribute attribute, ReadOnlySpan<byte> value)
    {
        switch (attribute)
        {
            case CloudEventAttribute.Id:
                _hasId = !value.IsEmpty;
                break;
            case CloudEventAttribute.Source:
                _hasSource = !value.IsEmpty;
                break;
            case CloudEventAttribute.SpecVersion:
                _hasVersion = value.SequenceEqual("1.0"u8);
                break;
            case CloudEventAttribute.Type:
                _hasType = !value.IsEmpty;
                Type = PhaseOf(value);
                break;
            case CloudEventAttribute.Time:
                Time = EventTime.TryParseText(value, out long time) ? time : null;
                break;
            default:
                break;
        }
    }

    private static PlaybackEventType? PhaseOf(ReadOnlySpan<byte> type)
    {
        int dot = type.LastIndexOf((byte)'.');
        ReadOnlySpan<byte> word = type[(dot + 1)..];
        if (dot >= 0 && word.Length > 1 && word[0] == (byte)'v' && !word[1..].ContainsAnyExceptInRange((byte)'0', (byte)'9'))
        {
            type = type[..dot];
            word = type[(type.LastIndexOf((byte)'.') + 1)..];
        }
        return word.SequenceEqual("start"u8) || word.SequenceEqual("started"u8) ? PlaybackEventType.Start
            : word.SequenceEqual("heartbeat"u8) ? PlaybackEventType.Heartbeat
            : word.SequenceEqual("end"u8) || word.SequenceEqual("ended"u8) ? PlaybackEventType.End
            : null;
    }
}
