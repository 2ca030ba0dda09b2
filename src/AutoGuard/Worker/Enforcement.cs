using AutoGuard.CommandLine;
using AutoGuard.Configuration;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Guardian;
using AutoGuard.Core.Policy;
using AutoGuard.Guardian.Local;
using AutoGuard.Guardian.Planning;
using AutoGuard.Guardian.Remote;
using AutoGuard.Guardian.Rules;
using AutoGuard.Guardian.Storage;
using AutoGuard.Kafka;
using AutoGuard.Runtime;
using Npgsql;

namespace AutoGuard.Worker;

/// <summary>Everything from the decision log to the engines, put together for one configuration.</summary>
internal sealed class Enforcement : IDisposable
{
    private readonly List<IDisposable> _owned = [];
    private readonly IServiceProvider _services;
    private readonly EffectiveSettings _settings;
    private readonly TimeProvider _time;
    private readonly TokenVault? _vault;
    private readonly List<IGuardian> _guardians = [];
    private Upkeep? _upkeep;

    /// <summary>Makes the engines and the vault; detection comes with <see cref="Connect"/>.</summary>
    /// <exception cref="VerbException">A credential or key is missing, or can be read by others.</exception>
    public Enforcement(EffectiveSettings settings, IServiceProvider services, DetectionParts parts, TimeProvider time)
    {
        _settings = settings;
        _services = services;
        _time = time;
        GuardianOptions options = settings.Values.Guardian;
        EngineSecrets secrets = new(options, settings.Home);
        IReadOnlyList<string> problems = secrets.Problems(options);
        if (problems.Count > 0)
        {
            throw new VerbException(string.Join(Environment.NewLine, problems), ExitStatus.Usage);
        }
        try
        {
            if (options.TokenService.Enabled)
            {
                TokenCipher cipher = Own(TokenCipher.Load(options.EncodedTokens, settings.Values.DataDirectory, settings.Home));
                _vault = new TokenVault(Database, cipher, options.EncodedTokens.Grace, time);
                Capture = new EncodedTokenCapture(_vault, parts, Signal, Logger<EncodedTokenCapture>(), time);
            }
        }
        catch (TokenKeyException error)
        {
            throw new VerbException(error.Message, ExitStatus.Usage);
        }
        Locks = Own(new PostgresEngineLocks(Database));
        Ledger = new RuleLedger(Database, time);
        Facts = new ResponseFactsReader(Database);
        AddGuardians(options, secrets);
    }

    /// <summary>News in the log.</summary>
    public DecisionSignal Signal { get; } = new();

    /// <summary>Catches encoded tokens; null when no engine needs them.</summary>
    public EncodedTokenCapture? Capture { get; }

    /// <summary>One enforcer for each engine.</summary>
    public IReadOnlyList<DecisionEnforcer> Enforcers { get; private set; } = [];

    /// <summary>Measures what came of actions.</summary>
    public EffectMeter Effects { get; private set; } = null!;

    private NpgsqlDataSource Database => _services.GetRequiredService<NpgsqlDataSource>();

    private PostgresEngineLocks Locks { get; }

    private RuleLedger Ledger { get; }

    private ResponseFactsReader Facts { get; }

    /// <summary>Joins detection's view and the decisions topic to the engines.</summary>
    public void Connect(DetectionWorker worker, DetectionParts parts, KafkaDecisionPublisher publisher)
    {
        AutoGuardSettings values = _settings.Values;
        RuleRails rails = _services.GetRequiredService<RuleRails>();
        PostgresDecisionStore log = _services.GetRequiredService<PostgresDecisionStore>();
        TrafficView view = new(worker, parts, _settings);
        EffectLog effects = new(Database, _time);
        Responder responder = new(
            _guardians, new ResponsePlanner(rails, values.Guardian.Response.TokenWait, values.Guardian.TokenService.RevokeExpired), Facts, Ledger, effects,
            new TokenSubstitute(rails, values.Policy, values.Guardian.Response.SubstituteAddresses), _vault, view, log,
            (decisions, cancellation) => PublishAsync(publisher, decisions, cancellation), Logger<Responder>(), _time);
        Enforcers = [.. _guardians.Select(guardian => new DecisionEnforcer(guardian, responder, log, Signal, Logger<DecisionEnforcer>(), _time))];
        Effects = new EffectMeter(effects, view, values.Guardian.Response.Observation, _time);
        _upkeep = new Upkeep(
            _guardians, new GuardianReconciler(Ledger, log, rails, Locks, Logger<GuardianReconciler>(), _time), Effects, _vault, values.Guardian.Response.ReconcileInterval, Logger<Upkeep>(), _time);
    }

