using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;
using PatchOperator.Cli.Audit;
using PatchOperator.Cli.Evidence;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;
using PatchOperator.Tests.Unit.Audit;
using Xunit;

namespace PatchOperator.Tests.Unit.Cli;

public sealed partial class EvidenceTests
{
    private const string Evil = "</title></td><script>alert(1)</script>\" onload='x' \u202Eevil\u202C \u200Bhidden | `md` <img src=x>";

    [Theory]
    [InlineData("html")]
    [InlineData("json")]
    [InlineData("md")]
    public void The_same_input_gives_the_same_report(string format) => Assert.Equal(Write(Patch(), format), Write(Patch(), format));

    [Fact]
    public void It_says_what_an_auditor_asks()
    {
        var text = Plain(Write(Patch(), "html"));
        string[] asked =
        [
            "APSB25-88", "CVE-2025-54236", "2026-11-23 09:00:00 UTC", "MISSED by 1 h", "dana@example.com", "CHG-20871", "UNVERIFIED: nothing authenticated the approver", "user:sam (accountable)", "(this one)",
            "acme/module-fraud-check", "http-errors", "Why it was taken back", "php: old", "php: new", "brought back", "VERIFIED: all 5 records", "SOC 2 CC6.1", "SOC 2 CC7.1", "SOC 2 CC8.1", "A.12.6.1 = 2022 A.8.8", "A.8.32", "PCI DSS 6.3.3",
        ];
        Assert.All(asked, words => Assert.Contains(words, text, StringComparison.Ordinal));
    }

    [Fact]
    public void Nothing_that_a_manifest_says_becomes_markup_or_hides()
    {
        var html = Write(Patch(Evil), "html");
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<img", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain('\u202E', html);
        Assert.DoesNotContain('\u200B', html);
        Assert.Contains("[U+202E]evil[U+202C] [U+200B]hidden", html, StringComparison.Ordinal);
        Assert.Contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot; onload=&#39;x&#39;", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<img", Write(Patch(Evil), "md"), StringComparison.Ordinal);
        Assert.NotNull(JsonNode.Parse(Write(Patch(Evil), "json")));
    }

