using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Validation;

/// <summary>What is being answered, and where the change came from.</summary>
internal static class AdvisoryRules
{

    public static void Check(EmergencyPatch patch, ProblemList problems)
    {
        var spec = patch.Spec;
        CheckAdvisory(spec.Advisory ?? new(), problems);
        CheckOrigin(spec.Change, problems);
        problems.OneOf("spec.platform", spec.Platform, "Magento", "ShopifyApp", "Other");
        CheckNeighbours("spec.supersedes", patch, spec.Supersedes, problems);
        CheckNeighbours("spec.requires", patch, spec.Requires, problems);
        foreach (var (index, name) in spec.Requires.Numbered().Where(each => spec.Supersedes?.Contains(each.Item) is true))
        {
            problems.Invalid($"spec.requires[{index}]", $"'{name}' is in spec.supersedes too, and what is superseded is not Promoted; take it out of one of the two");
        }
    }

    private static void CheckAdvisory(Advisory advisory, ProblemList problems)
    {
        const string path = "spec.advisory";
        if (advisory.Id is { } id)
        {
            problems.Required($"{path}.id", id, "write the bulletin, such as APSB25-88, or leave the field out");
            problems.Length($"{path}.id", id, 128);
        }

        problems.AtMost($"{path}.cves", advisory.Cves, 100);
        foreach (var (index, cve) in advisory.Cves.Numbered())
        {
            if (!Shapes.Cve().IsMatch(cve))
            {
                problems.Invalid($"{path}.cves[{index}]", $"'{cve}' is not a CVE id; write it as in CVE-2025-54236");
            }
        }

        problems.Unique($"{path}.cves", advisory.Cves, cve => cve);
        problems.OneOf($"{path}.severity", advisory.Severity, "Critical", "High", "Medium", "Low");
        if (advisory.CvssScore is { } score && !Shapes.CvssScore().IsMatch(score))
        {
            problems.Invalid($"{path}.cvssScore", $"'{score}' is not a CVSS score; write 0.0 to 10.0 in quotes, such as \"9.1\"");
        }

        foreach (var (index, surface) in advisory.Surfaces.Numbered())
        {
            problems.OneOf($"{path}.surfaces[{index}]", surface, Surfaces.Names);
        }

        problems.Unique($"{path}.surfaces", advisory.Surfaces, surface => surface);
        problems.Time($"{path}.disclosedAt", advisory.DisclosedAt);
        problems.Time($"{path}.remediateBy", advisory.RemediateBy);
        if (Rfc3339.TryParse(advisory.DisclosedAt, out var disclosed) && Rfc3339.TryParse(advisory.RemediateBy, out var deadline) && deadline < disclosed)
        {
            problems.Invalid($"{path}.remediateBy", $"{advisory.RemediateBy} is before disclosedAt, {advisory.DisclosedAt}; write a later time");
        }
    }

    private static void CheckOrigin(ChangeOrigin? change, ProblemList problems)
    {
        if (change?.Pipeline?.Url is { } url && !Shapes.IsWebAddress(url))
        {
            problems.Invalid("spec.change.pipeline.url", $"'{url}' is not a web address; write one that begins with https:// or http://");
        }

        if (change?.Pipeline?.Commit is { } commit && !Shapes.Commit().IsMatch(commit))
        {
            problems.Invalid("spec.change.pipeline.commit", $"'{commit}' is not a commit; write 7 to 64 hexadecimal digits in lower case");
        }
    }

    private static void CheckNeighbours(string path, EmergencyPatch patch, IReadOnlyList<string>? names, ProblemList problems)
    {
        problems.AtMost(path, names, 20);
        foreach (var (index, name) in names.Numbered())
        {
            problems.Name($"{path}[{index}]", name, Shapes.LongestLabel);
            if (name.Length > 0 && name == patch.Metadata.Name)
            {
                problems.Invalid($"{path}[{index}]", "names this patch itself; name another one");
            }
        }

        problems.Unique(path, names, name => name);
    }
}
