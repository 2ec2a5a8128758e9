namespace PatchOperator.TestKit.ApiServer;

/// <summary>The merge keys of the built-in types, from the Kubernetes API reference.</summary>
internal static class BuiltInHints
{
    public static readonly TypeHint Metadata = TypeHint.Object(
        ("ownerReferences", TypeHint.MapList("uid")),
        ("finalizers", TypeHint.SetList));

    private static readonly TypeHint Conditions = TypeHint.MapList("type");

    private static readonly TypeHint Container = TypeHint.Object(
        ("env", TypeHint.MapList("name")),
        ("ports", TypeHint.PortList("containerPort")),
        ("volumeMounts", TypeHint.MapList("mountPath")),
        ("volumeDevices", TypeHint.MapList("devicePath")));

    private static readonly TypeHint PodSpec = TypeHint.Object(
        ("containers", TypeHint.MapList("name", Container)),
        ("initContainers", TypeHint.MapList("name", Container)),
        ("ephemeralContainers", TypeHint.MapList("name", Container)),
        ("volumes", TypeHint.MapList("name")),
        ("imagePullSecrets", TypeHint.MapList("name")),
        ("hostAliases", TypeHint.MapList("ip")),
        ("schedulingGates", TypeHint.MapList("name")),
        ("nodeSelector", TypeHint.AtomicMap),
        ("topologySpreadConstraints", new TypeHint
        {
            List = ListMerge.Map,
            Keys = ["topologyKey", "whenUnsatisfiable"],
            PatchKey = "topologyKey",
        }));

    private static readonly TypeHint PodTemplate = TypeHint.Object(("metadata", Metadata), ("spec", PodSpec));

    private static readonly TypeHint JobSpec = TypeHint.Object(("template", PodTemplate), ("selector", TypeHint.AtomicMap));

    public static readonly TypeHint Plain = Typed(TypeHint.None);

    public static readonly TypeHint Pod = Typed(PodSpec);

    public static readonly TypeHint Workload = Typed(TypeHint.Object(("template", PodTemplate), ("selector", TypeHint.AtomicMap)));

    public static readonly TypeHint Job = Typed(JobSpec);

    public static readonly TypeHint CronJob = Typed(TypeHint.Object(("jobTemplate", TypeHint.Object(("metadata", Metadata), ("spec", JobSpec)))));

    public static readonly TypeHint Service = Typed(TypeHint.Object(("ports", TypeHint.PortList("port")), ("selector", TypeHint.AtomicMap)));

    public static readonly TypeHint ServiceAccount = TypeHint.Object(
        ("metadata", Metadata),
        ("secrets", TypeHint.MapList("name")));

    private static TypeHint Typed(TypeHint spec) => TypeHint.Object(
        ("metadata", Metadata),
        ("spec", spec),
        ("status", TypeHint.Object(("conditions", Conditions))));
}
