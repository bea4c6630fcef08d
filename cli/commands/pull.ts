import { spawn } from "node:child_process";
import { connect } from "../../runtime/client/connection/client.ts";
import type {
  Client,
  Outcome,
  ProcessDetail,
  ProcessView,
  Progress,
} from "../../runtime/client/connection/types.ts";
import { xmError } from "../../runtime/contract/errors.ts";
import { readCheckout } from "../../runtime/host/git.ts";
import { resolveTargets } from "../apps/targets.ts";
import { xmCommand } from "../call/command.ts";
import { asOwner } from "../deploy/as-owner.ts";
import { eachLine } from "../deploy/each-line.ts";
import { move, putBack, type Move, type Way } from "../deploy/move.ts";
import { showLine } from "../render/log-line.ts";
import { showReload } from "../render/reload-progress.ts";
import { say } from "../render/say.ts";

const moving = (
  name: string,
  words: { description: string; doing: string },
  wayOf: (commit: string | undefined) => Way,
) =>
  xmCommand({
    name,
    description: words.description,
    args: {
      name: {
        type: "positional",
        description: "id, name or namespace of an app that runs from the repository",
        required: true,
      },
      ...(name === "pull"
        ? {
            commit: {
              type: "positional",
              description: "commit, tag or branch (default: the remote's newest commit)",
              required: false,
            },
          }
        : {}),
    } as const,
    run: async ({ args }) => {
      const [target = "", commit, ...more] = args._;
      if (more.length > 0 || (commit !== undefined && name !== "pull")) {
        const what = `${name}: expected the name of a process${name === "pull" ? " and a commit" : ""}`;
        throw xmError("ERR_USAGE", { what, fix: `for example \`xm ${name} api\`` });
      }
      const client = connect();
      const chosen = await resolveTargets(client, [target]);
      say(`${words.doing} ${target}\n`);
      const repositories = await repositoriesOf(client, chosen);
      for (const repository of repositories) await moveAndReload(client, repository, wayOf(commit));
    },
  });

export const pull = moving(
  "pull",
  {
    description:
      "Updates an app's repository to the remote's newest commit, or to a given one, and reloads the app",
    doing: "Updating repository for process name",
  },
  (commit) => ({ kind: "pull", commit }),
);

export const forward = moving(
  "forward",
  {
    description: "Moves an app's repository to the next commit and reloads the app",
    doing: "Updating to next commit repository for process name",
  },
  () => ({ kind: "forward" }),
);

export const backward = moving(
  "backward",
  {
    description: "Moves an app's repository to the previous commit and reloads the app",
    doing: "Downgrading to previous commit repository for process name",
  },
  () => ({ kind: "backward" }),
);

/** A repository, and those of the chosen processes that run from it. */
interface Repository {
  readonly root: string;
  readonly details: readonly ProcessDetail[];
}

async function repositoriesOf(
  client: Client,
  chosen: readonly ProcessView[],
): Promise<Repository[]> {
  const roots = new Map<string, ProcessDetail[]>();
  for (const { id } of chosen) {
    const detail = await client.detail(id);
    const { cwd } = detail.spec;
    const root = readCheckout(cwd)?.root;
    if (root === undefined) {
      throw xmError("ERR_REPOSITORY", {
        root: cwd,
        why: `no versioning system found for process ${detail.name}`,
      });
    }
    roots.set(root, [...(roots.get(root) ?? []), detail]);
  }
  return [...roots].map(([root, details]) => ({ root, details }));
}

/** Moves a repository and reloads what runs from it; when that fails, both go back. */
async function moveAndReload(
  client: Client,
  { root, details }: Repository,
  way: Way,
): Promise<void> {
  const moved = move(root, way);
  if (moved.from === moved.to) return say(`${root} is already at ${short(moved.to)}\n`);
  say(`${root} went from ${short(moved.from)} to ${short(moved.to)}\n`);
  if (await putToUse(client, details)) return;
  await goBack(client, { root, details }, moved);
}

async function goBack(
  client: Client,
  { root, details }: Repository,
  { from, to }: Move,
): Promise<void> {
  putBack(root, from);
  say(`${root} went back to ${short(from)}\n`);
  const isBack = await putToUse(client, details);
  const why = `${short(to)} did not start; ${root} is back at ${short(from)}${isBack ? "" : ", which did not start either"}`;
  throw xmError("ERR_COMMAND_FAILED", { command: "the update", failures: [why] });
}

/** Runs the `post_update` commands, then reloads what runs. @returns whether all went well. */
async function putToUse(client: Client, details: readonly ProcessDetail[]): Promise<boolean> {
  const steps = new Map<string, ProcessDetail>();
  for (const detail of details)
    for (const command of [detail.spec.passthrough["post_update"] ?? []].flat())
      if (typeof command === "string") steps.set(command, detail);
  for (const [command, { spec }] of steps) {
    say(`$ ${command}\n`);
    const status = await runIn(spec.cwd, command, spec.env);
    if (status !== 0) return false;
  }
  const chosen = details.filter(({ status }) => status !== "stopped" && status !== "completed");
  if (chosen.length === 0) return true;
  let hasFailed = false;
  const watched = async function* (
    lines: AsyncIterable<Outcome | Progress>,
  ): AsyncIterable<Outcome | Progress> {
    for await (const line of lines) {
      if ("ok" in line && !line.ok) hasFailed = true;
      yield line;
    }
  };
  const lines = client.reload({ ids: chosen.map(({ id }) => id), by: "`xm pull`" });
  await showReload({ client, lines: watched(lines), chosen });
  return !hasFailed;
}

/** Runs a command in a folder, as its owner. @returns its exit code. */
function runIn(cwd: string, command: string, env: NodeJS.ProcessEnv): Promise<number | null> {
  const shell = { command: "/bin/sh", args: ["-c", command], env: process.env };
  const { command: first, args, detached, ...rights } = asOwner(cwd, shell, env);
  const output = detached ? "pipe" : "inherit";
  const child = spawn(first, args, { cwd, detached, stdio: ["ignore", output, output], ...rights });
  if (child.stdout !== null) eachLine(child.stdout, (line) => void showLine(process.stdout, line));
  if (child.stderr !== null) eachLine(child.stderr, (line) => void showLine(process.stderr, line));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
}

function short(commit: string): string {
  return commit.slice(0, 7);
}
