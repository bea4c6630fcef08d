import { isEcosystemFile } from "../../runtime/client/config/load.ts";
import { xmError } from "../../runtime/contract/errors.ts";
import { isFile, usualFile } from "../apps/read-apps.ts";
import { globals } from "../call/globals.ts";
import { shellWord } from "../call/shell-word.ts";
import { xmCommand } from "../call/command.ts";
import { checkPushed, runHere } from "../deploy/here.ts";
import { runOnHost, type HostResult } from "../deploy/host.ts";
import { remoteScript, type HostTask } from "../deploy/remote-script.ts";
import { rollOut } from "../deploy/rollout.ts";
import { sshWords } from "../deploy/ssh.ts";
import { readTarget, type DeployTarget } from "../deploy/target.ts";
import { canaries, taskOf } from "../deploy/task.ts";
import { paint } from "../render/colors.ts";
import { say } from "../render/say.ts";

/** How many hosts at a time, unless `--parallel` says. */
const usualLimit = 4;

export default xmCommand({
  name: "deploy",
  description: "Deploys the code of a file's `deploy` block to its hosts, through ssh",
  args: {
    file: {
      type: "positional",
      description: "ecosystem file (default: ./ecosystem.config.*)",
      required: false,
    },
    environment: {
      type: "positional",
      description: "environment of the `deploy` block",
      required: false,
    },
    command: {
      type: "positional",
      description:
        "`setup`, `update` (default), `revert [N]`, `curr`, `prev`, `list`, `exec COMMAND`, or a branch, tag or commit",
      required: false,
    },
    force: {
      type: "boolean",
      alias: "f",
      description: "Deploy even with uncommitted or unpushed changes here",
    },
    canary: {
      type: "string",
      description: "Deploy to the first N hosts (default: 1), then to the others if that succeeded",
      valueHint: "N",
    },
    revert: {
      type: "boolean",
      description: "Revert a deployment whose post-deploy hook fails (--no-revert: keep it)",
    },
    "dry-run": { type: "boolean", description: "Print what would be run, without running it" },
  },
  run: async ({ args }) => {
    const words = [...args._];
    const [first = ""] = words;
    const isNamed = isEcosystemFile(first) && isFile(first);
    const file = isNamed ? words.shift() : usualFile();
    const [environment, ...command] = words;
    if (file === undefined || environment === undefined) {
      throw xmError("ERR_USAGE", {
        what: file === undefined ? "no file named" : "no environment named",
        fix: "for example `xm deploy ecosystem.config.js production`",
      });
    }
    const target = await readTarget(file, environment);
    const task = taskOf(command, target, args.revert !== false);
    if (args["dry-run"] === true) return printPlan(target, task);
    say(`--> Deploying to ${environment} environment\n`);
    if (task.kind === "update" || task.kind === "revert") {
      if (args.force !== true && task.kind === "update") checkPushed();
      const local = target.hooks["pre-deploy-local"];
      if (local !== undefined) {
        say("  ○ executing pre-deploy-local\n");
        runHere(local, target);
      }
    }
    await deploy(target, task, canaries(args.canary));
  },
});

function printPlan(target: DeployTarget, task: HostTask): void {
  const local = target.hooks["pre-deploy-local"];
  const isUpdate = task.kind === "update" || task.kind === "revert";
  if (isUpdate && local !== undefined) process.stdout.write(`# here\n${local}\n\n`);
  for (const host of target.hosts) {
    const words = sshWords(target, host).slice(0, -1);
    process.stdout.write(`# ${["ssh", ...words].map(shellWord).join(" ")}, which runs:\n`);
    process.stdout.write(`${remoteScript(target, task, "xm")}\n`);
  }
}

async function deploy(target: DeployTarget, task: HostTask, first: number): Promise<void> {
  const isChange = task.kind === "setup" || task.kind === "update" || task.kind === "revert";
  const { hosts } = target;
  const shown = new Map<string, string[]>();
  const run = async (host: string): Promise<HostResult> => {
    const prefix = hosts.length > 1 && isChange ? `${paint("cyan", `[${host}]`)} ` : "";
    const kept: string[] = [];
    if (isChange && prefix === "") say(`--> on host ${host}\n`);
    const result = await runOnHost({
      target,
      host,
      task,
      onLine: (line) => {
        const text = "step" in line ? `  ○ ${line.step}` : line.text;
        if (isChange) say(`${prefix}${text}\n`);
        else kept.push(text);
      },
    });
    shown.set(host, kept);
    return result;
  };
  const limit = Number.isFinite(globals.parallel) ? globals.parallel : usualLimit;
  const { results, untouched } = await rollOut(hosts, { first, limit }, run);
  for (const host of isChange ? [] : hosts) {
    say(`--> on host ${host}\n`);
    for (const line of shown.get(host) ?? []) process.stdout.write(`${line}\n`);
  }
  if (isChange && (hosts.length > 1 || task.kind !== "setup")) tellHosts(results, untouched);
  const failed = results.filter(({ ok }) => !ok);
  if (failed.length === 0) return say("--> Success\n");
  throw xmError("ERR_DEPLOY_FAILED", {
    what: `${failed.length} of ${hosts.length} ${hosts.length === 1 ? "host" : "hosts"}`,
    why: failed.map(({ host, why }) => `${host}: ${why}`).join("; "),
  });
}

function tellHosts(results: readonly HostResult[], untouched: readonly string[]): void {
  for (const result of results) say(`  ${result.host}: ${wordsOf(result)}\n`);
  for (const host of untouched) say(`  ${host}: not touched\n`);
}

function wordsOf({ ok, from, to, isReverted }: HostResult): string {
  const short = (commit: string | null): string => commit?.slice(0, 7) ?? "?";
  if (ok) return from === null ? `at ${short(to)}` : `went from ${short(from)} to ${short(to)}`;
  const then = isReverted ? `, went back to ${short(from)}` : "";
  return `${paint("red", "failed")}${then}`;
}
