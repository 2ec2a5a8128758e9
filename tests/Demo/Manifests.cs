using System.Text.Json.Nodes;
using PatchOperator.TestKit.Crds;

namespace PatchOperator.Demo;

/// <summary>What a user would write: the shop, and the two patches. Nothing in them is made for the demo but the short times.</summary>
internal static class Manifests
{
    public const string Deployment = "storefront";
    public const string Service = "storefront";

    public static string Shop(string ns, string image) => $$$"""
        apiVersion: v1
        kind: Namespace
        metadata: {name: {{{ns}}}}
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: {{{Deployment}}}, namespace: {{{ns}}}}
        spec:
          replicas: 4
          selector: {matchLabels: {app: storefront}}
          template:
            metadata: {labels: {app: storefront}}
            spec:
              terminationGracePeriodSeconds: 10
              containers:
              - name: app
                image: {{{image}}}
                imagePullPolicy: IfNotPresent
                ports: [{name: http, containerPort: 8080, protocol: TCP}, {name: metrics, containerPort: 9113, protocol: TCP}]
                env:
                - name: POD_NAME
                  valueFrom: {fieldRef: {fieldPath: metadata.name}}
                readinessProbe: {httpGet: {path: /healthz, port: http}, periodSeconds: 1}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: {{{Service}}}, namespace: {{{ns}}}}
        spec:
          selector: {app: storefront}
          ports: [{name: http, port: 80, protocol: TCP, targetPort: http}]
        """;

    /// <summary>What the chart's ClusterRole for approvers grants, in the demo's namespace.</summary>
    public static string ApproverRights(string ns, string person) => $$$"""
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {name: approver, namespace: {{{ns}}}}
        rules: [{apiGroups: [patchoperator.io], resources: [emergencypatches], verbs: [get, patch, approve]}]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: approver, namespace: {{{ns}}}}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: approver}
        subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: {{{person}}}}]
        """;

    public static string Patch(string ns, string name, string advisory, string image) => $$$"""
        apiVersion: patchoperator.io/v1alpha1
        kind: EmergencyPatch
        metadata: {name: {{{name}}}, namespace: {{{ns}}}}
        spec:
          advisory:
            id: {{{advisory}}}
            cves: [{{{name.ToUpperInvariant()}}}]
            severity: Critical
            surfaces: [Checkout, Payment]
          platform: Magento
          workloads:
          - name: web
            deployment: {{{Deployment}}}
            containers: [{name: app, image: "{{{image}}}"}]
          approval: {required: 1, expiresAfter: 4h}
          canary:
            traffic: {replicaRatio: {}}
            steps: [{weight: 20, hold: 5s}, {weight: 50, hold: 5s}]
          analysis:
            provider: {podMetrics: {port: 9113, path: /metrics}}
            interval: 1s
            metrics:
            - name: http-errors
              failures: http_requests_total{status=~"5.."}
              total: http_requests_total
              maxRate: "2%"
              compareWith: Stable
              minRequests: 30
              staleAfter: 10s
            - name: checkout-errors
              failures: http_requests_total{path="/checkout",status=~"5.."}
              total: http_requests_total{path="/checkout"}
              maxRate: "2%"
              compareWith: Stable
              minRequests: 10
              staleAfter: 10s
        """;

    public static IReadOnlyList<JsonObject> Parse(string yaml)
    {
        using var text = new StringReader(yaml);
        return CrdSchemas.Read(text);
    }
}
