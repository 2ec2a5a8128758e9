using System.Text.Json.Nodes;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>The table of kinds that exist without a CustomResourceDefinition.</summary>
internal static class BuiltInKinds
{
    public static readonly ResourceName Namespaces = new("", "v1", "namespaces");
    public static readonly ResourceName CustomResourceDefinitions = new("apiextensions.k8s.io", "v1", "customresourcedefinitions");

    public static readonly IReadOnlyList<ResourceKind> All =
    [
        Of("", "v1", "namespaces", "Namespace", "ns", status: true) with { Namespaced = false, Defaults = BuiltInDefaults.Namespace },
        Of("", "v1", "nodes", "Node", "no", status: true) with { Namespaced = false },
        Of("", "v1", "pods", "Pod", "po", all: true, status: true, hints: BuiltInHints.Pod, defaults: BuiltInDefaults.Pod),
        Of("", "v1", "services", "Service", "svc", all: true, status: true, hints: BuiltInHints.Service, defaults: BuiltInDefaults.Service),
        Of("", "v1", "endpoints", "Endpoints", "ep") with { Singular = "endpoints" },
        Of("", "v1", "events", "Event", "ev"),
        Of("", "v1", "configmaps", "ConfigMap", "cm"),
        Of("", "v1", "secrets", "Secret", "", defaults: BuiltInDefaults.Secret),
        Of("", "v1", "serviceaccounts", "ServiceAccount", "sa", hints: BuiltInHints.ServiceAccount),
        Of("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", "pvc", status: true),
        Of("apps", "v1", "deployments", "Deployment", "deploy", all: true, status: true, hints: BuiltInHints.Workload, defaults: BuiltInDefaults.Deployment)
            with { HasScale = true },
        Of("apps", "v1", "replicasets", "ReplicaSet", "rs", all: true, status: true, hints: BuiltInHints.Workload, defaults: BuiltInDefaults.ReplicaSet)
            with { HasScale = true },
        Of("apps", "v1", "statefulsets", "StatefulSet", "sts", all: true, status: true, hints: BuiltInHints.Workload, defaults: BuiltInDefaults.StatefulSet)
            with { HasScale = true },
        Of("apps", "v1", "daemonsets", "DaemonSet", "ds", all: true, status: true, hints: BuiltInHints.Workload, defaults: BuiltInDefaults.DaemonSet),
        Of("batch", "v1", "jobs", "Job", "", all: true, status: true, hints: BuiltInHints.Job, defaults: BuiltInDefaults.Job),
        Of("batch", "v1", "cronjobs", "CronJob", "cj", all: true, status: true, hints: BuiltInHints.CronJob, defaults: BuiltInDefaults.CronJob),
        Of("coordination.k8s.io", "v1", "leases", "Lease", ""),
        Of("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", ""),
        Of("events.k8s.io", "v1", "events", "Event", "ev"),
        Of("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", "hpa", all: true, status: true),
        Of("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", "pdb", status: true),
        Of("networking.k8s.io", "v1", "ingresses", "Ingress", "ing", status: true) with { Singular = "ingress" },
        Of("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", "netpol") with { Singular = "networkpolicy" },
        Of("gateway.networking.k8s.io", "v1", "httproutes", "HTTPRoute", "", status: true, defaults: BuiltInDefaults.HttpRoute) with { IsCustom = true },
        Of("gateway.networking.k8s.io", "v1", "gateways", "Gateway", "gtw", status: true) with { IsCustom = true },
        Of("rbac.authorization.k8s.io", "v1", "roles", "Role", ""),
        Of("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding", ""),
        Of("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", "") with { Namespaced = false },
        Of("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", "") with { Namespaced = false },
        Of("authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", "") with { Namespaced = false, IsReview = true },
        Of("authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", "") with { Namespaced = false, IsReview = true },
        Of("authorization.k8s.io", "v1", "localsubjectaccessreviews", "LocalSubjectAccessReview", "") with { IsReview = true },
        Of("authentication.k8s.io", "v1", "tokenreviews", "TokenReview", "") with { Namespaced = false, IsReview = true },
        Of("admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration", "") with { Namespaced = false },
        Of("admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration", "") with { Namespaced = false },
        Of("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", "crd", status: true) with { Namespaced = false },
    ];

    private static ResourceKind Of(
        string group,
        string version,
        string plural,
        string kind,
        string shortName,
        bool all = false,
        bool status = false,
        TypeHint? hints = null,
        Action<JsonObject>? defaults = null) => new()
        {
            Resource = new ResourceName(group, version, plural),
            Kind = kind,
            Singular = kind.ToLowerInvariant(),
            ShortNames = shortName.Length == 0 ? [] : [shortName],
            Categories = all ? ["all"] : [],
            HasStatus = status,
            Hints = hints ?? BuiltInHints.Plain,
            Defaults = defaults,
        };
}