    [Fact]
    public void It_needs_nothing_from_anywhere()
    {
        var html = Write(Patch(), "html");
        Assert.DoesNotMatch(@"(src|href)=""(?!#)", html);
        Assert.DoesNotContain("url(", html, StringComparison.Ordinal);
        Assert.Contains("default-src 'none'", html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData(Evil)]
    public void Its_headings_tables_and_plots_can_be_followed_without_seeing_them(string word)
    {
        var page = Parse(Write(Patch(word), "html"));
        Assert.Single(page.Descendants("h1"));
        Assert.Equal(11, page.Descendants("h2").Count());
        var level = 1;
        foreach (var heading in page.Descendants().Where(e => e.Name.LocalName is "h1" or "h2" or "h3"))
        {
            var next = heading.Name.LocalName[1] - '0';
            Assert.True(next <= level + 1, $"{heading.Value} skips a level");
            level = next;
        }

        Assert.All(page.Descendants("table"), table => Assert.NotEmpty(table.Element("caption")!.Value));
        Assert.All(page.Descendants("th"), th => Assert.Contains(th.Attribute("scope")?.Value, (string[])["row", "col"]));
        var svg = Assert.Single(page.Descendants("svg"));
        Assert.Equal("img", svg.Attribute("role")!.Value);
        Assert.NotEmpty(svg.Element("title")!.Value);
        Assert.Contains("4 of 100 requests failed (4 %)", svg.Element("desc")!.Value, StringComparison.Ordinal);
        var ids = page.Descendants().Select(e => e.Attribute("id")?.Value).OfType<string>().ToArray();
        Assert.Equal(ids.Length, ids.Distinct(StringComparer.Ordinal).Count());
        Assert.All(page.Descendants().Attributes("aria-labelledby"), a => Assert.All(a.Value.Split(' '), id => Assert.Contains(id, ids)));
        Assert.All(page.Descendants("a"), a => Assert.Contains(a.Attribute("href")!.Value[1..], ids));
    }

    [Fact]
    public void A_gap_in_the_measurements_is_a_gap_in_the_plot_and_the_verdict_has_its_line()
    {
        var svg = Assert.Single(Parse(Write(Patch(), "html")).Descendants("svg"));
        Assert.Equal(2, svg.Elements("polyline").Count(e => e.Attribute("class")!.Value == "canary") + svg.Elements("circle").Count(e => e.Attribute("class")!.Value == "dot-canary"));
        Assert.Single(svg.Elements("line"), e => e.Attribute("class")!.Value == "verdict");
    }

    [Fact]
    public void Every_colour_stands_out_from_its_background_on_screen_in_the_dark_and_on_paper()
    {
        var schemes = Root().Matches(EvidenceStyle.Css).Select(m => Colour().Matches(m.Value).ToDictionary(c => c.Groups[1].Value, c => c.Groups[2].Value)).ToArray();
        Assert.Equal(3, schemes.Length);
        Assert.All(schemes, scheme => Assert.All((string[])["ink", "soft", "link", "good", "bad", "open", "canary", "stable"], name =>
        {
            Assert.True(Contrast(scheme[name], scheme["paper"]) >= 4.5, $"{name} on paper");
            Assert.True(name is not ("ink" or "good" or "bad" or "open") || Contrast(scheme[name], scheme["shade"]) >= 4.5, $"{name} on shade");
        }));
    }

    [Fact]
    public void A_broken_trail_is_the_first_thing_that_it_says()
    {
        var patch = Patch();
        var broken = Write(patch, "html", evidence => evidence with { Annotation = AuditChain.Format([.. patch.Status!.Audit!.Recent!.Skip(1)]) });
        Assert.True(broken.IndexOf("BROKEN", StringComparison.Ordinal) is > 0 and var at && at < broken.IndexOf("id=\"vulnerability\"", StringComparison.Ordinal));
    }

    [Fact]
    public void A_patch_of_which_nothing_is_known_has_a_report_too() =>
        Assert.All((string[])["html", "json", "md"], format => Assert.NotEmpty(Write(new EmergencyPatch { Metadata = new ObjectMeta { Name = "new", Namespace = "shop" } }, format)));

    private static string Write(EmergencyPatch patch, string format, Func<AuditEvidence, AuditEvidence>? change = null)
    {
        var evidence = AuditEvidence.Of(patch) with { Archives = [] };
        var found = new AuditCase { Patch = patch, Evidence = change?.Invoke(evidence) ?? evidence, Keys = [TrailUnderTest.Key.Public] };
        return EvidenceCommand.Write(EvidenceBuilder.Build(patch, found), format);
    }

    internal static EmergencyPatch Patch(string word = "")
    {
        var at = new DateTimeOffset(2026, 11, 23, 9, 0, 0, TimeSpan.Zero);
        var audit = TrailUnderTest.Status(5, word + "Approval");
        audit = audit with { Stored = 5, Seal = TrailUnderTest.Seal(audit) };
        return new EmergencyPatch
        {
            Metadata = new ObjectMeta
            {
                Name = "cve",
                Namespace = "shop",
                Uid = "uid-1",
                CreationTimestamp = at,
                Annotations = new Dictionary<string, string> { [Annotations.Audit] = AuditChain.Format(audit.Recent!), [Annotations.AuditSeal] = AuditSeals.Format(audit.Seal!) },
            },
            Spec = new EmergencyPatchSpec
            {
                Advisory = new Advisory { Id = "APSB25-88" + word, Cves = ["CVE-2025-54236"], Severity = "Critical", CvssScore = "9.1", Exploited = true, Surfaces = ["Checkout", word], DisclosedAt = "2026-11-23T09:00:00Z" },
                Change = new ChangeOrigin { RequestedBy = "dana@example.com" + word, Ticket = "CHG-20871" },
                Approval = new ApprovalSpec { Required = 2, Accountable = ["group:security-leads" + word] },
            },
            Status = new EmergencyPatchStatus
            {
                Phase = "Promoted",
                SpecDigest = "v1:sha256:1",
                Audit = audit,
                Timings = new TimingStatus { RemediateBy = at.AddHours(1), PromotedAt = at.AddHours(2).AddMinutes(3) },
                Workloads = [new WorkloadStatus { Name = "web" + word, Deployment = "magento-web", PreviousImages = [new ImageRecord { Container = "php", Image = "old" }], PatchedImages = [new ImageRecord { Container = "php", Image = "new" }] }],
                Approvals = [Approval("sam@example.com" + word, true, at) with { Rights = ["approve", "user:sam (accountable)"] }, Approval("unverified", false, at)],
                Compatibility = new CompatibilityStatus { Outcome = "Passed", Reason = "AllCompatible", Summary = "One module." + word, Modules = [new CompatibilityRow { Module = "acme/module-fraud-check", Version = "2.3.1", Verdict = "Compatible", Effect = "Pass", Reason = "tested" + word }] },
                Conditions = [new Condition { Type = "Ready", Status = "True", Reason = "Promoted", Message = "All run the patched images." + word, LastTransitionTime = at }],
                Hold = new HoldStatus { Drifts = 2, LastDriftAt = at, LastDriftBy = "argocd" + word },
                Revert = new RevertStatus { Reason = "AnalysisFailed", Message = "Too many errors" + word, Then = "Reverted", Metric = "http-errors" + word, At = at },
                Analysis = [new MetricStatus { Name = "http-errors" + word, Verdict = "Fail", Reason = "CeilingExceeded", Message = "4 % is above 2 %." + word, Query = "sum(rate(x[1m]))" + word, Series = new SeriesStatus { StartedAt = at, Seconds = 10, Canary = "0/40 1/30 - 3/30", Stable = "0/400 1/400 0/400 0/400", FailedAt = at.AddSeconds(38) } }],
            },
        };
    }

    private static ApprovalStatus Approval(string by, bool verified, DateTimeOffset at) =>
        new() { By = by, Verified = verified, Reason = "CHG-20871", At = at, ExpiresAt = at.AddDays(1), SpecDigest = "v1:sha256:1" };

    /// <summary>The report is well-formed beyond what HTML asks for, so that it can be read as XML here.</summary>
    private static XElement Parse(string html)
    {
        var xml = html[html.IndexOf("<html", StringComparison.Ordinal)..].Replace("<meta charset=\"utf-8\">", "", StringComparison.Ordinal);
        xml = Meta().Replace(xml, "");
        using var reader = XmlReader.Create(new StringReader(xml), new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit });
        return XElement.Load(reader);
    }

    private static string Plain(string html) => System.Net.WebUtility.HtmlDecode(Tag().Replace(html, " "));

    // WCAG 2.2, relative luminance and contrast ratio.
    private static double Contrast(string one, string other)
    {
        var (a, b) = (Luminance(one), Luminance(other));
        return (Math.Max(a, b) + 0.05) / (Math.Min(a, b) + 0.05);

        static double Luminance(string colour)
        {
            double Channel(int at)
            {
                var share = int.Parse(colour.AsSpan(at, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture) / 255.0;
                return share <= 0.04045 ? share / 12.92 : Math.Pow((share + 0.055) / 1.055, 2.4);
            }

            return (0.2126 * Channel(1)) + (0.7152 * Channel(3)) + (0.0722 * Channel(5));
        }
    }

    [GeneratedRegex(@":root \{[^}]*\}")]
    private static partial Regex Root();

    [GeneratedRegex(@"--([a-z]+): (#[0-9a-f]{6})")]
    private static partial Regex Colour();

    [GeneratedRegex("<meta [^>]*>")]
    private static partial Regex Meta();

    [GeneratedRegex("<[^>]+>")]
    private static partial Regex Tag();
}
