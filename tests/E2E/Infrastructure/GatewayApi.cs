namespace PatchOperator.Tests.E2E.Infrastructure;

/// <summary>
/// As much of Gateway API's HTTPRoute as these tests need, for clusters without it: the fields that are split, with the defaults that matter, and the rest as it comes.
/// Where the real one is installed, that is used.
/// </summary>
internal static class GatewayApi
{
    private const string HttpRoute = """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata:
          name: httproutes.gateway.networking.k8s.io
          annotations: {api-approved.kubernetes.io: "unapproved, a test's own schema"}
        spec:
          group: gateway.networking.k8s.io
          scope: Namespaced
          names: {kind: HTTPRoute, listKind: HTTPRouteList, plural: httproutes, singular: httproute}
          versions:
          - name: v1
            served: true
            storage: true
            subresources: {status: {}}
            schema:
              openAPIV3Schema:
                type: object
                properties:
                  spec:
                    type: object
                    x-kubernetes-preserve-unknown-fields: true
                    properties:
                      parentRefs: {type: array, items: {type: object, x-kubernetes-preserve-unknown-fields: true}}
                      rules:
                        type: array
                        maxItems: 16
                        items:
                          type: object
                          x-kubernetes-preserve-unknown-fields: true
                          properties:
                            backendRefs:
                              type: array
                              maxItems: 16
                              items:
                                type: object
                                required: [name]
                                x-kubernetes-preserve-unknown-fields: true
                                properties:
                                  kind: {type: string, default: Service}
                                  name: {type: string}
                                  port: {type: integer, format: int32}
                                  weight: {type: integer, format: int32, default: 1, minimum: 0, maximum: 1000000}
                  status:
                    type: object
                    x-kubernetes-preserve-unknown-fields: true
        """;

    public static async Task InstallAsync()
    {
        if ((await Kubectl.RunAsync("get crd httproutes.gateway.networking.k8s.io --ignore-not-found -o name")).Length > 0)
        {
            return;
        }

        await Kubectl.ApplyAsync(HttpRoute);
        await Eventually.IsTrueAsync(async () => (await Kubectl.RunAsync("get --raw /apis/gateway.networking.k8s.io/v1", mayFail: true)).Contains("httproutes", StringComparison.Ordinal), "HTTPRoutes are served", 30);
    }
}
