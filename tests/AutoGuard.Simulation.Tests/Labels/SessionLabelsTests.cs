using System.Text;
using AutoGuard.Simulation.Labels;

namespace AutoGuard.Simulation.Tests.Labels;

public sealed class SessionLabelsTests
{
    [Fact]
    public void Every_label_is_read_back_with_the_seed()
    {
        SessionLabels labels = new(99);
        Span<byte> id = stackalloc byte[36];
        for (int i = 0; i < 5_000; i++)
        {
            labels.Write(SessionLabels.CodeOf(i), i * 977L, id);
            Assert.True(labels.TryRead(id, out SessionLabel misuse));
            Assert.Equal(i, misuse.Incident);
            labels.Write(SessionLabels.CodeOf((HonestKind)(i % 14)), i, id);
            Assert.True(labels.TryRead(id, out SessionLabel honest));
            Assert.Equal(new SessionLabel(-1, (HonestKind)(i % 14)), honest);
        }
    }

    [Fact]
    public void Another_seed_cannot_read_it()
    {
        Span<byte> id = stackalloc byte[36];
        new SessionLabels(99).Write(SessionLabels.CodeOf(3), 17, id);

        Assert.False(new SessionLabels(100).TryRead(id, out _));
    }

    [Theory]
    [InlineData("")]
    [InlineData("session-1")]
    [InlineData("00000000-0000-0000-0000-000000000000")]
    [InlineData("zzzzzzzz-zzzz-zzzz-zzzz-zzzzzzzzzzzz")]
    [InlineData("0000000000000000000000000000000000000")]
    public void Identifiers_of_others_have_no_label(string id) =>
        Assert.False(new SessionLabels(1).TryRead(Encoding.UTF8.GetBytes(id), out _));

    [Fact]
    public void Bits_of_identifiers_say_nothing_about_the_label()
    {
        SessionLabels labels = new(4);
        int[] ones = new int[32];
        Span<byte> id = stackalloc byte[36];
        for (int i = 0; i < 4_000; i++)
        {
            labels.Write(SessionLabels.CodeOf(HonestKind.Single), i, id);
            uint head = Convert.ToUInt32(Encoding.ASCII.GetString(id[..8]), 16);
            for (int bit = 0; bit < 32; bit++)
            {
                ones[bit] += (int)(head >> bit) & 1;
            }
        }

        Assert.All(ones, count => Assert.InRange(count, 1_850, 2_150));
    }
}
