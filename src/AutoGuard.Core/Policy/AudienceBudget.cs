using AutoGuard.Core.Configuration;

namespace AutoGuard.Core.Policy;

/// <summary>How many viewers blocks and revocations have touched within ten minutes, and would touch if they were made.</summary>
internal sealed class AudienceBudget(PolicyOptions options)
{
    /// <summary>Length of the window, milliseconds.</summary>
    public const long Window = 10 * 60_000;

    /// <summary>Subjects waiting for a block that are remembered.</summary>
    private const int MostWaiting = 1 << 16;

    /// <summary>How often those that wait no longer are looked for, milliseconds.</summary>
    private const long ExpireEvery = 5_000;

    private long _expired = long.MinValue / 2;
    private readonly Queue<(long Time, int Viewers)> _made = new();
    private readonly Dictionary<LedgerKey, (long Asked, int Viewers)> _waiting = [];

    /// <summary>Viewers touched by the blocks of the last ten minutes.</summary>
    public long Made { get; private set; }

    /// <summary>Viewers that subjects would touch whose block was asked for in the last ten minutes and became a flag.</summary>
    public long Waiting { get; private set; }

    /// <summary>Most viewers that may be touched within ten minutes, given the audience.</summary>
    public long Limit { get; private set; } = options.BreakerAudienceFloor;

    /// <summary>Lets time pass.</summary>
    /// <param name="now">Unix milliseconds.</param>
    /// <param name="audience">Running sessions, or tokens held, whichever are more.</param>
    public void Pass(long now, int audience)
    {
        Limit = options.BreakerAudienceShare >= 1
            ? long.MaxValue
            : Math.Max(options.BreakerAudienceFloor, (long)(options.BreakerAudienceShare * audience));
        while (_made.TryPeek(out (long Time, int Viewers) oldest) && now - oldest.Time >= Window)
        {
            Made -= oldest.Viewers;
            _made.Dequeue();
        }
        if (now - _expired < ExpireEvery)
        {
            return;
        }
        _expired = now;
        foreach ((LedgerKey key, (long asked, int viewers)) in _waiting)
        {
            if (now - asked >= Window)
            {
                Waiting -= viewers;
                _waiting.Remove(key);
            }
        }
    }

    /// <summary>A block is made.</summary>
    public void Make(LedgerKey key, int viewers, long now)
    {
        Forget(key);
        _made.Enqueue((now, viewers));
        Made += viewers;
    }

    /// <summary>A block is asked for and not made; false when the subject has been waiting.</summary>
    public bool Wait(LedgerKey key, int viewers, long now)
    {
        bool isKnown = Forget(key);
        if (_waiting.Count < MostWaiting)
        {
            _waiting[key] = (now, viewers);
            Waiting += viewers;
        }
        return !isKnown;
    }

    private bool Forget(LedgerKey key)
    {
        bool isKnown = _waiting.Remove(key, out (long Asked, int Viewers) waiting);
        Waiting -= waiting.Viewers;
        return isKnown;
    }
}
