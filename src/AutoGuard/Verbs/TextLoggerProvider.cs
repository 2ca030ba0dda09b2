using System.Globalization;
using AutoGuard.Live;

namespace AutoGuard.Verbs;

/// <summary>
/// Writes log lines to a text file. Where the disk is full they are lost, and the next one that is written says how many: whoever logs
/// has better things to do than to fail for it.
/// </summary>
internal sealed class TextLoggerProvider(TextWriter file) : ILoggerProvider
{
    private readonly Lock _gate = new();
    private long _lost;

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new TextLogger(this, categoryName);

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            TryWrite(static file => file.Flush());
        }
    }

    private void Write(string line)
    {
        lock (_gate)
        {
            bool isWritten = TryWrite(file =>
            {
                if (_lost > 0)
                {
                    file.WriteLine($"{_lost} lines before this one could not be written.");
                }
                file.WriteLine(line);
                file.Flush();
            });
            _lost = isWritten ? 0 : _lost + 1;
        }
    }

    private bool TryWrite(Action<TextWriter> write)
    {
        try
        {
            write(file);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private sealed class TextLogger(TextLoggerProvider provider, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            string time = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
            string text = TerminalText.Visible(formatter(state, exception), 4000);
            provider.Write(exception is null ? $"{time} {logLevel} {category}: {text}" : $"{time} {logLevel} {category}: {text}{Environment.NewLine}{exception}");
        }
    }
}
