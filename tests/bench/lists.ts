import { spawn } from "node:child_process";
import { put, type Manager } from "./manager.ts";
import { interleave, median, usage } from "./measure.ts";
import { ratio, type Figure } from "./figures.ts";

/** PM2 takes minutes for longer lists. */
const mostForPm2 = 500;

/** Lists of many apps, one process of `sleep` each: started beside raw spawns, deleted, and declared without a start. */
export async function lists(managers: readonly Manager[], rounds: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const count of [100, 500, 1_000]) {
    const own = managers.filter(({ name }) => name === "xm" || count <= mostForPm2);
    figures.push(...(await started(own, count, rounds)));
  }
  const [xm] = managers.filter(({ name }) => name === "xm");
  if (xm !== undefined) figures.push(...(await declared(xm, 3_000, rounds)));
  return figures;
}

async function started(
  managers: readonly Manager[],
  count: number,
  rounds: number,
): Promise<Figure[]> {
  const deletions: Record<string, number[]> = {};
  const memory: Record<string, string> = {};
  const start = async (each: Manager): Promise<number> => {
    const { ms } = await each.call("start", put(each, `${count}.json`, listOf(count, true)));
    memory[each.name] = `${(usage(each.godPid()).rssKb / 1024).toFixed(0)} MB`;
    (deletions[each.name] ??= []).push((await each.call("delete", "all")).ms);
    return ms;
  };
  const times = await interleave(rounds, {
    raw: () => rawSpawns(count),
    ...Object.fromEntries(managers.map((each) => [each.name, () => start(each)])),
  });
  const pick = (show: (name: string) => string): Figure["values"] =>
    Object.fromEntries(managers.map(({ name }) => [name, show(name)]));
  return [
    {
      name: `${count} sleeps from one file ÷ raw spawns`,
      goal: "≤ 1.3",
      values: pick((name) => ratio(times[name] ?? 0, times["raw"] ?? 1)),
    },
    {
      name: `delete those ${count}`,
      goal: "≤ 1.5 s",
      values: pick((name) => seconds(deletions[name])),
    },
    { name: `daemon memory with ${count}`, goal: "≤ 90 MB", values: memory },
  ];
}

async function declared(xm: Manager, count: number, rounds: number): Promise<Figure[]> {
  const times: Record<"declare" | "delete" | "ping", number[]> = {
    declare: [],
    delete: [],
    ping: [],
  };
  for (let round = 0; round < rounds; round += 1) {
    const file = put(xm, "declared.json", listOf(count, false));
    for (const [name, args] of [
      ["declare", ["start", file]],
      ["delete", ["delete", "all"]],
    ] as const) {
      const { ms, slowest } = await whilePinging(xm, () => xm.call(...args));
      times[name].push(ms);
      times.ping.push(slowest);
    }
  }
  const row = (name: string, goal: string, value: string): Figure => ({
    name,
    goal,
    values: { [xm.name]: value },
  });
  return [
    row(`declare ${count}, not started`, "≤ 6 s", seconds(times.declare)),
    row(`delete those ${count}`, "≤ 3 s", seconds(times.delete)),
    row("slowest ping meanwhile, CLI included", "", `${median(times.ping).toFixed(0)} ms`),
  ];
}

/** Pings for as long as some work takes. */
async function whilePinging(
  xm: Manager,
  work: () => Promise<{ ms: number }>,
): Promise<{ ms: number; slowest: number }> {
  const state = { isOver: false };
  const working = work().finally(() => {
    state.isOver = true;
  });
  let slowest = 0;
  while (!state.isOver) slowest = Math.max(slowest, (await xm.call("ping")).ms);
  return { ms: (await working).ms, slowest };
}

function listOf(count: number, autostart: boolean): string {
  const apps = Array.from({ length: count }, (_, n) => ({
    name: `worker-${n}`,
    script: "sleep",
    args: ["1000000"],
    interpreter: "none",
    autostart,
  }));
  return JSON.stringify({ apps });
}

async function rawSpawns(count: number): Promise<number> {
  const begin = performance.now();
  const children = Array.from({ length: count }, () =>
    spawn("sleep", ["1000000"], { stdio: "ignore" }),
  );
  await Promise.all(children.map((child) => new Promise((up) => child.once("spawn", up))));
  const ms = performance.now() - begin;
  await Promise.all(
    children.map((child) => new Promise((gone) => child.once("exit", gone) && child.kill())),
  );
  return ms;
}

function seconds(values: readonly number[] = []): string {
  return `${(median(values) / 1_000).toFixed(2)} s`;
}
