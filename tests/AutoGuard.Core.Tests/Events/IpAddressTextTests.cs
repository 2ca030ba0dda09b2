using System.Net;
using System.Net.Sockets;
using System.Text;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Tests.Events;

public sealed class IpAddressTextTests
{
    [Theory]
    [InlineData("0.0.0.0", "0.0.0.0")]
    [InlineData("255.255.255.255", "255.255.255.255")]
    [InlineData("203.0.113.7", "203.0.113.7")]
    [InlineData("::ffff:203.0.113.7", "203.0.113.7")]
    [InlineData("::FFFF:cb00:7107", "203.0.113.7")]
    [InlineData("0:0:0:0:0:ffff:203.0.113.7", "203.0.113.7")]
    [InlineData("::1", "::1")]
    [InlineData("2001:DB8::1", "2001:db8::1")]
    [InlineData("2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6")]
    [InlineData("2001:db8:1:2:3:4:5::", "2001:db8:1:2:3:4:5:0")]
    [InlineData("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8")]
    [InlineData("1::8", "1::8")]
    [InlineData("64:ff9b::192.0.2.33", "64:ff9b::c000:221")]
    [InlineData("0001:0002::0003", "1:2::3")]
    public void Addresses_are_read(string text, string expected)
    {
        Assert.True(IpAddressText.TryParse(Encoding.UTF8.GetBytes(text), out IpAddress address));
        Assert.Equal(IpAddress.From(IPAddress.Parse(expected)), address);
        Assert.Equal(text.Contains('.', StringComparison.Ordinal) && !text.StartsWith("64:", StringComparison.Ordinal), address.IsV4 && text != "::FFFF:cb00:7107");
    }

    [Theory]
    [InlineData("")]
    [InlineData(" 1.2.3.4")]
    [InlineData("1.2.3.4 ")]
    [InlineData("1.2.3")]
    [InlineData("1.2.3.4.5")]
    [InlineData("1.2.3.")]
    [InlineData(".1.2.3")]
    [InlineData("1..2.3")]
    [InlineData("01.2.3.4")]
    [InlineData("1.2.3.00")]
    [InlineData("1.2.3.256")]
    [InlineData("1.2.3.1000")]
    [InlineData("0x1.2.3.4")]
    [InlineData("16909060")]
    [InlineData("1.2.3.4:80")]
    [InlineData("1.2.3.4/32")]
    [InlineData("+1.2.3.4")]
    [InlineData(":")]
    [InlineData(":::")]
    [InlineData("1:")]
    [InlineData(":1")]
    [InlineData("1::2::3")]
    [InlineData("1:2:3:4:5:6:7")]
    [InlineData("1:2:3:4:5:6:7:8:9")]
    [InlineData("1:2:3:4::5:6:7:8")]
    [InlineData("::1:2:3:4:5:6:7:8")]
    [InlineData("1:2:3:4:5:6:7:8::")]
    [InlineData("12345::")]
    [InlineData("g::")]
    [InlineData("::1.2.3")]
    [InlineData("::1.2.3.4:5")]
    [InlineData("::01.2.3.4")]
    [InlineData("1:2:3:4:5:6:7:1.2.3.4")]
    [InlineData("1.2.3.4::")]
    [InlineData("[::1]")]
    [InlineData("[::1]:80")]
    [InlineData("fe80::1%eth0")]
    [InlineData("::1/128")]
    [InlineData("localhost")]
    public void Everything_else_is_refused(string text) => Assert.False(IpAddressText.TryParse(Encoding.UTF8.GetBytes(text), out _));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Random_addresses_in_the_frameworks_own_text_come_back(int seed)
    {
        Random random = new(seed);
        byte[] bytes = new byte[16];
        for (int i = 0; i < 20_000; i++)
        {
            random.NextBytes(bytes);
            // runs of zeros make the framework write "::"
            int from = random.Next(17);
            bytes.AsSpan(from, random.Next(17 - from)).Clear();
            IPAddress expected = random.Next(3) == 0 ? new IPAddress(bytes.AsSpan(0, 4)) : new IPAddress(bytes);
            Assert.True(IpAddressText.TryParse(Encoding.UTF8.GetBytes(expected.ToString()), out IpAddress address), $"seed {seed}: {expected}");
            Assert.True(IpAddress.From(expected) == address, $"seed {seed}: {expected} read as {address}");
        }
    }

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    public void Whatever_is_accepted_means_the_same_to_the_framework_and_colon_forms_are_judged_alike(int seed)
    {
        Random random = new(seed);
        const string alphabet = "0123456789abcdefF:::::....%[]/x";
        int accepted = 0;
        for (int i = 0; i < 200_000; i++)
        {
            char[] text = random.Next(2) == 0
                ? random.GetItems<char>(alphabet, random.Next(1, 20))
                : new IPAddress(new[] { 0x20, 1, 0xd, 0xb8, 0, 0, 0, random.Next(3), 0, 0, 0, 0, 0, 0, 0, random.Next(3) }.Select(b => (byte)b).ToArray()).ToString().ToCharArray();
            text[random.Next(text.Length)] = alphabet[random.Next(alphabet.Length)];
            bool mine = IpAddressText.TryParse(Encoding.UTF8.GetBytes(text), out IpAddress address);
            bool framework = IPAddress.TryParse(text, out IPAddress? expected);
            string shown = $"seed {seed}: {new string(text)}";
            Assert.True(!mine || (framework && IpAddress.From(expected!) == address), shown);
            accepted += mine ? 1 : 0;
            bool plainV6 = framework && expected!.AddressFamily == AddressFamily.InterNetworkV6 && !text.AsSpan().ContainsAny("%[]/.");
            Assert.True(!plainV6 || mine, shown);
        }
        Assert.True(accepted > 1000, $"seed {seed}: only {accepted} texts were addresses");
    }
}
