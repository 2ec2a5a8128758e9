using System.Runtime.InteropServices;
using PatchOperator.Demo;
using PatchOperator.Demo.Screen;
using PatchOperator.Demo.Worlds;
using Spectre.Console;

using var stopping = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);
IWorld? world = null;
try
{
    var settings = Settings.From(args, Environment.GetEnvironmentVariable);
    var screen = ScreenFor(settings);
    world = settings.Kubeconfig is null
        ? await LocalWorld.StartAsync(part => screen.Say($"Starting {part}"), stopping.Token)
        : await ClusterWorld.StartAsync(settings, part => screen.Say($"Starting {part}"), stopping.Token);
    SayHowToLook(screen, world);
    var disappointments = await new Story(world, screen).TellAsync(stopping.Token);
    foreach (var disappointment in disappointments)
    {
        Console.Error.WriteLine(disappointment);
    }

    if (disappointments.Count > 0)
    {
        SayLogTail();
    }

    if (settings.Keep)
    {
        screen.Say("Everything is left running; Ctrl+C ends it.");
        SayHowToLook(screen, world);
        await Task.Delay(Timeout.InfiniteTimeSpan, stopping.Token).ContinueWith(_ => { }, TaskScheduler.Default);
    }

    return disappointments.Count == 0 ? 0 : 1;
}
catch (OperationCanceledException) when (stopping.IsCancellationRequested)
{
    Console.Error.WriteLine("Stopped.");
    return 130;
}
catch (DemoException error)
{
    Console.Error.WriteLine(error.Message);
    SayLogTail();
    return 1;
}
finally
{
    if (world is not null)
    {
        await world.DisposeAsync();
    }
}

void Stop(PosixSignalContext context)
{
    // Without this the runtime would end at once, and leave pods and operator to the reaper.
    context.Cancel = true;
    stopping.Cancel();
}

void SayLogTail()
{
    if (world?.Operator?.LogTail(30) is { Count: > 0 } lines)
    {
        Console.Error.WriteLine($"The end of the operator's log:\n{string.Join('\n', lines)}");
    }
}

static IScreen ScreenFor(Settings settings)
{
    var live = !settings.Plain && !Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities is { Interactive: true, Ansi: true };
    if (!live && Console.IsOutputRedirected)
    {
        // No terminal says how wide it is; logs are read in wide windows.
        AnsiConsole.Profile.Width = 160;
    }

    return live ? new LiveScreen(AnsiConsole.Console) : new PlainScreen(AnsiConsole.Console);
}

static void SayHowToLook(IScreen screen, IWorld world)
{
    screen.Say("Look from a second terminal:");
    screen.Say($"  export KUBECONFIG={world.Kubeconfig}");
    screen.Say($"  kubectl -n {world.Namespace} get epatch -w");
    screen.Say($"  kubectl -n {world.Namespace} get deployments,pods,events");
    if (world.Operator is { } operation)
    {
        screen.Say($"  tail -f {operation.LogFile}");
    }
}