    /// <summary>Waits again for the encoded forms of tokens that were decided on before this start.</summary>
    public async Task RememberAsync(IEnumerable<Decision> earlier, CancellationToken cancellation)
    {
        if (Capture is null || _vault is null)
        {
            return;
        }
        foreach (Decision decision in earlier.Where(static d => d.Subject.Type == SubjectType.Token))
        {
            if (!await _vault.HoldsAsync(decision.Subject.Value, decision.Organization, cancellation))
            {
                Capture.Want(decision);
            }
        }
    }

    /// <summary>The loops to run.</summary>
    public IEnumerable<Func<CancellationToken, Task>> Loops =>
    [
        .. Enforcers.Select(static enforcer => (Func<CancellationToken, Task>)enforcer.RunAsync),
        .. _guardians.Count > 0 ? [_upkeep!.RunAsync] : Array.Empty<Func<CancellationToken, Task>>(),
        .. Capture is not null ? [Capture.RunAsync] : Array.Empty<Func<CancellationToken, Task>>(),
    ];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IDisposable owned in Enumerable.Reverse(_owned))
        {
            owned.Dispose();
        }
    }

    private void AddGuardians(GuardianOptions options, EngineSecrets secrets)
    {
        RuleRails rails = _services.GetRequiredService<RuleRails>();
        if (options.Local.Enabled)
        {
            _guardians.Add(_services.GetRequiredService<LocalGuardian>());
        }
        if (options.NanoStream.Enabled)
        {
            _guardians.Add(Own(new NanoStreamGuardian(options.NanoStream, options.Http, secrets, rails, Logger<NanoStreamGuardian>(), _time)));
        }
        if (options.TokenService.Enabled)
        {
            _guardians.Add(Own(new TokenServiceGuardian(options.TokenService, options.Http, secrets, _vault!, rails, Logger<TokenServiceGuardian>(), _time)));
        }
        if (options.OptiView.Enabled)
        {
            _guardians.Add(Own(new OptiViewGuardian(options.OptiView, options.Http, secrets, Ledger, Locks, Facts.CountryOfAsync, rails, Logger<OptiViewGuardian>(), _time)));
        }
        if (options.Webhook.Enabled)
        {
            _guardians.Add(Own(new WebhookGuardian(options.Webhook, options.Http, secrets, rails, Logger<WebhookGuardian>(), _time)));
        }
    }

    private async Task PublishAsync(KafkaDecisionPublisher publisher, IReadOnlyList<Decision> decisions, CancellationToken cancellation)
    {
        try
        {
            await publisher.PublishAsync(DecisionDispatcher.RecordsOf(decisions), cancellation);
        }
        catch (Confluent.Kafka.KafkaException error)
        {
            // The enforcer takes this for an outage of the log and does all of it again.
            throw new TimeoutException($"The decisions topic does not take what was decided: {error.Error.Reason}", error);
        }
        await new UnpublishedDecisions(Database).MarkAsync(decisions, cancellation);
        Signal.Pulse();
    }

    private T Own<T>(T part)
        where T : IDisposable
    {
        _owned.Add(part);
        return part;
    }

    private ILogger<T> Logger<T>() => _services.GetRequiredService<ILogger<T>>();
}
