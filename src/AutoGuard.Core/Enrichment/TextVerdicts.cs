using AutoGuard.Core.Events;

namespace AutoGuard.Core.Enrichment;

/// <summary>What is thought of the texts of a pool, each asked about once while it is held. One thread asks.</summary>
internal sealed class TextVerdicts(StringPool pool, Func<string, bool> judge)
{
    private Verdict[] _verdicts = new Verdict[256];

    /// <summary>The verdict on an interned text; null for one that is absent, had no room or was given away before it was asked about.</summary>
    public bool? Of(int number)
    {
        if (number <= StringPool.Overflow)
        {
            return null;
        }
        int place = pool.PlaceOf(number);
        if (place >= _verdicts.Length)
        {
            Array.Resize(ref _verdicts, Math.Min(pool.Places, Math.Max(place + 1, _verdicts.Length * 2)));
        }
        ref Verdict verdict = ref _verdicts[place];
        if (verdict.Number != number)
        {
            if (pool.Find(number) is not { } text)
            {
                return null;
            }
            verdict = new Verdict(number, judge(text));
        }
        return verdict.Holds;
    }

    private readonly record struct Verdict(int Number, bool Holds);
}
