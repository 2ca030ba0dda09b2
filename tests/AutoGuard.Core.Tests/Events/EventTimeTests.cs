using System.Globalization;
using System.Text;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Tests.Events;

public sealed class EventTimeTests
{
    [Theory]
    [InlineData("2025-11-14T17:03:21Z", "2025-11-14T17:03:21.000")]
    [InlineData("2025-11-14t17:03:21z", "2025-11-14T17:03:21.000")]
    [InlineData("2025-11-14 17:03:21Z", "2025-11-14T17:03:21.000")]
    [InlineData("2025-11-14T17:03:21.5Z", "2025-11-14T17:03:21.500")]
    [InlineData("2025-11-14T17:03:21.05Z", "2025-11-14T17:03:21.050")]
    [InlineData("2025-11-14T17:03:21.999999999999999999999Z", "2025-11-14T17:03:21.999")]
    [InlineData("2025-11-14T17:03:21+01:00", "2025-11-14T16:03:21.000")]
    [InlineData("2025-11-14T17:03:21.123456-05:30", "2025-11-14T22:33:21.123")]
    [InlineData("2025-11-14T17:03:21-00:00", "2025-11-14T17:03:21.000")]
    [InlineData("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000")]
    [InlineData("2016-12-31T23:59:60.75Z", "2017-01-01T00:00:00.750")]
    [InlineData("2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000")]
    [InlineData("2000-01-01T00:00:00Z", "2000-01-01T00:00:00.000")]
    [InlineData("1999-12-31T23:00:00-01:00", "2000-01-01T00:00:00.000")]
    [InlineData("2099-12-31T23:59:59.999Z", "2099-12-31T23:59:59.999")]
    public void Rfc_3339_texts_are_read(string text, string expected)
    {
        Assert.True(EventTime.TryParseText(Encoding.UTF8.GetBytes(text), out long milliseconds));
        Assert.Equal(expected, DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).ToString("yyyy-MM-dd'T'HH:mm:ss.fff", CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("")]
    [InlineData("2025-11-14")]
    [InlineData("2025-11-14T17:03:21")]
    [InlineData("2025-11-14T17:03Z")]
    [InlineData("2025-11-14T17:03:21.Z")]
    [InlineData("2025-11-14T17:03:21,5Z")]
    [InlineData("2025-11-14T17:03:21.5")]
    [InlineData("2025-11-14T17:03:21+0100")]
    [InlineData("2025-11-14T17:03:21+01")]
    [InlineData("2025-11-14T17:03:21+24:00")]
    [InlineData("2025-11-14T17:03:21+01:60")]
    [InlineData("2025-11-14T17:03:21ZZ")]
    [InlineData("2025-11-14T17:03:21 Z")]
    [InlineData("2025-11-14_17:03:21Z")]
    [InlineData("2025-13-14T17:03:21Z")]
    [InlineData("2025-00-14T17:03:21Z")]
    [InlineData("2025-11-31T17:03:21Z")]
    [InlineData("2025-11-00T17:03:21Z")]
    [InlineData("2023-02-29T17:03:21Z")]
    [InlineData("2025-11-14T24:00:00Z")]
    [InlineData("2025-11-14T17:60:21Z")]
    [InlineData("2025-11-14T17:03:61Z")]
    [InlineData("0000-01-01T00:00:00Z")]
    [InlineData("2O25-11-14T17:03:21Z")]
    [InlineData("+025-11-14T17:03:21Z")]
    [InlineData("1999-12-31T23:59:59Z")]
    [InlineData("2100-01-01T00:00:00Z")]
    [InlineData("2099-12-31T23:59:60Z")]
    [InlineData("1763139801000")]
    public void Other_texts_are_not(string text) => Assert.False(EventTime.TryParseText(Encoding.UTF8.GetBytes(text), out _));

    [Theory]
    [InlineData("1763139801000", 1763139801000)]
    [InlineData("1763139801000.9999999999", 1763139801000)]
    [InlineData("1.763139801e12", 1763139801000)]
    [InlineData("1763139801000E0", 1763139801000)]
    [InlineData("946684800000", 946684800000)]
    [InlineData("4102444799999", 4102444799999)]
    public void Numbers_are_unix_milliseconds(string text, long expected)
    {
        Assert.True(EventTime.TryParseNumber(Encoding.UTF8.GetBytes(text), out long milliseconds));
        Assert.Equal(expected, milliseconds);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1763139801000")]
    [InlineData("1763139801")]
    [InlineData("1763139801000000")]
    [InlineData("946684799999")]
    [InlineData("946684799999.9")]
    [InlineData("4102444800000")]
    [InlineData("99999999999999999999999999999999")]
    [InlineData("1e400")]
    [InlineData("-1e400")]
    public void Numbers_outside_the_accepted_years_are_not(string text) => Assert.False(EventTime.TryParseNumber(Encoding.UTF8.GetBytes(text), out _));

    [Theory]
    [InlineData(1)]
    [InlineData(20251114)]
    public void Random_times_agree_with_the_framework(int seed)
    {
        Random random = new(seed);
        for (int i = 0; i < 20_000; i++)
        {
            long milliseconds = random.NextInt64(946_684_800_000 + 86_400_000, 4_102_444_800_000 - 86_400_000);
            TimeSpan offset = TimeSpan.FromMinutes(random.Next(-14 * 60, (14 * 60) + 1));
            string text = DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).ToOffset(offset).ToString("yyyy-MM-dd'T'HH:mm:ss.fffzzz", CultureInfo.InvariantCulture);
            Assert.True(EventTime.TryParseText(Encoding.UTF8.GetBytes(text), out long read), $"seed {seed}: {text}");
            Assert.True(milliseconds == read, $"seed {seed}: {text} read as {read}");
        }
    }
}
