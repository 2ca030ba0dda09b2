using AutoGuard.Core.Features;

namespace AutoGuard.Core.Tests.Features;

public sealed class TextSlabTests
{
    private const string Digest = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Theory]
    [InlineData("sha256:" + Digest)]
    [InlineData("sha256:0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF")]
    [InlineData("sha256:" + Digest + "0")]
    [InlineData("SHA256:" + Digest)]
    [InlineData("")]
    [InlineData("\u0000\u00ff\u20ac")]
    public void A_text_comes_out_as_it_went_in(string text)
    {
        TextSlab texts = new();
        int cell = texts.Add(System.Text.Encoding.UTF8.GetBytes(text));
        Assert.Equal(text, texts.Text(cell));
    }

    [Fact]
    public void Texts_of_all_lengths_live_beside_each_other_and_leave_nothing()
    {
        TextSlab texts = new();
        List<(int Cell, string Text)> held = [];
        for (int round = 0; round < 3; round++)
        {
            for (int length = 1; length <= 256; length++)
            {
                string text = new((char)('a' + (length % 26)), length);
                held.Add((texts.Add(System.Text.Encoding.UTF8.GetBytes(text)), text));
            }
            Assert.All(held, one => Assert.Equal(one.Text, texts.Text(one.Cell)));
            foreach ((int cell, _) in held)
            {
                int gone = cell;
                texts.Release(ref gone);
                Assert.Equal(0, gone);
            }
            held.Clear();
            Assert.Equal(0, texts.Rented);
        }
    }
}
