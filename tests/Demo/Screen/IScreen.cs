using Spectre.Console.Rendering;

namespace PatchOperator.Demo.Screen;

/// <summary>Where the demo is watched: a terminal that can be redrawn, or plain lines.</summary>
internal interface IScreen
{
    void Say(string line);

    void Show(IRenderable block);

    /// <returns>The last frame.</returns>
    Task<Frame> PlayAsync(IAsyncEnumerable<Frame> frames, CancellationToken cancellation);
}
