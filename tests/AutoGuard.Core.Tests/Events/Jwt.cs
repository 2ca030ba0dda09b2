using System.Buffers.Text;
using System.Text;

namespace AutoGuard.Core.Tests.Events;

/// <summary>Makes encoded tokens.</summary>
internal static class Jwt
{
    public const string Header = """{"alg":"RS256","typ":"JWT","kid":"nanocosmos"}""";

    public static string Of(string payload, string header = Header, string signature = "c2lnbmF0dXJl") =>
        $"{Encode(header)}.{Encode(payload)}.{signature}";

    public static string Encode(string text) => Encode(Encoding.UTF8.GetBytes(text));

    public static string Encode(ReadOnlySpan<byte> bytes) => Base64Url.EncodeToString(bytes);
}
