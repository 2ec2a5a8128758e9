using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Compatibility.Composer;

namespace PatchOperator.Domain.Validation;

/// <summary>What must hold before the canary starts: compatibility, database, kill switch, validation jobs, approvals.</summary>
internal static class GateRules
{
    private const int MostApprovals = 10;
    private const int MostKeys = 10;

    public static void Check(EmergencyPatchSpec spec, ProblemList problems)
    {
        CheckCompatibility(spec, spec.Compatibility, problems);
        CheckDatabase(spec.Database, problems);
        CheckFeatureFlag(spec.FeatureFlag, problems);
        CheckValidations(spec.Validations, problems);
        CheckApproval(spec.Approval, problems);
    }

    private static void CheckCompatibility(EmergencyPatchSpec spec, CompatibilitySpec? compatibility, ProblemList problems)
    {
        const string path = "spec.compatibility";
        if (compatibility is null)
        {
            return;
        }

        if (problems.Required($"{path}.mode", compatibility.Mode, "write Enforce, Warn or \"Off\" (in quotes: YAML takes a bare Off for false)"))
        {
            problems.OneOf($"{path}.mode", compatibility.Mode, "Enforce", "Warn", "Off");
        }

        problems.OneOf($"{path}.onUnknown", compatibility.OnUnknown, "Block", "Warn", "Allow");
        if (compatibility.Inventory?.ConfigMap is { } source)
        {
            CheckConfigMapKeys($"{path}.inventory.configMap", source, problems);
        }

        CheckInventoryJob(compatibility.Inventory, spec, problems);
        if (compatibility.Inventory?.Stable is { } stable)
        {
            CheckConfigMapKeys($"{path}.inventory.stable.configMap", stable.ConfigMap ?? new(), problems);
        }

        foreach (var (package, version) in compatibility.TargetVersions ?? new Dictionary<string, string>())
        {
            // What cannot be compared would meet every requirement.
            if (problems.Required($"{path}.targetVersions[{package}]", version, "write the version that the patched image has, such as 2.4.8-p3")
                && spec.Platform is not "ShopifyApp" && !ComposerVersion.TryParse(version, out _, out var error))
            {
                problems.Invalid($"{path}.targetVersions[{package}]", error.TrimEnd('.'));
            }
        }
    }

    private static void CheckDatabase(DatabaseSpec? database, ProblemList problems)
    {
        if (database is not null && problems.Required("spec.database.change", database.Change, "write None, ConfigImport, Additive or Breaking"))
        {
            problems.OneOf("spec.database.change", database.Change, "None", "ConfigImport", "Additive", "Breaking");
        }
    }

    private static void CheckFeatureFlag(FeatureFlagSpec? flag, ProblemList problems)
    {
        const string path = "spec.featureFlag";
        if (flag is null)
        {
            return;
        }

        CheckConfigMapKey($"{path}.configMap", flag.ConfigMap ?? new(), problems);
        if (flag.Enabled is null)
        {
            problems.Invalid($"{path}.enabled", "is missing; write the value that switches the patch on, such as \"1\"");
        }

        if (flag.Disabled is null)
        {
            problems.Invalid($"{path}.disabled", "is missing; write the value that switches the patch off, such as \"0\"");
        }
    }

    private static void CheckInventoryJob(InventorySource? inventory, EmergencyPatchSpec spec, ProblemList problems)
    {
        const string path = "spec.compatibility.inventory.job";
        if (inventory?.Job is not { } job)
        {
            return;
        }

        if (inventory.ConfigMap is not null)
        {
            problems.Invalid(path, "stands beside configMap; write one of them, since both tell of the patched image");
        }

        var workloads = (spec.Workloads ?? []).Where(each => each is not null).ToArray();
        if (job.Workload is not null && !workloads.Any(each => each.Name == job.Workload))
        {
            problems.Invalid($"{path}.workload", $"'{job.Workload}' is none of spec.workloads; write {Words.Or([.. workloads.Select(each => each.Name ?? "")])}");
        }
        else if (job.Container is not null && !(workloads.FirstOrDefault(each => job.Workload is null || each.Name == job.Workload)?.Containers ?? []).Any(each => each?.Name == job.Container))
        {
            problems.Invalid($"{path}.container", $"the patch changes no container '{job.Container}' of that workload; write one of its containers, or leave it out for the first");
        }

        if (job.Command is { Count: 0 } || job.Command?.Any(string.IsNullOrEmpty) is true)
        {
            problems.Invalid($"{path}.command", "is empty or has an empty part; write a command that prints an inventory, such as [composer, show, --format=json]");
        }

        problems.Duration($"{path}.timeout", job.Timeout, shortest: TimeSpan.FromSeconds(1));
    }

