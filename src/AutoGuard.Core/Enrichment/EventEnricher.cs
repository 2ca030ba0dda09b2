using System.Runtime.CompilerServices;
using AutoGuard.Core.Events;

namespace AutoGuard.Core.Enrichment;

/// <summary>
/// Fills in what an event does not say of its address: country, network operator, and whether that is a data centre. Belongs
/// to the thread that parses, since it interns operators' names in the parser's pool. What the directories say is kept per
/// address in a small direct-mapped table: a viewer sends many events from one address.
/// </summary>
public sealed class EventEnricher
{
    private const int SlotBits = 14;

    private readonly IAddressDirectory[] _directories;
    private readonly DataCentreClassifier _classifier;
    private readonly AgentClassifier _agents;
    private readonly StringPool _pool;
    private readonly Slot[] _slots = new Slot[1 << SlotBits];

    /// <summary>Makes an enricher that asks directories in order.</summary>
    public EventEnricher(IReadOnlyList<IAddressDirectory> directories, DataCentreClassifier classifier, AgentClassifier agents, StringPool pool)
    {
        ArgumentNullException.ThrowIfNull(directories);
        ArgumentNullException.ThrowIfNull(classifier);
        ArgumentNullException.ThrowIfNull(agents);
        ArgumentNullException.ThrowIfNull(pool);
        _directories = [.. directories];
        _classifier = classifier;
        _agents = agents;
        _pool = pool;
    }

    /// <summary>
    /// Fills in the event's empty fields and sets its traits. What the event says itself stays. An operator's name is taken
    /// only for the number it belongs to.
    /// </summary>
    public void Enrich(ref PlaybackEvent playbackEvent)
    {
        AddressTraits traits = AddressTraits.None;
        if (_directories.Length > 0 && !playbackEvent.Address.IsAbsent)
        {
            ref Slot found = ref Find(playbackEvent.Address);
            traits = found.Traits;
            FillCountry(ref playbackEvent, in found);
            FillOperator(ref playbackEvent, in found);
        }
        if (_classifier.IsSharedEgress(playbackEvent.Asn))
        {
            playbackEvent.Traits |= EventTraits.SharedEgress;
        }
        else if (_classifier.IsDataCentre(playbackEvent.Asn, playbackEvent.Provider, traits))
        {
            playbackEvent.Traits |= EventTraits.DataCentre;
        }
        if (_agents.IsTool(playbackEvent.UserAgent))
        {
            playbackEvent.Traits |= EventTraits.ToolAgent;
        }
    }

    private static void FillCountry(ref PlaybackEvent playbackEvent, in Slot found)
    {
        if (playbackEvent.Country == 0 && found.Country != 0)
        {
            playbackEvent.Country = found.Country;
            playbackEvent.Traits |= EventTraits.CountryLookedUp;
        }
    }

    private static void FillOperator(ref PlaybackEvent playbackEvent, in Slot found)
    {
        bool lookedUp = false;
        if (playbackEvent.Asn == 0 && found.Asn != 0)
        {
            playbackEvent.Asn = found.Asn;
            lookedUp = true;
        }
        if (playbackEvent.Provider == StringPool.Absent && found.Provider != StringPool.Absent
            && playbackEvent.Asn == found.Asn)
        {
            playbackEvent.Provider = found.Provider;
            lookedUp = true;
        }
        if (lookedUp)
        {
            playbackEvent.Traits |= EventTraits.OperatorLookedUp;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref Slot Find(IpAddress address)
    {
        ulong mixed = ((address.High * 0x9E37_79B9_7F4A_7C15) ^ address.Low) * 0xD6E8_FEB8_6659_FD93;
        ref Slot slot = ref _slots[mixed >> (64 - SlotBits)];
        if (slot.Address != address || !_pool.Renew(slot.Provider))
        {
            Fill(ref slot, address);
        }
        return ref slot;
    }

    private void Fill(ref Slot slot, IpAddress address)
    {
        slot = new Slot { Address = address };
        foreach (IAddressDirectory directory in _directories)
        {
            if (!directory.TryLookup(address, out AddressRecord record))
            {
                continue;
            }
            slot.Traits |= record.Traits;
            slot.Country = slot.Country != 0 ? slot.Country : record.Country;
            slot.Asn = slot.Asn != 0 ? slot.Asn : record.Asn;
            if (slot.Provider == StringPool.Absent && (record.Asn == slot.Asn || record.Asn == 0))
            {
                slot.Provider = _pool.Intern(record.Provider.Span, StringKind.Label);
            }
        }
    }

    private struct Slot
    {
        public IpAddress Address;
        public uint Asn;
        public int Provider;
        public ushort Country;
        public AddressTraits Traits;
    }
}
