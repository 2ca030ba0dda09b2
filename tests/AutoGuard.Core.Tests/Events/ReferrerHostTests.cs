using System.Text;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Tests.Events;

public sealed class ReferrerHostTests
{
    private readonly Parsing _parsing = new();

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("-")]
    [InlineData(" - ")]
    [InlineData("N/A")]
    [InlineData("n/a")]
    [InlineData("\tN/a\r\n")]
    [InlineData("about:blank")]
    [InlineData("ABOUT:srcdoc")]
    [InlineData("about:client")]
    public void These_mean_that_there_is_none(string text) => Assert.Null(Read(text));

    [Theory]
    [InlineData("example.com", "example.com")]
    [InlineData("EXAMPLE.com", "example.com")]
    [InlineData(" https://www.Example.com/watch?v=1#t ", "www.example.com")]
    [InlineData("http://example.com", "example.com")]
    [InlineData("HTTPS://example.com?x", "example.com")]
    [InlineData("https://example.com#x", "example.com")]
    [InlineData("https://example.com:8443/", "example.com")]
    [InlineData("https://example.com:/", "example.com")]
    [InlineData("example.com:8443", "example.com")]
    [InlineData("localhost:3000/path", "localhost")]
    [InlineData("example.com/path", "example.com")]
    [InlineData("//cdn.example.com/x", "cdn.example.com")]
    [InlineData("https://example.com./", "example.com")]
    [InlineData("https://example.com.:443/", "example.com")]
    [InlineData("https://user:secret@example.com/", "example.com")]
    [InlineData("https://official.example@evil.example/", "evil.example")]
    [InlineData("https://evil.example\\@official.example/", "evil.example")]
    [InlineData("https://evil.example/@official.example", "evil.example")]
    [InlineData("https://evil.example?@official.example", "evil.example")]
    [InlineData("wss://live.example.com/socket", "live.example.com")]
    [InlineData("blob:https://example.com/0e4c-uuid", "example.com")]
    [InlineData("https://Bücher.example/", "bücher.example")]
    [InlineData("https://xn--bcher-kva.example/", "xn--bcher-kva.example")]
    [InlineData("my_host", "my_host")]
    [InlineData("203.0.113.7", "203.0.113.7")]
    [InlineData("http://203.0.113.7:8080/", "203.0.113.7")]
    [InlineData("http://[2001:DB8::1]:8080/", "[2001:db8::1]")]
    [InlineData("[2001:db8::1]", "[2001:db8::1]")]
    [InlineData("2001:db8::1", "[2001:db8::1]")]
    [InlineData("file:///home/user/player.html", "file:")]
    [InlineData("file:player.html", "file:")]
    [InlineData("data:text/html,<script>", "data:")]
    [InlineData("javascript:void(0)", "javascript:")]
    [InlineData("android-app://com.Example.tv/", "android-app://com.example.tv")]
    [InlineData("ios-app://123456789", "ios-app://123456789")]
    [InlineData("chrome-extension://abcdefgh/page.html", "chrome-extension://abcdefgh")]
    public void The_host_is_kept_in_one_form(string text, string host) => Assert.Equal(host, Read(text));

    [Theory]
    [InlineData("hello world")]
    [InlineData("https://")]
    [InlineData("https:///path")]
    [InlineData("/relative/path")]
    [InlineData("?")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a..b")]
    [InlineData(".a")]
    [InlineData("https://exa mple.com/")]
    [InlineData("https://example.com:port/")]
    [InlineData("https://example.com:123456/")]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("%65xample.com")]
    [InlineData("*.example.com")]
    [InlineData("a,b")]
    [InlineData("(other)")]
    [InlineData("[::1")]
    [InlineData("[::1]x")]
    [InlineData("[1.2.3.4]")]
    [InlineData("[fe80::1%25eth0]")]
    [InlineData("a:b:c")]
    [InlineData("mailto:someone@")]
    [InlineData("ex\0ample.com")]
    public void What_names_no_host_is_marked(string text) => Assert.Equal(EventParser.InvalidReferrer, Read(text));

    [Fact]
    public void Lengths_follow_the_rules_of_names()
    {
        string label = new('a', 63);
        string longest = $"{label}.{label}.{label}.{new string('b', 61)}";
        Assert.Equal(longest, Read(longest));
        Assert.Equal(longest, Read(longest + "."));
        Assert.Equal(EventParser.InvalidReferrer, Read(longest + "b"));
        Assert.Equal(EventParser.InvalidReferrer, Read(label + "a.example"));
        Assert.Equal(EventParser.InvalidReferrer, Read("https://" + new string('a', 60_000)));
        Assert.Equal(StringPool.LongestText, Read($"{new string('s', 32)}://{longest}")!.Length);
    }

    private string? Read(string text)
    {
        PlaybackEvent e = _parsing.AcceptWith("referrer", System.Text.Json.JsonSerializer.Serialize(text));
        byte[] raw = Encoding.UTF8.GetBytes(text);
        ReferrerKind kind = ReferrerHost.Read(raw, new byte[ReferrerHost.LongestResult], out _);
        Assert.Equal(kind == ReferrerKind.Missing, e.Referrer == StringPool.Absent);
        return e.Referrer == StringPool.Absent ? null : _parsing.Strings.Text(e.Referrer);
    }
}
