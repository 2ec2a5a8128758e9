using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Validation;

/// <summary>Who splits the traffic, and whose requests reach the canary in any case.</summary>
internal static class TrafficRules
{
    private const string Path = "spec.canary.traffic";
    private const string PreviewPath = "spec.canary.preview";

    public static bool IsRouted(TrafficSpec? traffic) => traffic?.HttpRoute is not null || traffic?.HttpRoutes is not null || traffic?.Ingress is not null;

    public static void Check(CanarySpec canary, ProblemList problems)
    {
        var traffic = canary.Traffic;
        (string Field, bool IsGiven)[] providers =
        [
            ("httpRoute", traffic?.HttpRoute is not null),
            ("httpRoutes", traffic?.HttpRoutes is not null),
            ("ingress", traffic?.Ingress is not null),
            ("replicaRatio", traffic?.ReplicaRatio is not null),
        ];
        var given = providers.Where(p => p.IsGiven).Select(p => p.Field).ToList();
        if (given.Count > 1)
        {
            problems.Invalid(Path, $"{string.Join(" and ", given)} are given; write at most one of httpRoute, httpRoutes, ingress and replicaRatio");
        }

        if (traffic?.HttpRoute is { } route)
        {
            problems.Name($"{Path}.httpRoute.name", route.Name, Shapes.LongestName);
        }

        CheckSeveral(traffic?.HttpRoutes, problems);
        if (traffic?.Ingress is { } ingress)
        {
            problems.Name($"{Path}.ingress.name", ingress.Name, Shapes.LongestName - Names.CanarySuffix.Length);
        }

        CheckPreview(canary, problems);
    }

    private static void CheckSeveral(IReadOnlyList<NamedReference>? routes, ProblemList problems)
    {
        if (routes is { Count: 0 })
        {
            problems.Invalid($"{Path}.httpRoutes", "is empty; name at least one HTTPRoute");
        }

        problems.AtMost($"{Path}.httpRoutes", routes, 16);
        foreach (var (index, route) in routes.Numbered())
        {
            problems.Name($"{Path}.httpRoutes[{index}].name", route.Name, Shapes.LongestName);
        }

        problems.Unique($"{Path}.httpRoutes", routes, route => route.Name, ".name");
    }

    private static void CheckPreview(CanarySpec canary, ProblemList problems)
    {
        if (canary.Preview is not { } preview)
        {
            return;
        }

        if (!IsRouted(canary.Traffic))
        {
            problems.Invalid(PreviewPath, "needs spec.canary.traffic.httpRoute or ingress, since the number of pods cannot tell one request from another");
        }

        if ((preview.Header is null) == (preview.Cookie is null))
        {
            problems.Invalid(PreviewPath, $"{(preview.Header is null ? "neither header nor cookie is" : "header and cookie are")} given; write exactly one of them");
        }

        if (preview.Header is { } header)
        {
            CheckMatch($"{PreviewPath}.header", header, Shapes.HeaderName().IsMatch, Shapes.HeaderValue().IsMatch, "letters, digits and '-'", "letters, digits and any of ._~+/=-", problems);
        }

        if (preview.Cookie is { } cookie)
        {
            CheckMatch($"{PreviewPath}.cookie", cookie, Shapes.CookieName().IsMatch, Shapes.CookieValue().IsMatch, "letters, digits, '-' and '_'", "letters, digits and any of ._~-", problems);
            if (canary.Traffic?.Ingress is not null && cookie.Value is { } value && value != "always")
            {
                problems.Invalid($"{PreviewPath}.cookie.value", $"'{value}' is not what ingress-nginx looks for; write always, or use header");
            }
        }
    }

    private static void CheckMatch(string path, PreviewMatch match, Func<string, bool> isName, Func<string, bool> isValue, string nameIs, string valueIs, ProblemList problems)
    {
        if (problems.Required($"{path}.name", match.Name, "write its name") && !isName(match.Name!))
        {
            problems.Invalid($"{path}.name", $"'{match.Name}' cannot be a name here; write {nameIs}");
        }

        if (problems.Required($"{path}.value", match.Value, "write the value that marks a tester's request") && !isValue(match.Value!))
        {
            problems.Invalid($"{path}.value", $"'{match.Value}' cannot be a value here; write {valueIs}");
        }
    }
}
