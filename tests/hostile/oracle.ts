import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { until } from "../support/condition.ts";
import { isThere, type TestHome } from "../support/home.ts";

/** What must be so however hostile the input: taken before, compared after. */
export interface Witness {
  /** God is the same process, answers within a second, has not grown, and the other apps are untouched. */
  readonly unharmed: () => Promise<void>;
}

/** More than this is a leak; bytes. */
const mayGrowBytes = 20 * 2 ** 20;

/** Starts an app that has nothing to do with the attack, and remembers how things are. */
export async function witness(home: TestHome): Promise<Witness> {
  await home.ok(
    "start",
    home.file("bystander.js", "setInterval(() => {}, 1e6);"),
    "--name",
    "bystander",
  );
  const { pid, restarts } = await home.process("bystander");
  const god = home.godPid();
  // What is loaded once is no leak: everything has answered once.
  await home.ok("describe", "bystander");
  const before = residentBytes(god);
  return {
    unharmed: async () => {
      expect(isThere(god), `God ${god} has ended: ${home.godLog().slice(-2_000)}`).toBe(true);
      const begin = performance.now();
      const { version } = await home.client().ping();
      expect(performance.now() - begin).toBeLessThan(1_000);
      expect(version).toBeTypeOf("string");
      expect(home.godPid()).toBe(god);
      expect(await home.process("bystander")).toMatchObject({ pid, restarts, status: "online" });
      await until("God's memory to be back", () => residentBytes(god) - before < mayGrowBytes, {
        saw: () => `${(residentBytes(god) - before) / 2 ** 20} MB more`,
      });
    },
  };
}

export function residentBytes(pid: number): number {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]);
  return pages * 4096;
}
