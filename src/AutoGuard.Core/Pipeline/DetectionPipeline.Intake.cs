using AutoGuard.Core.Events;
using AutoGuard.Core.Features;

namespace AutoGuard.Core.Pipeline;

/// <content>What becomes of an event until it waits for its turn.</content>
public sealed partial class DetectionPipeline
{
    private void Admit(ref readonly PlaybackEvent e, EventBatch batch, DetectionOutput output)
    {
        switch (_clock.Admit(e.Partition, e.Timestamp))
        {
            case Admission.Late:
                Counters.CountLate();
                _judge.Breaker.HearLate(in e, _clock.Watermark);
                break;
            case Admission.Future:
                Counters.CountFuture(1);
                break;
            case Admission.Hold:
                Hold(in e, batch);
                break;
            case Admission.AcceptHeld:
                Drain(output);
                ReleaseHeld(output);
                Hold(in e, batch);
                ReleaseHeld(output);
                break;
            case Admission.Accept:
            default:
                if (_held.Count > 0 && !_clock.IsWaiting(e.Partition))
                {
                    Counters.CountFuture(_held.Count);
                    _held.Clear();
                }
                Add(in e, batch.Text(e.TokenText), batch.Text(e.UserText), output);
                break;
        }
    }

    private void Hold(ref readonly PlaybackEvent e, EventBatch batch)
    {
        if (_held.IsFull)
        {
            Counters.CountFuture(1);
            return;
        }
        ref PlaybackEvent held = ref _held.Next();
        held = e;
        held.TokenText = _held.AppendText(batch.Text(e.TokenText));
        held.UserText = _held.AppendText(batch.Text(e.UserText));
        _held.Commit();
    }

    private void ReleaseHeld(DetectionOutput output)
    {
        foreach (ref readonly PlaybackEvent e in _held.Events)
        {
            if (_clock.IsUnconfirmed(e.Partition, e.Timestamp))
            {
                // A day beyond what the others agree on: it would take time along all alone.
                Counters.CountFuture(1);
                continue;
            }
            Add(in e, _held.Text(e.TokenText), _held.Text(e.UserText), output);
        }
        _held.Clear();
    }

    private void Add(ref readonly PlaybackEvent e, ReadOnlySpan<byte> tokenText, ReadOnlySpan<byte> userText, DetectionOutput output)
    {
        if (_reorder.Count >= MostAhead && _clock.IsAhead(e.Partition, e.Timestamp))
        {
            Counters.CountFuture(1);
            return;
        }
        if (e.Timestamp > _reorder.Horizon)
        {
            // One partition is hours ahead of another: the slow one's past must not grow without bound.
            _clock.AdvanceTo(e.Timestamp - ReorderSpan + MinuteLength);
            Drain(output);
        }
        if (e.Timestamp < Math.Max(_clock.Watermark, _reorder.Origin))
        {
            Counters.CountLate();
            _judge.Breaker.HearLate(in e, _clock.Watermark);
            return;
        }
        _reorder.Add(in e, tokenText, userText);
        while (_reorder.Count > MostWaiting)
        {
            _clock.AdvanceTo(_reorder.Earliest + (2 * ReorderBuffer.SlotLength));
            Drain(output);
        }
    }
}
