using System.Text.RegularExpressions;

namespace PatchOperator.TestKit.ApiServer;

internal static partial class NameRules
{
    [GeneratedRegex("^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")]
    private static partial Regex Subdomain();

    public static void Check(ResourceKind kind, string name)
    {
        // Names of RBAC objects are path segments: "system:controller:x" is one.
        if (kind.Resource.Group == "rbac.authorization.k8s.io")
        {
            return;
        }

        if (name.Length > 253 || !Subdomain().IsMatch(name))
        {
            throw ApiException.Invalid(kind, name, [FieldError.Invalid(
                "metadata.name",
                $"\"{name}\"",
                "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character")]);
        }
    }
}
