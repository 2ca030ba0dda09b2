using AutoGuard.CommandLine;
using AutoGuard.Configuration;
using AutoGuard.Core.Policy;
using AutoGuard.Guardian;
using AutoGuard.Guardian.Api;
using AutoGuard.Guardian.Planning;
using AutoGuard.Guardian.Rules;
using AutoGuard.Guardian.Storage;
using AutoGuard.Kafka;
using AutoGuard.Models;
using AutoGuard.Reports;
using AutoGuard.Runtime;
using AutoGuard.Web;

namespace AutoGuard.Worker;

/// <summary>
/// The service, put together: database, Kafka, detection, dispatcher, guardians, reports, web. Starts in that order, as far as
/// one needs the other, and stops in the opposite one, so that nothing is decided that could not be stored, and nothing stored
/// is left uncommitted.
/// </summary>
internal sealed class WorkerHost : IAsyncDisposable
{
    /// <summary>How long a stop waits for what was read to be decided and stored; what is not is read again after the start.</summary>
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(2);

    private readonly EffectiveSettings _settings;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _abort = new();
    private readonly List<Task> _enforcing = [];
    private Backend? _backend;
    private EmbeddedKafka? _embeddedKafka;
    private KafkaDecisionPublisher? _publisher;
    private KafkaEventSource? _source;
    private DecisionDispatcher? _dispatcher;
    private Enforcement? _enforcement;
    private ModelWatch? _models;
    private WebApplication? _web;
    private volatile bool _webStarted;
    private Task _detecting = Task.CompletedTask;
    private Task _dispatching = Task.CompletedTask;
    private Task? _watching;
    private int _disposed;

    private WorkerHost(EffectiveSettings settings, TimeProvider time)
    {
        _settings = settings;
        _time = time;
    }

    /// <summary>Figures, once started.</summary>
    public WorkerFigures Figures { get; private set; } = null!;

    /// <summary>Where Kafka is.</summary>
    public KafkaSettings Kafka { get; private set; } = null!;

    /// <summary>Where the web part is.</summary>
    public string WebAddress { get; private set; } = "";

    /// <summary>Where the database is; without password.</summary>
    public string DatabaseDescription => _backend!.Description;

    /// <summary>The API's first key, when it was made by this start.</summary>
    public string? NewKey { get; private set; }

    /// <summary>Ends when detection, dispatching or enforcement has ended, by a stop or by an error.</summary>
    public Task Ended => Task.WhenAny([_detecting, _dispatching, .. Watching, .. _enforcing]);

    /// <summary>Reports out of the log.</summary>
    public IReportSource Reports => Services.GetRequiredService<IReportSource>();

    /// <summary>The parts of the web side, once started; for measurements.</summary>
    public IServiceProvider Services => _web!.Services;

