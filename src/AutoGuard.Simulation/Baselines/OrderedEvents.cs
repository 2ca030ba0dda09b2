using AutoGuard.Core.Events;
using AutoGuard.Core.Pipeline;

namespace AutoGuard.Simulation.Baselines;

/// <summary>
/// Puts a stream into the order of event time, without repeats, for the baselines: they get the same care with late, early
/// and repeated events as AutoGuard's own pipeline takes, so that they are compared by their rules alone.
/// </summary>
public sealed class OrderedEvents
{
    private const int BatchSize = 4096;
    private const long Span = 3_600_000;

    private readonly EventClock _clock;
    private readonly ReorderBuffer _reorder;
    private readonly Action<EventBatch> _deliver;
    private readonly EventBatch _batch = new(BatchSize);
    private Key128 _lastSession;
    private long _lastTime = long.MinValue;
    private PlaybackEventType _lastType;

    /// <param name="lateness">How late an event may come.</param>
    /// <param name="deliver">Takes the ordered events; the batch is its own only until it returns.</param>
    public OrderedEvents(TimeSpan lateness, Action<EventBatch> deliver)
    {
        ArgumentNullException.ThrowIfNull(deliver);
        _clock = new EventClock((long)lateness.TotalMilliseconds);
        _reorder = new ReorderBuffer(Span, (long)lateness.TotalMilliseconds);
        _deliver = deliver;
    }

    /// <summary>Takes events in order of arrival.</summary>
    public void Add(EventBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        foreach (ref readonly PlaybackEvent e in batch.Events)
        {
            bool timely = _clock.Admit(e.Partition, e.Timestamp) is Admission.Accept or Admission.AcceptHeld;
            if (timely && e.Timestamp > _reorder.Horizon)
            {
                Drain();
            }
            if (timely && e.Timestamp <= _reorder.Horizon && e.Timestamp >= Math.Max(_clock.Watermark, _reorder.Origin))
            {
                _reorder.Add(in e, batch.Text(e.TokenText), batch.Text(e.UserText));
            }
        }
        Drain();
    }

    /// <summary>There are no more: what is held is delivered.</summary>
    public void Complete()
    {
        _clock.AdvanceTo(long.MaxValue / 2);
        Drain();
        Deliver();
    }

    private void Drain()
    {
        while (_reorder.TryTake(_clock.Watermark, out ReorderBuffer.Slot slot))
        {
            for (int i = 0; i < slot.Count; i++)
            {
                ref readonly PlaybackEvent e = ref slot[i];
                if (e.Timestamp == _lastTime && e.Session == _lastSession && e.Type == _lastType)
                {
                    continue;
                }
                (_lastTime, _lastSession, _lastType) = (e.Timestamp, e.Session, e.Type);
                if (_batch.IsFull)
                {
                    Deliver();
                }
                ref PlaybackEvent place = ref _batch.Next();
                place = e;
                place.TokenText = _batch.AppendText(slot.Text(e.TokenText));
                place.UserText = _batch.AppendText(slot.Text(e.UserText));
                _batch.Commit();
            }
            _reorder.Return(slot);
        }
    }

    private void Deliver()
    {
        _deliver(_batch);
        _batch.Clear();
    }
}
