using AutoGuard.Core.Configuration;
using AutoGuard.Core.Pipeline;
using AutoGuard.Core.Policy;

namespace AutoGuard.Core.Tests.Pipeline;

public sealed class AllowlistedOperatorTests
{
    [Theory]
    [InlineData(64500, false)]
    [InlineData(64501, true)]
    public void An_allowlisted_operator_s_network_is_spared_as_its_addresses_are(uint asn, bool isDecided)
    {
        TestTraffic traffic = new(new PipelineSettings { Allowlist = new AllowlistOptions { Asns = [new AllowlistEntry { Value = "AS64500" }] } });
        for (int i = 0; i < 300; i++)
        {
            traffic.Session(i % 100, 900, $"h{i}", $"81.{i % 200}.{i / 200}.7", $"honest-{i}", asn: 64510);
        }
        for (int i = 0; i < 300; i++)
        {
            // Probes, each from an address of its own.
            traffic.Session(200 + (i % 60), 900, $"p{i}", $"2001:db8:1:2::{i + 1:x}", asn: asn);
        }
        traffic.InOrder().Run();

        Assert.Equal(isDecided, traffic.Decisions.Any(d => d.Subject.Type == SubjectType.Cidr));
        Assert.DoesNotContain(traffic.Decisions, d => d.Subject.Type == SubjectType.Token);
    }
}
