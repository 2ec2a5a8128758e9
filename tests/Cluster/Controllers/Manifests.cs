using System.Text.Json.Nodes;

namespace PatchOperator.Tests.Cluster.Controllers;

/// <summary>Objects as a user writes them.</summary>
internal static class Manifests
{
    public static JsonObject Deployment(string name, string image, int replicas) => JsonNode.Parse($$$"""
        {
          "apiVersion": "apps/v1", "kind": "Deployment",
          "metadata": {"name": "{{{name}}}", "namespace": "{{{TestCluster.Namespace}}}"},
          "spec": {
            "replicas": {{{replicas}}},
            "selector": {"matchLabels": {"app": "{{{name}}}"}},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "template": {
              "metadata": {"labels": {"app": "{{{name}}}", "tier": "front"}},
              "spec": {"containers": [{"name": "php", "image": "{{{image}}}", "ports": [{"name": "http", "containerPort": 8080}]}]}
            }
          }
        }
        """)!.AsObject();

    public static JsonObject Service(string name) => JsonNode.Parse($$$"""
        {
          "apiVersion": "v1", "kind": "Service",
          "metadata": {"name": "{{{name}}}", "namespace": "{{{TestCluster.Namespace}}}"},
          "spec": {"selector": {"app": "{{{name}}}", "tier": "front"}, "ports": [{"name": "web", "port": 80, "targetPort": "http"}]}
        }
        """)!.AsObject();
}
