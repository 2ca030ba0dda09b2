using AutoGuard.CommandLine;
using AutoGuard.Live;
using AutoGuard.Worker;

namespace AutoGuard.Verbs;

/// <summary><c>run</c>: the service, until Ctrl-C, SIGTERM or SIGHUP.</summary>
internal static class RunVerb
{
    public static async Task<int> RunAsync(RunArguments arguments, VerbContext context, CancellationToken cancellation)
    {
        TimeProvider time = TimeProvider.System;
        long started = time.GetTimestamp();
        using LogFile log = LogFile.Open(context.Settings, "autoguard.log");
        await using WorkerHost host = await WorkerHost.StartAsync(context.Settings, WorkerLogging.To(context.Settings, log.Writer), time, cancellation);
        Announce(host, context);
        LiveFigures live = new("run", host, context.Settings.Values.Policy.Mode, started, time);
        using CancellationTokenSource viewing = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task view = Terminal.LiveView(time).RunAsync(live.Read, viewing.Token);
        await Task.WhenAny(host.Ended, Task.Delay(Timeout.InfiniteTimeSpan, time, cancellation));
        await viewing.CancelAsync();
        await view;
        return cancellation.IsCancellationRequested
            ? ExitStatus.Done
            : throw new VerbException($"The worker ended by itself; the log says why{(log.Path is null ? "" : $": {log.Path}")}.");
    }

    /// <summary>Says where everything is, for people and for scripts.</summary>
    public static void Announce(WorkerHost host, VerbContext context)
    {
        context.Error.WriteLine($"autoguard: Kafka {host.Kafka.BootstrapServers}{(host.Kafka.IsEmbedded ? " (embedded)" : "")}, topic {host.Kafka.Options.EventsTopic}");
        context.Error.WriteLine($"autoguard: database {host.DatabaseDescription}");
        context.Error.WriteLine($"autoguard: dashboard and API {host.WebAddress}");
        string keyFile = OperatorKey.PathIn(context.Settings.Values.DataDirectory);
        if (host.NewKey is { } key)
        {
            context.Error.WriteLine($"autoguard: the API key {key} was made and is shown only now; it is kept in {keyFile}");
        }
        else if (File.Exists(keyFile))
        {
            context.Error.WriteLine($"autoguard: the API key is in {keyFile}");
        }
    }
}
