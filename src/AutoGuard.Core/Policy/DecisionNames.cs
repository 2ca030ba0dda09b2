namespace AutoGuard.Core.Policy;

/// <summary>The spellings of actions, modes and subject types in JSON, CSV and SQL.</summary>
public static class DecisionNames
{
    /// <summary><c>flag</c>, <c>block</c>, <c>revoke</c> or <c>release</c>.</summary>
    public static string Of(DecisionAction action) => action switch
    {
        DecisionAction.Release => "release",
        DecisionAction.Flag => "flag",
        DecisionAction.Block => "block",
        DecisionAction.Revoke => "revoke",
        _ => throw new ArgumentOutOfRangeException(nameof(action)),
    };

    /// <summary><c>observe</c> or <c>enforce</c>.</summary>
    public static string Of(EnforcementMode mode) => mode switch
    {
        EnforcementMode.Observe => "observe",
        EnforcementMode.Enforce => "enforce",
        _ => throw new ArgumentOutOfRangeException(nameof(mode)),
    };

    /// <summary>Reads an action; case matters.</summary>
    public static bool TryParse(string? text, out DecisionAction action)
    {
        (bool known, action) = text switch
        {
            "release" => (true, DecisionAction.Release),
            "flag" => (true, DecisionAction.Flag),
            "block" => (true, DecisionAction.Block),
            "revoke" => (true, DecisionAction.Revoke),
            _ => (false, default),
        };
        return known;
    }

    /// <summary>Reads a mode; case matters.</summary>
    public static bool TryParse(string? text, out EnforcementMode mode)
    {
        (bool known, mode) = text switch
        {
            "observe" => (true, EnforcementMode.Observe),
            "enforce" => (true, EnforcementMode.Enforce),
            _ => (false, default),
        };
        return known;
    }

    /// <summary>Reads a subject type as <see cref="Subject.TypeName"/> writes it; case matters.</summary>
    public static bool TryParse(string? text, out SubjectType type)
    {
        (bool known, type) = text switch
        {
            "token" => (true, SubjectType.Token),
            "ip" => (true, SubjectType.Ip),
            "cidr" => (true, SubjectType.Cidr),
            "referrer" => (true, SubjectType.Referrer),
            _ => (false, default),
        };
        return known;
    }
}
