using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace PatchOperator.Tests.E2E.Infrastructure;

/// <summary>A composer.lock of the size and shape of a real Magento shop's: too large for a ConfigMap as text, and small enough when packed.</summary>
internal static class ComposerLock
{
    public const string Release = "2.4.7-p3";

    private const int ThirdPartyLibraries = 380;

    private static readonly string[] Modules =
    [
        "admin-analytics", "admin-notification", "advanced-pricing-import-export", "amqp", "analytics", "asynchronous-operations", "authorization", "aws-s3", "backend", "backup",
        "bundle", "bundle-graph-ql", "cache-invalidate", "captcha", "cardinal-commerce", "catalog", "catalog-graph-ql", "catalog-import-export", "catalog-inventory", "catalog-rule",
        "catalog-search", "catalog-url-rewrite", "catalog-widget", "checkout", "checkout-agreements", "cms", "cms-graph-ql", "cms-url-rewrite", "config", "configurable-product",
        "contact", "cookie", "cron", "csp", "currency-symbol", "customer", "customer-analytics", "customer-graph-ql", "customer-import-export", "data-exporter", "deploy", "developer",
        "dhl", "directory", "downloadable", "eav", "elasticsearch", "elasticsearch-7", "email", "encryption-key", "fedex", "gift-message", "google-adwords", "google-analytics",
        "graph-ql", "graph-ql-cache", "grouped-product", "import-export", "indexer", "instant-purchase", "integration", "jwt-framework-adapter", "jwt-user-token", "layered-navigation",
        "login-as-customer", "marketplace", "media-gallery", "media-storage", "message-queue", "msrp", "multishipping", "mysql-mq", "new-relic-reporting", "newsletter", "offline-payments",
        "offline-shipping", "open-search", "order-cancellation", "page-cache", "payment", "paypal", "paypal-graph-ql", "persistent", "product-alert", "product-video", "quote",
        "quote-graph-ql", "related-product-graph-ql", "release-notification", "reports", "require-js", "review", "robots", "rss", "rule", "sales", "sales-graph-ql", "sales-rule",
        "sales-sequence", "sample-data", "search", "security", "send-friend", "shipping", "sitemap", "store", "store-graph-ql", "swagger", "swatches", "tax", "theme", "translation",
        "ui", "ups", "url-rewrite", "user", "usps", "variable", "vault", "version", "webapi", "webapi-async", "webapi-security", "weee", "widget", "wishlist",
    ];

    /// <param name="fraudCheck">The version of the third-party module that the test is about.</param>
    public static string Text(string fraudCheck)
    {
        var packages = new JsonArray(Package("magento/product-community-edition", Release, "metapackage"), Package("magento/magento2-base", Release, "magento2-component"));
        foreach (var module in Modules)
        {
            packages.Add(Package($"magento/module-{module}", "100.4.7-p3", "magento2-module"));
        }

        packages.Add(Package("acme/module-fraud-check", fraudCheck, "magento2-module"));
        for (var i = 0; i < ThirdPartyLibraries; i++)
        {
            packages.Add(Package($"vendor-{i % 40}/library-{i}", $"v{(i % 7) + 1}.{i % 13}.{i % 29}", "library"));
        }

        return new JsonObject
        {
            ["content-hash"] = Hash("lock")[..32],
            ["packages"] = packages,
            ["packages-dev"] = new JsonArray(),
            ["aliases"] = new JsonArray(),
            ["minimum-stability"] = "stable",
            ["prefer-stable"] = true,
            ["platform"] = new JsonObject { ["php"] = "~8.2.0||~8.3.0" },
            ["plugin-api-version"] = "2.6.0",
        }.ToJsonString(new System.Text.Json.JsonSerializerOptions { WriteIndented = true });
    }

    /// <summary>As <c>gzip composer.lock</c> and <c>kubectl create configmap --from-file</c> would have it.</summary>
    public static async Task StoreAsync(string ns, string name, string fraudCheck)
    {
        var file = Path.Combine(Path.GetTempPath(), $"{ns}-{name}.gz");
        try
        {
            await using (var gzip = new GZipStream(File.Create(file), CompressionLevel.Optimal))
            {
                await gzip.WriteAsync(Encoding.UTF8.GetBytes(Text(fraudCheck)));
            }

            await Kubectl.RunAsync($"-n {ns} delete configmap {name} --ignore-not-found");
            await Kubectl.RunAsync($"-n {ns} create configmap {name} --from-file=composer.lock={file}");
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static JsonObject Package(string name, string version, string type)
    {
        var reference = Hash(name + version)[..40];
        return new JsonObject
        {
            ["name"] = name,
            ["version"] = version,
            ["source"] = new JsonObject { ["type"] = "git", ["url"] = $"https://git.example.com/{name}.git", ["reference"] = reference },
            ["dist"] = new JsonObject { ["type"] = "zip", ["url"] = $"https://repo.example.com/archives/{name}/{version}.zip", ["reference"] = reference, ["shasum"] = Hash(name)[..40] },
            ["require"] = new JsonObject { ["php"] = "~8.1.0||~8.2.0||~8.3.0" },
            ["type"] = type,
            ["autoload"] = new JsonObject { ["files"] = new JsonArray("registration.php"), ["psr-4"] = new JsonObject { [$"Package\\{Hash(name)[..12]}\\"] = "src/" } },
            ["notification-url"] = "https://repo.example.com/downloads/",
            ["license"] = new JsonArray("OSL-3.0", "AFL-3.0"),
            ["description"] = string.Join(' ', Enumerable.Range(0, 160).Select(i => Hash($"{name}{i}")[..8])),
            ["time"] = "2024-10-08T14:12:03+00:00",
        };
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
