using AutoGuard.Core.Enrichment;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Tests.Enrichment;

public sealed class AgentClassifierTests
{
    private readonly StringPool _pool = new(new KeyedHasher(1, 2), capacity: 1 << 18);

    [Theory]
    [InlineData("ffmpeg/6.1", true)]
    [InlineData("FFMPEG", true)]
    [InlineData("curl/8.0", true)]
    [InlineData("Mozilla/5.0 (X11; Linux x86_64) curl/8.0", false)]
    [InlineData("cur", false)]
    public void A_tool_is_known_by_the_beginning_of_its_name_in_any_case(string agent, bool isTool) =>
        Assert.Equal(isTool, new AgentClassifier(["ffmpeg", "curl"], _pool).IsTool(_pool.Intern(agent)));

    [Fact]
    public void No_agent_and_one_that_fitted_nowhere_are_no_tools()
    {
        AgentClassifier classifier = new(["", "("], _pool);

        Assert.False(classifier.IsTool(StringPool.Absent));
        Assert.False(classifier.IsTool(StringPool.Overflow));
    }

    [Fact]
    public void An_empty_entry_makes_nobody_a_tool() =>
        Assert.False(new AgentClassifier([""], _pool).IsTool(_pool.Intern("Mozilla/5.0")));

    [Fact]
    public void A_tool_is_known_however_many_agents_were_made_up_before()
    {
        StringPool small = new(new KeyedHasher(1, 2), capacity: 100);
        AgentClassifier classifier = new(["ffmpeg"], small);
        for (int i = 0; i < 1_000; i++)
        {
            Assert.False(classifier.IsTool(small.Intern($"Player/{i}", StringKind.UserAgent)));
        }
        Assert.True(classifier.IsTool(small.Intern("ffmpeg/7.1", StringKind.UserAgent)));
    }

    [Fact]
    public void Of_thousands_of_agents_each_has_its_own_verdict()
    {
        AgentClassifier classifier = new(["tool-7"], _pool);
        for (int round = 0; round < 2; round++)
        {
            for (int i = 5_000; i >= 0; i--)
            {
                string agent = "tool-" + i;
                Assert.Equal(agent.StartsWith("tool-7", StringComparison.Ordinal), classifier.IsTool(_pool.Intern(agent)));
            }
        }
    }
}
