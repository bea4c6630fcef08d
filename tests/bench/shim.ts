import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Confinement } from "../../machines/spec.ts";
import { confined } from "../../runtime/host/confine.ts";
import { createGroups } from "../../runtime/host/groups/groups.ts";
import { hasGroups } from "../support/cgroup.ts";
import type { Figure } from "./figures.ts";
import { interleave, lowDecile } from "./measure.ts";

/** What the programs between the daemon and an app under limits add to its start: each becomes the next one by exec(2). */
export async function shim(rounds: number): Promise<Figure[]> {
  const groups = createGroups({ home: join(tmpdir(), `xm-bench-${process.pid}`) });
  const group = hasGroups ? groups.make("0-bench", {}) : undefined;
  const program = { command: "/bin/true", args: [], env: process.env };
  const start = (confinement: Confinement | undefined, own?: string) => () => {
    const { command, args, ...rest } = confined(confinement, {}, program, [], own);
    const begin = performance.now();
    const { status } = spawnSync(command, args, { stdio: "ignore", ...rest });
    if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}`);
    return Promise.resolve(performance.now() - begin);
  };
  const nofile = { nofile: { soft: 500, hard: 900 } };
  const contestants: Record<string, () => Promise<number>> = {
    plain: start(undefined),
    ...(group === undefined ? {} : { "a cgroup": start({ cgroup: {} }, group) }),
    "rlimits (prlimit)": start({ limits: nofile }),
    "nice (nice)": start({ nice: 5 }),
    "no_new_privileges (setpriv)": start({ noNewPrivileges: true }),
  };
  try {
    const { plain = 0, ...others } = await interleave(rounds, contestants, lowDecile);
    return Object.entries(others).map(([name, ms]) => ({
      name: `${name} adds to the start of a program that takes ${plain.toFixed(2)} ms (undisturbed)`,
      // The kernel moves a process to another group once every CPU has passed a point of rest (RCU).
      goal: name === "a cgroup" ? "≤ 1 ms of CPU, and a grace period of RCU" : "≤ 1 ms",
      values: { xm: `${(ms - plain).toFixed(2)} ms` },
    }));
  } finally {
    groups.tidy(true);
  }
}
