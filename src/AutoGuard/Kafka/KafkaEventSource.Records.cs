using AutoGuard.Core.Events;
using Confluent.Kafka;

namespace AutoGuard.Kafka;

/// <content>Records: where they come from and what becomes of each.</content>
public sealed partial class KafkaEventSource
{
    /// <summary>Deals with the next record that is there already.</summary>
    private bool TryRead()
    {
        if (_fetched is null)
        {
            return Consume(TimeSpan.Zero);
        }
        bool isAny = _fetched.TryNext();
        ThrowNoted();
        if (_fetched.HasGap)
        {
            Restart(new Error(ErrorCode.Local_Outdated, "a partition was taken away and given back while its records were fetched"));
            return false;
        }
        if (!isAny)
        {
            return false;
        }
        if (_fetched.Error == ErrorCode.Local_PartitionEOF)
        {
            OnEnd(_fetched.Partition, _fetched.Offset);
        }
        else if (_fetched.Error != ErrorCode.NoError)
        {
            OnFetchError(_fetched.Partition, _fetched.ReadError());
        }
        else if (_current is null)
        {
            // A revocation while fetching handed the batch over: the record waits for the next one.
            return true;
        }
        else
        {
            OnRecord(_fetched.Record);
        }
        _fetched.Release();
        return true;
    }

    /// <summary>Deals with the next record through the client, which may wait for it.</summary>
    private bool Consume(TimeSpan timeout)
    {
        ConsumeResult<int, int>? result = Poll(timeout);
        if (result is null)
        {
            return false;
        }
        if (result.IsPartitionEOF)
        {
            OnEnd(result.Partition.Value, result.Offset.Value);
        }
        else if (_current is null)
        {
            // A revocation within the poll handed the batch over.
            PutBack(result);
        }
        else
        {
            OnRecord(RecordOf(result));
        }
        return true;
    }

    private ConsumeResult<int, int>? Poll(TimeSpan timeout)
    {
        ConsumeResult<int, int>? result = null;
        try
        {
            result = _consumer.Consume((int)Math.Ceiling(timeout.TotalMilliseconds));
        }
        catch (ConsumeException e) when (!e.Error.IsFatal && e.Error.Code != ErrorCode.Local_Fatal)
        {
            OnFetchError(e.ConsumerRecord.Partition.Value, e.Error);
        }
        ThrowNoted();
        return result;
    }

    private FetchedRecord RecordOf(ConsumeResult<int, int> result) => new()
    {
        Partition = result.Partition.Value,
        Offset = result.Offset.Value,
        Key = _key.Span(result.Message.Key),
        HasKey = result.Message.Key != RecordBytes.Absent,
        Value = _value.Span(result.Message.Value),
        HasValue = result.Message.Value != RecordBytes.Absent,
        Headers = result.Message.Headers,
    };

    /// <exception cref="KafkaException">The consumer cannot go on.</exception>
    /// <exception cref="InvalidOperationException">A partition cannot be read from where the group stopped, and must not be read from elsewhere.</exception>
    private void OnFetchError(int partition, Error error)
    {
        if (error.IsFatal)
        {
            throw new KafkaException(error);
        }
        if (error.Code == ErrorCode.Local_AutoOffsetReset)
        {
            // librdkafka says so once and reads nothing of the partition any more; whoever asked for an error wants to decide.
            throw new InvalidOperationException(
                $"Partition {partition} of topic {_settings.Options.EventsTopic} cannot be read from where the group stopped, and Kafka:Consumer:auto.offset.reset forbids to begin elsewhere: {error.Reason}");
        }
        OnError(error);
    }

    private void OnRecord(in FetchedRecord record)
    {
        SourceBatch batch = _current!;
        PartitionState state = StateOf(record.Partition);
        if (!HasContent)
        {
            _openedAt = _time.GetTimestamp();
        }
        Counters.CountConsumed();
        if (state.First < 0)
        {
            state.First = record.Offset;
        }
        state.Next = record.Offset + 1;
        state.IsTouched = true;
        state.IsActive = true;
        state.IsAtEnd = false;
        state.IsIdle = false;
        _hasPositions = true;
        EventRejection rejection = Parse(in record, batch.Events, out bool faulted);
        if (rejection == EventRejection.None && !faulted)
        {
            Counters.CountAccepted();
        }
        else
        {
            batch.Rejected++;
            Reject(in record, rejection, faulted);
        }
        if (batch.Events.IsFull)
        {
            HandOver();
        }
    }

    private EventRejection Parse(in FetchedRecord record, EventBatch events, out bool faulted)
    {
        faulted = false;
        int count = events.Count;
        int textLength = events.TextLength;
        try
        {
            return _parser(record.Value, record.Headers, events, _topic, record.Partition, record.Offset);
        }
        catch (Exception e) when (events.Count == count)
        {
            // A record on which the parser breaks would break it again after every restart: it is set aside like any other
            // record that is not an event, and reported as the defect it is.
            events.Rewind(textLength);
            Counters.CountParserFault();
            Log.ParserFailed(_logger, e, _settings.Options.EventsTopic, record.Partition, record.Offset);
            faulted = true;
            return EventRejection.None;
        }
    }

    private void Reject(in FetchedRecord record, EventRejection rejection, bool faulted)
    {
        string reason = faulted ? "parserFault" : SourceCounters.NameOf(rejection);
        if (!faulted)
        {
            Counters.CountRejected(rejection);
            if (_rejectionLog.TryPass(rejection, out long heldBack))
            {
                Log.Rejected(_logger, _settings.Options.EventsTopic, record.Partition, record.Offset, reason, heldBack);
            }
        }
        _deadLetters.Add(record.Partition, record.Offset, reason, record.Key, record.HasKey, record.Value, record.HasValue, record.Headers);
    }

    private void OnEnd(int partition, long end)
    {
        PartitionState state = StateOf(partition);
        state.IsAtEnd = true;
        if (state.Next >= 0 && end > state.Next)
        {
            // Markers of transactions take offsets without being records.
            state.IsTouched = true;
            _hasPositions = true;
        }
        state.Next = Math.Max(state.Next, end);
        if (state.First < 0)
        {
            // Or markers that come without a record before them could never be committed.
            state.First = end;
        }
    }

    private void PutBack(ConsumeResult<int, int> result)
    {
        if (_stopReading)
        {
            return;
        }
        var position = new TopicPartitionOffset(_settings.Options.EventsTopic, result.Partition, result.Offset);
        try
        {
            _consumer.Seek(position);
        }
        catch (KafkaException e) when (e.Error.Code is ErrorCode.Local_State or ErrorCode.Local_UnknownPartition)
        {
            // Revoked meanwhile: whoever has it now reads the record.
            OnError(e.Error);
        }
    }
}
