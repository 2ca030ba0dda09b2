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

/// <summary>How many of something there were, and how many of them with a symptom.</summary>
/// <param name="RecentOf">In the last minutes.</param>
/// <param name="RecentWith">Those of them with it.</param>
/// <param name="UsualOf">In the hour before.</param>
/// <param name="UsualWith">Those of them with it.</param>
/// <param name="UsualMinutes">Minutes of that hour in which there was anything.</param>
internal readonly record struct ShareTally(int RecentOf, int RecentWith, int UsualOf, int UsualWith, int UsualMinutes)
{
    private const int LeastRecent = 50;
    private const int LeastUsual = 200;
    private const int LeastUsualMinutes = 10;

    /// <summary>Whether enough is known of the hour before.</summary>
    public bool IsUsualKnown => UsualOf >= LeastUsual && UsualMinutes >= LeastUsualMinutes;

    /// <summary>How many with the symptom there should have been recently, if nothing had changed: as many as there were while nothing is known.</summary>
    public double Expected => UsualOf > 0 ? (double)RecentOf * UsualWith / UsualOf : RecentWith;

    /// <summary>The change of the share; all zeros while too little is known of either side.</summary>
    /// <param name="expected">How many with the symptom there should have been recently.</param>
    public ShareChange Change(double expected)
    {
        if (RecentOf < LeastRecent || !IsUsualKnown)
        {
            return default;
        }
        double recent = (double)RecentWith / RecentOf;
        double usual = expected / RecentOf;
        double pooled = (RecentWith + (usual * UsualOf)) / (RecentOf + UsualOf);
        double error = Math.Sqrt(pooled * (1 - pooled) * ((1.0 / RecentOf) + (1.0 / UsualOf)));
        return new ShareChange(recent, RecentOf, usual, UsualOf, error > 0 ? (recent - usual) / error : 0);
    }

    /// <summary>What is left of these without others that are among them.</summary>
    public ShareTally Without(in ShareTally others) => new(
        RecentOf - others.RecentOf, RecentWith - others.RecentWith, UsualOf - others.UsualOf, UsualWith - others.UsualWith, UsualMinutes);
}

/// <summary>Counts, minute by minute over the last 65, how many of something had each symptom.</summary>
internal sealed class MinuteShares
{
    /// <summary>Minutes that count as now, the one that runs included.</summary>
    public const int Recent = 5;

    /// <summary>Minutes before them that they are compared with.</summary>
    public const int Usual = 60;

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

    /// <summary>How many there were of both kinds, recently and in the hour before.</summary>
    public ShareTally Tally(Symptom symptom)
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
        // Late networks may be more than those in time.
        return new ShareTally(recentOf, Math.Min(recentWith, recentOf), usualOf, Math.Min(usualWith, usualOf), usualMinutes);
    }

    private static int Place(long minute, Symptom symptom) => ((int)(((minute % Minutes) + Minutes) % Minutes) * s_symptoms) + (int)symptom;
}
