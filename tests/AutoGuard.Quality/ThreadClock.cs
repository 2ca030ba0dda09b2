using System.Diagnostics;
using System.Runtime.InteropServices;

namespace AutoGuard.Quality;

/// <summary>
/// Processor time of the calling thread where the system tells it (Linux), else real time: what one detector costs while
/// others run beside it.
/// </summary>
internal static partial class ThreadClock
{
    private const int ThreadProcessorTime = 3;

    /// <summary>Seconds since some instant.</summary>
    public static double Now =>
        OperatingSystem.IsLinux() && GetTime(ThreadProcessorTime, out Time time) == 0
            ? time.Seconds + (time.Nanoseconds * 1e-9)
            : Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency;

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, out Time time);

    [StructLayout(LayoutKind.Sequential)]
    private struct Time
    {
        public nint Seconds;
        public nint Nanoseconds;
    }
}
