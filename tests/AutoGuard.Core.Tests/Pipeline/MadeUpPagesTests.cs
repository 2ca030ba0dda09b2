using System.Globalization;
using System.Text;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Enrichment;
using AutoGuard.Core.Events;
using AutoGuard.Core.Pipeline;
using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Tests.Pipeline;

/// <summary>One session that names page after page, and then a page that embeds the stream for many.</summary>
public sealed class MadeUpPagesTests
{
    private const int Viewers = 80;

    private readonly StringPool _strings;
    private readonly EventParser _parser;
    private readonly DetectionPipeline _pipeline;
    private readonly DetectionOutput _output = new();
    private readonly EventBatch _batch = new(256);
    private long _offset;

    public MadeUpPagesTests()
    {
        KeyedHasher hasher = new(1, 2);
        _strings = new StringPool(hasher, capacity: 1_000);
        ClaimsPool claims = new();
        _parser = new EventParser(hasher, _strings, claims);
        PipelineSettings settings = new() { Referrers = new ReferrersOptions { Official = ["www.example.com"] }, Secret0 = 3, Secret1 = 4 };
        _pipeline = new DetectionPipeline(settings, _strings, claims, new ReferrerList(settings.Referrers, _strings));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3_000)]
    public void A_page_is_found_however_many_were_made_up_before(int madeUp)
    {
        for (int i = 0; i < madeUp; i++)
        {
            Read(i * 0.1, "stuffer", "203.0.113.9", $"https://h{i.ToString(CultureInfo.InvariantCulture)}.example/", "stuffer");
        }
        for (double second = 600; second < 2_400; second += 30)
        {
            for (int i = 0; i < Viewers; i++)
            {
                string viewer = i.ToString(CultureInfo.InvariantCulture);
                Read(second + (i * 0.1), "viewer" + viewer, $"{20 + (i % 60)}.{i}.7.5", "https://pirate.example/", "token" + viewer, 3_000 + (i % 5));
            }
        }
        _pipeline.Process(_batch, _output);
        _pipeline.Complete(_output);

        Assert.Equal([DecisionAction.Flag, DecisionAction.Block], _output.Decisions.Where(static d => d.Subject == new Subject(SubjectType.Referrer, "pirate.example")).Select(static d => d.Action));
        Assert.Equal(madeUp == 0, _strings.Forgotten == 0);
    }

    private void Read(double second, string session, string address, string referrer, string token, int asn = 64500)
    {
        long time = TestTraffic.Noon + (long)(second * 1000);
        string json = string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"type":"heartbeat","timestamp":{{time}},"sessionId":"{{session}}","ip":"{{address}}","token":"{{token}}","referrer":"{{referrer}}","asn":{{asn}}}""");
        Assert.Equal(EventRejection.None, _parser.TryParse(Encoding.UTF8.GetBytes(json), _batch, _strings.Intern("test"), 0, _offset++));
        if (_batch.IsFull)
        {
            _pipeline.Process(_batch, _output);
            _batch.Clear();
        }
    }
}
