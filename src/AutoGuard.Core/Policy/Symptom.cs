namespace AutoGuard.Core.Policy;

/// <summary>What is watched for input that has gone bad.</summary>
public enum Symptom
{
    /// <summary>Networks whose sessions start without a referrer.</summary>
    NoReferrer,

    /// <summary>Networks whose sessions start without a token.</summary>
    NoToken,

    /// <summary>Networks whose country is unknown.</summary>
    NoCountry,

    /// <summary>Networks whose operator is unknown.</summary>
    NoOperator,

    /// <summary>Networks that count as data centres.</summary>
    DataCentre,

    /// <summary>Networks that send events twice.</summary>
    Duplicates,

    /// <summary>Networks with late events.</summary>
    Late,

    /// <summary>Records that are no events.</summary>
    Malformed,
}
