using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using AutoGuard.Configuration;
using AutoGuard.Core.Configuration;
using AutoGuard.Core.Enrichment;
using AutoGuard.Core.Events;
using AutoGuard.Core.Pipeline;
using AutoGuard.Core.Spikes;
using AutoGuard.Core.Features;
using AutoGuard.Enrichment;
using AutoGuard.MlNet;
using AutoGuard.Models;

namespace AutoGuard.Runtime;

/// <summary>
/// The parts from bytes to decisions, put together for one configuration: parser and enricher for the reading thread, the
/// pipeline for the detection thread, and the pools they share.
/// </summary>
public sealed class DetectionParts
{
    private readonly EventParser _parser;
    private readonly EventEnricher _enricher;
    private readonly ulong _secret0;
    private readonly ulong _secret1;

    /// <summary>Puts the parts together under a secret of this process.</summary>
    /// <exception cref="CommandLine.VerbException">A database of section <c>Enrichment</c> cannot be opened; all are named. Or the model is none.</exception>
    public DetectionParts(EffectiveSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        AutoGuardSettings values = settings.Values;
        Span<byte> secret = stackalloc byte[32];
        RandomNumberGenerator.Fill(secret);
        KeyedHasher hasher = new(BinaryPrimitives.ReadUInt64LittleEndian(secret), BinaryPrimitives.ReadUInt64LittleEndian(secret[8..]));
        Strings = new StringPool(hasher, values.Detection.Capacity.Strings);
        Claims = new ClaimsPool();
        Identities = new IdentityKeys(hasher);
        _parser = new EventParser(hasher, Strings, Claims);
        EnrichmentSources sources = EnrichmentLoader.Open(values.Enrichment);
        if (sources.Errors.Count > 0)
        {
            throw new CommandLine.VerbException(string.Join(Environment.NewLine, sources.Errors), CommandLine.ExitStatus.Usage);
        }
        CountryOf = sources.CountryOf;
        _enricher = EnrichmentLoader.CreateEnricher(sources, values.Enrichment, Strings);
        _secret0 = BinaryPrimitives.ReadUInt64LittleEndian(secret[16..]);
        _secret1 = BinaryPrimitives.ReadUInt64LittleEndian(secret[24..]);
        Model = ModelFile.Of(settings);
        Pipeline = PipelineFor(settings, Model);
    }

    /// <summary>The country of an address by the databases of section <c>Enrichment</c>, or null; from any thread.</summary>
    public Func<IpAddress, string?> CountryOf { get; }

    /// <summary>Interned strings.</summary>
    public StringPool Strings { get; }

    /// <summary>Claims of tokens.</summary>
    public ClaimsPool Claims { get; }

    /// <summary>Keys of sessions, tokens and users.</summary>
    public IdentityKeys Identities { get; }

    /// <summary>The detection thread's pipeline.</summary>
    public DetectionPipeline Pipeline { get; }

    /// <summary>What the pipeline began with knowing of the platform; null: nothing.</summary>
    public DetectionModel? Model { get; }

    /// <summary>The key of a token's identity within a tenant; null for the nameless one.</summary>
    public Key128 TokenKey(string identity, string? organization) =>
        Identities.Token(Encoding.UTF8.GetBytes(identity), Identities.Tenant(Encoding.UTF8.GetBytes(organization ?? "")));

    /// <summary>
    /// A further pipeline for the events that these parts read, under another configuration. To be made before anything is
    /// read, and only for one that reads events alike (<see cref="ReadAlike"/>).
    /// </summary>
    /// <exception cref="CommandLine.VerbException">The model is none.</exception>
    public DetectionPipeline PipelineFor(EffectiveSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return PipelineFor(settings, ModelFile.Of(settings));
    }

    private DetectionPipeline PipelineFor(EffectiveSettings settings, DetectionModel? model)
    {
        AutoGuardSettings values = settings.Values;
        return new DetectionPipeline(
            new PipelineSettings
            {
                Detection = values.Detection,
                Policy = values.Policy,
                Allowlist = values.Allowlist,
                Referrers = values.Referrers,
                // Of the very bytes that were read: the file may change at any time.
                Fingerprint = settings.FingerprintWith(model?.Digest),
                Model = model,
                SpikeEngine = values.Detection.Spike.Engine == SpikeEngine.MlNet ? MlNetEngine.Create() : new NativeSpikeEngine(),
                Secret0 = _secret0,
                Secret1 = _secret1,
            },
            Strings,
            Claims,
            new ReferrerList(values.Referrers, Strings));
    }

    /// <summary>Whether two configurations read and enrich events alike, so that one reading serves both.</summary>
    public static bool ReadAlike(EffectiveSettings one, EffectiveSettings other)
    {
        ArgumentNullException.ThrowIfNull(one);
        ArgumentNullException.ThrowIfNull(other);
        SettingsWriter writer = new() { Canonical = true, Includes = static section => section == nameof(AutoGuardSettings.Enrichment) };
        return one.Values.Detection.Capacity.Strings == other.Values.Detection.Capacity.Strings
            && writer.Write(one.Values) == writer.Write(other.Values);
    }

    /// <summary>Reads one event into a batch and fills in what is known of its address. On the reading thread only.</summary>
    public EventRejection Read(ReadOnlySpan<byte> utf8, EventDefaults defaults, EventBatch batch, int topic, int partition, long offset)
    {
        EventRejection rejection = _parser.TryParse(utf8, defaults, batch, topic, partition, offset);
        if (rejection == EventRejection.None)
        {
            _enricher.Enrich(ref batch.Last);
        }
        return rejection;
    }
}
