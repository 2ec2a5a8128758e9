using System.Security.Cryptography;

namespace PatchOperator.Admission;

/// <summary>A certificate that somebody else renews, such as cert-manager, in a mounted Secret.</summary>
internal sealed class MountedCertificate(AdmissionSettings settings, ServingCertificate serving, ILogger<MountedCertificate> logger)
{
    /// <summary>Looks again. Half a pair, as in the moment of a renewal, is left for the next look.</summary>
    public void Read()
    {
        if (settings.Certificates is not { } folder)
        {
            return;
        }

        try
        {
            var pair = new KeyPair(File.ReadAllText(Path.Combine(folder, "tls.crt")), File.ReadAllText(Path.Combine(folder, "tls.key")));
            if (serving.Use(pair))
            {
                logger.LogInformation("The webhooks serve the certificate of {Folder}, good until {NotAfter:u}", folder, serving.Current!.NotAfter.ToUniversalTime());
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException)
        {
            logger.LogWarning("The webhooks' certificate in {Folder} cannot be read, trying again: {Problem}", folder, exception.Message);
        }
    }
}
