using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace PatchOperator.Tests.Cluster.Metrics;

/// <summary>A server that looks at headers and certificates, over TLS if it is given a certificate.</summary>
internal sealed class SecureServer : IAsyncDisposable
{
    private readonly WebApplication app;

    private SecureServer(WebApplication app) => this.app = app;

    public ConcurrentQueue<IHeaderDictionary> Requests { get; } = new();

    public ConcurrentQueue<string?> ClientCertificates { get; } = new();

    public Uri Address { get; private set; } = null!;

    /// <summary>The server's own; a new one is shown to the next connection.</summary>
    public X509Certificate2? Certificate { get; set; }

    /// <summary>Which clients are let in. Each answer ends its connection, so the next request is asked again.</summary>
    public Func<X509Certificate2, bool> Admits { get; set; } = _ => true;

    /// <param name="answer">Gets the request's headers; returns status, body, and a header Location.</param>
    /// <param name="certificate">The server's own.</param>
    /// <param name="certificates">Who must have issued the client's; null asks for none.</param>
    public static async Task<SecureServer> StartAsync(
        Func<IHeaderDictionary, (int Status, string Body, string? Location)> answer, X509Certificate2? certificate = null, TestCertificates? certificates = null)
    {
        SecureServer? server = null;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            if (certificate is not null)
            {
                listen.UseHttps(new HttpsConnectionAdapterOptions
                {
                    ServerCertificateSelector = (_, _) => server!.Certificate,
                    ClientCertificateMode = certificates is null ? ClientCertificateMode.NoCertificate : ClientCertificateMode.RequireCertificate,
                    ClientCertificateValidation = (client, _, _) => server!.Admits(client),
                });
            }
        }));
        var app = builder.Build();
        server = new SecureServer(app) { Certificate = certificate };
        if (certificates is not null)
        {
            server.Admits = certificates.Issued;
        }

        app.Run(async context =>
        {
            context.Response.Headers.Connection = "close";
            server.Requests.Enqueue(new HeaderDictionary(context.Request.Headers.ToDictionary(header => header.Key, header => header.Value, StringComparer.OrdinalIgnoreCase)));
            server.ClientCertificates.Enqueue(context.Connection.ClientCertificate?.Subject);
            var (status, body, location) = answer(context.Request.Headers);
            context.Response.StatusCode = status;
            if (location is not null)
            {
                context.Response.Headers.Location = location;
            }

            await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(body));
        });
        await app.StartAsync();
        server.Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return server;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();
}
