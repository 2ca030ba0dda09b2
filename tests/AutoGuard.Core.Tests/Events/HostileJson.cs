using System.Globalization;
using System.Text;

namespace AutoGuard.Core.Tests.Events;

/// <summary>Random events, from good ones to garbage, for property tests.</summary>
internal static class HostileJson
{
    private static readonly string[] s_names =
        ["type", "timestamp", "sessionId", "ip", "token", "userId", "country", "asn", "provider", "referrer", "userAgent", "stream", "duration", "tokenScope", "organization", "other", "", "Type"];

    private static readonly string[] s_values =
    [
        "null", "true", "false", "0", "-1", "1.5", "12e3", "1763139801000", "\"\"", "\"start\"", "\"heartbeat\"", "\"end\"", "\"1.2.3.4\"", "\"2001:db8::1\"",
        "\"2025-11-14T17:03:21Z\"", "\"AS64500\"", "\"DE\"", "\"https://Example.com/x\"", "\"-\"", "\"tok\"", "\"é€😀\"", "[]", "{}", "[1,[2,{\"a\":null}]]",
        "{\"streams\":[\"a\"],\"revocable\":true}", "{\"ips\":\"x\",\"deep\":{\"deep\":[[[]]]}}", "\"\\u0041\\n\\ud800\"", "\"a\\\\\\\"b\"", "1e999", "-0.0",
        "123456789012345678901234567890", $"\"{Jwt.Of("{\"jti\":\"j\",\"user\":\"u\",\"streams\":[\"s\"]}")}\"", $"\"{Jwt.Of("{\"exp\":1}")}\"", "\"a.b.c\"",
    ];

    private static readonly string[] s_splices =
        ["\"", "\\", "{", "}", "[", "]", ",", ":", " ", "\t", "\n", "\0", "\u001f", "0", "-", ".", "e", "null", "true", "\\u", "\\ud83d", "é", "\uFEFF", "//", "\"ip\":", "\"token\":\"x\","];

    /// <summary>One input: a good event, a strange one, or either after some damage.</summary>
    public static byte[] Next(Random random)
    {
        byte[] json = Write(Fields(random), random.Next(2) == 0 ? random : null);
        return random.Next(2) == 0 ? json : Mutate(json, random);
    }

    /// <summary>Fields of an event that is often acceptable.</summary>
    public static List<(string Name, string Json)> Fields(Random random)
    {
        List<(string Name, string Json)> fields =
        [
            ("type", "\"heartbeat\""), ("timestamp", "1763139801250"), ("sessionId", $"\"s-{random.Next(50)}\""), ("ip", "\"203.0.113.7\""),
            ("token", random.Next(2) == 0 ? "\"tok-1\"" : $"\"{Jwt.Of($"{{\"jti\":\"j{random.Next(50)}\"}}")}\""), ("userAgent", "\"Player/1.0 (X11)\""),
            ("referrer", "\"https://www.example.com/watch\""), ("asn", "64500"), ("duration", "30"),
        ];
        for (int changes = random.Next(4); changes > 0; changes--)
        {
            (string, string) field = (s_names[random.Next(s_names.Length)], s_values[random.Next(s_values.Length)]);
            switch (random.Next(4))
            {
                case 0 when fields.Count > 0:
                    fields.RemoveAt(random.Next(fields.Count));
                    break;
                case 1 when fields.Count > 0:
                    int at = random.Next(fields.Count);
                    fields[at] = (fields[at].Name, field.Item2);
                    break;
                default:
                    fields.Insert(random.Next(fields.Count + 1), field);
                    break;
            }
        }
        return fields;
    }

    /// <summary>The object of the fields; with a random source, texts are partly written as escapes and blanks stand anywhere.</summary>
    public static byte[] Write(List<(string Name, string Json)> fields, Random? random)
    {
        StringBuilder json = new();
        json.Append(Blanks(random)).Append('{').Append(Blanks(random));
        for (int i = 0; i < fields.Count; i++)
        {
            (string name, string value) = fields[i];
            json.Append(i > 0 ? "," : "").Append(Blanks(random));
            json.Append(Escaped($"\"{name}\"", random)).Append(Blanks(random)).Append(':').Append(Blanks(random));
            json.Append(value[0] == '"' ? Escaped(value, random) : value).Append(Blanks(random));
        }
        json.Append('}').Append(Blanks(random));
        return Encoding.UTF8.GetBytes(json.ToString());
    }

    /// <summary>Bytes changed, cut, doubled, spliced or truncated.</summary>
    public static byte[] Mutate(byte[] json, Random random)
    {
        List<byte> bytes = [.. json];
        for (int changes = random.Next(1, 4); changes > 0 && bytes.Count > 0; changes--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveAt(at);
                    break;
                case 2:
                    bytes.InsertRange(at, Encoding.UTF8.GetBytes(s_splices[random.Next(s_splices.Length)]));
                    break;
                case 3:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 4:
                    bytes.RemoveRange(at, random.Next(bytes.Count - at + 1));
                    break;
                default:
                    bytes.InsertRange(at, bytes.GetRange(at, random.Next(bytes.Count - at + 1)));
                    break;
            }
        }
        return [.. bytes];
    }

    /// <summary>Bytes without any plan.</summary>
    public static byte[] Bytes(Random random, int length)
    {
        byte[] bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private static string Blanks(Random? random) =>
        random is null || random.Next(3) > 0 ? "" : new string(random.GetItems<char>(" \t\r\n", random.Next(1, 4)));

    private static string Escaped(string quoted, Random? random)
    {
        if (random is null || random.Next(3) > 0 || quoted.Contains('\\', StringComparison.Ordinal))
        {
            return quoted;
        }
        StringBuilder text = new("\"");
        foreach (Rune character in quoted.AsSpan(1, quoted.Length - 2).EnumerateRunes())
        {
            string plain = character.ToString();
            text.Append(random.Next(4) == 0 ? string.Concat(plain.Select(c => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"))) : plain);
        }
        return text.Append('"').ToString();
    }
}
