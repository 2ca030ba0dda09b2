namespace AutoGuard.Core.Events;

/// <summary>What the envelope around an event says in place of fields the event itself leaves out.</summary>
/// <param name="Type">Phase to assume when <c>type</c> is absent or null; null for none.</param>
/// <param name="Timestamp">Unix milliseconds to assume when <c>timestamp</c> is absent or null; null for none.</param>
public readonly record struct EventDefaults(PlaybackEventType? Type, long? Timestamp);
