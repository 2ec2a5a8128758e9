namespace PatchOperator.Domain.Compatibility.Inventories;

public enum ChangeKind
{
    Changed,
    Added,
    Removed,

    /// <summary>The patch names a version, and its image has another.</summary>
    NotAsNamed,

    PatchAdded,
    PatchRemoved,

    /// <summary>The inventory is of an image that the patch does not bring.</summary>
    OtherImage,
}

/// <summary>One difference between stable's image and the patched one that the patch does not name; or all of them, where the inventory is of another image.</summary>
/// <param name="Name">The package; of an applied patch the patch's own id; <see cref="WholeInventory"/>.</param>
/// <param name="From">The version before; null where there was none. Of another image its digest.</param>
/// <param name="To">The version after; null where there is none. Beside another image the digests that the patch brings.</param>
public sealed record InventoryChange(ChangeKind Kind, string Name, string? From, string? To)
{
    /// <summary>How a waiver names an inventory of another image.</summary>
    public const string WholeInventory = "inventory";

    public string Message => Kind switch
    {
        ChangeKind.OtherImage => $"the inventory is of the image {From}, and the patch brings {To}; make it of the patched image",
        ChangeKind.Changed => $"{Name} changes from {From} to {To}, and the patch does not name it",
        ChangeKind.Added => $"{Name} {To} is new, and the patch does not name it",
        ChangeKind.Removed => $"{Name} {From} is gone, and the patch does not name it",
        ChangeKind.NotAsNamed => To is null ? $"the patch names {Name} {From}, but its image has no {Name}" : $"the patch names {Name} {From}, but its image has {To}",
        ChangeKind.PatchAdded => $"{Name} is applied in the patched image only, and the patch does not name it",
        ChangeKind.PatchRemoved => $"{Name} is applied to stable's image and not to the patched one",
    };
}
