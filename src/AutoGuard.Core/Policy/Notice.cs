namespace AutoGuard.Core.Policy;

/// <summary>What an operator should hear of.</summary>
public enum NoticeKind
{
    /// <summary>Blocks become flags from now on.</summary>
    BreakerOpened,

    /// <summary>Blocks are made again.</summary>
    BreakerClosed,

    /// <summary>One block alone would have touched too many; it became a flag.</summary>
    BlockTooWide,
}

/// <summary>Something about detection itself that an operator should hear of at once.</summary>
/// <param name="Time">Event time, Unix milliseconds.</param>
/// <param name="Kind">What happened.</param>
/// <param name="Organization">The tenant it is about; null for all. Written by strangers: escape before showing.</param>
/// <param name="Text">A sentence with numbers, without the tenant's name.</param>
public sealed record Notice(long Time, NoticeKind Kind, string? Organization, string Text);
