import { mkdtempSync, rmSync } from "node:fs";
import { get, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createActor, fromCallback } from "xstate";
import type { LaunchInput, SensorInput, ToChild } from "../../machines/process-events.ts";
import { VirtualClock } from "../../machines/lib/virtual-clock.ts";
import { processMachine } from "../../machines/process.ts";
import { openHistory } from "../../runtime/daemon/records/history.ts";
import { historyEntry, type HistoryEntry } from "../../runtime/contract/history.ts";
import { createGuardLog } from "../../runtime/daemon/records/guard-log.ts";
import { watchedGuards } from "../../runtime/daemon/wire.ts";
import { appSpec } from "../support/machines/spec.ts";
import { ratio, type Figure } from "./figures.ts";
import { median, pause, usage } from "./measure.ts";
import { put, type Manager } from "./manager.ts";

type Machine = typeof processMachine;

/** Crash loops of the process machine with God's guards while nobody watches, over the machine by itself; interleaved. */
export function inspection(rounds: number): Figure[] {
  const plain = wired(processMachine);
  const log = createGuardLog(() => 0);
  const watched = wired(
    processMachine.provide({ guards: watchedGuards("process", processMachine, log) }),
  );
  const times = { plain: [] as number[], watched: [] as number[] };
  for (let round = 0; round < rounds + warmUp; round += 1) {
    // Who comes second has the garbage of who came first: they take turns at that, too.
    const order =
      round % 2 === 0 ? (["plain", "watched"] as const) : (["watched", "plain"] as const);
    for (const name of order) {
      const ms = crashLoop(name === "plain" ? plain : watched);
      if (round >= warmUp) times[name].push(ms);
    }
  }
  const value = ratio(median(times.watched), median(times.plain));
  return [
    {
      name: "a transition with nobody watching ÷ without inspection",
      goal: "≤ 1.05",
      values: { xm: value },
    },
  ];
}

const crashes = 500;

/** Rounds until the code is compiled. */
const warmUp = 20;

/** ms for so many crashes and restarts, each of them some four transitions. */
function crashLoop({ machine, clock, crash }: Wired): number {
  const restart = { maxRestarts: 1_000_000, restartDelayMs: 10 };
  const input = {
    id: 0,
    app: "a",
    instance: 0,
    spec: appSpec({ restart }),
    seed: 1,
    at: 0,
    resume: null,
  };
  const actor = createActor(machine, { clock, input });
  actor.start();
  const begin = performance.now();
  for (let n = 0; n < crashes; n += 1) {
    crash();
    clock.step();
  }
  const ms = performance.now() - begin;
  actor.stop();
  return ms;
}

interface Wired {
  readonly machine: Machine;
  readonly clock: VirtualClock;
  readonly crash: () => void;
}

function wired(base: Machine): Wired {
  const clock = new VirtualClock();
  let tell: ((event: never) => void) | undefined;
  const machine = base.provide({
    actors: {
      childProcess: fromCallback<ToChild, LaunchInput>(({ sendBack }) => {
        tell = sendBack;
        const child = { pid: 1, startTicks: 1, lifeId: "life", at: clock.now() };
        sendBack({ type: "child.spawned", at: clock.now(), child });
      }),
      sensors: fromCallback<{ type: "none" }, SensorInput>(() => undefined),
    },
  });
  const crash = (): void =>
    tell?.({ type: "child.exited", at: clock.now(), code: 1, signal: null } as never);
  return { machine, clock, crash };
}

