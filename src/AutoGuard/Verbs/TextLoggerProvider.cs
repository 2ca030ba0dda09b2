using System.Globalization;
using AutoGuard.Live;

namespace AutoGuard.Verbs;

/// <summary>Writes log lines to a text file.</summary>
internal sealed class TextLoggerProvider(TextWriter file) : ILoggerProvider
{
    private readonly Lock _gate = new();

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new TextLogger(this, categoryName);

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            file.Flush();
        }
    }

    private void Write(string line)
    {
        lock (_gate)
        {
            file.WriteLine(line);
            file.Flush();
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
