using Confluent.Kafka;

namespace AutoGuard.Kafka;

/// <content>On the thread as well: what is committed and when, and which partitions are idle.</content>
public sealed partial class KafkaEventSource
{
    private void DoChores()
    {
        TakeCommits();
        if (_choresAt != 0 && _time.GetElapsedTime(_choresAt) < ChoreInterval)
        {
            return;
        }
        _choresAt = _time.GetTimestamp();
        _deadLetters.Tend();
        StorePositions();
        AnnounceIdle(_choresAt);
        Counters.Publish([.. _partitions.Values.Select(Progress).OrderBy(progress => progress.Partition)]);
    }

    private void AnnounceIdle(long now)
    {
        TimeSpan timeout = _settings.Options.IdlePartitionTimeout;
        foreach (PartitionState state in _partitions.Values)
        {
            if (state.IsActive || _isPaused)
            {
                state.IsActive = false;
                state.ActiveAt = now;
            }
            // A partition that is not read to its end may be about to bring old events, which would then be late: it is
            // waited for longer, but not for ever, or one broken partition would stop detection on all.
            else if (!state.IsIdle && _time.GetElapsedTime(state.ActiveAt, now) >= timeout && (IsReadToEnd(state) || _time.GetElapsedTime(state.ActiveAt, now) >= timeout * 10))
            {
                state.IsIdle = true;
                Announce(state.Partition, PartitionChange.Idle);
            }
        }
    }

    /// <summary>A thread that was not given the processor has not looked for a while: what was fetched meanwhile tells.</summary>
    private bool IsReadToEnd(PartitionState state) =>
        state.IsAtEnd && _consumer.GetWatermarkOffsets(new TopicPartition(_settings.Options.EventsTopic, state.Partition)).High.Value <= state.Next;

    private PartitionProgress Progress(PartitionState state)
    {
        WatermarkOffsets marks = _consumer.GetWatermarkOffsets(new TopicPartition(_settings.Options.EventsTopic, state.Partition));
        long next = state.Next >= 0 ? state.Next : Math.Max(marks.Low.Value, 0);
        long end = state.IsAtEnd ? state.Next : Math.Max(marks.High.Value, -1);
        return new PartitionProgress(state.Partition, next, state.Committed, end, state.IsIdle);
    }

    private void TakeCommits()
    {
        bool any = false;
        while (_commits.TryDequeue(out IReadOnlyList<TopicPartitionOffset>? positions))
        {
            any = true;
            foreach (TopicPartitionOffset position in positions)
            {
                // What was read before the partition was away for a while is another worker's matter by now, which may be further.
                if (_partitions.TryGetValue(position.Partition.Value, out PartitionState? state) && state.First >= 0
                    && position.Offset.Value > state.First && position.Offset.Value <= state.Next)
                {
                    state.Wanted = Math.Max(state.Wanted, position.Offset.Value);
                }
            }
        }
        if (any)
        {
            StorePositions();
        }
    }

    private void StorePositions()
    {
        foreach (PartitionState state in _partitions.Values)
        {
            if (state.Wanted <= state.Stored)
            {
                continue;
            }
            long settled = _deadLetters.Settled(state.Partition, state.Wanted);
            if (settled <= state.Stored)
            {
                continue;
            }
            try
            {
                _consumer.StoreOffset(new TopicPartitionOffset(_settings.Options.EventsTopic, state.Partition, settled));
                state.Stored = settled;
            }
            catch (KafkaException e) when (!e.Error.IsFatal)
            {
                Counters.CountCommit(succeeded: false);
                OnError(e.Error);
            }
        }
    }

    /// <summary>
    /// Leaving commits as well, but once only and without looking at the answer, and a group in the middle of a rebalance
    /// refuses. Then the rebalance is seen through, after which librdkafka commits in its own time: a commit of ours sent
    /// meanwhile would be answered after the generation has changed, and cost the worker its partitions.
    /// </summary>
    private void CommitRest()
    {
        TopicPartitionOffset[] rest = [.. _partitions.Values
            .Where(state => state.Stored > state.Committed)
            .Select(state => new TopicPartitionOffset(_settings.Options.EventsTopic, state.Partition, state.Stored))];
        if (rest.Length == 0 || !Counters.IsConnected)
        {
            return;
        }
        try
        {
            if (!_commitRefused)
            {
                _consumer.Commit(rest);
                return;
            }
        }
        catch (KafkaException e) when (e.Error.Code == ErrorCode.Local_NoOffset)
        {
            // librdkafka says that nothing is left to commit.
            return;
        }
        catch (KafkaException e) when (e.Error.Code == ErrorCode.RebalanceInProgress)
        {
            Counters.CountCommit(succeeded: false);
        }
        catch (KafkaException e)
        {
            Counters.CountCommit(succeeded: false);
            Log.LastCommitFailed(_logger, e.Error.Reason);
            return;
        }
        long started = _time.GetTimestamp();
        while (_partitions.Values.Any(state => state.Stored > state.Committed) && _time.GetElapsedTime(started) < CloseLimit * 0.6)
        {
            Poll(Linger);
        }
    }
}
