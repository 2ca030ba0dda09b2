using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using Confluent.Kafka;

namespace AutoGuard.Kafka;

/// <summary>
/// Which Kafka client and which librdkafka run, and whether they fit. The client library is compiled in; the native one
/// comes from its package, or from the distribution, which installs it under a name .NET does not look for.
/// </summary>
/// <param name="Client">Version of Confluent.Kafka.</param>
/// <param name="Native">Version of librdkafka; null when it cannot be loaded.</param>
/// <param name="Problem">What is wrong and what to do about it; null when they fit.</param>
public sealed record KafkaLibrary(Version Client, Version? Native, string? Problem)
{
    private static readonly Lazy<KafkaLibrary> Loaded = new(Load);

    /// <summary>The library of this process. Nothing else of Kafka may be touched before this was read once.</summary>
    public static KafkaLibrary Current => Loaded.Value;

    /// <summary>The native library; 0 when it cannot be loaded.</summary>
    internal static nint Handle { get; private set; }

    /// <summary>One line for the start-up log and for <c>check</c>.</summary>
    public string Description => Native is null
        ? $"Confluent.Kafka {Client} without librdkafka"
        : $"Confluent.Kafka {Client} on librdkafka {Native}";

    /// <summary>Ends the start when client and library do not fit.</summary>
    /// <exception cref="InvalidOperationException">They do not; the message says what to do.</exception>
    public static void Require()
    {
        if (Current.Problem is string problem)
        {
            throw new InvalidOperationException(problem);
        }
    }

    /// <summary>Whether a client works on a library: what is wrong, or null.</summary>
    /// <remarks>
    /// A client calls functions of the library it was released with. Releases share their first two numbers from 1.9 on, and
    /// the library keeps what it once had: so it must be of the same release or a later one.
    /// </remarks>
    internal static string? ProblemOf(Version client, Version native) =>
        new Version(native.Major, native.Minor) >= new Version(client.Major, client.Minor)
            ? null
            : $"Confluent.Kafka {client} does not work on librdkafka {native}: consuming fails. Install librdkafka {client.Major}.{client.Minor} or "
                + "later, or delete .local and start through ./autoguard, which chooses a client that fits.";

    private static KafkaLibrary Load()
    {
        Assembly confluent = typeof(Library).Assembly;
        Version client = Trim(confluent.GetName().Version ?? new Version(0, 0, 0));
        NativeLibrary.SetDllImportResolver(confluent, Resolve);
        NativeLibrary.SetDllImportResolver(typeof(KafkaLibrary).Assembly, Resolve);
        try
        {
            int number = Librdkafka.rd_kafka_version();
            var native = new Version(number >> 24, (number >> 16) & 0xFF, (number >> 8) & 0xFF);
            return new KafkaLibrary(client, native, ProblemOf(client, native));
        }
        catch (DllNotFoundException e)
        {
            return new KafkaLibrary(client, null, "librdkafka cannot be loaded, and nothing that needs Kafka works without it. On Debian and Ubuntu: "
                + $"apt-get install librdkafka1. The loader says: {FirstLine(e.Message)}");
        }
    }

    /// <summary>The package's file for this C library first, then the distribution's.</summary>
    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        if (name != Librdkafka.Name)
        {
            return 0;
        }
        foreach (string candidate in (ReadOnlySpan<string>)[Librdkafka.Name, "alpine-librdkafka", "centos8-librdkafka", "librdkafka.so.1"])
        {
            if (NativeLibrary.TryLoad(candidate, assembly, path, out nint handle))
            {
                Handle = handle;
                return handle;
            }
        }
        return 0;
    }

    private static Version Trim(Version version) => new(version.Major, version.Minor, Math.Max(version.Build, 0));

    private static string FirstLine(string text) => string.Create(CultureInfo.InvariantCulture, $"{text.AsSpan(0, text.AsSpan().IndexOfAny('\r', '\n') is >= 0 and int end ? end : text.Length)}");
}
