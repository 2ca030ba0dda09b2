using System.Collections.Immutable;
using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;
using AutoGuard.Guardian.Rules;

namespace AutoGuard.Guardian.Planning;

/// <summary>One address that a subject plays from now.</summary>
/// <param name="Address">The address.</param>
/// <param name="Sessions">Sessions that run from it.</param>
/// <param name="Harm">Who else a block of it would cut off.</param>
public sealed record AddressInUse(string Address, int Sessions, HarmPreview Harm)
{
    /// <summary>Whether it lies in one of some networks.</summary>
    internal bool IsIn(ImmutableArray<IpNetwork> networks) => IpAddress.TryParse(Address, out IpAddress address) && RuleExceptions.Hold(networks, address);
}

/// <summary>A subject's traffic at one moment of event time.</summary>
/// <param name="At">Event time up to which all is counted, Unix milliseconds.</param>
/// <param name="Open">Sessions that run.</param>
/// <param name="Started">Sessions since the subject was first seen by this process: a counter.</param>
/// <param name="Addresses">Addresses of a token's running sessions, most sessions first; empty for other subjects.</param>
/// <param name="Tokens">Tokens of the running sessions of an address, a network or a referrer; at most a few.</param>
public sealed record SubjectTraffic(long At, int Open, long Started, IReadOnlyList<AddressInUse> Addresses, IReadOnlyList<string> Tokens);

/// <summary>What detection sees of a subject now.</summary>
public interface ITrafficView
{
    /// <summary>
    /// Looks at a subject; one that is not known has no sessions. Null when detection sees nothing at all, as before its first
    /// event, or in a process that does not detect.
    /// </summary>
    ValueTask<SubjectTraffic?> LookAsync(Subject subject, string? organization, CancellationToken cancellationToken);
}
