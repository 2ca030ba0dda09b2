using System.Collections.Immutable;
using AutoGuard.Core.Events;
using Confluent.Kafka;

namespace AutoGuard.Kafka;

/// <content>The thread: polling, batches, back-pressure.</content>
public sealed partial class KafkaEventSource
{
    private const int MostRecordsBetweenChores = 1_024;
    private static readonly TimeSpan PollTimeout = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ChoreInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a batch waits for more events while the reader is busy anyway.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(20);

    /// <summary>How long it waits while the reader has nothing to do: handing over every few events costs several times as much as reading them.</summary>
    private static readonly TimeSpan ShortLinger = TimeSpan.FromMilliseconds(5);

    /// <summary>Records that come without a wait between two looks at the clock.</summary>
    private const int RecordsBetweenLooks = 64;

    /// <summary>Pausing throws away what was fetched ahead; a reader that is only a little late is waited for instead.</summary>
    private static readonly TimeSpan PauseAfter = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan RestartDelay = TimeSpan.FromSeconds(5);

    private readonly RecordBytes _key = new();
    private readonly RecordBytes _value = new();
    private readonly Dictionary<int, PartitionState> _partitions = [];
    private readonly List<PartitionNotice> _notices = [];
    private readonly LogLimiter<EventRejection> _rejectionLog;
    private IConsumer<int, int> _consumer = null!;
    private DeadLetterQueue _deadLetters = null!;
    private SourceBatch? _current;
    private PartitionState? _last;
    private long _openedAt;
    private long _choresAt;
    private bool _hasPositions;
    private bool _isPaused;
    private bool _assignmentChanged;
    private bool _isComplete;
    private bool _commitRefused;

    private bool HasContent => _current is not null && (_current.Events.Count > 0 || _hasPositions || _notices.Count > 0);

    private void Run()
    {
        try
        {
            while (!_closeRequested.IsSet)
            {
                try
                {
                    Step();
                }
                catch (KafkaException e) when (e.Error.IsFatal || e.Error.Code == ErrorCode.Local_Fatal)
                {
                    Restart(e.Error);
                }
            }
            Leave();
            _completion.TrySetResult();
        }
        catch (Exception e)
        {
            Log.Failed(_logger, e);
            _batches.Writer.TryComplete(e);
            _completion.TrySetException(e);
        }
    }

    private void Step()
    {
        DoChores();
        if (_stopReading)
        {
            Complete();
            Hold();
        }
        else if (_current is null && !TryTakeBatch() || _deadLetters.IsFull)
        {
            Hold();
        }
        else
        {
            if (_isPaused)
            {
                Resume();
            }
            Read();
        }
    }

    /// <summary>Takes a free batch; waits a little for one unless the partitions are paused already.</summary>
    private bool TryTakeBatch()
    {
        if (_isPaused)
        {
            // Once paused, half of the batches must come back first, or it would pause and resume with every one.
            return _free.Count >= Math.Max(1, _batchCount / 2) && _free.TryTake(out _current);
        }
        return _free.TryTake(out _current, PauseAfter);
    }

    /// <summary>Reads nothing but stays in the group.</summary>
    private void Hold()
    {
        if (!_isPaused || _assignmentChanged)
        {
            _assignmentChanged = false;
            _consumer.Pause(_consumer.Assignment);
            if (!_isPaused)
            {
                _isPaused = true;
                if (!_stopReading)
                {
                    Counters.Paused(true);
                    Log.Paused(_logger);
                }
            }
        }
        if (Poll(Linger) is { IsPartitionEOF: false } stray)
        {
            // A partition assigned during the pause may yield a record before it is paused as well.
            PutBack(stray);
        }
    }

    private void Resume()
    {
        _isPaused = false;
        Counters.Paused(false);
        _consumer.Resume(_consumer.Assignment);
        Log.Resumed(_logger);
    }

    private void Read()
    {
        for (int i = 1; i <= MostRecordsBetweenChores && _current is not null; i++)
        {
            // What has been fetched comes without a wait, and then the time matters now and then only.
            ConsumeResult<int, int>? result = Poll(TimeSpan.Zero);
            bool look = result is null || i % RecordsBetweenLooks == 0;
            result ??= Poll(HasContent ? TimeLeft() : PollTimeout);
            if (result is null)
            {
                HandOverIfDue();
                return;
            }
            if (result.IsPartitionEOF)
            {
                OnEnd(result);
            }
            else if (_current is null)
            {
                // A revocation within the poll handed the batch over.
                PutBack(result);
            }
            else
            {
                OnRecord(result);
            }
            if (look)
            {
                HandOverIfDue();
            }
        }
    }

    private void HandOverIfDue()
    {
        if (HasContent && TimeLeft() == TimeSpan.Zero)
        {
            HandOver();
        }
    }

