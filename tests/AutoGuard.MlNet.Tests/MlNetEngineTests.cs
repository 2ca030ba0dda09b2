namespace AutoGuard.MlNet.Tests;

public sealed class MlNetEngineTests
{
    [Fact]
    public void An_engine_is_given_exactly_when_nothing_stands_against_it()
    {
        if (MlNetEngine.IsAvailable)
        {
            Assert.Empty(MlNetEngine.WhyNot);
            Assert.StartsWith("ML.NET ", MlNetEngine.Create().Name, StringComparison.Ordinal);
        }
        else
        {
            var refusal = Assert.Throws<NotSupportedException>(MlNetEngine.Create);
            Assert.Equal(MlNetEngine.WhyNot, refusal.Message);
        }
    }

#if !MLNET
    [Fact]
    public void A_build_without_the_packages_says_so_and_names_the_setting_to_change()
    {
        Assert.False(MlNetEngine.IsAvailable);
        Assert.Contains("Microsoft.ML.TimeSeries", MlNetEngine.WhyNot, StringComparison.Ordinal);
        Assert.Contains("Detection:Spike:Engine to Native", MlNetEngine.WhyNot, StringComparison.Ordinal);
        Assert.EndsWith(".", MlNetEngine.WhyNot, StringComparison.Ordinal);
    }
#endif
}
