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
    private FetchedRecords? _fetched;
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
            try
            {
                GiveUp();
            }
            finally
            {
                _completion.TrySetException(e);
            }
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
            bool isWaiting = !TryRead();
            if (isWaiting && !Consume(HasContent ? TimeLeft() : PollTimeout))
            {
                HandOverIfDue();
                return;
            }
            if (isWaiting || i % RecordsBetweenLooks == 0)
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
        ReleaseFetched();
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
        ReleaseFetched();
        _consumer.Close();
        ThrowNoted();
        Release();
    }

    /// <summary>
    /// After a failure nothing is committed, and the group is not asked for leave. But a consumer that lives on would go on telling it that
    /// it reads, and nobody else would get its partitions.
    /// </summary>
    private void GiveUp()
    {
        ReleaseFetched();
        Release();
    }

    private void Release()
    {
        _consumer.Dispose();
        _deadLetters.Dispose();
        Counters.Connected(false);
        Counters.Publish(ImmutableArray<PartitionProgress>.Empty);
    }
}
