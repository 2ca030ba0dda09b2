using System.Net;
using System.Net.Http.Json;
using AutoGuard.Testing;
using AutoGuard.Tests.Worker;
using Xunit.Abstractions;

namespace AutoGuard.Tests.Verbs;

/// <summary>Two workers as processes, each with a broker and a folder of its own, on one PostgreSQL.</summary>
[Collection(ServiceTests.Name)]
public sealed class TwoProcessTests(PostgresFixture postgres, ITestOutputHelper output) : IClassFixture<PostgresFixture>
{
    private const int Rules = 5;

    private static readonly TimeSpan Promise = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task A_rule_added_on_one_denies_on_the_other_within_a_second_and_its_removal_too()
    {
        await using TestDatabase database = await postgres.CreateDatabaseAsync();
        using WorkFolder firstFolder = new();
        using WorkFolder secondFolder = new();
        await using ChildProgram first = Start(firstFolder, database);
        string firstAddress = await first.WordAfterAsync("autoguard: dashboard and API");
        string key = (await File.ReadAllTextAsync(firstFolder["data/api-key"])).Trim();
        await using ChildProgram second = Start(secondFolder, database);
        string secondAddress = await second.WordAfterAsync("autoguard: dashboard and API");
        using HttpClient one = Client(firstAddress, key);
        using HttpClient other = Client(secondAddress, key);
        List<TimeSpan> added = [];
        List<TimeSpan> removed = [];

        for (int i = 1; i <= Rules; i++)
        {
            string address = $"203.0.113.{i}";
            Assert.Equal(HttpStatusCode.OK, await CheckAsync(other, address));
            using HttpResponseMessage posted = await one.PostAsJsonAsync("/ip", new Dictionary<string, string> { ["ip"] = address, ["type"] = "deny" });
            Assert.Equal(HttpStatusCode.OK, posted.StatusCode);
            added.Add(await Eventually.TrueAsync(async () => await CheckAsync(other, address) == HttpStatusCode.Forbidden, () => $"the block of {address}; the worker says:\n{second.Error}"));
            using HttpResponseMessage deleted = await one.DeleteAsync($"/ip?ip={address}");
            Assert.True(deleted.IsSuccessStatusCode, $"{deleted.StatusCode}");
            removed.Add(await Eventually.TrueAsync(async () => await CheckAsync(other, address) == HttpStatusCode.OK, () => $"the release of {address}; the worker says:\n{second.Error}"));
        }

        output.WriteLine($"added: {string.Join(", ", added)}; removed: {string.Join(", ", removed)}");
        // The promise to operators. The median, so that a machine busy with other work for a moment does not break it.
        Assert.True(Median(added) < Promise, $"half of the blocks took longer than {Median(added)}");
        Assert.True(Median(removed) < Promise, $"half of the releases took longer than {Median(removed)}");
        Assert.False(first.HasEnded || second.HasEnded, first.Error + second.Error);
    }

    private static ChildProgram Start(WorkFolder folder, TestDatabase database) => ChildProgram.AutoGuard(
        folder.Path, "run", "--config", RunningProgram.Sample["settings.json"], "--set", "Web:Address=http://127.0.0.1:0", "--set", "Reports:Cron=0 0 0 1 1 ? 2099",
        "--set", $"ConnectionStrings:AutoGuard={database.ConnectionString}");

    private static HttpClient Client(string address, string key)
    {
        HttpClient client = new() { BaseAddress = new Uri(address) };
        client.DefaultRequestHeaders.Add("X-Api-Key", key);
        return client;
    }

    private static async Task<HttpStatusCode> CheckAsync(HttpClient client, string address)
    {
        using HttpResponseMessage answer = await client.GetAsync($"/check?ip={address}");
        return answer.StatusCode;
    }

    private static TimeSpan Median(List<TimeSpan> taken) => taken.Order().ElementAt(taken.Count / 2);
}
