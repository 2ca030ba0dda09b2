using System.Collections.Immutable;
using AutoGuard.Core.Events;

namespace AutoGuard.Guardian.Storage;

/// <summary>The networks from which a revoked token stays good, as the store's columns <c>spared</c> of type <c>cidr[]</c> hold them.</summary>
internal static class SparedNetworks
{
    /// <summary>
    /// The text of an array, to be cast to <c>cidr[]</c>: <c>unnest</c> takes an array of arrays apart to its last element, so
    /// each row's array travels as a text.
    /// </summary>
    public static string Write(ImmutableArray<IpNetwork> networks) => networks.IsDefaultOrEmpty ? "{}" : $"{{{string.Join(',', networks)}}}";

    /// <summary>What a column holds.</summary>
    /// <exception cref="InvalidOperationException">One of them is no network.</exception>
    public static ImmutableArray<IpNetwork> Read(string[]? texts) => texts is null or [] ? [] : [.. texts.Select(static text => IpNetwork.TryParse(text, out IpNetwork network)
        ? network
        : throw new InvalidOperationException($"The network '{text}' in the store cannot be read."))];
}
