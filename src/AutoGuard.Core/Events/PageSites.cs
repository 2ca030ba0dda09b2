using System.Collections.Frozen;
using System.Text;

namespace AutoGuard.Core.Events;

/// <summary>
/// The domain whose owner a page's sub-domain belongs to, as <c>*.example.com</c>: one who owns a domain can give every viewer a host of
/// his own. A simple rule instead of the list of public suffixes: the last two labels, or three where the last two look like a country's
/// (<c>co.uk</c>) or belong to a host of many customers (<c>github.io</c>). See docs/decisions/0025.
/// </summary>
internal static class PageSites
{
    /// <summary>How a site's text begins.</summary>
    public const string Prefix = "*.";

    /// <summary>Longest second-level name under a country's two letters that is taken for a public one.</summary>
    private const int LongestPublicLabel = 3;

    private const int CountryLabel = 2;

    // Longer names that registries of countries hand out domains under.
    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> PublicLabels = FrozenSet.Create(
        StringComparer.Ordinal, "asso", "blog", "city", "coop", "firm", "gouv", "govt", "info", "mobi", "muni", "name", "nhs", "police", "presse", "priv", "pro", "prof", "public", "school").GetAlternateLookup<ReadOnlySpan<char>>();

    // Where anybody gets a sub-domain.
    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Shared = FrozenSet.Create(
        StringComparer.Ordinal,
        "000webhostapp.com", "altervista.org", "amazonaws.com", "appspot.com", "azureedge.net", "azurewebsites.net", "bitbucket.io", "blogger.com", "blogspot.com", "carrd.co",
        "cloudfront.net", "codepen.io", "ddns.net", "deno.dev", "duckdns.org", "dyndns.org", "fastly.net", "firebaseapp.com", "fly.dev", "free.fr", "freehostia.com", "github.io",
        "githubusercontent.com", "gitlab.io", "glitch.me", "godaddysites.com", "googleusercontent.com", "herokuapp.com", "infinityfreeapp.com", "jimdosite.com", "live-website.com", "livejournal.com", "myshopify.com",
        "neocities.org", "netlify.app", "ngrok.app", "ngrok.io", "ngrok-free.app", "no-ip.org", "notion.site", "onrender.com", "over-blog.com", "pages.dev", "r2.dev", "railway.app",
        "repl.co", "replit.app", "replit.dev", "run.app", "site123.me", "sourceforge.io", "squarespace.com", "strikingly.com", "substack.com", "surge.sh", "translate.goog", "trycloudflare.com", "tumblr.com",
        "ucoz.com", "vercel.app", "web.app", "webflow.io", "weebly.com", "windows.net", "wixsite.com", "wixstudio.io", "wordpress.com", "workers.dev", "yolasite.com").GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Longest result, bytes.</summary>
    public const int LongestResult = ReferrerHost.LongestResult + 2;

    /// <summary>
    /// Writes the site of a host to <paramref name="result"/>; empty for a host that is a domain itself, and for what is no host name (an address, a
    /// <c>file:</c>, an app).
    /// </summary>
    public static ReadOnlySpan<byte> Of(ReadOnlySpan<byte> host, Span<byte> result)
    {
        int last = host.LastIndexOf((byte)'.');
        if (last < 0 || host.Length + Prefix.Length > result.Length || host.IndexOfAny(":/[( "u8) >= 0 || !host[(last + 1)..].ContainsAnyExceptInRange((byte)'0', (byte)'9'))
        {
            return default;
        }
        int start = LabelBefore(host, last);
        if (start > 0 && IsPublic(host, start, last))
        {
            start = LabelBefore(host, start - 1);
        }
        if (start == 0)
        {
            return default;
        }
        "*."u8.CopyTo(result);
        host[start..].CopyTo(result[Prefix.Length..]);
        return result[..(Prefix.Length + host.Length - start)];
    }

    /// <summary>Where the label begins that ends before <paramref name="dot"/>.</summary>
    private static int LabelBefore(ReadOnlySpan<byte> host, int dot) => host[..dot].LastIndexOf((byte)'.') + 1;

    private static bool IsPublic(ReadOnlySpan<byte> host, int start, int last)
    {
        Span<char> text = stackalloc char[host.Length - start];
        if (!Ascii.IsValid(host[start..]))
        {
            return false;
        }
        Encoding.ASCII.GetChars(host[start..], text);
        ReadOnlySpan<char> second = text[..(last - start)];
        bool country = host.Length - last - 1 == CountryLabel;
        return (country && (second.Length <= LongestPublicLabel || PublicLabels.Contains(second))) || Shared.Contains(text);
    }
}
