import { createHash } from "node:crypto";
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { until } from "../support/condition.ts";
import { isThere, processesOf, type TestHome } from "../support/home.ts";

/** What must be so however hostile the input: taken before, compared after. */
export interface Witness {
  /**
   * God, the lane and the bystanders' balancer are the same processes, God answers within a second and has not grown,
   * the bystanders are untouched, nothing beside the home has changed, and another God starts to the same.
   */
  readonly unharmed: () => Promise<void>;
}

/** More than this is a leak; bytes. */
const mayGrowBytes = 20 * 2 ** 20;

const idle = "setInterval(() => {}, 1e6);";
const server = `require("node:http").createServer((_, r) => r.end("ok")).listen(0, "127.0.0.1");`;

/** Starts apps that have nothing to do with the attack: a plain one, a cluster and one whose lines go through the lane. */
export async function witness(home: TestHome): Promise<Witness> {
  await home.ok("start", home.file("bystander.js", idle), "--name", "bystander");
  await home.ok("start", home.file("neighbour.js", server), "--name", "neighbour", "-i", "2");
  await home.ok("start", home.file("timed.js", idle), "--name", "timed", "--time");
  const canary = plantCanary(home);
  const god = home.godPid();
  // What is loaded once is not a leak: everything has answered once.
  await home.ok("describe", "bystander");
  const apps = await bystanders(home);
  // A helper has its name once its program runs.
  const helpers = await until("the lane and the balancer", () => {
    const found = helpersOf(home);
    return found.length === 2 && found;
  });
  const before = residentBytes(god);
  const isAsBefore = async (): Promise<void> => {
    expect(await bystanders(home)).toEqual(apps);
    for (const helper of helpers) expect(helpersOf(home)).toContain(helper);
    expect(digestOf(canary)).toEqual(digestOf(canary, "as planted"));
  };
  return {
    unharmed: async () => {
      expect(isThere(god), `God ${god} has ended: ${home.godLog().slice(-2_000)}`).toBe(true);
      const begin = performance.now();
      const { version } = await home.client().ping();
      expect(performance.now() - begin).toBeLessThan(1_000);
      expect(version).toBeTypeOf("string");
      expect(home.godPid()).toBe(god);
      await isAsBefore();
      await until("God's memory to be back", () => residentBytes(god) - before < mayGrowBytes, {
        saw: () => `${(residentBytes(god) - before) / 2 ** 20} MB more`,
      });
      process.kill(god, "SIGKILL");
      await until("God to be gone", () => !isThere(god));
      await home.ok("ping");
      await isAsBefore();
    },
  };
}

async function bystanders(home: TestHome): Promise<unknown[]> {
  return (await home.list())
    .filter(({ name }) => ["bystander", "neighbour", "timed"].includes(name))
    .map(({ name, pid, restarts, status }) => ({ name, pid, restarts, status }));
}

/** The lane, and the balancer of the neighbours; those of attackers come and go. */
function helpersOf(home: TestHome): number[] {
  return processesOf(home.paths.home)
    .filter(({ command }) => /^xm (?:log lane|balancer: neighbour)/.test(command))
    .map(({ pid }) => pid);
}

const planted = new Map<string, string>();

/** A folder beside the home that nothing may read into, write or remove. */
function plantCanary(home: TestHome): string {
  const folder = join(home.folder, "canary");
  mkdirSync(join(folder, "sub"), { recursive: true });
  for (const name of ["daemon.json", "AbCdEfGhIjK1", "sub/app.pid", "out.log"])
    writeFileSync(join(folder, name), '{"at":1,"code":0,"signal":null}', { mode: 0o600 });
  symlinkSync("daemon.json", join(folder, "link"));
  planted.set(folder, digestOf(folder));
  return folder;
}

/** Names, kinds, modes, owners and contents of a folder; "as planted" gives what it was. */
function digestOf(folder: string, when: "now" | "as planted" = "now"): string {
  if (when === "as planted") return planted.get(folder) ?? "";
  const hash = createHash("sha256");
  for (const name of (readdirSync(folder, { recursive: true }) as string[]).toSorted()) {
    const path = join(folder, name);
    const { mode, uid, gid, size } = lstatSync(path);
    const kind = mode & 0o170000;
    const holds =
      kind === 0o100000 ? readFileSync(path, "utf8") : kind === 0o120000 ? readlinkSync(path) : "";
    hash.update(`${name} ${mode} ${uid} ${gid} ${kind === 0o040000 ? 0 : size} ${holds}\n`);
  }
  return hash.digest("hex");
}

export function residentBytes(pid: number): number {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]);
  return pages * 4096;
}
