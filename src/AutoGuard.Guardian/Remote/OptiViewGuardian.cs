using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Core.Guardian;
using AutoGuard.Core.Policy;
using AutoGuard.Guardian.Rules;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace AutoGuard.Guardian.Remote;

/// <summary>
/// Dolby OptiView Live (THEOlive): address lists of channels and aliases (V1) or distributions (V2). A change replaces the whole list,
/// so it is read, changed and written under a lock, checked afterwards, and what others put there is kept. Rules never expire
/// there: AutoGuard takes its own back.
/// </summary>
public sealed partial class OptiViewGuardian : RemoteGuardian, IListingGuardian, IDisposable
{
    private readonly OptiViewOptions _options;
    private readonly EngineSecrets _secrets;
    private readonly IOwnedRules _owned;
    private readonly IEngineLocks _locks;
    private readonly Func<Subject, string?, CancellationToken, ValueTask<string?>> _countryOf;
    private readonly ILogger _logger;
    private readonly EngineEndpoint _endpoint;
    private readonly ConcurrentDictionary<string, bool> _warned = new(StringComparer.Ordinal);

    /// <summary>Makes a client; nothing is sent before the first decision.</summary>
    /// <param name="options">Where and what.</param>
    /// <param name="http">How to call.</param>
    /// <param name="secrets">Credentials.</param>
    /// <param name="owned">Which entries are AutoGuard's.</param>
    /// <param name="locks">One lock for each target.</param>
    /// <param name="countryOf">Country of a subject of a tenant, two letters; null when unknown.</param>
    /// <param name="rails">The guard rails.</param>
    /// <param name="logger">Log.</param>
    /// <param name="time">Clock.</param>
    public OptiViewGuardian(
        OptiViewOptions options, EngineHttpOptions http, EngineSecrets secrets, IOwnedRules owned, IEngineLocks locks,
        Func<Subject, string?, CancellationToken, ValueTask<string?>> countryOf, RuleRails rails, ILogger<OptiViewGuardian> logger, TimeProvider time)
        : base(rails, logger, time)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _secrets = secrets;
        _owned = owned;
        _locks = locks;
        _countryOf = countryOf;
        _logger = logger;
        _endpoint = new EngineEndpoint(options.Address, http, time);
        Capabilities = new GuardianCapabilities(
            new[] { SubjectType.Ip, SubjectType.Cidr }.ToFrozenSet(), EndsRunningSessions: false, Undoable: true, (int)options.Delay.TotalSeconds)
        {
            NeedsRemoval = true,
            Organizations = options.Organizations.ToFrozenSet(StringComparer.Ordinal),
        };
    }

    /// <inheritdoc/>
    public override string Name => "OptiView";

    /// <inheritdoc/>
    public override GuardianCapabilities Capabilities { get; }

    /// <summary>Path of a configured target below the base address.</summary>
    internal static string PathOf(string target, OptiViewVersion version)
    {
        string[] parts = [.. target.Split('/').Select(Uri.EscapeDataString)];
        return version == OptiViewVersion.V2 ? $"v2/distributions/{parts[0]}"
            : parts.Length == 1 ? $"channels/{parts[0]}"
            : $"channels/{parts[0]}/aliases/{parts[1]}";
    }

    /// <inheritdoc/>
    public async ValueTask<GuardianListing> ListAsync(CancellationToken cancellationToken)
    {
        var everywhere = new HashSet<Subject>();
        var somewhere = new HashSet<Subject>();
        GuardianOutcome outcome = await GuardedAsync(
            (self: this, everywhere, somewhere), static (call, credential, token) => call.self.ListAsync(call.everywhere, call.somewhere, credential, token), cancellationToken);
        return new GuardianListing(outcome.Result, everywhere, somewhere, outcome.Detail);
    }

    /// <inheritdoc/>
    public void Dispose() => _endpoint.Dispose();

    /// <inheritdoc/>
    protected override string Credential() =>
        Convert.ToBase64String(Encoding.ASCII.GetBytes($"{_secrets.Get("OptiView:Key")}:{_secrets.Get("OptiView:Secret")}"));

    /// <inheritdoc/>
    protected override async ValueTask<GuardianOutcome> PutAsync(Decision decision, RuleTarget target, string credential, CancellationToken cancellationToken)
    {
        string? country = await _countryOf(decision.Subject, decision.Organization, cancellationToken);
        return await OnAllTargetsAsync(
            name => ChangeAsync(name, credential, async security =>
            {
                (OptiViewList? list, GuardianOutcome? refusal) = await StartAsync(security, cancellationToken);
                if (list is null)
                {
                    return (null, refusal!);
                }
                if (list is { Enabled: true, IsAllowList: false } && list.Lists(target.Network) && security.Ip is not null)
                {
                    return (null, new GuardianOutcome(GuardianResult.AlreadyApplied, GeoWarning(name, security.Geo, country)));
                }
                List<string> entries = [.. list.Entries.Where(entry => !OptiViewList.IsSame(entry, target.Network)), target.Network.ToString()];
                return entries.Count > _options.MostEntries
                    ? (null, new GuardianOutcome(GuardianResult.Rejected, string.Create(CultureInfo.InvariantCulture, $"The list of {name} is full ({_options.MostEntries} entries).")))
                    : (new OptiViewList(true, false, entries), new GuardianOutcome(GuardianResult.Applied, GeoWarning(name, security.Geo, country)));
            }, list => list.Enabled && !list.IsAllowList && list.Lists(target.Network), cancellationToken),
            cancellationToken);
    }

    /// <inheritdoc/>
    protected override async ValueTask<GuardianOutcome> TakeBackAsync(
        RuleTarget target, string? organization, string reason, string credential, CancellationToken cancellationToken)
    {
        Subject subject = target.Scope == RuleScope.Ip ? Subject.Of(target.Network.Address) : Subject.Of(target.Network);
        return await OnAllTargetsAsync(
            name => ChangeAsync(name, credential, async security =>
            {
                IReadOnlySet<Subject> owned = await _owned.OwnedAsync(Name, cancellationToken);
                (OptiViewList? list, GuardianOutcome? refusal) = await StartAsync(security, cancellationToken);
                if (security.Ip is { } shown && !shown.Lists(target.Network))
                {
                    return (null, new GuardianOutcome(GuardianResult.AlreadyApplied, "There is no rule to take back."));
                }
                if (!owned.Contains(subject))
                {
                    return (null, new GuardianOutcome(GuardianResult.Rejected, $"Somebody else put it into the list of {name}; only they take it out."));
                }
                if (list is null)
                {
                    return (null, refusal!);
                }
                string[] entries = [.. list.Entries.Where(entry => !OptiViewList.IsSame(entry, target.Network))];
                return (new OptiViewList(entries.Length > 0, false, entries), new GuardianOutcome(GuardianResult.Applied));
            }, list => !list.Lists(target.Network), cancellationToken),
            cancellationToken);
    }

    /// <summary>
    /// The list to start from, or why it is not touched. An allow list, or one that somebody switched off, would mean something else
    /// once entries are added and it is switched on as a deny list.
    /// </summary>
    private async ValueTask<(OptiViewList? List, GuardianOutcome? Refusal)> StartAsync(OptiViewSecurity security, CancellationToken cancellationToken)
    {
        IReadOnlySet<Subject> owned = await _owned.OwnedAsync(Name, cancellationToken);
        if (security.Ip is not { } list)
        {
            return _options.Exclusive
                ? (new OptiViewList(true, false, [.. owned.Select(NetworkOf).Order(StringComparer.Ordinal)]), null)
                : (null, new GuardianOutcome(GuardianResult.Rejected,
                    "It does not show its address list, and a change replaces all of it: set Guardian:OptiView:Exclusive if nobody else keeps one."));
        }
        bool othersEntries = list.Entries.Any(entry => !IpNetwork.TryParse(entry, out IpNetwork network) || !owned.Contains(SubjectOf(network)));
        if (list.IsAllowList && (othersEntries || list is { Enabled: true, Entries.Count: 0 }))
        {
            return (null, new GuardianOutcome(GuardianResult.Rejected, "It has an allow list of addresses; adding a deny rule would turn it round. AutoGuard leaves it alone."));
        }
        return othersEntries && !list.Enabled
            ? (null, new GuardianOutcome(GuardianResult.Rejected, "It has an address list that somebody switched off; AutoGuard does not switch it on."))
            : (list, null);
    }

    private async ValueTask<GuardianOutcome> ChangeAsync(
        string target, string credential, Func<OptiViewSecurity, ValueTask<(OptiViewList? List, GuardianOutcome Outcome)>> change,
        Func<OptiViewList, bool> isDone, CancellationToken cancellationToken)
    {
        string path = PathOf(target, _options.Version);
        await using IAsyncDisposable held = await _locks.TakeAsync($"{Name} {_options.Address} {target}", cancellationToken);
        (OptiViewSecurity? before, GuardianOutcome? failure) = await ReadAsync(path, credential, cancellationToken);
        if (before is null)
        {
            return failure!;
        }
        (OptiViewList? list, GuardianOutcome outcome) = await change(before);
        if (list is null)
        {
            return outcome;
        }
        byte[] body = OptiViewSecurity.Body(list, _options.Version);
        EngineAnswer answer = await _endpoint.SendAsync(address => Request(HttpMethod.Patch, address, credential, body), path, cancellationToken);
        if (!answer.IsSuccess)
        {
            return Unsuccessful(answer);
        }
        // V2 answers with the object; V1 with nothing. Neither says that it took the whole list: looking is the only way to know.
        (OptiViewSecurity? after, GuardianOutcome? unread) = await ReadAsync(path, credential, cancellationToken);
        if (after is null)
        {
            return unread!;
        }
        return after.Ip is { } shown && !isDone(shown)
            ? new GuardianOutcome(GuardianResult.Unavailable, $"It took the change of {target} and does not show it; it is made again.")
            : outcome;
    }

    private async ValueTask<(OptiViewSecurity? Security, GuardianOutcome? Failure)> ReadAsync(string path, string credential, CancellationToken cancellationToken)
    {
        EngineAnswer answer = await _endpoint.SendAsync(address => Request(HttpMethod.Get, address, credential, null), path, cancellationToken);
        if (!answer.IsSuccess)
        {
            return (null, Unsuccessful(answer));
        }
        return OptiViewSecurity.Read(answer, _options.Version) is { } read
            ? (read, null)
            : (null, new GuardianOutcome(GuardianResult.Unavailable, "What it says of the target's security cannot be read."));
    }

    /// <summary>Does the same on every target; the worst outcome counts, since a block on half of them is none.</summary>
    private async ValueTask<GuardianOutcome> OnAllTargetsAsync(Func<string, ValueTask<GuardianOutcome>> act, CancellationToken cancellationToken)
    {
        var outcomes = new List<GuardianOutcome>();
        foreach (string target in _options.Targets)
        {
            try
            {
                outcomes.Add(await act(target));
            }
            catch (NpgsqlException error)
            {
                outcomes.Add(new GuardianOutcome(GuardianResult.Unavailable, $"The lock on {target} cannot be had: {error.Message}"));
            }
            if (outcomes[^1].NeedsOperator)
            {
                break;
            }
            cancellationToken.ThrowIfCancellationRequested();
        }
        GuardianResult[] order = [GuardianResult.Unavailable, GuardianResult.Rejected, GuardianResult.Unsupported, GuardianResult.Applied, GuardianResult.AlreadyApplied];
        GuardianOutcome worst = outcomes.MinBy(outcome => (Array.IndexOf(order, outcome.Result), outcome.NeedsOperator ? 0 : 1))
            ?? new GuardianOutcome(GuardianResult.Unsupported, "No target is configured.");
        string?[] details = [.. outcomes.Select(static outcome => outcome.Detail).Where(static detail => detail is not null).Distinct(StringComparer.Ordinal)];
        return worst with
        {
            Detail = details.Length == 0 ? null : string.Join(" ", details),
            RetryAfter = outcomes.Max(static outcome => outcome.RetryAfter),
        };
    }

    private async ValueTask<GuardianOutcome> ListAsync(HashSet<Subject> everywhere, HashSet<Subject> somewhere, string credential, CancellationToken cancellationToken)
    {
        bool isFirst = true;
        foreach (string target in _options.Targets)
        {
            (OptiViewSecurity? security, GuardianOutcome? failure) = await ReadAsync(PathOf(target, _options.Version), credential, cancellationToken);
            if (security is null)
            {
                return failure!;
            }
            if (security.Ip is not { } list)
            {
                return new GuardianOutcome(GuardianResult.Unsupported, $"{target} does not show its address list.");
            }
            HashSet<Subject> here = [];
            if (list is { Enabled: true, IsAllowList: false })
            {
                foreach (string entry in list.Entries)
                {
                    if (IpNetwork.TryParse(entry, out IpNetwork network))
                    {
                        here.Add(SubjectOf(network));
                    }
                }
            }
            somewhere.UnionWith(here);
            if (isFirst)
            {
                everywhere.UnionWith(here);
            }
            else
            {
                everywhere.IntersectWith(here);
            }
            isFirst = false;
        }
        return new GuardianOutcome(GuardianResult.Applied);
    }

    /// <summary>
    /// Country rules come before address rules. Where a country is expressly allowed, a deny rule for its addresses has no
    /// effect: the vendor's sentence read the careful way.
    /// </summary>
    private string? GeoWarning(string target, OptiViewList? geo, string? country)
    {
        if (geo is not { Enabled: true })
        {
            return null;
        }
        bool? listed = country is null ? null : geo.Entries.Contains(country, StringComparer.OrdinalIgnoreCase);
        string? warning = (geo.IsAllowList, listed) switch
        {
            (true, true) => $"Warning: {target} allows {country} by country, which comes before address rules: the block has no effect there.",
            (true, null) => $"Warning: {target} allows countries by a list, which comes before address rules: the block has no effect if the address's country is on it.",
            (true, false) or (false, true) => $"{target} refuses {country} by country already.",
            (false, null) or (false, false) => null,
        };
        if (geo.IsAllowList && listed != false && _warned.TryAdd($"{target} {country}", true))
        {
            Log.GeoFirst(_logger, target, country ?? "unknown");
        }
        return warning;
    }

    private static string NetworkOf(Subject subject) => IpNetwork.TryParse(subject.Value, out IpNetwork network) ? network.ToString() : subject.Value;

    private static Subject SubjectOf(IpNetwork network) => network.IsSingleAddress ? Subject.Of(network.Address) : Subject.Of(network);

    private static HttpRequestMessage Request(HttpMethod method, Uri address, string credential, byte[]? body)
    {
        var request = new HttpRequestMessage(method, address);
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", credential);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        }
        return request;
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 4111, Level = LogLevel.Warning,
            Message = "OptiView target {Target} has a country allow list, which comes before address rules; a block of an address in country {Country} may have no effect.")]
        public static partial void GeoFirst(ILogger logger, string target, string country);
    }
}
