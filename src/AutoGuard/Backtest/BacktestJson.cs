using System.Text.Json.Serialization;
using AutoGuard.Core.Policy;

namespace AutoGuard.Backtest;

/// <summary>The report of a backtest as a file; decisions stand in it as everywhere else.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, WriteIndented = true,
    Converters = [typeof(DecisionJsonConverter), typeof(SubjectJsonConverter)])]
[JsonSerializable(typeof(BacktestReport))]
internal sealed partial class BacktestJson : JsonSerializerContext;
