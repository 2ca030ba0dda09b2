using AutoGuard.Core.Guardian;
using AutoGuard.Guardian.Api;
using AutoGuard.Guardian.Bouncers;
using AutoGuard.Guardian.Decisions;
using AutoGuard.Guardian.Local;
using AutoGuard.Guardian.OptiView;
using AutoGuard.Guardian.Publications;
using AutoGuard.Guardian.Rules;
using AutoGuard.Guardian.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace AutoGuard.Guardian;

/// <summary>Puts the store and the local engine into a host.</summary>
public static class LocalGuardianRegistration
{
    /// <summary>
    /// Registers the decision store, the rules with their matcher, the local guardian and its HTTP API. The host registers
    /// an <see cref="Npgsql.NpgsqlDataSource"/> and applies the migrations before it starts.
    /// </summary>
    /// <exception cref="FormatException">An entry of the allowlist cannot be read.</exception>
    public static IServiceCollection AddLocalGuardian(this IServiceCollection services, LocalGuardianOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        // The framework's own lines quote request lines, which hold tokens and whatever strangers write.
        services.AddLogging(static logging =>
        {
            foreach (string category in (string[])["Microsoft.AspNetCore.Hosting.Diagnostics", "Microsoft.AspNetCore.Routing", "Microsoft.AspNetCore.Server.Kestrel", "Microsoft.AspNetCore.Http", "Microsoft.AspNetCore.HostFiltering"])
            {
                logging.AddFilter(category, LogLevel.Warning);
            }
        });
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(new RuleRails(options.WidestPrefixV4, options.WidestPrefixV6, options.Allowlist, options.Referrers));
        services.AddSingleton<RuleMatcher>();
        services.AddSingleton<PublicationTable>();
        services.AddSingleton<PublicationStore>();
        services.AddSingleton<RuleStore>();
        services.AddSingleton<ApiKeys>();
        services.AddSingleton(options);
        services.AddSingleton<RuleAudit>();
        services.AddSingleton(static provider => provider.GetRequiredService<RuleStore>().Queries);
        services.AddSingleton<BouncerDecisions>();
        services.AddSingleton<ApiGate>();
        services.AddSingleton<GuardianApi>();
        services.AddSingleton<RulesApi>();
        services.AddSingleton<BulkApi>();
        services.AddSingleton<PublicationsApi>();
        services.AddSingleton<DecisionPoint>();
        services.AddSingleton<BouncerApi>();
        services.AddSingleton<ExportApi>();
        services.AddSingleton<PostgresDecisionStore>();
        services.AddSingleton<LocalGuardian>();
        services.AddSingleton<IGuardian>(static provider => provider.GetRequiredService<LocalGuardian>());
        services.AddSingleton<RuleSync>();
        services.AddHostedService(static provider => provider.GetRequiredService<RuleSync>());
        return services;
    }

    /// <summary>Maps the API; pass a group to put it under a prefix.</summary>
    public static IEndpointRouteBuilder MapGuardianApi(this IEndpointRouteBuilder routes)
    {
        ArgumentNullException.ThrowIfNull(routes);
        IServiceProvider services = routes.ServiceProvider;
        services.GetRequiredService<GuardianApi>().Map(routes);
        services.GetRequiredService<RulesApi>().Map(routes);
        services.GetRequiredService<BulkApi>().Map(routes);
        services.GetRequiredService<PublicationsApi>().Map(routes);
        services.GetRequiredService<DecisionPoint>().Map(routes);
        services.GetRequiredService<BouncerApi>().Map(routes);
        services.GetRequiredService<ExportApi>().Map(routes);
        OpenApiDocument.Map(routes);
        return routes;
    }

    /// <summary>Opens the routes of a group only to a key of role read or above that is confined to no tenant.</summary>
    public static RouteGroupBuilder RequireOperatorKey(this RouteGroupBuilder group)
    {
        ArgumentNullException.ThrowIfNull(group);
        group.AddEndpointFilter(new OperatorAccess(((IEndpointRouteBuilder)group).ServiceProvider.GetRequiredService<ApiGate>()));
        return group;
    }
}
