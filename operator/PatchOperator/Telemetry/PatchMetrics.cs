using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Approvals;
using PatchOperator.Domain.Rollout;
using PatchOperator.Runtime;
using Prometheus;

namespace PatchOperator.Telemetry;

/// <summary>Prometheus metrics about patches; those about the machinery are in the runtime's own class.</summary>
internal sealed class PatchMetrics
{
    private readonly Counter transitions;
    private readonly Gauge phase;
    private readonly Gauge weight;
    private readonly Gauge brokenTrail;
    private readonly Gauge reviewMissing;

    public PatchMetrics(RuntimeMetrics runtime)
    {
        var factory = Prometheus.Metrics.WithCustomRegistry(runtime.Registry);
        transitions = factory.CreateCounter("patchoperator_audit_records_total", "Records added to audit trails.", "action");
        phase = factory.CreateGauge("patchoperator_patch_phase", "1 for the phase that a patch is in.", "namespace", "name", "phase");
        brokenTrail = factory.CreateGauge("patchoperator_audit_broken", "1 while a patch's audit trail is not as it was written.", "namespace", "name");
        reviewMissing = factory.CreateGauge("patchoperator_review_missing", "1 while a start without approvals waits for its review.", "namespace", "name");
        weight = factory.CreateGauge("patchoperator_canary_weight_percent", "Share of the traffic that a canary has, in percent.", "namespace", "name");
    }

    public void Transition(AuditRecord record) => transitions.WithLabels(record.Action).Inc();

    public void Observe(EmergencyPatch patch)
    {
        var (ns, name) = (patch.Metadata.Namespace ?? "", patch.Metadata.Name);
        var current = PatchPhases.Parse(patch.Status?.Phase);
        foreach (var other in Enum.GetValues<PatchPhase>())
        {
            if (other == current)
            {
                phase.WithLabels(ns, name, other.ToString()).Set(1);
            }
            else
            {
                phase.RemoveLabelled(ns, name, other.ToString());
            }
        }

        if (patch.Status?.Conditions?.Any(c => c is { Type: ConditionTypes.AuditIntact, Status: "False" }) is true)
        {
            brokenTrail.WithLabels(ns, name).Set(1);
        }
        else
        {
            brokenTrail.RemoveLabelled(ns, name);
        }

        if (BreakGlass.Debts(patch.Status).Count > 0)
        {
            reviewMissing.WithLabels(ns, name).Set(1);
        }
        else
        {
            reviewMissing.RemoveLabelled(ns, name);
        }

        if (patch.Status?.Step?.ActualWeight is { } actual)
        {
            weight.WithLabels(ns, name).Set(actual);
        }
    }

    public void Forget(EmergencyPatch patch)
    {
        var (ns, name) = (patch.Metadata.Namespace ?? "", patch.Metadata.Name);
        foreach (var any in Enum.GetValues<PatchPhase>())
        {
            phase.RemoveLabelled(ns, name, any.ToString());
        }

        weight.RemoveLabelled(ns, name);
        brokenTrail.RemoveLabelled(ns, name);
        reviewMissing.RemoveLabelled(ns, name);
    }
}
