using System.Globalization;
using System.Net;
using System.Text.Json;
using AutoGuard.CommandLine;
using AutoGuard.Core.Pipeline;
using AutoGuard.Core.Policy;
using AutoGuard.Live;
using AutoGuard.Web;
using AutoGuard.Worker;

namespace AutoGuard.Verbs;

/// <summary><c>explain</c>: why a subject was or was not acted on, from the running worker or from a recording.</summary>
internal static class ExplainVerb
{
    private const int LineWidth = 400;
    private const int MostOrganizations = 20;

    public static async Task<int> RunAsync(ExplainArguments arguments, VerbContext context, CancellationToken cancellation)
    {
        if (arguments.From is null)
        {
            Print(await AskWorkerAsync(arguments, context, cancellation), arguments.Json, context.Output);
            return ExitStatus.Done;
        }
        using RecordingExplainer recording = new(arguments, context);
        Explanation explanation = await recording.RunAsync(cancellation);
        if (!arguments.Json)
        {
            string when = arguments.At is null ? "where it scored highest" : "as asked";
            await context.Output.WriteLineAsync($"At {Time(explanation.Time)}, {when}:");
        }
        Print(explanation with { Case = null }, arguments.Json, context.Output);
        if (!arguments.Json)
        {
            await context.Output.WriteLineAsync(
                recording.Decisions.Count == 0 ? "Nothing was decided on it in the whole recording." : "Decisions in the whole recording:");
            foreach (Decision decision in recording.Decisions)
            {
                await context.Output.WriteLineAsync(DecisionLine.Of(decision));
            }
        }
        return ExitStatus.Done;
    }

    /// <summary>Says that several tenants use one token id, and which; their names are strangers' text.</summary>
    internal static string Ambiguous(IReadOnlyList<string?> organizations)
    {
        IEnumerable<string> names = organizations.Take(MostOrganizations).Select(name => name is null ? "\"\"" : $"\"{TerminalText.Visible(name, 60)}\"");
        string more = organizations.Count > MostOrganizations ? string.Create(CultureInfo.InvariantCulture, $" and {organizations.Count - MostOrganizations} more") : "";
        return $"Several organizations use this token id: {string.Join(", ", names)}{more}. Say which one is meant with --organization (in a request ?organization=).";
    }

    /// <summary>An instant in UTC as people read it.</summary>
    internal static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    internal static void Print(Explanation explanation, bool json, TextWriter output)
    {
        if (json)
        {
            output.WriteLine(JsonSerializer.Serialize(explanation, ExplanationJson.Default.Explanation));
            return;
        }
        string workflow = explanation.Workflow is { } known ? $", workflow {known}" : "";
        string organization = explanation.Organization is { } tenant ? $" of {tenant}" : "";
        Line(output, $"{explanation.Subject.TypeName} {explanation.Subject.Value}{organization}{workflow}: score {explanation.Score:0.00} from {explanation.Sessions} {(explanation.Sessions == 1 ? "session" : "sessions")}{(explanation.Evidence == explanation.Sessions ? "" : FormattableString.Invariant($", which count as {explanation.Evidence}"))}");
        foreach (ExplainedIndicator indicator in explanation.Indicators.OrderByDescending(i => i.Contribution).ThenBy(i => i.Indicator, StringComparer.Ordinal))
        {
            Line(output, $"  {indicator.Indicator,-20} value {indicator.Value,8:0.###}  threshold {indicator.Threshold,7:0.###}  grade {indicator.Grade:0.00}  contribution {indicator.Contribution:0.00}  {indicator.Text}");
        }
        if (!explanation.CounterEvidence.IsDefaultOrEmpty)
        {
            output.WriteLine("What speaks for it:");
            foreach (string evidence in explanation.CounterEvidence)
            {
                Line(output, $"  {evidence}");
            }
        }
        Line(output, $"{explanation.Outcome}");
        foreach (Decision decision in explanation.Case is { } file ? file.Decisions : [])
        {
            output.WriteLine(DecisionLine.Of(decision));
        }
    }

    private static async Task<Explanation> AskWorkerAsync(ExplainArguments arguments, VerbContext context, CancellationToken cancellation)
    {
        string address = context.Settings.Values.Web.Address;
        string kind = arguments.Subject.Type == SubjectType.Token ? "token" : "ip";
        string query = arguments.Organization is { } organization ? $"?organization={Uri.EscapeDataString(organization)}" : "";
        using HttpClient client = new() { BaseAddress = new Uri(address.Replace("//0.0.0.0", "//127.0.0.1", StringComparison.Ordinal)), Timeout = TimeSpan.FromSeconds(10) };
        using HttpRequestMessage request = new(HttpMethod.Get, $"/explain/{kind}/{Uri.EscapeDataString(arguments.Subject.Value)}{query}");
        if (await OperatorKey.ReadAsync(context.Settings.Values.DataDirectory, cancellation) is { } key)
        {
            request.Headers.Add("X-BINTU-APIKEY", key);
        }
        HttpResponseMessage response;
        try
        {
            response = await client.SendAsync(request, cancellation);
        }
        catch (HttpRequestException error)
        {
            throw new VerbException($"No running worker answers at Web:Address {address}: {error.Message}");
        }
        using (response)
        {
            string text = await response.Content.ReadAsStringAsync(cancellation);
            if (response.StatusCode != HttpStatusCode.OK)
            {
                throw new VerbException(TerminalText.Visible(text.Trim(), 4 * LineWidth));
            }
            return JsonSerializer.Deserialize(text, ExplanationJson.Default.Explanation)!;
        }
    }

    private static void Line(TextWriter output, FormattableString line) =>
        output.WriteLine(TerminalText.Visible(line.ToString(CultureInfo.InvariantCulture), LineWidth));
}
