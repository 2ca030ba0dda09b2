using System.Security.Cryptography;
using System.Text;
using AutoGuard.Core.Configuration;

namespace AutoGuard.Guardian.Remote;

/// <summary>The key of the encoded tokens cannot be used. The message never holds it.</summary>
public sealed class TokenKeyException(string message) : Exception(message);

/// <summary>
/// Encrypts encoded tokens for the store: AES-256-GCM (NIST SP 800-38D), a random nonce of 96 bits each, and the token's identity
/// and tenant bound to it as associated data, so that a row that was moved or changed is not taken for another's.
/// </summary>
public sealed class TokenCipher : IDisposable
{
    private const int KeyBytes = 32;
    private const string DefaultFile = "token-key";

    private readonly AesGcm _cipher;
    private readonly Lock _gate = new();

    /// <summary>Takes a key of 32 bytes.</summary>
    /// <exception cref="TokenKeyException">It has another length.</exception>
    public TokenCipher(ReadOnlySpan<byte> key)
    {
        if (key.Length != KeyBytes)
        {
            throw new TokenKeyException("The key of the encoded tokens must have 32 bytes.");
        }
        _cipher = new AesGcm(key, AesGcm.TagByteSizes.MaxSize);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, "AutoGuard key id"u8, digest);
        KeyId = Convert.ToHexStringLower(digest[..8]);
    }

    /// <summary>Which key it is, without telling anything about it.</summary>
    public string KeyId { get; }

    /// <summary>Encrypts; returns nonce and sealed form.</summary>
    public (byte[] Nonce, byte[] Sealed) Seal(ReadOnlySpan<byte> encoded, string identity, string organization)
    {
        byte[] nonce = RandomNumberGenerator.GetBytes(AesGcm.NonceByteSizes.MaxSize);
        var result = new byte[encoded.Length + AesGcm.TagByteSizes.MaxSize];
        lock (_gate)
        {
            _cipher.Encrypt(nonce, encoded, result.AsSpan(0, encoded.Length), result.AsSpan(encoded.Length), Context(identity, organization));
        }
        return (nonce, result);
    }

    /// <summary>Decrypts; null when it was made with another key or changed since.</summary>
    public byte[]? Open(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> sealedForm, string identity, string organization)
    {
        int length = sealedForm.Length - AesGcm.TagByteSizes.MaxSize;
        if (nonce.Length != AesGcm.NonceByteSizes.MaxSize || length < 0)
        {
            return null;
        }
        var encoded = new byte[length];
        try
        {
            lock (_gate)
            {
                _cipher.Decrypt(nonce, sealedForm[..length], sealedForm[length..], encoded, Context(identity, organization));
            }
            return encoded;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    /// <summary>
    /// The cipher of a configuration: the key of the environment, else that of the key file, which is made if it is not there.
    /// </summary>
    /// <exception cref="TokenKeyException">The key is not one, or its file may be read by others.</exception>
    public static TokenCipher Load(EncodedTokensOptions options, string dataDirectory, string home)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Key.Length > 0)
        {
            return new TokenCipher(Decode(options.Key, "Guardian:EncodedTokens:Key"));
        }
        string path = options.KeyFile.Length > 0 ? Path.GetFullPath(options.KeyFile, home) : Path.Combine(dataDirectory, DefaultFile);
        try
        {
            if (!File.Exists(path))
            {
                Make(path);
            }
            OwnerOnly.Check(path);
            return new TokenCipher(Decode(File.ReadAllText(path).Trim(), path));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TokenKeyException(error is OwnerOnlyException ? error.Message : $"The key file {path} cannot be read or made ({error.GetType().Name}).");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _cipher.Dispose();

    // Length first: "a" of "b|c" is not "a|b" of "c".
    private static byte[] Context(string identity, string organization) =>
        Encoding.UTF8.GetBytes(FormattableString.Invariant($"AutoGuard encoded token 1|{identity.Length}|{identity}|{organization}"));

    private static byte[] Decode(string text, string where)
    {
        var key = new byte[KeyBytes + 3];
        return Convert.TryFromBase64String(text, key, out int length) && length == KeyBytes
            ? key[..KeyBytes]
            : throw new TokenKeyException($"{where} is no key: it must be 32 bytes in base64, as openssl rand -base64 32 prints them.");
    }

    private static void Make(string path)
    {
        byte[] key = RandomNumberGenerator.GetBytes(KeyBytes);
        try
        {
            OwnerOnly.Create(path, Encoding.ASCII.GetBytes(Convert.ToBase64String(key) + "\n"));
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another process of the same data folder was quicker; its key counts.
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }
}
