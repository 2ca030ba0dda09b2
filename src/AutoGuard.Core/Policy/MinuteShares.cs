namespace AutoGuard.Core.Policy;

/// <summary>A share in the last minutes against the same share before.</summary>
/// <param name="Share">Recent share, 0 to 1.</param>
/// <param name="Of">What it is a share of: how many, recently.</param>
/// <param name="UsualShare">Share in the hour before, 0 to 1.</param>
/// <param name="UsualOf">How many then.</param>
/// <param name="Z">The two-proportion z: how many standard errors the shares lie apart; positive when the recent one is larger.</param>
public readonly record struct ShareChange(double Share, int Of, double UsualShare, int UsualOf, double Z)
{
    /// <summary>How much the share rose.</summary>
    public double Rise => Share - UsualShare;
}

/// <summary>Counts, minute by minute over the last 65, how many of something had each symptom.</summary>
internal sealed class MinuteShares
{
    /// <summary>Minutes that count as now, the one that runs included.</summary>
    public const int Recent = 5;

    /// <summary>Minutes before them that they are compared with.</summary>
    public const int Usual = 60;

    private const int LeastRecent = 50;
    private const int LeastUsual = 200;
    private const int LeastUsualMinutes = 10;
    private const int Minutes = Recent + Usual;
    private static readonly int s_symptoms = Enum.GetValues<Symptom>().Length;

    private readonly int[] _of = new int[Minutes * s_symptoms];
    private readonly int[] _with = new int[Minutes * s_symptoms];
    private long _minute = long.MinValue;

    /// <summary>Moves on to a minute; those in between saw nothing.</summary>
    public void Advance(long minute)
    {
        long steps = _minute == long.MinValue ? Minutes : minute - _minute;
        if (steps <= 0)
        {
            return;
        }
        for (long m = Math.Max(_minute + 1, minute - Minutes + 1); m <= minute; m++)
        {
            int first = Place(m, 0);
            _of.AsSpan(first, s_symptoms).Clear();
            _with.AsSpan(first, s_symptoms).Clear();
        }
        _minute = minute;
    }

    /// <summary>Counts in a minute; one that is not among the last 65 is passed over.</summary>
    public void Add(long minute, Symptom symptom, int of, int with)
    {
        if (minute <= _minute && minute > _minute - Minutes)
        {
            _of[Place(minute, symptom)] += of;
            _with[Place(minute, symptom)] += with;
        }
    }

    /// <summary>Whether nothing was counted in any minute.</summary>
    public bool IsEmpty => !_of.AsSpan().ContainsAnyExcept(0);

    /// <summary>The change of a symptom's share; all zeros while too little is known of either side.</summary>
    public ShareChange Change(Symptom symptom)
    {
        int recentOf = 0, recentWith = 0, usualOf = 0, usualWith = 0, usualMinutes = 0;
        for (int back = 0; back < Minutes; back++)
        {
            int place = Place(_minute - back, symptom);
            if (back < Recent)
            {
                recentOf += _of[place];
                recentWith += _with[place];
            }
            else
            {
                usualOf += _of[place];
                usualWith += _with[place];
                usualMinutes += _of[place] > 0 ? 1 : 0;
            }
        }
        if (recentOf < LeastRecent || usualOf < LeastUsual || usualMinutes < LeastUsualMinutes)
        {
            return default;
        }
        // Late networks may be more than those in time.
        recentWith = Math.Min(recentWith, recentOf);
        usualWith = Math.Min(usualWith, usualOf);
        double recent = (double)recentWith / recentOf;
        double usual = (double)usualWith / usualOf;
        double pooled = (double)(recentWith + usualWith) / (recentOf + usualOf);
        double error = Math.Sqrt(pooled * (1 - pooled) * ((1.0 / recentOf) + (1.0 / usualOf)));
        return new ShareChange(recent, recentOf, usual, usualOf, error > 0 ? (recent - usual) / error : 0);
    }

    private static int Place(long minute, Symptom symptom) => ((int)(((minute % Minutes) + Minutes) % Minutes) * s_symptoms) + (int)symptom;
}
