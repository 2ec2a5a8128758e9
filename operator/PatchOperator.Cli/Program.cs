using System.CommandLine;
using PatchOperator.Cli;
using PatchOperator.Cli.Analysis;
using PatchOperator.Cli.Cluster;
using PatchOperator.Cli.Compatibility;
using PatchOperator.Cli.Evidence;
using PatchOperator.Cli.Lint;
using PatchOperator.Domain.Api.V1Alpha1;

var target = new TargetOptions();
var root = new RootCommand("Emergency patches as canaries: check, watch and decide. Works as 'kubectl epatch'.")
{
    LintCommand.Build(),
    StatusCommand.Build(target),
    DecideCommand.Build("approve", "Approve the patch as it stands; an edit of its spec voids the approval", target),
    DecideCommand.Build("reject", "Refuse the patch; nothing is touched", target),
    DecideCommand.Build("abort", "Take the patch back now: traffic first, then pods", target),
    DecideCommand.Build("revoke", "Withdraw your approval: before the start nothing starts, in mid-run it holds or is taken back as the spec says", target),
    DecideCommand.Build("suspend", "Freeze the run where it is; a revert is never frozen", target),
    DecideCommand.Build("resume", "Go on with a run that was suspended", target),
    DecideCommand.Build("promote", "Promote as soon as every metric passes, without further holds and steps", target, Commands.PromoteNow),
    DecideCommand.Build("revert", "Take the patch back, also after its promotion, for as long as the resource exists", target),
    WaiveCommand.Build(target),
    DecideCommand.Build("break-glass", "Start without approvals; another authorised person must review it", target, Commands.BreakGlass),
    DecideCommand.Build("review", "Say that you looked at a start without approvals, and what you found", target, Commands.Review),
    DecideCommand.Build("retry", "Start a new run of a patch that was reverted or rejected", target),
    AuditCommand.Build(target),
    EvidenceCommand.Build(target),
    ReplayCommand.Build(),
    CompatCommand.Build(target),
};
target.AddTo(root);

// A command that was not understood answered no question; scripts must not take it for "problems found".
// No response files: '@dev' is a constraint.
var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
var exitCode = await parsed.InvokeAsync();
return parsed.Errors.Count > 0 ? ExitCodes.Failed : exitCode;
