using System.Text.Json.Nodes;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>The defaults of built-in kinds that matter here: without them a spec that is applied again would look changed.</summary>
internal static class BuiltInDefaults
{
    public static void Namespace(JsonObject ns)
    {
        ns.Child("spec").SetDefault("finalizers", new JsonArray("kubernetes"));
        ns.Child("status").SetDefault("phase", "Active");
        var meta = ns.Meta();
        meta.Child("labels").SetDefault("kubernetes.io/metadata.name", ns.Name());
    }

    public static void Pod(JsonObject pod)
    {
        PodSpec(pod.Child("spec"));
        pod.Child("spec").SetDefault("enableServiceLinks", true);
        pod.Child("status").SetDefault("phase", "Pending");
    }

    public static void Secret(JsonObject secret)
    {
        secret.SetDefault("type", "Opaque");

        // stringData is write-only: it is merged into data, base64-encoded.
        if (secret["stringData"] is JsonObject plain)
        {
            foreach (var (key, value) in plain)
            {
                secret.Child("data")[key] = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(value.Text() ?? ""));
            }

            secret.Remove("stringData");
        }
    }

    public static void Service(JsonObject service)
    {
        var spec = service.Child("spec");
        spec.SetDefault("type", "ClusterIP");
        spec.SetDefault("sessionAffinity", "None");
        spec.SetDefault("internalTrafficPolicy", "Cluster");
        spec.SetDefault("ipFamilyPolicy", "SingleStack");
        spec.SetDefault("ipFamilies", new JsonArray("IPv4"));
        if (spec.Text("type") != "ExternalName" && spec.Text("clusterIP") is null)
        {
            spec["clusterIP"] = AllocateClusterIp(service.Namespace() + "/" + service.Name());
        }

        if (spec.Text("clusterIP") is { Length: > 0 } ip)
        {
            spec.SetDefault("clusterIPs", new JsonArray(ip));
        }

        foreach (var port in spec.Objects("ports"))
        {
            port.SetDefault("protocol", "TCP");
            if (port["port"] is { } number)
            {
                port.SetDefault("targetPort", number.DeepClone());
            }
        }
    }

    public static void Deployment(JsonObject deployment)
    {
        var spec = deployment.Child("spec");
        spec.SetDefault("replicas", 1);
        spec.SetDefault("progressDeadlineSeconds", 600);
        spec.SetDefault("revisionHistoryLimit", 10);
        var strategy = spec.Child("strategy");
        strategy.SetDefault("type", "RollingUpdate");
        if (strategy.Text("type") == "RollingUpdate")
        {
            var rolling = strategy.Child("rollingUpdate");
            rolling.SetDefault("maxSurge", "25%");
            rolling.SetDefault("maxUnavailable", "25%");
        }

        PodTemplate(spec);
    }

    public static void ReplicaSet(JsonObject set)
    {
        var spec = set.Child("spec");
        spec.SetDefault("replicas", 1);
        PodTemplate(spec);
    }

    public static void StatefulSet(JsonObject set)
    {
        var spec = set.Child("spec");
        spec.SetDefault("replicas", 1);
        spec.SetDefault("podManagementPolicy", "OrderedReady");
        spec.SetDefault("revisionHistoryLimit", 10);
        spec.Child("updateStrategy").SetDefault("type", "RollingUpdate");
        PodTemplate(spec);
    }

    public static void DaemonSet(JsonObject set)
    {
        var spec = set.Child("spec");
        spec.SetDefault("revisionHistoryLimit", 10);
        spec.Child("updateStrategy").SetDefault("type", "RollingUpdate");
        PodTemplate(spec);
    }

    public static void Job(JsonObject job) => JobSpec(job.Child("spec"));

    public static void CronJob(JsonObject cron)
    {
        var spec = cron.Child("spec");
        spec.SetDefault("concurrencyPolicy", "Allow");
        spec.SetDefault("suspend", false);
        spec.SetDefault("successfulJobsHistoryLimit", 3);
        spec.SetDefault("failedJobsHistoryLimit", 1);
        if (spec["jobTemplate"].At("spec", "template") is JsonObject template)
        {
            PodSpec(template.Child("spec"), restartPolicy: null);
        }
    }

    /// <summary>From the Gateway API's CustomResourceDefinition.</summary>
    public static void HttpRoute(JsonObject route)
    {
        foreach (var parent in route.Objects("spec", "parentRefs"))
        {
            parent.SetDefault("group", "gateway.networking.k8s.io");
            parent.SetDefault("kind", "Gateway");
        }

        foreach (var rule in route.Objects("spec", "rules"))
        {
            rule.SetDefault("matches", new JsonArray(new JsonObject { ["path"] = new JsonObject { ["type"] = "PathPrefix", ["value"] = "/" } }));
            foreach (var backend in rule.Objects("backendRefs"))
            {
                backend.SetDefault("group", "");
                backend.SetDefault("kind", "Service");
                backend.SetDefault("weight", 1);
            }
        }
    }

    private static void JobSpec(JsonObject spec)
    {
        spec.SetDefault("backoffLimit", 6);
        spec.SetDefault("completions", 1);
        spec.SetDefault("parallelism", 1);
        spec.SetDefault("completionMode", "NonIndexed");
        spec.SetDefault("suspend", false);
        spec.SetDefault("podReplacementPolicy", "TerminatingOrFailed");
        if (spec["template"] is JsonObject template)
        {
            PodSpec(template.Child("spec"), restartPolicy: null);
        }
    }

    private static void PodTemplate(JsonObject spec)
    {
        if (spec["template"] is JsonObject template)
        {
            PodSpec(template.Child("spec"));
        }
    }

    private static void PodSpec(JsonObject spec, string? restartPolicy = "Always")
    {
        if (restartPolicy is not null)
        {
            spec.SetDefault("restartPolicy", restartPolicy);
        }

        spec.SetDefault("terminationGracePeriodSeconds", 30);
        spec.SetDefault("dnsPolicy", "ClusterFirst");
        spec.SetDefault("schedulerName", "default-scheduler");
        spec.SetDefault("securityContext", new JsonObject());
        foreach (var container in spec.Objects("containers").Concat(spec.Objects("initContainers")))
        {
            Container(container);
        }
    }

    private static void Container(JsonObject container)
    {
        var image = container.Text("image") ?? "";
        var lastPart = image[(image.LastIndexOf('/') + 1)..];
        var isLatest = !image.Contains('@') && (!lastPart.Contains(':') || lastPart.EndsWith(":latest", StringComparison.Ordinal));
        container.SetDefault("imagePullPolicy", isLatest ? "Always" : "IfNotPresent");
        container.SetDefault("terminationMessagePath", "/dev/termination-log");
        container.SetDefault("terminationMessagePolicy", "File");
        container.SetDefault("resources", new JsonObject());
        foreach (var port in container.Objects("ports"))
        {
            port.SetDefault("protocol", "TCP");
        }

        foreach (var env in container.Objects("env"))
        {
            if (env.At("valueFrom", "fieldRef") is JsonObject field)
            {
                field.SetDefault("apiVersion", "v1");
            }
        }

        foreach (var name in (string[])["livenessProbe", "readinessProbe", "startupProbe"])
        {
            if (container[name] is JsonObject probe)
            {
                probe.SetDefault("timeoutSeconds", 1);
                probe.SetDefault("periodSeconds", 10);
                probe.SetDefault("successThreshold", 1);
                probe.SetDefault("failureThreshold", 3);
                if (probe["httpGet"] is JsonObject get)
                {
                    get.SetDefault("path", "/");
                    get.SetDefault("scheme", "HTTP");
                }
            }
        }
    }

    /// <summary>The same Service gets the same address each time: tests stay readable.</summary>
    private static string AllocateClusterIp(string key)
    {
        var hash = key.Aggregate(2166136261u, (h, c) => (h ^ c) * 16777619u);
        return $"10.96.{(hash >> 8) & 255}.{1 + ((hash & 255) % 254)}";
    }
}
