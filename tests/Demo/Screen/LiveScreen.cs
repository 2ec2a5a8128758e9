using Spectre.Console;
using Spectre.Console.Rendering;

namespace PatchOperator.Demo.Screen;

/// <summary>Redraws one panel in place.</summary>
internal sealed class LiveScreen(IAnsiConsole console) : IScreen
{
    public void Say(string line) => console.MarkupLineInterpolated($"[grey]{line}[/]");

    public void Show(IRenderable block) => console.Write(block);

    public async Task<Frame> PlayAsync(IAsyncEnumerable<Frame> frames, CancellationToken cancellation)
    {
        Frame? last = null;
        await console.Live(new Text("")).Overflow(VerticalOverflow.Crop).Cropping(VerticalOverflowCropping.Bottom).StartAsync(async context =>
        {
            await foreach (var frame in frames.WithCancellation(cancellation))
            {
                last = frame;
                context.UpdateTarget(FrameView.Of(frame, console.Profile.Width));
            }
        });
        return last!;
    }
}