    /// <summary>How much longer the open batch may wait.</summary>
    private TimeSpan TimeLeft()
    {
        TimeSpan left = (_batches.Reader.Count == 0 ? ShortLinger : Linger) - _time.GetElapsedTime(_openedAt);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private ConsumeResult<int, int>? Poll(TimeSpan timeout)
    {
        try
        {
            return _consumer.Consume((int)Math.Ceiling(timeout.TotalMilliseconds));
        }
        catch (ConsumeException e) when (!e.Error.IsFatal && e.Error.Code != ErrorCode.Local_Fatal)
        {
            OnError(e.Error);
            return null;
        }
    }

    private void OnRecord(ConsumeResult<int, int> result)
    {
        SourceBatch batch = _current!;
        PartitionState state = StateOf(result.Partition.Value);
        long offset = result.Offset.Value;
        if (!HasContent)
        {
            _openedAt = _time.GetTimestamp();
        }
        Counters.CountConsumed();
        state.Next = offset + 1;
        state.IsTouched = true;
        state.IsActive = true;
        state.IsAtEnd = false;
        state.IsIdle = false;
        _hasPositions = true;
        EventRejection rejection = Parse(result, batch.Events, state.Partition, offset, out bool faulted);
        if (rejection == EventRejection.None && !faulted)
        {
            Counters.CountAccepted();
        }
        else
        {
            batch.Rejected++;
            Reject(result, state.Partition, offset, rejection, faulted);
        }
        if (batch.Events.IsFull)
        {
            HandOver();
        }
    }

    private EventRejection Parse(ConsumeResult<int, int> result, EventBatch events, int partition, long offset, out bool faulted)
    {
        faulted = false;
        int count = events.Count;
        int textLength = events.TextLength;
        try
        {
            return _parser(_value.Span(result.Message.Value), result.Message.Headers, events, _topic, partition, offset);
        }
        catch (Exception e) when (events.Count == count)
        {
            // A record on which the parser breaks would break it again after every restart: it is set aside like any other
            // record that is not an event, and reported as the defect it is.
            events.Rewind(textLength);
            Counters.CountParserFault();
            Log.ParserFailed(_logger, e, _settings.Options.EventsTopic, partition, offset);
            faulted = true;
            return EventRejection.None;
        }
    }

    private void Reject(ConsumeResult<int, int> result, int partition, long offset, EventRejection rejection, bool faulted)
    {
        string reason = faulted ? "parserFault" : SourceCounters.NameOf(rejection);
        if (!faulted)
        {
            Counters.CountRejected(rejection);
            if (_rejectionLog.TryPass(rejection, out long heldBack))
            {
                Log.Rejected(_logger, _settings.Options.EventsTopic, partition, offset, reason, heldBack);
            }
        }
        _deadLetters.Add(partition, offset, reason,
            _key.Span(result.Message.Key), result.Message.Key != RecordBytes.Absent,
            _value.Span(result.Message.Value), result.Message.Value != RecordBytes.Absent, result.Message.Headers);
    }

    private void OnEnd(ConsumeResult<int, int> result)
    {
        PartitionState state = StateOf(result.Partition.Value);
        state.IsAtEnd = true;
        long end = result.Offset.Value;
        if (state.Next >= 0 && end > state.Next)
        {
            // Markers of transactions take offsets without being records.
            state.IsTouched = true;
            _hasPositions = true;
        }
        state.Next = Math.Max(state.Next, end);
    }

    private PartitionState StateOf(int partition)
    {
        if (_last is not null && _last.Partition == partition)
        {
            return _last;
        }
        if (!_partitions.TryGetValue(partition, out PartitionState? state))
        {
            _partitions.Add(partition, state = new PartitionState(partition, _time.GetTimestamp()));
        }
        return _last = state;
    }

    private void HandOver()
    {
        SourceBatch batch = _current!;
        _current = null;
        batch.Fill(_notices);
        _notices.Clear();
        foreach (PartitionState state in _partitions.Values)
        {
            if (state.IsTouched)
            {
                state.IsTouched = false;
                batch.Fill(new TopicPartitionOffset(_settings.Options.EventsTopic, state.Partition, state.Next));
            }
        }
        _hasPositions = false;
        if (!_batches.Writer.TryWrite(batch))
        {
            throw new InvalidOperationException("A batch was handed over after the last one, or more batches than exist.");
        }
        _free.TryTake(out _current);
    }

    /// <summary>Hands over what is left and ends the batches. Later notices concern nobody.</summary>
    private void Complete()
    {
        if (!_isComplete && HasContent)
        {
            HandOver();
        }
        _isComplete = true;
        _batches.Writer.TryComplete();
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

    /// <summary>Adds a notice that comes after every event read so far and before every later one.</summary>
    private void Announce(int partition, PartitionChange change)
    {
        if (_isComplete)
        {
            return;
        }
        if (_current is not null && (_current.Events.Count > 0 || _hasPositions))
        {
            HandOver();
        }
        _notices.Add(new PartitionNotice(partition, change));
    }

    private void Restart(Error error)
    {
        Counters.CountRestart();
        Log.Restarting(_logger, error.Reason, RestartDelay);
        Forget([.. _partitions.Keys]);
        _consumer.Dispose();
        _closeRequested.Wait(RestartDelay);
        _consumer = BuildConsumer();
        _isPaused = false;
        Counters.Paused(false);
    }

    private void Leave()
    {
        Complete();
        TakeCommits();
        _deadLetters.Flush(CloseLimit / 4);
        StorePositions();
        CommitRest();
        _consumer.Close();
        _consumer.Dispose();
        _deadLetters.Dispose();
        Counters.Connected(false);
        Counters.Publish(ImmutableArray<PartitionProgress>.Empty);
    }
}
