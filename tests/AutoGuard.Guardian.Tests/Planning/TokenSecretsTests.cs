using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Text;
using AutoGuard.Core.Configuration;
using AutoGuard.Guardian.Remote;
using AutoGuard.Testing;

namespace AutoGuard.Guardian.Tests.Planning;

[UnsupportedOSPlatform("windows")]
public sealed class TokenSecretsTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private const string Encoded = "eyJhbGciOiJFZERTQSJ9.eyJqdGkiOiJqdGktMSJ9.c2ln";

    private readonly FakeTimeProvider _time = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("autoguard-key-");
    private readonly TokenCipher _cipher = NewCipher();
    private TestDatabase _database = null!;
    private TokenVault _vault = null!;

    public async Task InitializeAsync()
    {
        _database = await postgres.CreateMigratedAsync();
        _vault = new TokenVault(_database.DataSource, _cipher, TimeSpan.FromHours(24), _time);
    }

    public async Task DisposeAsync()
    {
        _cipher.Dispose();
        _folder.Delete(recursive: true);
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task What_is_kept_comes_back_and_is_not_readable_at_rest()
    {
        await KeepAsync(_time.GetUtcNow().AddHours(1));

        (VaultAnswer answer, byte[] encoded) = await _vault.FindAsync("jti-1", "org", default);

        Assert.Equal((VaultAnswer.Found, Encoded), (answer, Encoding.UTF8.GetString(encoded)));
        Assert.Equal(VaultAnswer.Absent, (await _vault.FindAsync("jti-1", null, default)).Answer);
        await using var command = _database.DataSource.CreateCommand("select encode(sealed, 'escape') || row_to_json(t)::text from encoded_tokens t");
        string row = (string)(await command.ExecuteScalarAsync())!;
        Assert.DoesNotContain("eyJ", row, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToHexStringLower(Encoding.UTF8.GetBytes(Encoded.AsSpan(0, 12).ToString())), row, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("update encoded_tokens set sealed = set_byte(sealed, 3, get_byte(sealed, 3) # 1)")]
    [InlineData("update encoded_tokens set sealed = set_byte(sealed, length(sealed) - 1, get_byte(sealed, length(sealed) - 1) # 128)")]
    [InlineData("update encoded_tokens set sealed = substring(sealed from 1 for 10)")]
    [InlineData("update encoded_tokens set nonce = set_byte(nonce, 0, get_byte(nonce, 0) # 1)")]
    [InlineData("update encoded_tokens set nonce = '\\x00'")]
    [InlineData("update encoded_tokens set identity = 'jti-2'")]
    [InlineData("update encoded_tokens set organization = 'other'")]
    public async Task A_row_that_was_changed_or_moved_is_not_believed(string change)
    {
        await KeepAsync(_time.GetUtcNow().AddHours(1));
        await using var command = _database.DataSource.CreateCommand(change);
        Assert.Equal(1, await command.ExecuteNonQueryAsync());

        string identity = change.Contains("jti-2", StringComparison.Ordinal) ? "jti-2" : "jti-1";
        string organization = change.Contains("other", StringComparison.Ordinal) ? "other" : "org";
        Assert.Equal(VaultAnswer.Unreadable, (await _vault.FindAsync(identity, organization, default)).Answer);
    }

    [Fact]
    public async Task Another_key_reads_nothing()
    {
        await KeepAsync(_time.GetUtcNow().AddHours(1));
        using var other = new TokenCipher(RandomNumberGenerator.GetBytes(32));
        Assert.NotEqual(_cipher.KeyId, other.KeyId);
        Assert.Equal(VaultAnswer.Unreadable, (await new TokenVault(_database.DataSource, other, default, _time).FindAsync("jti-1", "org", default)).Answer);
    }

    [Fact]
    public async Task It_is_dropped_after_expiry_and_grace()
    {
        await KeepAsync(_time.GetUtcNow().AddHours(1));
        _time.Advance(TimeSpan.FromHours(24.9));
        Assert.Equal(0, await _vault.SweepAsync(default));
        _time.Advance(TimeSpan.FromHours(0.2));
        Assert.Equal(VaultAnswer.Absent, (await _vault.FindAsync("jti-1", "org", default)).Answer);
        Assert.Equal(1, await _vault.SweepAsync(default));
    }

    [Fact]
    public async Task Expired_beyond_grace_is_never_kept_and_an_absurd_expiry_has_an_end()
    {
        await KeepAsync(_time.GetUtcNow().AddHours(-25));
        Assert.Equal(VaultAnswer.Absent, (await _vault.FindAsync("jti-1", "org", default)).Answer);
        await KeepAsync(DateTimeOffset.MaxValue);
        _time.Advance(TimeSpan.FromDays(368));
        Assert.Equal(1, await _vault.SweepAsync(default));
    }

    [Fact]
    public void Two_seals_of_the_same_differ()
    {
        (byte[] nonce, byte[] first) = _cipher.Seal("a"u8, "i", "");
        (byte[] otherNonce, byte[] second) = _cipher.Seal("a"u8, "i", "");
        Assert.NotEqual(nonce, otherNonce);
        Assert.NotEqual(first, second);
    }

    [Fact]
    public void The_key_file_is_made_once_for_its_owner_only()
    {
        using TokenCipher made = TokenCipher.Load(new EncodedTokensOptions(), _folder.FullName, "/");
        using TokenCipher read = TokenCipher.Load(new EncodedTokensOptions(), _folder.FullName, "/");
        string path = Path.Combine(_folder.FullName, "token-key");
        Assert.Equal(made.KeyId, read.KeyId);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.OtherWrite)]
    public void A_key_that_others_may_read_is_refused(UnixFileMode mode)
    {
        TokenCipher.Load(new EncodedTokensOptions(), _folder.FullName, "/").Dispose();
        string path = Path.Combine(_folder.FullName, "token-key");
        string key = File.ReadAllText(path).Trim();
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | mode);

        TokenKeyException error = Assert.Throws<TokenKeyException>(() => TokenCipher.Load(new EncodedTokensOptions(), _folder.FullName, "/"));

        Assert.Contains("chmod 600", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(key, error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("short")]
    [InlineData("not base64 at all, but long enough to be one !")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public void What_is_no_key_is_refused_without_being_shown(string key)
    {
        TokenKeyException error = Assert.Throws<TokenKeyException>(() => TokenCipher.Load(new EncodedTokensOptions { Key = key }, _folder.FullName, "/"));
        Assert.DoesNotContain(key, error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_key_of_the_environment_comes_first()
    {
        using TokenCipher given = TokenCipher.Load(new EncodedTokensOptions { Key = Convert.ToBase64String(new byte[32]) }, _folder.FullName, "/");
        using var same = new TokenCipher(new byte[32]);
        Assert.Equal(same.KeyId, given.KeyId);
        Assert.Empty(_folder.GetFiles());
    }

    [Theory]
    [InlineData("""{ "NanoStream:Key": "s3cret" }""", UnixFileMode.OtherRead, "chmod 600")]
    [InlineData("{ \"NanoStream:Key\": \"s3cret", UnixFileMode.None, "not a JSON object")]
    [InlineData("""["s3cret"]""", UnixFileMode.None, "not a JSON object")]
    [InlineData("""{ "NanoStream:Key": {"a":"s3cret"} }""", UnixFileMode.None, "not a JSON object")]
    [InlineData("""{ "NanoStream:Key": "s3cret with blanks" }""", UnixFileMode.None, "printable ASCII")]
    [InlineData("""{ "NanoStream:Key": "s3cret\r\nX-Evil: 1" }""", UnixFileMode.None, "printable ASCII")]
    [InlineData("""{ "Other:Key": "s3cret" }""", UnixFileMode.None, "is not given")]
    public void A_secrets_file_that_is_not_one_is_refused_without_being_shown(string content, UnixFileMode mode, string expected)
    {
        string path = Path.Combine(_folder.FullName, "secrets.json");
        OwnerOnly.Create(path, Encoding.UTF8.GetBytes(content));
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | mode);
        var options = new GuardianOptions { SecretsFile = "secrets.json", NanoStream = new NanoStreamOptions { Enabled = true } };

        string problem = Assert.Single(new EngineSecrets(options, _folder.FullName).Problems(options));

        Assert.Contains(expected, problem, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", problem, StringComparison.Ordinal);
    }

    private static TokenCipher NewCipher() => new(RandomNumberGenerator.GetBytes(32));

    private Task KeepAsync(DateTimeOffset expires) => _vault.KeepAsync("jti-1", "org", Encoding.UTF8.GetBytes(Encoded), expires, default);
}
