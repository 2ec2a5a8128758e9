using Microsoft.AspNetCore.Server.Kestrel.Core;
using PatchOperator.Runtime;

namespace PatchOperator.Admission;

internal static class AdmissionServices
{
    public static IServiceCollection AddAdmission(this IServiceCollection services, AdmissionSettings settings)
    {
        services.AddSingleton(settings).AddSingleton<FactKeyStore>().AddSingleton<CallTokenStore>();
        return !settings.Enabled ? services : services
            .AddSingleton<AdmissionMetrics>()
            .AddSingleton<AdmissionValidator>()
            .AddSingleton<AccessReviewer>()
            .AddSingleton<AdmissionMutator>()
            .AddSingleton<DeniedAttempts>()
            .AddHostedService(provider => provider.GetRequiredService<DeniedAttempts>())
            .AddSingleton<ServingCertificate>()
            .AddSingleton<MountedCertificate>()
            .AddSingleton<WebhookWriter>()
            .AddSingleton<CertificateKeeper>()
            .AddHostedService(provider => provider.GetRequiredService<CertificateKeeper>());
    }

    /// <summary>TLS with whatever certificate is the right one when a connection begins: a renewal needs no restart.</summary>
    public static IWebHostBuilder UseAdmission(this IWebHostBuilder web, AdmissionSettings settings) => !settings.Enabled ? web : web
        .UseKestrelHttpsConfiguration()
        .ConfigureKestrel((KestrelServerOptions kestrel) =>
        {
            var serving = kestrel.ApplicationServices.GetRequiredService<ServingCertificate>();
            var calls = kestrel.ApplicationServices.GetRequiredService<CallTokenStore>();
            kestrel.ApplicationServices.GetRequiredService<RuntimeHealth>().AddReadiness(() => serving.Problem ?? (calls.Current is null ? "The webhooks' Secret was not read yet" : null));
            kestrel.ConfigureHttpsDefaults(https => https.ServerCertificateSelector = (_, _) => serving.Current);
            kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http1);
        });
}
