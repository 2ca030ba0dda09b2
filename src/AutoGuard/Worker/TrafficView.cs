using AutoGuard.Configuration;
using AutoGuard.Core.Events;
using AutoGuard.Core.Features;
using AutoGuard.Core.Pipeline;
using AutoGuard.Core.Policy;
using AutoGuard.Guardian.Planning;
using AutoGuard.Runtime;

namespace AutoGuard.Worker;

/// <summary>What detection sees of a subject: asked on its own thread, between two batches.</summary>
internal sealed class TrafficView(DetectionWorker worker, DetectionParts parts, EffectiveSettings settings) : ITrafficView
{
    private const int MostSessions = 4096;
    private const int MostAddresses = 16;
    private const int MostTokens = 8;

    // As the estimator of harm has it: a token with more sessions than this on an address is no neighbour there.
    private const int NeighbourSessions = 3;

    private readonly FeatureWindows _windows = FeatureWindows.From(settings.Values.Detection);

    /// <inheritdoc/>
    public async ValueTask<SubjectTraffic?> LookAsync(Subject subject, string? organization, CancellationToken cancellationToken)
    {
        try
        {
            return await worker.AskAsync(pipeline => Look(pipeline, subject, organization), cancellationToken);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Detection has ended; nothing is seen any more.
            return null;
        }
        catch (UnansweredException)
        {
            // The log has it; enforcement goes on as where nothing is seen.
            return null;
        }
    }

    private SubjectTraffic? Look(DetectionPipeline pipeline, Subject subject, string? organization)
    {
        long at = pipeline.Watermark;
        if (at == long.MinValue)
        {
            return null;
        }
        FeatureState state = pipeline.State;
        switch (subject.Type)
        {
            case SubjectType.Token:
                int token = state.Tokens.Find(parts.TokenKey(subject.Value, organization));
                return token < 0 ? Nothing(at) : OfToken(state, token, at);
            case SubjectType.Ip:
                int address = IpAddress.TryParse(subject.Value, out IpAddress parsed) ? state.Addresses.Find(new(parsed, Tenant(state, organization))) : -1;
                return address < 0 ? Nothing(at) : OfAddress(state, address, at);
            case SubjectType.Cidr:
                if (!IpNetwork.TryParse(subject.Value, out IpNetwork network) || network != FeatureWindows.NetworkOf(network.Address))
                {
                    return null;
                }
                int found = state.Networks.Find(new(network.Address, Tenant(state, organization)));
                return found < 0 ? Nothing(at) : new SubjectTraffic(at, state.Networks[found].Open, state.Networks[found].TotalSessions, [], []);
            default:
                return OfReferrer(state, subject.Value, organization, at);
        }
    }

    /// <summary>A tenant's number; one that no key has when nothing was seen of the tenant.</summary>
    private int Tenant(FeatureState state, string? organization)
    {
        for (int i = 0; i < state.Tenants.HighWater; i++)
        {
            if (state.Tenants.IsLive(i) && (int)state.Tenants.KeyAt(i) is var number && parts.Strings.Text(number) == (organization ?? ""))
            {
                return number;
            }
        }
        return -1;
    }

    private SubjectTraffic OfToken(FeatureState state, int index, long at)
    {
        ref TokenState token = ref state.Tokens[index];
        Dictionary<IpAddress, int> sessions = [];
        int looked = 0;
        for (int i = token.FirstSession; i >= 0 && looked < MostSessions; looked++)
        {
            ref SessionState session = ref state.Sessions[i];
            sessions[session.Address] = sessions.GetValueOrDefault(session.Address) + 1;
            i = session.NextOfToken;
        }
        ulong identity = state.Tokens.KeyAt(index).High;
        int tenant = token.Organization;
        AddressInUse[] uses = [.. sessions
            .OrderByDescending(static pair => pair.Value).ThenBy(static pair => pair.Key).Take(MostAddresses)
            .Select(pair => new AddressInUse(pair.Key.ToString(), pair.Value, HarmBeside(state, new(pair.Key, tenant), identity, pair.Value, at)))];
        return new SubjectTraffic(at, token.Open, token.TotalSessions, uses, []);
    }

    /// <summary>Whom a block of the address would hit besides the token itself.</summary>
    private HarmPreview HarmBeside(FeatureState state, TenantAddress address, ulong identity, int sessions, long at)
    {
        int index = state.Addresses.Find(address);
        if (index < 0)
        {
            return new HarmPreview(int.MaxValue, 0, 0);
        }
        HarmPreview harm = new HarmEstimator(state, _windows).OfAddress(index, at);
        uint windowStart = Math.Max(1, _windows.WindowStart(at));
        foreach (ref readonly TokenMember member in state.TokenSets.Members(state.Addresses[index].Tokens))
        {
            if (member.Identity == identity && member.Settled >= windowStart && sessions <= NeighbourSessions)
            {
                return new HarmPreview(harm.OtherTokens - 1, Math.Max(0, harm.OtherUsers - 1), harm.OtherSessions - sessions);
            }
        }
        return harm;
    }

    private static SubjectTraffic OfAddress(FeatureState state, int index, long at)
    {
        ref AddressState address = ref state.Addresses[index];
        HashSet<string> tokens = [];
        int looked = 0;
        for (int i = address.FirstSession; i >= 0 && looked < MostSessions && tokens.Count < MostTokens; looked++)
        {
            ref SessionState session = ref state.Sessions[i];
            if (state.Tokens.Holds(session.Token))
            {
                tokens.Add(state.Texts.Text(state.Tokens[session.Token.Index].Text));
            }
            i = session.NextOfAddress;
        }
        return new SubjectTraffic(at, address.Open, address.TotalSessions, [], [.. tokens]);
    }

    private SubjectTraffic OfReferrer(FeatureState state, string host, string? organization, long at)
    {
        for (int i = 0; i < state.Referrers.HighWater; i++)
        {
            if (state.Referrers.IsLive(i) && state.Referrers.KeyAt(i) is var pair && parts.Strings.Text((int)(uint)pair) == host
                && parts.Strings.Text((int)(pair >> 32)) == (organization ?? ""))
            {
                return new SubjectTraffic(at, state.Referrers[i].Open, state.Referrers[i].TotalSessions, [], []);
            }
        }
        return Nothing(at);
    }

    private static SubjectTraffic Nothing(long at) => new(at, 0, 0, [], []);
}
