using System.Xml.Linq;

namespace AutoGuard.Core.Tests.Architecture;

public sealed class ProjectReferenceTests
{
    [Fact]
    public void Core_references_nothing_but_the_framework()
    {
        XDocument project = Load("AutoGuard.Core");
        Assert.Empty(Includes(project, "ProjectReference"));
        Assert.Empty(Includes(project, "PackageReference"));
        Assert.Empty(Includes(project, "FrameworkReference"));
        Assert.Empty(Includes(project, "Reference"));
        Assert.Equal("Microsoft.NET.Sdk", project.Root!.Attribute("Sdk")!.Value);
    }

    [Theory]
    [InlineData("AutoGuard.Guardian")]
    [InlineData("AutoGuard.MlNet")]
    [InlineData("AutoGuard.Simulation")]
    public void Every_part_references_core_alone(string name) =>
        Assert.Equal(["AutoGuard.Core.csproj"], Includes(Load(name), "ProjectReference").Select(path => path.Split('/', '\\')[^1]));

    [Fact]
    public void No_project_of_src_is_left_out() =>
        Assert.Equal(
            ["AutoGuard", "AutoGuard.Core", "AutoGuard.Guardian", "AutoGuard.MlNet", "AutoGuard.Simulation"],
            RepositoryFiles.List("src", ".csproj").Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal));

    private static XDocument Load(string name) => XDocument.Parse(RepositoryFiles.Read($"src/{name}/{name}.csproj"));

    private static IEnumerable<string> Includes(XDocument project, string element) =>
        project.Descendants(element).Select(reference => reference.Attribute("Include")?.Value ?? "");
}
