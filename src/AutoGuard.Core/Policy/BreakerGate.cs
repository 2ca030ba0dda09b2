namespace AutoGuard.Core.Policy;

/// <summary>One cause for which blocks become flags: opens at once, closes when it has been calm for a while.</summary>
internal sealed class BreakerGate(int organization, long recovery)
{
    private long _lastAbnormal = long.MinValue / 2;

    /// <summary>The tenant it stands for, interned; 0 for all.</summary>
    public int Organization { get; } = organization;

    public bool IsOpen { get; private set; }

    public long OpenedAt { get; private set; }

    /// <summary>Why it opened, a sentence with numbers.</summary>
    public string Reason { get; private set; } = "";

    /// <summary>Blocks that became flags since it opened.</summary>
    public int Refused { get; set; }

    /// <summary>Opens; false when it was open.</summary>
    public bool Open(long now, string reason)
    {
        _lastAbnormal = now;
        if (IsOpen)
        {
            return false;
        }
        (IsOpen, OpenedAt, Reason, Refused) = (true, now, reason, 0);
        return true;
    }

    /// <summary>Lets time pass; true when it closes.</summary>
    /// <param name="now">Unix milliseconds.</param>
    /// <param name="isAbnormal">Whether what opened it still holds, by a laxer measure.</param>
    public bool Pass(long now, bool isAbnormal)
    {
        _lastAbnormal = isAbnormal ? now : _lastAbnormal;
        if (!IsOpen || now - _lastAbnormal < recovery)
        {
            return false;
        }
        IsOpen = false;
        return true;
    }
}
