using System.Globalization;
using AutoGuard.Core.Policy;
using AutoGuard.Core.Reporting;
using AutoGuard.Reports;
using Microsoft.Playwright;

namespace AutoGuard.Tests.Reports;

/// <summary>The report in a real browser.</summary>
public sealed class ReportBrowserTests : IAsyncLifetime, IDisposable
{
    private const string Chromium = "/usr/bin/chromium";

    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _console = [];
    private readonly List<string> _requests = [];
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async Task InitializeAsync()
    {
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = Chromium, Args = ["--no-sandbox", "--disable-gpu"] });
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }
    }

    public void Dispose()
    {
        _playwright?.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(390, false)]
    [InlineData(390, true)]
    [InlineData(1280, false)]
    public async Task A_report_fits_the_screen_asks_for_nothing_and_has_no_errors(int width, bool dark)
    {
        var page = await OpenAsync(new ReportFixture().Report(), width, dark);

        Assert.Equal(
            ["4 tokens, 1 address, 1 network and 1 referrer were flagged", "Tokens4", "Addresses1", "Networks1", "Referrers1", "How to read this report"],
            await VisibleTextsAsync(page, "h1, h2"));
        await page.EvaluateAsync("document.querySelectorAll('details').forEach(card => card.open = true)");
        var scroll = await page.EvaluateAsync<int>("document.documentElement.scrollWidth");
        Assert.True(scroll <= width, $"The page is {scroll} wide on a screen of {width}.");
        var pictures = await page.Locator("figure > svg").EvaluateAllAsync<double[]>("all => all.map(one => one.getBoundingClientRect().width)");
        Assert.All(pictures, picture => Assert.InRange(picture, 280, width));
        AssertQuiet();
    }

    [Theory]
    [InlineData(390)]
    [InlineData(1280)]
    public async Task Hostile_texts_run_nothing_and_push_nothing_off_the_screen(int width)
    {
        var step = 0;
        var random = new Random(17);
        var report = HostileText.Report(random, () => HostileText.Samples[step++ % HostileText.Samples.Length]);
        var page = await OpenAsync(report with { Subjects = [.. report.Subjects, .. new ReportFixture().Report().Subjects] }, width, dark: false);

        await page.EvaluateAsync("document.querySelectorAll('details').forEach(card => card.open = true)");

        Assert.Equal(1, await page.Locator("script").CountAsync());
        Assert.Equal(0, await page.Locator("img, iframe, object, embed").CountAsync());
        var wide = await page.EvaluateAsync<string[]>(
            "width => [...document.querySelectorAll('main, main *')].filter(one => !one.closest('svg, thead') && one.getBoundingClientRect().right > width).map(one => `${one.localName}.${one.className} ${one.textContent.slice(0, 60)}`)", width);
        Assert.Empty(wide);
        Assert.True(await page.EvaluateAsync<int>("document.documentElement.scrollWidth") <= width);
        AssertQuiet();
    }

    [Fact]
    public async Task A_card_unfolds_by_click_and_by_its_address_without_script_too()
    {
        var path = await WriteAsync(new ReportFixture().Report());
        await using var context = await _browser!.NewContextAsync(new BrowserNewContextOptions { JavaScriptEnabled = false, ViewportSize = new ViewportSize { Width = 1280, Height = 900 } });
        var page = await context.NewPageAsync();
        await page.GotoAsync(path);

        Assert.True(await page.Locator("#s1 figure").IsVisibleAsync());
        Assert.False(await page.Locator("#s2 figure").IsVisibleAsync());
        Assert.False(await page.Locator("#tools").IsVisibleAsync());
        await page.Locator("#s2 summary").ClickAsync();
        Assert.True(await page.Locator("#s2 figure").IsVisibleAsync());

        var scripted = await OpenAsync(new ReportFixture().Report(), 1280, dark: false, "#s5");
        Assert.True(await scripted.Locator("#s5 figure").IsVisibleAsync());
        AssertQuiet();
    }

    [Fact]
    public async Task Filter_order_and_unfold_work()
    {
        var page = await OpenAsync(new ReportFixture().Report(), 1280, dark: false);

        await page.Locator("#find").FillAsync("python-requests");
        Assert.Equal(["203.0.113.240", "203.0.113.0/24"], await VisibleTextsAsync(page, ".card h3"));
        Assert.Equal(["Addresses1", "Networks1"], await VisibleTextsAsync(page, "section h2"));
        await page.Locator("#find").FillAsync("");
        await page.Locator("#action").SelectOptionAsync("revoke");
        Assert.Equal(2, (await VisibleTextsAsync(page, ".card h3")).Count);
        await page.Locator("#action").SelectOptionAsync("");
        await page.Locator("#order").SelectOptionAsync("time");
        Assert.Equal(
            ["sha256:5f0c8a7be1d24c9930aa6e1b7f8d42c5e9613f70b2ad84c15e6f90a3d7b8c241", "sub-441902-a1", "jti-7e32b1c0-4d55-4f0a-9a61-2f8c0d9e11a7", "partner-monitoring"],
            (await VisibleTextsAsync(page, ".card h3")).Take(4));
        await page.Locator("#unfold").ClickAsync();
        Assert.Equal(7, await page.Locator("details[open]").CountAsync());
        await page.Locator("#unfold").ClickAsync();
        Assert.Equal(0, await page.Locator("details[open]").CountAsync());
        AssertQuiet();
    }

    [Fact]
    public async Task On_paper_everything_is_unfolded_and_tools_are_gone()
    {
        var path = await WriteAsync(new ReportFixture().Report());
        await using var context = await _browser!.NewContextAsync(new BrowserNewContextOptions { JavaScriptEnabled = false });
        var page = await context.NewPageAsync();
        await page.GotoAsync(path);
        var folded = await HeightAsync(page, "#s2");

        await page.EmulateMediaAsync(new PageEmulateMediaOptions { Media = Media.Print });

        Assert.InRange(await HeightAsync(page, "#s2"), folded + 400, 10_000);
        Assert.False(await page.Locator("#tools").IsVisibleAsync());
    }

    [Fact]
    public async Task Texts_have_enough_contrast_in_light_and_dark()
    {
        foreach (var dark in (bool[])[false, true])
        {
            var page = await OpenAsync(new ReportFixture().Report(EnforcementMode.Observe), 1280, dark);
            var low = await page.EvaluateAsync<string[]>("""
                () => {
                  const light = c => { const v = c.map(x => { x /= 255; return x <= .03928 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4; }); return .2126 * v[0] + .7152 * v[1] + .0722 * v[2]; };
                  const parse = s => s.match(/[\d.]+/g).map(Number);
                  const back = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c.length === 3 || c[3] > 0) return c; } return [255, 255, 255]; };
                  const bad = [];
                  for (const e of document.querySelectorAll('main *')) {
                    if (e.closest('svg') || ![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
                    const [a, b] = [light(parse(getComputedStyle(e).color)), light(back(e))].sort((x, y) => y - x);
                    if ((a + .05) / (b + .05) < 4.5) bad.push(e.className + ': ' + e.textContent.slice(0, 30));
                  }
                  return bad;
                }
                """);
            Assert.Empty(low);
        }
    }

    private async Task<string> WriteAsync(FlaggedReport report)
    {
        await FlaggedReports.WriteAsync(report, _folder["report.html"], CancellationToken.None);
        return new Uri(_folder["report.html"]).AbsoluteUri;
    }

    private async Task<IPage> OpenAsync(FlaggedReport report, int width, bool dark, string hash = "")
    {
        var path = await WriteAsync(report);
        var page = await _browser!.NewPageAsync(new BrowserNewPageOptions
        {
            ViewportSize = new ViewportSize { Width = width, Height = 900 },
            ColorScheme = dark ? ColorScheme.Dark : ColorScheme.Light,
        });
        page.Console += (_, message) => _console.Add(message.Text);
        page.PageError += (_, error) => _console.Add(error);
        page.Dialog += (_, dialog) => _console.Add(dialog.Message);
        page.Request += (_, request) => _requests.Add(request.Url);
        await page.GotoAsync(path + hash);
        return page;
    }

    private void AssertQuiet()
    {
        Assert.Empty(_console);
        Assert.All(_requests, url => Assert.StartsWith(new Uri(_folder["report.html"]).AbsoluteUri, url, StringComparison.Ordinal));
    }

    private static async Task<IReadOnlyList<string>> VisibleTextsAsync(IPage page, string selector) =>
        await page.Locator(selector).EvaluateAllAsync<string[]>("all => all.filter(one => one.checkVisibility()).map(one => one.textContent)");

    private static async Task<double> HeightAsync(IPage page, string selector) =>
        (await page.Locator(selector).BoundingBoxAsync())!.Height;
}
