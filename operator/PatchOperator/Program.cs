using PatchOperator;
using PatchOperator.Admission;
using PatchOperator.Patches;
using PatchOperator.Runtime;
using Serilog;
using Serilog.Events;
using Serilog.Formatting.Compact;

Settings settings;
try
{
    settings = Settings.From(Environment.GetEnvironmentVariable);
}
catch (SettingsException exception)
{
    await Console.Error.WriteLineAsync(exception.Message);
    return 2;
}

Log.Logger = new LoggerConfiguration()
    .MinimumLevel.Is(settings.LogLevel)
    .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
    .Enrich.FromLogContext()
    .WriteTo.Console(new RenderedCompactJsonFormatter())
    .CreateLogger();
try
{
    var builder = WebApplication.CreateSlimBuilder(args);
    builder.Host.UseSerilog();
    builder.WebHost.UseUrls(settings.Urls).UseAdmission(settings.Admission);
    builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(25));
    builder.Services.AddPatchOperator(settings);
    var app = builder.Build();
    app.MapRuntimeEndpoints();
    if (settings.Admission.Enabled)
    {
        app.MapAdmission();
    }

    await app.RunAsync();
    return app.Services.GetRequiredService<LoopSupervisor>().ExitCode;
}
catch (Exception exception)
{
    Log.Fatal(exception, "The operator could not start or ended unexpectedly");
    return 1;
}
finally
{
    await Log.CloseAndFlushAsync();
}
