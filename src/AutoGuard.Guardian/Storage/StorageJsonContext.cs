using System.Text.Json.Serialization;
using AutoGuard.Core.Policy;
using AutoGuard.Core.Reporting;

namespace AutoGuard.Guardian.Storage;

/// <summary>JSON of what the store keeps as documents.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(DecisionJsonConverter), typeof(SubjectJsonConverter)])]
[JsonSerializable(typeof(FlaggedSubject))]
internal sealed partial class StorageJsonContext : JsonSerializerContext;
