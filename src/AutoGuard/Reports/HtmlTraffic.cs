using System.Collections.Immutable;
using AutoGuard.Core.Events;
using AutoGuard.Core.Policy;
using AutoGuard.Core.Reporting;

namespace AutoGuard.Reports;

/// <summary>A subject's traffic: the Token Guardian View's columns, top lists and the token's scope.</summary>
internal sealed class HtmlTraffic(FlaggedSubject subject, ReportClock clock)
{
    public void Write(Markup page)
    {
        if (SubjectEvidence.HasTraffic(subject))
        {
            WriteColumns(page);
            WriteTops(page);
        }

        if (subject.Claims is { } claims)
        {
            WriteScope(page, claims);
        }
    }

    private void WriteColumns(Markup page)
    {
        var type = subject.Subject.Type;
        page.Element("h4", null, "Token Guardian View");
        page.Open("dl", "grid");
        Name(page, type switch
        {
            SubjectType.Token => "JTI",
            SubjectType.Ip => "IP",
            SubjectType.Cidr => "Network",
            _ => "Referrer",
        }).Foreign("mono", subject.Subject.Value, 256).Close().Close();
        if (type == SubjectType.Token)
        {
            Name(page, "User").Foreign(null, subject.User ?? "N/A", 128).Close().Close();
        }
        else
        {
            Pair(page, "Users", ReportWords.Number(subject.Users));
        }

        Pair(page, "Duration/Sum", ReportWords.Duration(subject.DurationSum));
        Pair(page, "Duration/Avg", ReportWords.Duration(subject.DurationAverage));
        Pair(page, "Sessions", ReportWords.Number(subject.Sessions));
        Pair(page, "Streams", subject.Streams.Length < 10 ? ReportWords.Number(subject.Streams.Length) : "10 or more");
        Pair(page, "IPs", ReportWords.Number(subject.Addresses));
        if (type != SubjectType.Token)
        {
            Pair(page, "Tokens", ReportWords.Number(subject.Tokens));
        }

        Top(page, "Top Providers", subject.Providers);
        Top(page, "Top Countries", subject.Countries);
        Top(page, "Top Referrers", subject.Referrers);
        Name(page, "First stream start").Time(null, subject.FirstStart, clock.Minute(subject.FirstStart)).Close().Close();
        Name(page, "Last stream end").Time(null, subject.LastEnd, clock.Minute(subject.LastEnd)).Close().Close();
        Pair(page, "Max Concurrency", ReportWords.Number(subject.MaxConcurrency));
        page.Close();
    }

    private void WriteTops(Markup page)
    {
        page.Open("div", "tops");
        Tallies(page, "Streams", subject.Streams, "");
        Tallies(page, "Providers", subject.Providers, "");
        Tallies(page, "Countries", subject.Countries, "");
        Tallies(page, "Referrers", subject.Referrers, "");
        Tallies(page, "User agents", subject.UserAgents, "wide");
        page.Close();
    }

    private static void Tallies(Markup page, string heading, ImmutableArray<Tally> tallies, string cssClass)
    {
        if (tallies.IsDefaultOrEmpty)
        {
            return;
        }

        page.Open("div", cssClass.Length == 0 ? null : cssClass).Element("h4", null, heading).Open("ol");
        foreach (var tally in tallies)
        {
            page.Open("li").Foreign(null, Missing(tally.Name), 300).Element("span", null, ReportWords.Number(tally.Sessions)).Close();
        }

        page.Close().Close();
    }

    private void WriteScope(Markup page, TokenClaims claims)
    {
        page.Element("h4", null, "Token scope");
        page.Open("dl", "grid");
        Scope(page, "Streams", claims.Streams);
        Scope(page, "Domains", claims.Domains);
        Scope(page, "IPs", claims.Addresses);
        Pair(page, "Revocable", YesNo(claims.Revocable));
        Pair(page, "Whole organization", YesNo(claims.OrganizationWide));
        Pair(page, "Disconnects at expiry", YesNo(claims.ForceDisconnect));
        if (claims.Tag is { } tag)
        {
            Name(page, "Tag").Foreign(null, tag, 128).Close().Close();
        }

        Instant(page, "Issued", claims.IssuedAt);
        Instant(page, "Not before", claims.NotBefore);
        Instant(page, "Expires", claims.Expires);
        page.Close();
    }

    private void Instant(Markup page, string name, long? seconds)
    {
        if (ReportClock.FromSeconds(seconds) is { } milliseconds)
        {
            Name(page, name).Time(null, milliseconds, clock.Minute(milliseconds)).Close().Close();
        }
    }

    private static void Scope(Markup page, string name, ImmutableArray<string> values)
    {
        Name(page, name);
        if (values.IsDefaultOrEmpty)
        {
            page.Element("span", "soft", "no limit known");
        }
        else
        {
            for (var i = 0; i < values.Length; i++)
            {
                page.Text(i == 0 ? "" : ", ").Foreign(null, values[i], 256);
            }
        }

        page.Close().Close();
    }

    private static void Top(Markup page, string name, ImmutableArray<Tally> tallies)
    {
        Name(page, name);
        if (tallies.IsDefaultOrEmpty)
        {
            page.Text("–");
        }
        else
        {
            page.Foreign(null, Missing(tallies[0].Name), 100);
            if (tallies.Length > 1)
            {
                page.Element("span", "soft", $" and {ReportWords.Number(tallies.Length - 1)} more");
            }
        }

        page.Close().Close();
    }

    private static string Missing(string name) => name is "" or "-" ? "– (missing)" : name;

    private static string YesNo(bool? value) => value switch { true => "yes", false => "no", null => "unknown" };

    private static Markup Name(Markup page, string name) => page.Open("div").Element("dt", null, name).Open("dd");

    private static void Pair(Markup page, string name, string value) => Name(page, name).Text(value).Close().Close();
}
