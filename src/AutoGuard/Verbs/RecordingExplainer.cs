using AutoGuard.CommandLine;
using AutoGuard.Core.Events;
using AutoGuard.Core.Pipeline;
using AutoGuard.Core.Policy;
using AutoGuard.Live;
using AutoGuard.Replay;

namespace AutoGuard.Verbs;

/// <summary>Replays a recording and keeps the explanation of one subject: of an instant, or of where it scored highest.</summary>
internal sealed class RecordingExplainer : IDisposable
{
    /// <summary>Stands for the nameless tenant among the keys of a dictionary.</summary>
    private const string Nameless = "";

    private readonly ExplainArguments _arguments;
    private readonly ReplayRunner _runner;
    private readonly long _at;
    private readonly Dictionary<string, Explanation> _found = [];
    private long _lastTick = long.MinValue;
    private bool _reached;

    public RecordingExplainer(ExplainArguments arguments, VerbContext context)
    {
        _arguments = arguments;
        _at = arguments.At?.ToUnixTimeMilliseconds() ?? long.MaxValue;
        _runner = new ReplayRunner(context.Settings, [arguments.From!], context.Error);
        if (arguments.At is null)
        {
            _runner.Pipeline.Watch.Add(arguments.Subject, KeepHighest);
        }
        _runner.Pipeline.AfterSlice = KeepInstant;
    }

    /// <summary>What was decided on the subject in the whole recording.</summary>
    public IReadOnlyList<Decision> Decisions { get; private set; } = [];

    /// <summary>Replays all of it.</summary>
    /// <exception cref="VerbException">The subject is not known there, is known to several tenants, or the instant lies outside.</exception>
    public async Task<Explanation> RunAsync(CancellationToken cancellation)
    {
        await Terminal.Progress(TimeProvider.System).WhileAsync(
            "Replay", () => _runner.Progress, _runner.RunAsync(null, TimeProvider.System, cancellation));
        if (_arguments.At is { } at && !_reached)
        {
            string end = _lastTick == long.MinValue ? "has no events" : $"ends at {ExplainVerb.Time(DateTimeOffset.FromUnixTimeMilliseconds(_lastTick))}";
            throw new VerbException($"--at {ExplainVerb.Time(at)} lies behind the end: the recording {end}.");
        }
        string subject = TerminalText.Visible($"{_arguments.Subject.TypeName} {_arguments.Subject.Value}", 120);
        if (_found.Count == 0)
        {
            throw new VerbException(_arguments.At is { } instant
                ? $"Nothing is known of {subject} at {ExplainVerb.Time(instant)}: it was not seen in the window before."
                : $"{subject} does not occur in the recording.");
        }
        if (_found.Count > 1)
        {
            throw new VerbException(ExplainVerb.Ambiguous([.. _found.Keys.Order(StringComparer.Ordinal).Select(name => name == Nameless ? null : name)]));
        }
        Explanation explanation = _found.Values.Single();
        Decisions = [.. _runner.Decisions.Where(d => d.Subject == explanation.Subject && (d.Organization == explanation.Organization || explanation.Subject.Type != SubjectType.Token))];
        return explanation;
    }

    public void Dispose() => _runner.Dispose();

    private void KeepHighest(Judgement judgement)
    {
        string tenant = TenantOf(judgement.Organization);
        bool wanted = _arguments.Organization is null || _arguments.Organization == tenant;
        if (wanted && (!_found.TryGetValue(tenant, out Explanation? highest) || Math.Round(judgement.Score, 6) >= highest.Score))
        {
            _found[tenant] = _runner.Pipeline.Watch.Explain(judgement);
        }
    }

    private void KeepInstant(long now)
    {
        _lastTick = now;
        if (now < _at || _reached)
        {
            return;
        }
        _reached = true;
        Explainer explainer = _runner.Pipeline.Explainer;
        if (_arguments.Subject.Type == SubjectType.Ip)
        {
            if (IpAddress.TryParse(_arguments.Subject.Value, out IpAddress address) && explainer.Address(address, now, _arguments.Organization) is { } explanation)
            {
                _found[Nameless] = explanation;
            }
            return;
        }
        string identity = _arguments.Subject.Value;
        IEnumerable<string?> organizations = _arguments.Organization is { } one
            ? [one.Length == 0 ? null : one]
            : explainer.Organizations(identity, _runner.TokenKey);
        foreach (string? organization in organizations)
        {
            if (explainer.Token(_runner.TokenKey(identity, organization), now) is { } explanation)
            {
                _found[TenantOf(organization)] = explanation;
            }
        }
    }

    /// <summary>An address belongs to no tenant, although it remembers which one used it last.</summary>
    private string TenantOf(string? organization) => _arguments.Subject.Type == SubjectType.Token ? organization ?? Nameless : Nameless;
}
