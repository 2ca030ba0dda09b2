using AutoGuard.Core.Events;

namespace AutoGuard.Core.Tests.Architecture;

public sealed class DependencyDirectionTests
{
    private static readonly IReadOnlyCollection<TypeUse> UsesOfTests = TypeUseScanner.Scan(typeof(DependencyDirectionTests).Assembly.Location);

    [Fact]
    public void Core_stages_see_only_what_comes_before_them()
    {
        IReadOnlyCollection<TypeUse> uses = TypeUseScanner.Scan(typeof(PlaybackEvent).Assembly.Location);
        Assert.Contains(uses, use => use is { From: "EventEnricher", To: "PlaybackEvent" });
        string[] violations = [.. new LayerRules("AutoGuard.Core").Violations(uses)];
        Assert.True(violations.Length == 0, string.Join('\n', violations));
    }

    [Theory]
    [InlineData("Events.ByField uses Pipeline.Late")]
    [InlineData("Events.ByGenericField uses Pipeline.LateValue")]
    [InlineData("Events.BySignature uses Pipeline.LateValue")]
    [InlineData("Events.ByInterface uses Pipeline.ILate")]
    [InlineData("Events.ByAttribute uses Pipeline.Late")]
    [InlineData("Events.ByConstraint uses Pipeline.ILate")]
    [InlineData("Events.ByCall uses Pipeline.Late")]
    [InlineData("Events.ByGenericCall uses Pipeline.LateChoice")]
    [InlineData("Events.ByStaticField uses Pipeline.Late")]
    [InlineData("Events.ByTypeTest uses Pipeline.ILate")]
    [InlineData("Events.ByTypeOf uses Pipeline.Late")]
    [InlineData("Events.ByMemberOfGeneric uses Pipeline.LateTable`1")]
    [InlineData("Events.ByLambda uses Pipeline.Late")]
    [InlineData("Events.ByNested uses Pipeline.Late")]
    [InlineData("Events.ByCodeAfterSwitch uses Pipeline.Late")]
    [InlineData("Guardian.PortSeesPort uses Reporting.Port")]
    [InlineData("Guardian.PortSeesFeatures uses Features.Fine")]
    [InlineData("Policy.SeesPort uses Guardian.Port")]
    [InlineData("Configuration.SeesRules uses Policy.Rules")]
    [InlineData("Configuration.SeesEventsEnum uses Events.Phase")]
    [InlineData("NoLayer uses Events.Fine")]
    [InlineData("Unheard.UnknownLayer uses Events.Fine")]
    public void A_wrong_use_is_found(string violation) => Assert.Contains(violation, ViolationsOfWrongTypes());

    [Fact]
    public void Nothing_but_the_wrong_uses_is_found()
    {
        int expected = typeof(DependencyDirectionTests).GetMethod(nameof(A_wrong_use_is_found))!.GetCustomAttributesData()
            .Count(attribute => attribute.AttributeType == typeof(InlineDataAttribute));
        string[] found = ViolationsOfWrongTypes();
        Assert.True(found.Length == expected, string.Join('\n', found));
    }

    private static string[] ViolationsOfWrongTypes()
    {
        const string Root = "AutoGuard.Core.Tests.Architecture.Wrong";
        return [.. new LayerRules(Root).Violations(UsesOfTests).Select(text => text.Replace(Root + ".", "", StringComparison.Ordinal))];
    }
}
