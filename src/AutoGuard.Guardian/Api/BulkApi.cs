using System.IO.Pipelines;
using System.Buffers;
using System.Text.Json;
using AutoGuard.Guardian.Rules;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace AutoGuard.Guardian.Api;

/// <summary>Many rules at once, one JSON object a line, in the form that <c>autoguard rules import</c> and <c>export</c> use.</summary>
internal sealed class BulkApi(ApiGate gate, RuleStore rules, LocalGuardianOptions options, TimeProvider time) : IDisposable
{
    private const int LongestLine = 16 * 1024;
    private const int MostProblems = 100;
    private const string ContentType = "application/x-ndjson";

    // An import holds its lines in memory until all are checked.
    private readonly SemaphoreSlim _imports = new(1, 1);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/rules/import", (HttpContext context) => gate.RunAsync(context, ApiRole.Write, ApiReply.Error, key => ImportAsync(context, key)));
        routes.MapGet("/rules/export", (HttpContext context) => gate.RunAsync(context, ApiRole.Read, ApiReply.Error, key => ExportAsync(context, key)));
    }

    public void Dispose() => _imports.Dispose();

    private async ValueTask<IResult> ImportAsync(HttpContext context, ApiKey key)
    {
        if (context.Request.ContentType?.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase) != true)
        {
            return ApiReply.Error(StatusCodes.Status415UnsupportedMediaType, ApiError.WrongContentType, $"Content-Type must be {ContentType}.");
        }
        if (!ApiRequest.TryGetQuery(context, "reason", out string? reason, out IResult? refusal))
        {
            return refusal!;
        }
        string why = reason ?? "";
        if (!ApiRequest.TryCleanRemark("reason", ref why, out refusal))
        {
            return refusal!;
        }
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = options.Limits.LargestImport;
        }
        if (!await _imports.WaitAsync(TimeSpan.Zero, context.RequestAborted))
        {
            return ApiReply.Error(StatusCodes.Status429TooManyRequests, ApiError.TooOften, "Another import is running; try again when it is done.");
        }
        try
        {
            (List<RuleDraft> drafts, List<int> lines, List<ImportProblem> problems) = await ReadAsync(context, key, why);
            // A file is taken whole or not at all, as far as its form goes; what the rails refuse is left out and told.
            return problems.Count > 0
                ? Answer(StatusCodes.Status400BadRequest, drafts.Count + problems.Count, [], [], problems)
                : Answer(StatusCodes.Status200OK, drafts.Count, await rules.AddAsync(drafts, context.RequestAborted), lines, problems);
        }
        finally
        {
            _imports.Release();
        }
    }

    private static IResult Answer(int status, int count, IReadOnlyList<RuleChange> changes, List<int> lines, List<ImportProblem> problems)
    {
        int Count(RuleResult result) => changes.Count(change => change.Result == result);
        for (int i = 0; i < changes.Count && problems.Count < MostProblems; i++)
        {
            if (changes[i].Result == RuleResult.Refused)
            {
                problems.Add(new ImportProblem(lines[i], changes[i].Why));
            }
        }
        var body = new ImportBody(
            count, Count(RuleResult.Added), Count(RuleResult.Changed), Count(RuleResult.Unchanged), Count(RuleResult.Refused), changes.Sum(static c => c.Released), problems);
        return Results.Json(new DataBody<ImportBody>(status == StatusCodes.Status200OK, body), ApiJsonContext.Default.DataBodyImportBody, statusCode: status);
    }

    private async Task<(List<RuleDraft> Drafts, List<int> Lines, List<ImportProblem> Problems)> ReadAsync(HttpContext context, ApiKey key, string why)
    {
        List<RuleDraft> drafts = [];
        List<int> lines = [];
        List<ImportProblem> problems = [];
        PipeReader reader = context.Request.BodyReader;
        for (int number = 1; problems.Count < MostProblems;)
        {
            ReadResult read = await reader.ReadAsync(context.RequestAborted);
            ReadOnlySequence<byte> buffer = read.Buffer;
            while (problems.Count < MostProblems && TryTakeLine(ref buffer, read.IsCompleted, out ReadOnlySequence<byte> line))
            {
                Take(line, number++);
            }
            bool isTooLong = buffer.Length > LongestLine;
            reader.AdvanceTo(buffer.Start, buffer.End);
            if (isTooLong)
            {
                problems.Add(new ImportProblem(number, $"The line is longer than {LongestLine} bytes."));
                break;
            }
            if (read.IsCompleted)
            {
                break;
            }
        }
        return (drafts, lines, problems);

        void Take(ReadOnlySequence<byte> line, int number)
        {
            if (line.IsEmpty)
            {
                return;
            }
            if (RuleLine.TryRead(line, key, why, time.GetUtcNow(), out RuleDraft? draft, out string problem))
            {
                drafts.Add(draft!);
                lines.Add(number);
            }
            else
            {
                problems.Add(new ImportProblem(number, problem));
            }
        }
    }

    private static bool TryTakeLine(ref ReadOnlySequence<byte> buffer, bool isLast, out ReadOnlySequence<byte> line)
    {
        SequencePosition? end = buffer.PositionOf((byte)'\n');
        if (end is null && (!isLast || buffer.IsEmpty))
        {
            line = default;
            return false;
        }
        line = end is null ? buffer : buffer.Slice(0, end.Value);
        buffer = end is null ? buffer.Slice(buffer.End) : buffer.Slice(buffer.GetPosition(1, end.Value));
        return true;
    }

    private async ValueTask<IResult> ExportAsync(HttpContext context, ApiKey key)
    {
        context.Response.ContentType = ContentType;
        using var writer = new Utf8JsonWriter(context.Response.BodyWriter);
        await foreach (Rule rule in rules.Queries.ReadAsync("and (@organization::text is null or organization = @organization) order by seq", new { organization = key.Organization }, context.RequestAborted))
        {
            RuleLine.Write(writer, rule);
            writer.Flush();
            context.Response.BodyWriter.Write("\n"u8);
            writer.Reset();
            if (context.Response.BodyWriter.UnflushedBytes > 64 * 1024)
            {
                await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
            }
        }
        return Results.Empty;
    }
}