    private static void CheckConfigMapKeys(string path, ConfigMapKeys source, ProblemList problems)
    {
        problems.Name($"{path}.name", source.Name, Shapes.LongestName);
        problems.AtMost($"{path}.keys", source.Keys, MostKeys);
        if (source.All().Count == 0)
        {
            problems.Invalid($"{path}.key", "is missing; write the key in the ConfigMap, such as composer.lock, or several in keys");
        }

        foreach (var key in source.All().Where(key => !Shapes.ConfigMapKey().IsMatch(key)))
        {
            problems.Invalid($"{path}.{(key == source.Key ? "key" : "keys")}", $"'{key}' cannot be a key of a ConfigMap; write letters, digits, '-', '_' and '.'");
        }
    }

    private static void CheckConfigMapKey(string path, ConfigMapKey key, ProblemList problems)
    {
        problems.Name($"{path}.name", key.Name, Shapes.LongestName);
        if (problems.Required($"{path}.key", key.Key, "write the key in the ConfigMap") && !Shapes.ConfigMapKey().IsMatch(key.Key!))
        {
            problems.Invalid($"{path}.key", $"'{key.Key}' cannot be a key of a ConfigMap; write letters, digits, '-', '_' and '.'");
        }
    }

    private static void CheckValidations(IReadOnlyList<ValidationSpec>? validations, ProblemList problems)
    {
        const string path = "spec.validations";
        problems.AtMost(path, validations, 20);
        foreach (var (index, validation) in validations.Numbered())
        {
            problems.Label($"{path}[{index}].name", validation.Name);
            if (problems.Required($"{path}[{index}].stage", validation.Stage, "write BeforeCanary, DuringCanary or AfterPromotion"))
            {
                problems.OneOf($"{path}[{index}].stage", validation.Stage, "BeforeCanary", "DuringCanary", "AfterPromotion");
            }

            if (validation.Namespace is { } ns)
            {
                problems.Label($"{path}[{index}].namespace", ns);
            }

            problems.Duration($"{path}[{index}].timeout", validation.Timeout, shortest: TimeSpan.FromSeconds(1));
            if (validation.Job is null)
            {
                problems.Invalid($"{path}[{index}].job", "is missing; write a JobTemplateSpec");
            }
        }

        problems.Unique(path, validations, validation => validation.Name, ".name");
    }

    private static void CheckApproval(ApprovalSpec? approval, ProblemList problems)
    {
        const string path = "spec.approval";
        if (approval?.Required is < 0 or > MostApprovals)
        {
            problems.Invalid($"{path}.required", $"{approval.Required} is out of range; write 0 to {MostApprovals}, where 0 starts at once");
        }

        CheckSubjects($"{path}.responsible", approval?.Responsible, problems);
        CheckSubjects($"{path}.accountable", approval?.Accountable, problems);
        problems.Duration($"{path}.expiresAfter", approval?.ExpiresAfter, shortest: TimeSpan.FromSeconds(1));
        problems.OneOf($"{path}.onRevoke", approval?.OnRevoke, "Hold", "Revert");
        foreach (var (index, tier) in (approval?.Escalation).Numbered())
        {
            if (tier.After is null)
            {
                problems.Invalid($"{path}.escalation[{index}].after", "is missing; write how long to wait, such as 15m");
            }

            problems.Duration($"{path}.escalation[{index}].after", tier.After);
            if (tier.Notify is not { Count: > 0 })
            {
                problems.Invalid($"{path}.escalation[{index}].notify", "is empty; write whom to tell, such as [oncall]");
            }
        }
    }

    private static void CheckSubjects(string path, IReadOnlyList<string>? subjects, ProblemList problems)
    {
        problems.AtMost(path, subjects, 50);
        foreach (var (index, subject) in subjects.Numbered())
        {
            if (!Shapes.Subject().IsMatch(subject))
            {
                problems.Invalid($"{path}[{index}]", $"'{subject}' names nobody; write user:dana@example.com, group:security-leads or serviceaccount:NAMESPACE/NAME");
            }
        }
    }
}
