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

/// <summary><c>explain</c>: asks the running worker why a subject was or was not acted on.</summary>
internal static class ExplainVerb
{
    public static async Task<int> RunAsync(ExplainArguments arguments, VerbContext context, CancellationToken cancellation)
    {
        string address = context.Settings.Values.Web.Address;
        string kind = arguments.Subject.Type == SubjectType.Token ? "token" : "ip";
        using HttpClient client = new() { BaseAddress = new Uri(address.Replace("//0.0.0.0", "//127.0.0.1", StringComparison.Ordinal)), Timeout = TimeSpan.FromSeconds(10) };
        using HttpRequestMessage request = new(HttpMethod.Get, $"/explain/{kind}/{Uri.EscapeDataString(arguments.Subject.Value)}");
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
                throw new VerbException(text.Trim());
            }
            Print(JsonSerializer.Deserialize(text, ExplanationJson.Default.Explanation)!, context.Output);
        }
        return ExitStatus.Done;
    }

    internal static void Print(Explanation explanation, TextWriter output)
    {
        string workflow = explanation.Workflow is { } known ? $", workflow {known}" : "";
        Line(output, $"{explanation.Subject.TypeName} {explanation.Subject.Value}{workflow}: score {explanation.Score:0.00} from {explanation.Sessions} sessions");
        foreach (ExplainedIndicator indicator in explanation.Indicators.OrderByDescending(i => i.Contribution).ThenBy(i => i.Indicator, StringComparer.Ordinal))
        {
            Line(output, $"  {indicator.Indicator,-20} value {indicator.Value,8:0.###}  threshold {indicator.Threshold,7:0.###}  grade {indicator.Grade:0.00}  contribution {indicator.Contribution:0.00}  {indicator.Text}");
        }
        Line(output, $"{explanation.Outcome}");
        foreach (Decision decision in explanation.Case is { } file ? file.Decisions : [])
        {
            output.WriteLine(DecisionLine.Of(decision));
        }
    }

    private static void Line(TextWriter output, FormattableString line) =>
        output.WriteLine(TerminalText.Visible(line.ToString(CultureInfo.InvariantCulture), 400));
}
