using System.Collections.Concurrent;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Compatibility.Matrix;
using PatchOperator.Runtime;

namespace PatchOperator.Compatibility;

/// <summary>The rules of each namespace, kept current, and the news of which modules' rules are not what they were.</summary>
internal sealed class RuleBooks : IDisposable
{
    private readonly IInformer<ModuleCompatibility> modules;
    private readonly ConcurrentDictionary<string, RuleBook> books = new(StringComparer.Ordinal);
    private readonly IDisposable subscription;

    public RuleBooks(IInformer<ModuleCompatibility> modules)
    {
        this.modules = modules;
        subscription = modules.Subscribe(OnEvent);
    }

    /// <summary>Called after the book has changed, with the namespace and the modules that the change is about. Must be quick.</summary>
    public event Action<string, IReadOnlyList<string>>? Changed;

    /// <summary>All rules have been read; before that a missing rule means nothing.</summary>
    public bool IsComplete => modules.HasSynced;

    public RuleBook Of(string ns) => books.GetValueOrDefault(ns, RuleBook.Empty);

    public void Dispose() => subscription.Dispose();

    private void OnEvent(InformerEvent<ModuleCompatibility> change)
    {
        var ns = change.Object.Metadata.Namespace ?? "";
        var book = Of(ns);
        var changed = change.Type is InformerEventType.Deleted ? book.Remove(ObjectKey.Of(change.Object).ToString()) : book.Update(change.Object);
        if (changed.Book.Count == 0)
        {
            books.TryRemove(ns, out _);
        }
        else
        {
            // Events come one at a time.
            books[ns] = changed.Book;
        }

        if (changed.Modules.Count > 0)
        {
            Changed?.Invoke(ns, changed.Modules);
        }
    }
}
