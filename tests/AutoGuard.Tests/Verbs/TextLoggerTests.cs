using System.Text;
using AutoGuard.Verbs;
using Microsoft.Extensions.Logging;

namespace AutoGuard.Tests.Verbs;

public sealed class TextLoggerTests
{
    [Fact]
    public void Who_logs_does_not_fail_for_a_full_disk_and_what_was_lost_is_told_once_there_is_room()
    {
        using var disk = new Disk { IsFull = true };
        using var file = new StreamWriter(disk);
        using (var provider = new TextLoggerProvider(file))
        {
            ILogger logger = provider.CreateLogger("Category");
            Say(logger, "first");
            Say(logger, "second");
            disk.IsFull = false;
            Say(logger, "third");
            Say(logger, "fourth");
        }

        string[] lines = Encoding.UTF8.GetString(disk.ToArray()).TrimEnd().Split(Environment.NewLine);
        Assert.Equal("2 lines before this one could not be written.", lines[0]);
        Assert.EndsWith(" Information Category: third", lines[1], StringComparison.Ordinal);
        Assert.EndsWith(" Information Category: fourth", lines[2], StringComparison.Ordinal);
        Assert.Equal(3, lines.Length);
    }

    private static void Say(ILogger logger, string text) => logger.Log(LogLevel.Information, default, text, null, static (state, _) => state);

    private sealed class Disk : MemoryStream
    {
        public bool IsFull { get; set; }

        public override void Write(byte[] buffer, int offset, int count)
        {
            if (IsFull)
            {
                throw new IOException("No space left on device");
            }
            base.Write(buffer, offset, count);
        }
    }
}
