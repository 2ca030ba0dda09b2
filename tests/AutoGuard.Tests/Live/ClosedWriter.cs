using System.Text;

namespace AutoGuard.Tests.Live;

/// <summary>A terminal that was closed: it takes nothing.</summary>
internal sealed class ClosedWriter : TextWriter
{
    public override Encoding Encoding => Encoding.UTF8;

    public override void Write(char value) => throw new IOException("Input/output error");
}
