import { spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { until } from "../support/condition.ts";
import { isThere } from "../support/home.ts";
import { hasContent, interleave, median, pause, run, usage } from "./measure.ts";
import { put, type Manager } from "./manager.ts";

/** A line of the table: the figure of each manager, as its reader shall see it. */
export interface Figure {
  readonly name: string;
  readonly goal: string;
  readonly values: Readonly<Record<string, string>>;
}

const node = process.execPath;
const idleApp = "setInterval(() => {}, 1 << 30);";

export const ratio = (value: number, base: number): string => (value / base).toFixed(2);

/** What each further app costs a daemon that has started some: from 50 to 250 of them. */
export async function perApp(managers: readonly Manager[]): Promise<Figure[]> {
  const values: Record<string, string> = {};
  for (const each of managers) {
    const start = async (count: number, prefix: string): Promise<number> => {
      const apps = Array.from({ length: count }, (_, n) => ({
        name: `${prefix}${n}`,
        script: "sleep",
        args: ["1000000"],
        interpreter: "none",
      }));
      await each.call("start", put(each, `${prefix}.json`, JSON.stringify({ apps })));
      await pause(3_000);
      return usage(each.godPid()).rssKb;
    };
    const before = await start(50, "m");
    const after = await start(200, "n");
    values[each.name] = `${((after - before) / 200).toFixed(0)} KB`;
    await each.call("delete", "all");
  }
  return [{ name: "daemon memory per further app", goal: "≤ 20 KB", values }];
}

/** Wall time of a call over that of `node -e 0`. */
export async function listing(managers: readonly Manager[], rounds: number): Promise<Figure[]> {
  for (const each of managers) await each.call("start", put(each, "idle.cjs", idleApp));
  const figures: Figure[] = [];
  for (const command of ["ls", "jlist", "--help"]) {
    const times = await interleave(rounds, {
      node: async () => (await run([node, "-e", "0"])).ms,
      ...Object.fromEntries(
        managers.map((each) => [each.name, async () => (await each.call(command)).ms]),
      ),
    });
    const base = times["node"] ?? 1;
    const values = managers.map((each) => [each.name, ratio(times[each.name] ?? 0, base)] as const);
    figures.push({
      name: `${command} ÷ node -e 0`,
      goal: "≤ 1.25",
      values: Object.fromEntries(values),
    });
  }
  for (const each of managers) await each.call("delete", "all");
  return figures;
}

/** Fifty Node apps: all running, over a raw parallel spawn of the same fifty; then deleting them. */
export async function fifty(managers: readonly Manager[], rounds: number): Promise<Figure[]> {
  const script = 'require("node:fs").writeSync(1, "up\\n"); setInterval(() => {}, 1 << 30);';
  const deletions: Record<string, number[]> = {};
  const cpu: Record<string, string> = {};
  const contestants = managers.map(
    (each) =>
      [
        each.name,
        async () => {
          const app = put(each, "up.cjs", script);
          const apps = Array.from({ length: 50 }, (_, n) => ({ name: `a${n}`, script: app }));
          const file = put(each, "fifty.json", JSON.stringify({ apps }));
          const begin = performance.now();
          const starting = each.call("start", file);
          await until(
            "all fifty to be up",
            () => apps.every(({ name }) => hasContent(each.logFile(name))),
            { withinMs: 120_000 },
          );
          const ms = performance.now() - begin;
          await starting;
          cpu[each.name] ??= `${(await idleCpu(each)).toFixed(2)} %`;
          (deletions[each.name] ??= []).push((await each.call("delete", "all")).ms);
          for (const { name } of apps) rmSync(each.logFile(name), { force: true });
          return ms;
        },
      ] as const,
  );
  const times = await interleave(rounds, {
    raw: rawFifty(managers[0] as Manager, script),
    ...Object.fromEntries(contestants),
  });
  const pick = (show: (name: string) => string): Figure["values"] =>
    Object.fromEntries(managers.map(({ name }) => [name, show(name)]));
  return [
    {
      name: "50 Node apps up ÷ raw parallel spawn",
      goal: "≤ 1.10",
      values: pick((name) => ratio(times[name] ?? 0, times["raw"] ?? 1)),
    },
    {
      name: "delete those 50",
      goal: "≤ 0.4 s",
      values: pick((name) => `${(median(deletions[name] ?? []) / 1_000).toFixed(2)} s`),
    },
    { name: "daemon CPU, idle, 50 apps", goal: "≤ 0.2 %", values: pick((name) => cpu[name] ?? "") },
  ];
}

function rawFifty(each: Manager, script: string): () => Promise<number> {
  return async () => {
    const app = put(each, "raw.cjs", script);
    const begin = performance.now();
    const children = Array.from({ length: 50 }, () =>
      spawn(node, [app], { stdio: ["ignore", "pipe", "ignore"] }),
    );
    await Promise.all(
      children.map((child) => new Promise((resolve) => child.stdout.once("data", resolve))),
    );
    const ms = performance.now() - begin;
    await Promise.all(
      children.map(
        (child) =>
          new Promise((resolve) => {
            child.once("exit", resolve);
            child.kill("SIGKILL");
          }),
      ),
    );
    return ms;
  };
}

async function idleCpu(each: Manager): Promise<number> {
  await pause(2_000);
  const before = usage(each.godPid()).cpuMs;
  await pause(10_000);
  return (usage(each.godPid()).cpuMs - before) / 100;
}

/** Resident size of an idle daemon over that of an idle bare node. */
export async function memory(managers: readonly Manager[]): Promise<Figure[]> {
  const bare = spawn(node, ["-e", idleApp], { stdio: "ignore" });
  await pause(2_000);
  const base = usage(bare.pid ?? 0).rssKb;
  bare.kill("SIGKILL");
  const values = managers.map(
    (each) => [each.name, ratio(usage(each.godPid()).rssKb, base)] as const,
  );
  return [
    { name: "idle daemon memory ÷ idle node", goal: "≤ 1.35", values: Object.fromEntries(values) },
  ];
}

/** From an app's end to the first line of its next life, over the boot of a node that writes one. */
export async function nextLife(managers: readonly Manager[], rounds: number): Promise<Figure[]> {
  const script = [
    'const { writeSync } = require("node:fs");',
    "writeSync(1, `up ${Date.now()}\\n`);",
    'process.on("SIGUSR2", () => { writeSync(1, `down ${Date.now()}\\n`); process.exit(1); });',
    "setInterval(() => {}, 1 << 30);",
  ].join("\n");
  for (const each of managers) {
    await each.call("start", put(each, "lives.cjs", script), "--max-restarts", "1000");
    await until("its first life", () => hasContent(each.logFile("lives")));
  }
  const bare = put(
    managers[0] as Manager,
    "bare.cjs",
    'require("node:fs").writeSync(1, `${Date.now()}\\n`)',
  );
  const times = await interleave(rounds, {
    node: async () => {
      const begin = Date.now();
      return Number((await run([node, bare])).stdout) - begin;
    },
    ...Object.fromEntries(
      managers.map((each) => [
        each.name,
        async () => {
          const lines = (): string[] =>
            readFileSync(each.logFile("lives"), "utf8").trim().split("\n");
          const count = lines().length;
          const [{ pid } = { pid: 0 }] = await each.jlist();
          process.kill(pid, "SIGUSR2");
          await until("the next life", () => lines().length === count + 2);
          const [down, up] = lines()
            .slice(-2)
            .map((line) => Number(line.split(" ")[1]));
          return (up ?? 0) - (down ?? 0);
        },
      ]),
    ),
  });
  for (const each of managers) await each.call("delete", "all");
  const values = managers.map(
    (each) => [each.name, ratio(times[each.name] ?? 0, times["node"] ?? 1)] as const,
  );
  return [
    {
      name: "exit → first line of next life ÷ node boot",
      goal: "≤ 1.15",
      values: Object.fromEntries(values),
    },
  ];
}

/** SIGKILL of the daemon: who lives, who is listed afterwards, and how long the first `ls` takes. */
export async function survival(managers: readonly Manager[]): Promise<Figure[]> {
  const kept: Record<string, string> = {};
  const answer: Record<string, string> = {};
  const back: Record<string, string> = {};
  for (const each of managers) {
    const app = put(each, "idle.cjs", idleApp);
    for (const name of ["a", "b", "c"]) await each.call("start", app, "--name", name, "-f");
    const before = (await each.jlist()).map(({ pid }) => pid);
    process.kill(each.godPid(), "SIGKILL");
    const { ms } = await each.call("ls");
    answer[each.name] = `${ms.toFixed(0)} ms`;
    const after = (await each.jlist()).map(({ pid }) => pid);
    kept[each.name] = `${before.filter((pid) => isThere(pid) && after.includes(pid)).length} of 3`;
    back[each.name] = await backByItself(each);
    await each.call("delete", "all");
  }
  return [
    { name: "SIGKILL of the daemon: same pids", goal: "3 of 3", values: kept },
    { name: "first ls after it", goal: "≤ 400 ms", values: answer },
    { name: "daemon back by itself after it", goal: "≤ 1000 ms", values: back },
  ];
}

/** How long a killed daemon is away when nobody calls. */
async function backByItself(each: Manager): Promise<string> {
  const before = each.godPid();
  process.kill(before, "SIGKILL");
  const begin = Date.now();
  while (Date.now() - begin < 3_000) {
    if (each.godPid() !== before) return `${Date.now() - begin} ms`;
    await pause(2);
  }
  return "never";
}

/** `ls` with five hundred processes over `ls` with one. */
export async function many(each: Manager, rounds: number): Promise<Figure[]> {
  const app = (instances: number): string =>
    JSON.stringify({
      apps: [
        {
          name: "s",
          script: "sleep",
          args: ["1000000"],
          interpreter: "none",
          instances,
          exec_mode: "fork",
        },
      ],
    });
  await each.call("start", put(each, "one.json", app(1)));
  const one = await interleave(rounds, { ls: async () => (await each.call("ls")).ms });
  await each.call("delete", "all");
  await each.call("start", put(each, "many.json", app(500)));
  const five = await interleave(rounds, { ls: async () => (await each.call("ls")).ms });
  await each.call("delete", "all");
  return [
    {
      name: "ls of 500 processes ÷ ls of one",
      goal: "< 1.5",
      values: { [each.name]: ratio(five["ls"] ?? 0, one["ls"] ?? 1) },
    },
  ];
}
