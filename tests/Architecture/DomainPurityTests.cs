using System.Reflection;
using System.Runtime.CompilerServices;
using PatchOperator.Domain.Api.V1Alpha1;
using Xunit;

namespace PatchOperator.Tests.Architecture;

/// <summary>Domain decides; it never waits, asks, reads a clock or throws dice. What it needs of those comes in as arguments.</summary>
public sealed class DomainPurityTests
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly string[] Forbidden =
    [
        "System.Threading.Tasks.", "System.Threading.Cancellation", "System.Threading.Timer", "System.Threading.Thread", "System.Net.",
        "System.TimeProvider", "System.Random", "System.Diagnostics.Stopwatch", "System.IO.File", "System.IO.Directory", "k8s.", "Microsoft.",
    ];

    private static readonly Assembly Domain = typeof(EmergencyPatch).Assembly;

    [Fact]
    public void Domain_mentions_nothing_that_waits_asks_or_varies() => Assert.Equal([], Domain.GetTypes()
        .Where(type => !IsGenerated(type))
        .SelectMany(type => Mentions(type).Distinct().Where(IsForbidden).Select(mentioned => $"{type.FullName} mentions {mentioned.FullName}"))
        .Distinct());

    [Fact]
    public void Domain_refers_to_no_assembly_but_the_platform() => Assert.Equal([], Domain.GetReferencedAssemblies()
        .Select(assembly => assembly.Name!)
        .Where(name => !name.StartsWith("System.", StringComparison.Ordinal) || name.StartsWith("System.Net.", StringComparison.Ordinal)));

    [Fact]
    public void Its_public_types_are_sealed_static_or_meant_to_be_derived_from() => Assert.Equal([], Domain.GetExportedTypes()
        .Where(type => type is { IsClass: true, IsSealed: false, IsAbstract: false })
        .Select(type => type.FullName));

    private static bool IsForbidden(Type type) => Forbidden.Any(name => (type.FullName ?? "").StartsWith(name, StringComparison.Ordinal));

    private static bool IsGenerated(Type type) =>
        type.GetCustomAttribute<System.CodeDom.Compiler.GeneratedCodeAttribute>() is not null
        || (type.DeclaringType is { } outer && IsGenerated(outer))
        || (type.FullName ?? "").StartsWith("System.Text.RegularExpressions.Generated", StringComparison.Ordinal)
        || typeof(System.Text.Json.Serialization.JsonSerializerContext).IsAssignableFrom(type.DeclaringType ?? type);

    /// <summary>Types of fields, signatures and locals; a lambda's own class is one of the assembly's types and is looked at too.</summary>
    private static IEnumerable<Type> Mentions(Type type)
    {
        var methods = type.GetMethods(Declared).Cast<MethodBase>().Concat(type.GetConstructors(Declared)).ToList();
        return type.GetFields(Declared).Select(field => field.FieldType)
            .Concat(type.GetProperties(Declared).Select(property => property.PropertyType))
            .Concat(methods.SelectMany(method => method.GetParameters()).Select(parameter => parameter.ParameterType))
            .Concat(methods.OfType<MethodInfo>().Select(method => method.ReturnType))
            .Concat(methods.SelectMany(method => method.GetMethodBody()?.LocalVariables ?? []).Select(local => local.LocalType))
            .Concat(type.GetInterfaces())
            .Concat(type.BaseType is { } parent ? [parent] : [])
            .SelectMany(Unwrap);
    }

    private static IEnumerable<Type> Unwrap(Type type) =>
        type.HasElementType ? Unwrap(type.GetElementType()!)
        : type.IsGenericType ? type.GetGenericArguments().SelectMany(Unwrap).Append(type)
        : type.IsDefined(typeof(CompilerGeneratedAttribute)) && type.Assembly != Domain ? [] : [type];
}