    /// <summary>Starts everything.</summary>
    /// <param name="settings">The checked configuration.</param>
    /// <param name="logging">Where the log goes.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Cancels the start.</param>
    /// <param name="anew">Whether an embedded database that only demos have used is emptied first (<see cref="DemoDatabase"/>).</param>
    /// <exception cref="VerbException">Something that is needed cannot be had; the message says what to do.</exception>
    public static async Task<WorkerHost> StartAsync(
        EffectiveSettings settings, Action<ILoggingBuilder> logging, TimeProvider time, CancellationToken cancellation, bool anew = false)
    {
        WorkerHost host = new(settings, time);
        try
        {
            await host.StartAsync(logging, anew, cancellation);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Stops: reads no further, lets detection and dispatcher finish what was read, commits, leaves the group, and stops the
    /// servers that were started for this run.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
        {
            return;
        }
        _source?.StopReading();
        Task webStopped = _web?.StopAsync(CancellationToken.None) ?? Task.CompletedTask;
        Task drained = Task.WhenAll(_detecting, _dispatching);
        await Task.WhenAny(drained, Task.Delay(StopLimit, _time));
        await _abort.CancelAsync();
        if (_source is not null)
        {
            await _source.CloseAsync(CloseLimit);
        }
        foreach (Task task in (Task[])[.. Watching, .. _enforcing, _dispatching, _detecting])
        {
            await task.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
        _publisher?.Dispose();
        if (_web is not null)
        {
            await webStopped;
            await _web.DisposeAsync();
        }
        _enforcement?.Dispose();
        if (_backend is not null)
        {
            await _backend.DisposeAsync();
        }
        _embeddedKafka?.Dispose();
        _abort.Dispose();
        foreach ((string part, Task task) in (ReadOnlySpan<(string, Task)>)[("Detection", _detecting), ("Storing decisions", _dispatching), .. Watching.Select(task => ("Watching the model", task)), .. _enforcing.Select(task => ("Enforcement", task))])
        {
            if (task.Exception is { InnerException: { } failure })
            {
                throw new VerbException($"{part} failed: {failure.Message} ({failure.GetType().Name})");
            }
        }
    }

    private async Task StartAsync(Action<ILoggingBuilder> logging, bool anew, CancellationToken cancellation)
    {
        AutoGuardSettings values = _settings.Values;
        Directory.CreateDirectory(values.DataDirectory);
        using ILoggerFactory starting = LoggerFactory.Create(logging);
        using CancellationTokenSource opened = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task<Backend> opening = Backend.OpenAsync(_settings, starting, _time, opened.Token);
        DetectionParts parts;
        try
        {
            StartKafka(values.Kafka);
            parts = new DetectionParts(_settings);
        }
        catch
        {
            // A configured server that does not answer is waited for; whoever made a mistake elsewhere should be told of it now.
            if (values.ConnectionStrings.AutoGuard.Length > 0)
            {
                await opened.CancelAsync();
            }
            await ((Task)opening).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _backend = opening.IsCompletedSuccessfully ? await opening : null;
            throw;
        }
        _backend = await opening;
        await _backend.TakeUpAsync(anew, starting, cancellation);
        _web = BuildWeb(logging, parts);
        await StartDetectionAsync(parts, cancellation);
        // What is read before the loops run waits in the batches; joining a group takes time that the web part need not wait for.
        Task reading = Task.Run(_source!.Start, cancellation);
        OperatorEndpoints.Map(_web, Figures, Figures.Worker, values.Web.Authentication, _time);
        _web.MapGuardianApi();
        try
        {
            await _web.StartAsync(cancellation);
            _webStarted = true;
        }
        catch (IOException error)
        {
            throw new VerbException($"Web:Address {values.Web.Address} cannot be used: {error.Message}");
        }
        finally
        {
            await StartedAsync(reading);
        }
        WebAddress = _web.Urls.First();
        NewKey = await OperatorKey.EnsureAsync(_web.Services.GetRequiredService<ApiKeys>(), values.DataDirectory, cancellation);
        await _web.Services.GetRequiredService<RuleSync>().Loaded.WaitAsync(cancellation);
        StartLoops();
    }

    private void StartKafka(KafkaOptions options)
    {
        try
        {
            KafkaLibrary.Require();
            bool embedded = options.BootstrapServers.Length == 0;
            _embeddedKafka = embedded ? EmbeddedKafka.Start(options) : null;
            Kafka = new KafkaSettings(options, _embeddedKafka?.BootstrapServers ?? options.BootstrapServers, embedded) { ReadsAlone = embedded };
        }
        catch (InvalidOperationException error)
        {
            throw new VerbException(error.Message, ExitStatus.Usage);
        }
    }

    private WebApplication BuildWeb(Action<ILoggingBuilder> logging, DetectionParts parts)
    {
        AutoGuardSettings values = _settings.Values;
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        // The framework's own configuration (its appsettings.json, ASPNETCORE_…) has no say: there is one, checked configuration.
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddInMemoryCollection();
        builder.WebHost.UseUrls(values.Web.Address).ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        builder.Logging.ClearProviders();
        logging(builder.Logging);
        // What keeps the host from starting comes out of its start as well, and is told once, in a sentence.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", level => level >= (_webStarted ? LogLevel.Warning : LogLevel.Critical));
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = CloseLimit);
        builder.Services.AddSingleton(_time);
        builder.Services.AddSingleton(_backend!.Database);
        builder.Services.AddLocalGuardian(new AutoGuard.Guardian.LocalGuardianOptions
        {
            WidestPrefixV4 = values.Policy.WidestPrefixV4,
            WidestPrefixV6 = values.Policy.WidestPrefixV6,
            Allowlist = values.Allowlist,
            Referrers = values.Referrers,
            Limits = values.Guardian.Local,
            CountryOf = parts.CountryOf,
        });
        builder.Services.AddSingleton<IReportSource>(static provider => provider.GetRequiredService<StoreReportSource>());
        builder.Services.AddSingleton(provider => new StoreReportSource(
            provider.GetRequiredService<PostgresDecisionStore>(), new AftermathReader(_backend.Database), new NoticeLog(_backend.Database, _time), _settings, () => Figures.Worker.Watermark, () => _models?.Fingerprint ?? _settings.Fingerprint));
        builder.Services.AddHostedService(provider => new RetentionSweep(
            provider.GetRequiredService<PostgresDecisionStore>(), provider.GetRequiredService<RuleStore>(),
            TimeSpan.FromDays(values.Reports.Retention), provider.GetRequiredService<ILogger<RetentionSweep>>(), _time));
        builder.Services.AddFlaggedReports(values.Reports, values.DataDirectory);
        // The verb decides when to stop, not the framework.
        builder.Services.AddSingleton<IHostLifetime, VerbLifetime>();
        return builder.Build();
    }

    private async Task StartDetectionAsync(DetectionParts parts, CancellationToken cancellation)
    {
        IServiceProvider services = _web!.Services;
        PostgresDecisionStore store = services.GetRequiredService<PostgresDecisionStore>();
        IReadOnlyList<Decision> earlier = await EarlierAsync(store, cancellation);
        parts.Pipeline.Remember(earlier.OrderBy(decision => decision.Time), parts.TokenKey);
        try
        {
            _publisher = new KafkaDecisionPublisher(Kafka, services.GetRequiredService<ILogger<KafkaDecisionPublisher>>(), _time);
            _enforcement = new Enforcement(_settings, services, parts, _time);
            KafkaRecordReader reader = new(parts, _time, _enforcement.Capture);
            _source = new KafkaEventSource(
                Kafka, reader.Read, parts.Strings.Intern(Kafka.Options.EventsTopic), services.GetRequiredService<ILogger<KafkaEventSource>>(), _time);
            _dispatcher = new DecisionDispatcher(store, new UnpublishedDecisions(_backend!.Database), new NoticeLog(_backend.Database, _time), _publisher, _source, _enforcement.Signal, services.GetRequiredService<ILogger<DecisionDispatcher>>(), _time);
            DetectionWorker worker = new(
                parts, _settings, _source, _dispatcher.Items, services.GetRequiredService<ILogger<DetectionWorker>>(), _time,
                _enforcement.Capture is { } capture ? capture.Want : null);
            _models = parts.Model is { } model
                ? new ModelWatch(_settings, model, worker, services.GetRequiredService<ILogger<ModelWatch>>(), _time)
                : null;
            _enforcement.Connect(worker, parts, _publisher);
            await _enforcement.RememberAsync(earlier, cancellation);
            TimeSpan readyWithin = Kafka.IsEmbedded ? TimeSpan.Zero : _settings.Values.Web.ReadyWithin;
            Figures = new WorkerFigures(worker, _dispatcher, _enforcement.Enforcers, _enforcement.Effects, _source, _publisher, readyWithin, _time);
        }
        catch (InvalidOperationException error)
        {
            throw new VerbException(error.Message, ExitStatus.Usage);
        }
    }

    /// <summary>
    /// Decisions whose hold-off may still run, and blocks that make a later one last longer. It runs in event time: a worker that
    /// was away for a day goes on where it stopped, not at what the clock says.
    /// </summary>
    private async Task<IReadOnlyList<Decision>> EarlierAsync(PostgresDecisionStore store, CancellationToken cancellation)
    {
        await using Npgsql.NpgsqlCommand command = _backend!.Database.CreateCommand("select max(time) from decisions");
        if (await command.ExecuteScalarAsync(cancellation) is not DateTime latest)
        {
            return [];
        }
        DateTimeOffset end = new(latest, TimeSpan.Zero);
        DateTimeOffset held = end - _settings.Values.Policy.HoldOff;
        IReadOnlyList<Decision> blocks = await store.ReadLapsingAsync(end - Escalation.Memory(_settings.Values.Policy), held, cancellation);
        return [.. blocks, .. await store.ReadDecisionsAsync(held, end.AddSeconds(1), cancellation)];
    }

    private IEnumerable<Task> Watching => _watching is null ? [] : [_watching];

    private static async Task StartedAsync(Task reading)
    {
        try
        {
            await reading;
        }
        catch (InvalidOperationException error)
        {
            throw new VerbException(error.Message, ExitStatus.Usage);
        }
    }

    private void StartLoops()
    {
        _dispatching = Task.Run(() => _dispatcher!.RunAsync(_abort.Token));
        _detecting = Task.Run(() => Figures.Worker.RunAsync(_abort.Token));
        foreach (Func<CancellationToken, Task> loop in _enforcement!.Loops)
        {
            _enforcing.Add(Task.Run(() => loop(_abort.Token)));
        }
        if (_models is not null)
        {
            _watching = Task.Run(() => _models.RunAsync(_abort.Token));
        }
    }

    /// <summary>Leaves signals to the command line.</summary>
    private sealed class VerbLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