/** What a record of the history costs, with a turn of the event loop of its own each: the worst there is. */
export async function journal(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "xm-bench-history-"));
  try {
    const history = openHistory({ folder, now: () => Date.now(), log: () => undefined });
    const cpu = async (entries: (n: number) => void): Promise<number> => {
      const before = process.cpuUsage();
      for (let n = 0; n < 40_000; n += 1) {
        entries(n);
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
      }
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 40_000;
    };
    const samples = [0, 1, 2, 3].map(sample);
    const append = (n: number): void => {
      const entry = samples[n % 4];
      // Made anew, as the recorder does.
      if (entry !== undefined) history.append({ ...entry });
    };
    await cpu(append);
    const costs: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      const idle = await cpu((n) => void { ...samples[n % 4] });
      costs.push((await cpu(append)) - idle);
    }
    const us = median(costs);
    return [
      { name: "history, per transition", goal: "≤ 5 µs", values: { xm: `${us.toFixed(1)} µs` } },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Of four transitions of a crash loop one tells of an end and a decision. */
function sample(n: number): HistoryEntry {
  const base = historyEntry({
    at: 1_790_000_000_000 + n,
    kind: "process",
    event: ["restartDelay", "child.spawned", "child.exited", "minUptime"][n % 4] ?? "",
    id: n % 200,
    app: "api",
    name: "api",
    states: "alive.online.uptime.fresh alive.online.sensors.off",
    status: "online",
    pid: 1_000 + n,
    startedAt: 1_790_000_000_000,
    restarts: n,
  });
  if (n % 4 !== 2) return base;
  const exit = { at: base.at, code: 1, signal: null, uptimeMs: 52, askedBy: null };
  return {
    ...base,
    status: "waiting",
    exit,
    decision: {
      at: base.at,
      rule: "delaysRestart",
      next: "wait",
      exit,
      saw: { restartDelayMs: 300 },
      delayMs: 300,
      sentence:
        "Exited with code 1 after 52 ms; it starts again in 300 ms, because restart_delay is set.",
    },
    judgement: {
      goal: "run",
      askedBy: null,
      group: null,
      failure: null,
      mayTryAgain: null,
      onProbation: false,
      code: 1,
      signal: null,
      failedProbe: null,
      stopExitCodes: "",
      successExitCodes: "",
      type: "simple",
      runTimeoutMs: null,
      restart: "always",
      unstableRestarts: 3,
      maxRestarts: 16,
      minUptimeMs: 1_000,
      restartsInWindow: 0,
      restartWindowMs: 0,
      previousWaitMs: 0,
      maxWaitMs: null,
      restartDelayMs: 300,
    },
  };
}

/** 200 processes that crash and wait five seconds, with and without five pages that look at one each. */
export async function viewers(each: Manager): Promise<Figure[]> {
  const apps = Array.from({ length: 200 }, (_, n) => ({
    name: `c${n}`,
    script: "/bin/false",
    interpreter: "none",
    restart_delay: 5_000,
    max_restarts: 1_000_000,
  }));
  await each.call("start", put(each, "loops.json", JSON.stringify({ apps })));
  const share = async (): Promise<number> => {
    await pause(5_000);
    const before = usage(each.godPid()).cpuMs;
    await pause(20_000);
    return (usage(each.godPid()).cpuMs - before) / 200;
  };
  const alone = await share();
  const { stdout } = await each.call("inspect", "--json", "--no-open");
  const { port, token } = JSON.parse(stdout) as { port: number; token: string };
  const pages = await Promise.all([0, 1, 2, 3, 4].map((id) => look(port, token, id)));
  const watched = await share();
  for (const page of pages) page.destroy();
  await each.call("inspect", "--stop");
  await each.call("delete", "all");
  return [
    {
      name: "daemon CPU, 200 crash-looping processes (40 restarts a second), 5 viewers (nobody)",
      goal: "< 20 %",
      values: { [each.name]: `${watched.toFixed(1)} % (${alone.toFixed(1)} %)` },
    },
  ];
}

function look(port: number, token: string, id: number): Promise<IncomingMessage> {
  const headers = { authorization: `Bearer ${token}` };
  const path = `/inspector/live?process=${id}`;
  return new Promise((resolve, reject) => {
    const asked = get({ host: "127.0.0.1", port, path, headers, agent: false }, (answer) => {
      answer.on("error", () => undefined).resume();
      resolve(answer);
    });
    asked.on("error", reject);
  });
}
