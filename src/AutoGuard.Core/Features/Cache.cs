using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace AutoGuard.Core.Features;

/// <summary>Asks the processor to fetch memory that will be needed soon; where it cannot be asked, nothing happens.</summary>
internal static unsafe class Cache
{
    private const int Line = 64;

    /// <summary>Fetches a struct, and <paramref name="count"/> - 1 after it. Nothing is read: it may be moved or cleared meanwhile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Fetch<T>(ref readonly T first, int count = 1)
        where T : struct
    {
        if (Sse.IsSupported)
        {
            byte* start = (byte*)Unsafe.AsPointer(ref Unsafe.AsRef(in first));
            byte* end = start + (Unsafe.SizeOf<T>() * count);
            for (byte* line = start; line < end; line += Line)
            {
                Sse.Prefetch0(line);
            }
            // What begins within a line ends in one more.
            Sse.Prefetch0(end - 1);
        }
    }
}
