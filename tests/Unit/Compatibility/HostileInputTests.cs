using System.Text;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Compatibility.Inventories;
using PatchOperator.Domain.Compatibility.Matrix;
using Xunit;

namespace PatchOperator.Tests.Unit.Compatibility;

/// <summary>Inventories come from images that others built. Whatever is in them, reading ends soon, and with an answer.</summary>
public sealed class HostileInputTests
{
    private const int Many = 20_000;

    public static TheoryData<string> Formats => [.. InventoryFormats.Names];

    [Theory]
    [MemberData(nameof(Formats))]
    public void Nothing_but_an_answer_comes_of_nonsense(string format)
    {
        string[] texts =
        [
            "{}", "[]", "[[]]", "[{}]", "null", "0", "\"\"", "{", "[", "}", "{\"a\"", "{\"packages\": null}", "{\"packages\": [null]}", "{\"packages\": [[]]}", "{\"packages\": {\"\": null}}",
            "{\"packages\": [{\"name\": null, \"version\": null}]}", "{\"lockfileVersion\": 1e999, \"packages\": {}}", "{\"lockfileVersion\": 3, \"packages\": {\"node_modules/\": {\"version\": \"1\"}}}",
            "{\"bomFormat\": \"CycloneDX\", \"specVersion\": \"1.6\", \"components\": [null, {\"purl\": \"pkg:\"}, {\"purl\": \"pkg:composer/@\"}, {\"purl\": \"pkg:composer/a/b@%ZZ\"}], \"metadata\": []}",
            "{\"spdxVersion\": \"SPDX-2.3\", \"packages\": [{\"externalRefs\": [null, []]}, null]}", "{\"patches\": {\"a/b\": null, \"c/d\": [null]}}", "{\"apps\": [null], \"extensions\": null}",
            "[{\"Id\": null, \"Status\": null}]", "[null]", "<?php", "<?php return", "<?php return [", "<?php return ['modules' =>", "<?php return ['modules' => ['a'", "<?php return [[['", "<?php /* ",
            "<?php return ['modules' => ['A_B' => 1", "║", "║║", "║ Id │ Status ║", "║ Id │ Status ║\n║", "║ Id │ Status ║\n║ │ ║", "List of enabled modules:", "\u0001\u0002", "\u202eabc", "😀",
        ];
        foreach (var text in texts)
        {
            var reading = InventoryReader.Read(Encoding.UTF8.GetBytes(text), InventoryFormats.ByName(format));
            Assert.True(reading.Inventory is null != reading.Problem is null, text);
            Assert.True(reading.Problem is null || (reading.Problem.Line >= 1 && reading.Problem.Message.Length > 0), text);
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Bytes_that_are_no_text_are_told_and_do_not_throw(string format)
    {
        var random = new Random(7);
        for (var round = 0; round < 200; round++)
        {
            var bytes = new byte[random.Next(1, 200)];
            random.NextBytes(bytes);
            bytes[0] = (byte)"{[<\"L"[round % 5];
            var reading = InventoryReader.Read(bytes, round % 2 == 0 ? InventoryFormats.ByName(format) : null);
            Assert.True(reading.Inventory is null != reading.Problem is null);
        }
    }

    /// <summary>Any place of a sound file cut off or spoiled.</summary>
    [Fact]
    public void A_file_that_is_broken_anywhere_is_read_or_told()
    {
        foreach (var folder in Directory.EnumerateDirectories(CaseFolder.Root("Inventory")))
        {
            var text = File.ReadAllBytes(Assert.Single(CaseFolder.Inputs("Inventory", Path.GetFileName(folder))));
            for (var at = 0; at < text.Length; at += Math.Max(1, text.Length / 150))
            {
                foreach (var broken in new[] { text[..at], [.. text[..at], (byte)'"', .. text[at..]], [.. text[..at], 0xC3, .. text[(at + 1)..]], [.. text[..at], (byte)']', .. text[(at + 1)..]], [.. text[..at], .. "\\ud800"u8, .. text[at..]] })
                {
                    var reading = InventoryReader.Read(broken);
                    Assert.True(reading.Inventory is null != reading.Problem is null);
                }
            }
        }
    }

    [Theory]
    [InlineData("{\"packages\": [], \"stray\": ", "[", "]", "}")]
    [InlineData("{\"packages\": [{\"name\": \"a/b\", \"version\": \"1\", \"extra\": ", "{\"a\": ", "}", "}]}")]
    [InlineData("{\"bomFormat\": \"CycloneDX\", \"components\": ", "[{\"components\": ", "}]", "}")]
    public void Deep_nesting_is_told_and_costs_no_stack(string start, string open, string close, string end)
    {
        var text = start + string.Concat(Enumerable.Repeat(open, Many)) + "null" + string.Concat(Enumerable.Repeat(close, Many)) + end;
        var problem = InventoryReader.Read(Encoding.UTF8.GetBytes(text)).Problem!;
        Assert.Contains("depth", problem.Message, StringComparison.Ordinal);
        Assert.True(problem.Path!.Length < 200);
    }

    [Fact]
    public void Deep_arrays_of_PHP_cost_no_stack()
    {
        var text = "<?php return ['x' => " + new string('[', Many) + new string(']', Many) + ", 'modules' => ['A_B' => 1]];";
        Assert.Equal("A_B", Assert.Single(InventoryReader.Read(Encoding.UTF8.GetBytes(text)).Inventory!.Modules).Name);
    }

    [Fact]
    public void Many_aliases_of_many_packages_are_no_product()
    {
        var packages = string.Join(",", Enumerable.Range(0, Many).Select(index => $$"""{"name": "a/p{{index}}", "version": "1.{{index}}"}"""));
        var aliases = string.Join(",", Enumerable.Range(0, Many).Select(index => $$"""{"package": "a/p{{index % 2}}", "version": "1", "alias": "2.{{index}}"}"""));
        var inventory = InventoryReader.Read(Encoding.UTF8.GetBytes($$"""{"packages": [{{packages}}], "aliases": [{{aliases}}]}""")).Inventory!;
        Assert.Equal(Many / 2, inventory.Packages[0].Aliases.Count);
        Assert.Equal(Many, inventory.With(inventory).Packages.Count);
    }

    [Fact]
    public void Versions_and_constraints_of_a_megabyte_satisfy_nothing_and_stop_nobody()
    {
        var huge = string.Join(" || ", Enumerable.Range(0, 100_000).Select(index => $"^{index}.0"));
        var text = $$$"""{"packages": [{"name": "a/module-x", "version": "{{{new string('1', 1_000_000)}}}", "type": "magento2-module", "require": {"a/y": "{{{huge}}}"}}, {"name": "a/y", "version": "1.0"}]}""";
        var book = RuleBook.From([new ModuleCompatibility
        {
            Metadata = new ObjectMeta { Name = "x" },
            Spec = new ModuleCompatibilitySpec { Module = new ModuleReference { Name = "a/module-x" }, Rules = [new CompatibilityRule { Versions = huge, Verdict = "Compatible" }] },
        }]);
        Assert.Contains("write at most 256", Assert.Single(book.Problems).Message, StringComparison.Ordinal);
        var inventory = InventoryReader.Read(Encoding.UTF8.GetBytes(text)).Inventory!;
        var matrix = CompatibilityEvaluator.Evaluate(book, new MatrixInputs { Patched = inventory, Stable = inventory with { Packages = [inventory.Packages[1] with { Version = "2.0" }] } }, DateTimeOffset.UnixEpoch);
        Assert.Equal(FindingEffect.Blocks, matrix.Rows[0].Effect);
        Assert.Empty(matrix.Conflicts);
    }

    /// <summary>Ten bytes of a file can become a thousand of memory, and the operator has little.</summary>
    [Theory]
    [InlineData("{\"packages\": [{\"name\": \"a/b\", \"version\": \"1\", \"require\": {", "\"a/b\":\"1\",", "\"a/b\":\"1\"}}]}")]
    [InlineData("{\"packages\": [", "{\"name\": \"a/b\", \"version\": \"1\", \"require\": {\"a/b\":\"1\", \"a/c\":\"1\"}},", "null]}")]
    [InlineData("List of enabled modules:\n", "A_B\n", "")]
    public void More_entries_than_any_image_has_are_told(string start, string entry, string end)
    {
        var problem = InventoryReader.Read(Encoding.UTF8.GetBytes(start + string.Concat(Enumerable.Repeat(entry, 40_001)) + end)).Problem!;
        Assert.Contains("names more than 40000 packages, modules and requirements", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_quoted_from_a_file_cannot_command_a_terminal()
    {
        var problem = InventoryReader.Read("{\"packages\": [{\"name\": \"a/b\", \"version\": \"1\", \"require\": \"\\u001b[31m\\u202e\"}]}"u8).Problem!;
        Assert.DoesNotContain(problem.ToString(), letter => char.IsControl(letter) || letter == '\u202e');
    }
}
