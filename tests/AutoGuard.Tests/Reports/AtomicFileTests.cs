using AutoGuard.Reports;
using AutoGuard.Tests.Verbs;

namespace AutoGuard.Tests.Reports;

public sealed class AtomicFileTests : IDisposable
{
    private readonly WorkFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_link_stays_and_what_it_leads_to_is_replaced()
    {
        _folder.Write("file", "old");
        File.CreateSymbolicLink(_folder["link"], _folder["file"]);

        await AtomicFile.WriteAsync(_folder["link"], Write("new"), default);

        Assert.Equal("new", await File.ReadAllTextAsync(_folder["file"]));
        Assert.Equal(_folder["file"], new FileInfo(_folder["link"]).LinkTarget);
        Assert.Equal(["file", "link"], _folder.Names);
    }

    [Fact]
    public async Task What_was_there_stays_when_the_writing_fails_on_the_way()
    {
        _folder.Write("file", "old");

        await Assert.ThrowsAsync<InvalidDataException>(() => AtomicFile.WriteAsync(_folder["file"], async (stream, token) =>
        {
            await stream.WriteAsync("half"u8.ToArray(), token);
            throw new InvalidDataException();
        }, default));

        Assert.Equal("old", await File.ReadAllTextAsync(_folder["file"]));
        Assert.Equal(["file"], _folder.Names);
    }

    [Fact]
    public async Task A_pipe_is_written_and_stays_a_pipe()
    {
        Assert.Equal(0, (await ChildProgram.RunAsync("mkfifo", _folder["pipe"])).Status);
        Task<string> reading = Task.Run(() => File.ReadAllTextAsync(_folder["pipe"]));

        await AtomicFile.WriteAsync(_folder["pipe"], Write("through"), default);

        Assert.Equal("through", await reading);
        Assert.Equal(["pipe"], _folder.Names);
    }

    [Theory]
    [InlineData("/dev/null", true)]
    [InlineData("/dev/../dev/stdout", true)]
    [InlineData("/proc/self/fd/1", true)]
    [InlineData("/dev/shm/file", false)]
    [InlineData("/device", false)]
    public void Devices_are_known_by_their_place(string path, bool expected) => Assert.Equal(expected, AtomicFile.IsDevice(path));

    [Fact]
    public async Task A_device_is_never_replaced()
    {
        File.CreateSymbolicLink(_folder["nothing"], "/dev/null");

        await AtomicFile.WriteAsync(_folder["nothing"], Write("lost"), default);

        Assert.Equal("", await File.ReadAllTextAsync("/dev/null"));
        Assert.Equal(["nothing"], _folder.Names);
    }

    private static Func<Stream, CancellationToken, Task> Write(string text) => (stream, token) => stream.WriteAsync(System.Text.Encoding.UTF8.GetBytes(text), token).AsTask();
}
