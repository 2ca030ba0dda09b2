using System.Buffers;
using System.Collections.Frozen;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Guardian;
using AutoGuard.Core.Policy;
using AutoGuard.Guardian.Rules;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace AutoGuard.Guardian.Remote;

/// <summary>
/// nanoStream's token service: revokes a playback token by its encoded form, which ends running sessions and cannot be undone.
/// Answers are told apart by the vendor's error codes, never by their texts.
/// </summary>
public sealed class TokenServiceGuardian : RemoteGuardian, IDisposable
{
    /// <summary>The key is not valid.</summary>
    private const int KeyNotValid = 1001;

    /// <summary>Not a well-formed JWT.</summary>
    private const int Malformed = 2004;

    /// <summary>The token was not created as revocable.</summary>
    private const int NotRevocable = 2011;

    /// <summary>The token is another organization's.</summary>
    private const int NotOurs = 2012;

    private readonly TokenServiceOptions _options;
    private readonly EngineSecrets _secrets;
    private readonly EngineEndpoint _endpoint;
    private readonly TokenVault _vault;

    /// <summary>Makes a client; nothing is sent before the first revocation.</summary>
    public TokenServiceGuardian(
        TokenServiceOptions options, EngineHttpOptions http, EngineSecrets secrets, TokenVault vault, RuleRails rails, ILogger<TokenServiceGuardian> logger, TimeProvider time)
        : base(rails, logger, time)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _secrets = secrets;
        _vault = vault;
        _endpoint = new EngineEndpoint(options.Address, http, time);
        Capabilities = new GuardianCapabilities(
            new[] { SubjectType.Token }.ToFrozenSet(), EndsRunningSessions: true, Undoable: false, (int)options.Delay.TotalSeconds)
        {
            NeedsEncodedToken = true,
            Organizations = options.Organizations.ToFrozenSet(StringComparer.Ordinal),
        };
    }

    /// <inheritdoc/>
    public override string Name => "TokenService";

    /// <inheritdoc/>
    public override GuardianCapabilities Capabilities { get; }

    /// <inheritdoc/>
    public void Dispose() => _endpoint.Dispose();

    /// <inheritdoc/>
    protected override string Credential() => _secrets.Get("TokenService:Key");

    /// <inheritdoc/>
    protected override async ValueTask<GuardianOutcome> PutAsync(Decision decision, RuleTarget target, string credential, CancellationToken cancellationToken)
    {
        try
        {
            (VaultAnswer answer, byte[] encoded) = await _vault.FindAsync(target.Value, decision.Organization, cancellationToken);
            if (answer != VaultAnswer.Found)
            {
                return new GuardianOutcome(GuardianResult.Unsupported, answer == VaultAnswer.Absent
                    ? "Its encoded form is not known, and the service revokes by nothing else."
                    : "Its encoded form cannot be decrypted: it was kept under another key.");
            }
            byte[] body = Body(encoded);
            CryptographicOperations.ZeroMemory(encoded);
            GuardianOutcome outcome;
            try
            {
                outcome = OutcomeOf(await _endpoint.SendAsync(address => Request(address, credential, body), _options.RevokePath, cancellationToken));
            }
            finally
            {
                CryptographicOperations.ZeroMemory(body);
            }
            if (outcome.Result != GuardianResult.Unavailable)
            {
                await _vault.DropAsync(target.Value, decision.Organization, cancellationToken);
            }
            return outcome;
        }
        catch (NpgsqlException error)
        {
            return new GuardianOutcome(GuardianResult.Unavailable, $"The store of encoded tokens does not answer: {error.Message}");
        }
    }

    /// <inheritdoc/>
    protected override ValueTask<GuardianOutcome> TakeBackAsync(
        RuleTarget target, string? organization, string reason, string credential, CancellationToken cancellationToken) =>
        ValueTask.FromResult(new GuardianOutcome(GuardianResult.Unsupported, "A revocation cannot be undone."));

    private static GuardianOutcome OutcomeOf(EngineAnswer answer)
    {
        if (answer.IsSuccess)
        {
            return new GuardianOutcome(GuardianResult.Applied);
        }
        return answer.IsTransient ? Unsuccessful(answer) : answer.ErrorCode switch
        {
            NotRevocable => new GuardianOutcome(GuardianResult.Rejected, "The token was not created as revocable (2011)."),
            NotOurs => new GuardianOutcome(GuardianResult.Rejected, "The token belongs to another organization (2012)."),
            Malformed => new GuardianOutcome(GuardianResult.Rejected, "What the events carry is no well-formed JWT (2004)."),
            KeyNotValid => new GuardianOutcome(GuardianResult.Unavailable, "It refuses the credentials (1001).") { NeedsOperator = true },
            _ => Unsuccessful(answer),
        };
    }

    private HttpRequestMessage Request(Uri address, string credential, byte[] body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, address)
        {
            Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
        };
        request.Headers.TryAddWithoutValidation(BintuHeaders.Of(_options.Header), credential);
        return request;
    }

    private static byte[] Body(ReadOnlySpan<byte> encoded)
    {
        var buffer = new ArrayBufferWriter<byte>(encoded.Length + 32);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("token"u8, encoded);
            writer.WriteEndObject();
        }
        byte[] body = buffer.WrittenSpan.ToArray();
        buffer.Clear();
        return body;
    }
}
