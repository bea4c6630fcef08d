import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { until } from "../support/condition.ts";
import { processesOf } from "../support/home.ts";
import { all, app, clock, emfile, enospc, god, lane, nodes } from "./chaos/kinds.ts";
import { createRandom, createWorld, kill } from "./chaos/world.ts";

/**
 * `npx tsx tests/hostile/chaos.ts [--kind KIND] [--rounds N] [--seed S]`: kills what can be killed at random instants
 * of a busy script and counts what must never happen: two lives of one process, processes nobody knows, commands that
 * were acknowledged and are forgotten, log lines lost or doubled. Exits with 1 when one of these is not 0.
 *
 * | kind | what happens in the middle of a command | rounds |
 * |---|---|---|
 * | `god` | SIGKILL to the daemon | 500 |
 * | `app` | SIGKILL to the daemon and an app's main process together | 100 |
 * | `all` | SIGKILL to the daemon, its watchdog and every balancer | 100 |
 * | `lane` | SIGKILL to the log lane, the daemon and the watchdog, in all mixes, under 500 numbered lines a second | 60 |
 * | `nodes` | SIGKILL to the daemon, and four calls at once under Node 20, 22, 24 and 26 | 40 |
 * | `emfile` | the daemon has no descriptor left, an app's process is killed, at times the daemon too | 60 |
 * | `enospc` | the disk of the home is full, an app's process is killed, at times the daemon too (needs root) | 60 |
 * | `clock` | the wall clock is set by seconds to years, at times with the daemon killed (needs libfaketime) | 60 |
 */
const usual = {
  god: 500, app: 100, all: 100, lane: 60, nodes: 40, emfile: 60, enospc: 60, clock: 60,
} as const; // prettier-ignore
const kinds = { god, app, all, lane, nodes, emfile, enospc, clock };
type KindName = keyof typeof usual;

const { values } = parseArgs({
  options: {
    kind: { type: "string" },
    rounds: { type: "string" },
    seed: { type: "string", default: "1" },
  },
});
const isKind = (name: string): name is KindName => Object.hasOwn(usual, name);
const names = values.kind?.split(",") ?? Object.keys(usual);

/** Set in the mount namespace of a kind that has a small disk. */
const smallDisk = "XM_CHAOS_DISK";

let failed = false;
for (const name of names) {
  if (!isKind(name))
    throw new Error(`--kind ${name}: expected one of ${Object.keys(usual).join(", ")}`);
  if (name === "enospc" && process.env[smallDisk] === undefined) failed = inSmallDisk() || failed;
  else failed = (await play(name)) || failed;
}
process.exitCode = failed ? 1 : 0;

/** @returns whether something happened that must not. */
async function play(name: KindName): Promise<boolean> {
  const world = createWorld(process.env[smallDisk] ?? tmpdir());
  const rounds = Number(values.rounds ?? usual[name]);
  let isWrong = true;
  try {
    const counts = await kinds[name](world, rounds, createRandom(Number(values.seed)));
    console.log(`${name}, seed ${values.seed}: ${JSON.stringify(counts)}`);
    const { doubled, orphans, forgotten, linesLost, linesDoubled } = counts;
    isWrong = doubled + orphans + forgotten + linesLost + linesDoubled > 0;
  } finally {
    if (isWrong) console.log(readFileSync(world.paths.log, "utf8").slice(-4_000));
    await world.xm(["kill"]);
    const isEmpty = (): boolean => processesOf(world.paths.home).length === 0;
    await until("everything to be gone", isEmpty, { withinMs: 15_000 }).catch(() => {
      isWrong = true;
      for (const { pid, command } of processesOf(world.paths.home)) {
        console.log(`left after kill: ${pid} ${command}`);
        kill(pid);
      }
    });
    if (isWrong) console.log(`kept: ${world.folder}`);
    else rmSync(world.folder, { recursive: true, force: true });
  }
  return isWrong;
}

/** Plays this again with a disk of 8 MB that nobody else sees. */
function inSmallDisk(): boolean {
  const disk = mkdtempSync(join(tmpdir(), "xm-disk-"));
  const again = [
    ...process.execArgv,
    ...process.argv
      .slice(1)
      .filter((word, at, all) => word !== "--kind" && all[at - 1] !== "--kind"),
  ];
  const script = 'mount -t tmpfs -o size=8m tmpfs "$1" && shift && exec "$@"';
  const command = [
    "-m",
    "sh",
    "-c",
    script,
    "sh",
    disk,
    process.execPath,
    ...again,
    "--kind",
    "enospc",
  ];
  const { status } = spawnSync("unshare", command, {
    stdio: "inherit",
    env: { ...process.env, [smallDisk]: disk },
  });
  execFileSync("rmdir", [disk]);
  return status !== 0;
}
