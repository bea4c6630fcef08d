import type { ProcessView } from "../../../runtime/client/connection/types.ts";
import { until } from "../../support/condition.ts";
import type { Random, World } from "./world.ts";

/** What must be 0, and what is worth knowing. */
export interface Counts {
  rounds: number;
  /** Two lives of one process at once. */
  doubled: number;
  /** Processes of a life that no listed process has. */
  orphans: number;
  /** Commands that were acknowledged, and are not so in the list. */
  forgotten: number;
  linesLost: number;
  linesDoubled: number;
  /** Calls that failed because what they asked was killed, and said it. */
  refused: number;
  acknowledged: number;
  /** Until the first answer after a round, ms. */
  slowestMs: number;
}

export function noCounts(): Counts {
  return {
    rounds: 0,
    doubled: 0,
    orphans: 0,
    forgotten: 0,
    linesLost: 0,
    linesDoubled: 0,
    refused: 0,
    acknowledged: 0,
    slowestMs: 0,
  };
}

/** What an app has to be by the last command that was acknowledged. */
type Wanted = "unknown" | "gone" | { readonly count: number; readonly is: "running" | "stopped" };

/** A script of random commands over five apps: three plain ones, a cluster, and one whose child outlives it. */
export interface Script {
  /** One command; resolves when it has ended, one way or the other. */
  readonly step: (node?: string) => Promise<void>;
  /** An instant of a command that has just begun, ms: before, within or after what it has done. */
  readonly instant: () => number;
  /** Waits until nothing is on its way, and counts what must not be. */
  readonly check: () => Promise<void>;
}

const idle = "process.on('message', () => {}); setInterval(() => {}, 1e6);";
const server =
  "require('node:http').createServer((_, response) => response.end()).listen(0, '127.0.0.1');";
const tree = `require('node:child_process').spawn('sleep', ['100000'], { stdio: 'ignore' }); ${idle}`;
const names = ["plain-a", "plain-b", "plain-c", "server", "tree"];

export function createScript(world: World, counts: Counts, random: Random): Script {
  const programs = new Map(
    names.map((name) => {
      const text = name === "server" ? server : name === "tree" ? tree : idle;
      return [name, world.put(`${name}.js`, text)];
    }),
  );
  const wanted = new Map<string, Wanted>(names.map((name) => [name, "gone"]));

  /** A command that the app can be given as it is, and what it is after that. */
  const choose = (name: string): readonly [args: readonly string[], after: Wanted] => {
    const now = wanted.get(name) ?? "unknown";
    if (now === "gone") {
      const isCluster = name === "server";
      const args = ["start", programs.get(name) as string, "--name", name];
      return [
        [...args, ...(isCluster ? ["-i", "2"] : [])],
        { count: isCluster ? 2 : 1, is: "running" },
      ];
    }
    if (now === "unknown") return [["delete", name], "gone"];
    const { count } = now;
    const running = { count, is: "running" } as const;
    const scaled = 1 + Math.floor(random.number() * 3);
    return random.oneOf<readonly [readonly string[], Wanted]>([
      [["restart", name], running],
      [["stop", name], { count, is: "stopped" }],
      [["delete", name], "gone"],
      ...(now.is === "running" ? [[["reload", name], running] as const] : []),
      ...(now.is === "running" && name === "server" && scaled !== count
        ? [[["scale", name, String(scaled)], { count: scaled, is: "running" }] as const]
        : []),
    ]);
  };

  let lastMs = 700;
  return {
    instant: () => random.number() * lastMs * 1.2,
    step: async (node) => {
      const name = random.oneOf(names);
      const [args, after] = choose(name);
      const begin = performance.now();
      const { code } = await world.xm(args, node);
      if (code === 0) lastMs = performance.now() - begin;
      if (code === 0) counts.acknowledged += 1;
      else counts.refused += 1;
      // It may have been done, or not, or in part: the list says.
      wanted.set(name, code === 0 ? after : "unknown");
    },
    check: async () => {
      counts.rounds += 1;
      const begin = performance.now();
      await world.list();
      counts.slowestMs = Math.round(Math.max(counts.slowestMs, performance.now() - begin));
      const list = await rest(world);
      for (const [name, want] of wanted) {
        const of = list.filter((each) => each.name === name);
        if (want === "unknown") wanted.set(name, learn(of));
        else if (!fits(of, want)) {
          counts.forgotten += 1;
          const is = of.map(({ status }) => status).join(", ");
          console.log(
            `forgotten: ${name} is to be ${JSON.stringify(want)}, and is ${is || "gone"}`,
          );
          wanted.set(name, learn(of));
        }
      }
      await countStrangers(world, counts);
    },
  };
}

/** Waits until each process is as it will stay. */
async function rest(world: World): Promise<readonly ProcessView[]> {
  let seen: readonly ProcessView[] = [];
  return until(
    "every process to have come to rest",
    async () => {
      seen = await world.list();
      const isAtRest = seen.every(({ status }) =>
        ["online", "stopped", "errored"].includes(status),
      );
      return isAtRest && seen;
    },
    { withinMs: 60_000, saw: () => seen.map(({ name, status }) => `${name} ${status}`) },
  );
}

function learn(of: readonly ProcessView[]): Wanted {
  if (of.length === 0) return "gone";
  const statuses = new Set(of.map(({ status }) => status));
  if (statuses.size > 1 || statuses.has("errored")) return "unknown";
  return { count: of.length, is: statuses.has("online") ? "running" : "stopped" };
}

function fits(of: readonly ProcessView[], want: Exclude<Wanted, "unknown">): boolean {
  if (want === "gone") return of.length === 0;
  const status = want.is === "running" ? "online" : "stopped";
  return of.length === want.count && of.every((each) => each.status === status);
}

/** Counts what runs for the home and is not a part of a life that the list knows. */
async function countStrangers(world: World, counts: Counts): Promise<void> {
  let strangers: string[] = [];
  let isDoubled = false;
  const look = async (): Promise<boolean> => {
    const list = await world.list();
    const marked = world.marked();
    const lives = new Set(
      marked.filter(({ pid }) => list.some((each) => each.pid === pid)).map(({ life }) => life),
    );
    const others = marked.filter(({ life }) => !lives.has(life));
    isDoubled = others.some(({ id }) => list.some((each) => each.id === id && each.pid !== null));
    strangers = others.map(({ pid, id, life }) => `${pid} of process ${id}, life ${life}`);
    return others.length === 0;
  };
  await until("no process beside those in the list", look, { withinMs: 15_000 }).catch(() => {
    if (isDoubled) counts.doubled += 1;
    else counts.orphans += 1;
    console.log(`${isDoubled ? "doubled" : "orphans"}: ${strangers.join("; ")}`);
    for (const each of strangers) process.kill(Number.parseInt(each, 10), "SIGKILL");
  });
}
