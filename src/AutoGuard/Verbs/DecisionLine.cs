using System.Globalization;
using AutoGuard.Core.Policy;
using AutoGuard.Live;

namespace AutoGuard.Verbs;

/// <summary>A decision as one line of plain text.</summary>
internal static class DecisionLine
{
    /// <summary>Time, action, subject, score, and the reason that weighs most.</summary>
    public static string Of(Decision decision)
    {
        string time = DateTimeOffset.FromUnixTimeMilliseconds(decision.Time).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
        string reason = decision.Reasons.IsDefaultOrEmpty ? "" : decision.Reasons[0].Text;
        string line = string.Create(
            CultureInfo.InvariantCulture,
            $"  {time}  {SummaryText.Name(decision.Action),-6}  {decision.Subject.TypeName,-8}  {decision.Subject.Value}  {decision.Score:0.00}  {reason}");
        return TerminalText.Visible(line, 400);
    }
}
