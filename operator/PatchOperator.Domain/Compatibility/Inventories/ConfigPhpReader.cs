using System.Text;

namespace PatchOperator.Domain.Compatibility.Inventories;

/// <summary><c>app/etc/config.php</c>: a PHP file that returns an array; its <c>modules</c> are names with 1 or 0.</summary>
internal static class ConfigPhpReader
{
    public static Inventory Read(ReadOnlySpan<byte> text)
    {
        var inventory = new InventoryBuilder(InventoryFormat.ConfigPhp);
        var tokens = new PhpTokens(Encoding.UTF8.GetString(text));
        while (tokens.Current is not ("return" or ""))
        {
            tokens.Next();
        }

        tokens.Take("return", "a PHP file with 'return [ 'modules' => […] ];'");
        var hasModules = false;
        tokens.OpenArray();
        while (!tokens.TryCloseArray())
        {
            var key = tokens.Key();
            if (key != "modules")
            {
                tokens.SkipValue();
                continue;
            }

            hasModules = true;
            tokens.OpenArray();
            while (!tokens.TryCloseArray())
            {
                var name = tokens.Key() ?? throw tokens.Wrong("the name of a module and '=>'");
                inventory.Add(new MagentoModule(name, tokens.Switch(name)));
            }
        }

        return hasModules ? inventory.Build() : throw new InventoryFormatException(0, "expected app/etc/config.php with 'modules', found none; a file of env.php's kind has none");
    }
}
