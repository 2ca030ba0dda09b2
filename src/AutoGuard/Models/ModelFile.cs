using System.Globalization;
using System.Security.Cryptography;
using AutoGuard.CommandLine;
using AutoGuard.Configuration;
using AutoGuard.Core.Features;

namespace AutoGuard.Models;

/// <summary>A model that was read from a file.</summary>
/// <param name="Document">All of it.</param>
/// <param name="Model">The part that detection uses.</param>
internal sealed record LoadedModel(ModelDocument Document, DetectionModel Model);

/// <summary>Reads model files.</summary>
internal static class ModelFile
{
    /// <summary>Largest file that is read, bytes.</summary>
    public const int LargestFile = 8 << 20;

    /// <summary>The model that the configuration names; null when it names none.</summary>
    /// <exception cref="VerbException">It cannot be used; usage status, since nothing was started.</exception>
    public static DetectionModel? Of(EffectiveSettings settings)
    {
        string path = settings.Values.Detection.Model;
        try
        {
            return path.Length == 0 ? null : Read(path).Model;
        }
        catch (ModelException error)
        {
            throw new VerbException($"Detection:Model: {path} is no model that can be used: {error.Message}", ExitStatus.Usage);
        }
    }

    /// <summary>Reads a file.</summary>
    /// <exception cref="ModelException">It cannot be read, or is no model.</exception>
    public static LoadedModel Read(string path) => Parse(ReadBytes(path));

    /// <summary>Reads what stood in a file.</summary>
    /// <exception cref="ModelException">It is no model.</exception>
    public static LoadedModel Parse(byte[] bytes)
    {
        ModelDocument document = ModelReader.Read(bytes);
        return new LoadedModel(document, document.ToModel(DigestOf(bytes)));
    }

    /// <summary>The digest of a file's bytes: <c>sha256:</c> and lower-case hex.</summary>
    public static string DigestOf(ReadOnlySpan<byte> bytes) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>The bytes of a file.</summary>
    /// <exception cref="ModelException">It cannot be read, or is too large to be a model.</exception>
    public static byte[] ReadBytes(string path)
    {
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (file.Length > LargestFile)
            {
                throw new ModelException([string.Create(
                    CultureInfo.InvariantCulture, $"the file: {file.Length} bytes are not allowed; must be at most {LargestFile}")]);
            }
            byte[] bytes = new byte[file.Length];
            int read = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return bytes[..read];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new ModelException([$"the file cannot be read: {error.Message}"]);
        }
    }
}
