using System.Collections.Immutable;
using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;
using AutoGuard.Guardian.Api;

namespace AutoGuard.CommandLine;

/// <summary><c>demo</c>.</summary>
/// <param name="For">Stops by itself after this long; null: at Ctrl-C.</param>
public sealed record DemoArguments(TimeSpan? For);

/// <summary><c>run</c>.</summary>
public sealed record RunArguments;

/// <summary><c>replay</c>. Input files exist; the kinds of reports are known by their extension.</summary>
/// <param name="Files">JSON Lines files, <c>.gz</c> or not, in order; <c>-</c> is standard input.</param>
/// <param name="Decisions">File for decisions, one JSON object a line.</param>
/// <param name="Reports">Files for reports, ending in <c>.html</c>, <c>.json</c> or <c>.csv</c>.</param>
/// <param name="Summary">File for the summary, one JSON object.</param>
/// <param name="Labels">File of the known incidents.</param>
public sealed record ReplayArguments(
    IReadOnlyList<string> Files, string? Decisions, IReadOnlyList<string> Reports, string? Summary, string? Labels);

/// <summary><c>backtest</c>. Files exist; at least one of <paramref name="Against"/> and <paramref name="Subject"/> is given.</summary>
/// <param name="Files">JSON Lines files, <c>.gz</c> or not, in order; read several times.</param>
/// <param name="Against">Settings file laid over the whole configuration: the other configuration.</param>
/// <param name="Labels">File of the known incidents.</param>
/// <param name="Reports">Files for the comparison, ending in <c>.html</c> or <c>.json</c>.</param>
/// <param name="Subject">Whom a change of the configuration is to spare.</param>
public sealed record BacktestArguments(
    IReadOnlyList<string> Files, string? Against, string? Labels, IReadOnlyList<string> Reports, Subject? Subject);

/// <summary><c>calibrate</c>. Input files exist.</summary>
/// <param name="Files">JSON Lines files, <c>.gz</c> or not, in order; read twice when there are labels.</param>
/// <param name="Out">File for the model; its name without <c>.json</c> is the model's.</param>
/// <param name="Labels">File of the known incidents.</param>
public sealed record CalibrateArguments(IReadOnlyList<string> Files, string Out, string? Labels);

/// <summary><c>simulate</c>. Exactly one of <paramref name="Out"/> and <paramref name="ToKafka"/> is given.</summary>
/// <param name="Seed">Same seed, same traffic.</param>
/// <param name="Viewers">Honest viewers, from 1.</param>
/// <param name="Duration">Event time covered.</param>
/// <param name="Out">Folder for events and labels.</param>
/// <param name="ToKafka">Whether events go to the configured topic, at times that end now.</param>
/// <param name="Profile">Name of a profile that can have any size; null: the standard mixture.</param>
public sealed record SimulateArguments(ulong Seed, int Viewers, TimeSpan Duration, string? Out, bool ToKafka, string? Profile = null);

/// <summary><c>report</c>: the half-open period [from, to).</summary>
/// <param name="From">Start.</param>
/// <param name="To">End, after the start; null: now.</param>
/// <param name="Outputs">Files ending in <c>.html</c>, <c>.json</c> or <c>.csv</c>; none: the configured folder and formats.</param>
public sealed record ReportArguments(DateTimeOffset From, DateTimeOffset? To, IReadOnlyList<string> Outputs);

/// <summary><c>rules list</c>.</summary>
/// <param name="Json">One JSON object a line instead of a table.</param>
public sealed record RulesListArguments(bool Json);

/// <summary><c>rules add</c>. Address and CIDR are well formed, in canonical form.</summary>
/// <param name="Subject">What the rule refuses.</param>
/// <param name="For">How long; null: until removed.</param>
/// <param name="Reason">Why, for the operator.</param>
public sealed record RulesAddArguments(Subject Subject, TimeSpan? For, string? Reason)
{
    /// <summary>Networks where a token stays good.</summary>
    public ImmutableArray<IpNetwork> Except { get; init; } = [];
}

/// <summary><c>rules remove</c>.</summary>
/// <param name="Subject">Whose rule is removed.</param>
public sealed record RulesRemoveArguments(Subject Subject);

/// <summary><c>rules import</c>.</summary>
/// <param name="File">File to read; <c>-</c> is standard input.</param>
public sealed record RulesImportArguments(string File);

/// <summary><c>rules export</c>.</summary>
/// <param name="File">File to write; <c>-</c> is standard output.</param>
public sealed record RulesExportArguments(string File);

/// <summary><c>keys list</c>.</summary>
/// <param name="Json">One JSON object a line instead of a table.</param>
public sealed record KeysListArguments(bool Json);

/// <summary><c>keys add</c>.</summary>
/// <param name="Name">A name as <see cref="ApiKeys.IsName"/> takes it.</param>
/// <param name="Role">What the key opens.</param>
/// <param name="Organization">Tenant that it is confined to; null: all.</param>
/// <param name="Reason">Why, for the history.</param>
public sealed record KeysAddArguments(string Name, ApiRole Role, string? Organization, string? Reason);

/// <summary><c>keys remove</c>.</summary>
/// <param name="Name">The key's name.</param>
public sealed record KeysRemoveArguments(string Name);

/// <summary><c>explain</c>.</summary>
/// <param name="Subject">A token or an address.</param>
/// <param name="Organization">The token's tenant, empty for the nameless one; null: whichever has it.</param>
/// <param name="From">A recording to replay; null: the running worker is asked.</param>
/// <param name="At">Event time to explain; null: the worker's present, and where the subject scored highest in a recording.</param>
/// <param name="Json">One JSON object instead of text.</param>
public sealed record ExplainArguments(
    Subject Subject, string? Organization = null, string? From = null, DateTimeOffset? At = null, bool Json = false);

/// <summary><c>check</c>.</summary>
/// <param name="Dump">Whether the whole effective configuration is printed too.</param>
public sealed record CheckArguments(bool Dump);
