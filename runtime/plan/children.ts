import { fromCallback } from "xstate";
import type { VirtualClock } from "../../machines/lib/virtual-clock.ts";
import type {
  Fact,
  HookInput,
  LaunchInput,
  SensorInput,
  ToChild,
  ToSensors,
} from "../../machines/process-events.ts";
import type { HookReport } from "../../machines/hooks.ts";
import type { ProbeSpec } from "../../machines/probes.ts";
import { startProbes } from "../daemon/probes/index.ts";
import { runProbe, type Ask, type ProbeTime } from "../daemon/probes/run.ts";
import type { Sources } from "../daemon/wire.ts";
import type { Behaviour } from "./behaviour.ts";

/** The programs of a plan: none runs, and each lives as its app's behaviour says. */
export function createSources(options: {
  readonly clock: VirtualClock;
  /** Of an app by its key, at the moment of a start. */
  readonly behaviourOf: (key: string) => Behaviour;
}): Sources {
  const { clock } = options;
  const programs: Programs = { ...options, time: probeTime(clock), upFrom: new Map() };
  const sensors = fromCallback<{ type: "none" }, SensorInput>(({ sendBack, input }) =>
    startProbes(input, {
      asker: () => askerOf(programs, input.child?.lifeId ?? ""),
      now: () => clock.now(),
      report: (fact) => sendBack(fact),
      time: programs.time,
    }),
  );
  // No schedule fires and no file changes in a plan.
  const appSensors = fromCallback<ToSensors, { readonly key: string }>(() => undefined);
  return { childProcess: programSource(programs), hook: hookSource(clock), sensors, appSensors };
}

interface Programs {
  readonly clock: VirtualClock;
  readonly behaviourOf: (key: string) => Behaviour;
  readonly time: ProbeTime;
  /** When the program of each life can serve, by its mark; absent for never. */
  readonly upFrom: Map<string, number>;
}

function askerOf(programs: Programs, lifeId: string): Ask {
  return () =>
    Promise.resolve(
      isUp(programs, lifeId) ? { isGood: true } : { isGood: false, why: "no answer" },
    );
}

function isUp({ clock, upFrom }: Programs, lifeId: string): boolean {
  return clock.now() >= (upFrom.get(lifeId) ?? Number.POSITIVE_INFINITY);
}

function programSource(programs: Programs): Sources["childProcess"] {
  const { clock, behaviourOf, time, upFrom } = programs;
  let pids = 0;
  return fromCallback<ToChild, LaunchInput>(({ sendBack, receive, input }) => {
    const { bootMs, end, stopMs } = behaviourOf(input.app);
    const { policy, stopSignal, mode } = input.spec;
    const tell = (fact: Fact): void => sendBack(fact);
    const timers: number[] = [];
    const later = (ms: number | null, fact: (at: number) => Fact): void => {
      if (ms !== null) timers.push(clock.setTimeout(() => tell(fact(clock.now())), ms));
    };
    const at = clock.now();
    const pid = (pids += 1);
    const lifeId = `life-${pid}`;
    if (bootMs !== null) upFrom.set(lifeId, at + bootMs);
    const child = { pid, startTicks: pid, lifeId, at };
    // A worker is started by its balancer, which answers.
    if (mode === "cluster") later(0, () => ({ type: "child.spawned", at, child }));
    else tell({ type: "child.spawned", at, child });
    const startup = policy.probes?.startup ?? null;
    let stopProbe = (): void => {};
    if (startup !== null) {
      const ask = askerOf(programs, lifeId);
      stopProbe = askUntilGood(startup, ask, { time, tell, now: () => clock.now() });
    } else if (policy.readiness !== "spawned") {
      later(bootMs, (at) => ({ type: "child.ready", at }));
    }
    if (end !== null) {
      const { code, signal } = end;
      later(end.afterMs, (at) => ({ type: "child.exited", at, code, signal }));
    }
    const release = (): void => {
      stopProbe();
      for (const timer of timers) clock.clearTimeout(timer);
    };
    let isAsked = false;
    receive(({ type }) => {
      if (type === "traffic" || (type === "stop" && isAsked)) return;
      isAsked = true;
      release();
      const isKilled = type === "kill";
      // A worker that serves finishes what is in flight and exits; any other program gets its signal.
      const drains = mode === "cluster" && isUp(programs, lifeId);
      if (!isKilled && !drains) tell({ type: "child.signalled", at: clock.now() });
      const signal = isKilled ? "SIGKILL" : stopSignal;
      later(isKilled ? 0 : stopMs, (at) => ({ type: "child.exited", at, code: null, signal }));
    });
    return () => {
      release();
      upFrom.delete(lifeId);
    };
  });
}

function askUntilGood(
  startup: ProbeSpec,
  ask: Ask,
  world: { time: ProbeTime; tell: (fact: Fact) => void; now: () => number },
): () => void {
  const { time, tell, now } = world;
  const told = (why: string | null): void => {
    if (why !== null) return tell({ type: "child.unstarted", at: now(), why });
    stop();
    tell({ type: "child.ready", at: now() });
  };
  const stop = runProbe(startup, ask, told, { time });
  return stop;
}

/** Of the moments that a probe may begin at, the first: a plan draws nothing. */
function probeTime(clock: VirtualClock): ProbeTime {
  return {
    now: () => clock.now(),
    setTimeout: (run, ms) => clock.setTimeout(run, ms),
    clearTimeout: (timer) => {
      if (typeof timer === "number") clock.clearTimeout(timer);
    },
    draw: () => 0,
  };
}

/** A hook succeeds, and takes no time. */
function hookSource(clock: VirtualClock): Sources["hook"] {
  return fromCallback<{ type: "end" }, HookInput>(({ sendBack, input: { name } }) => {
    const tell = (report: HookReport): void => sendBack(report);
    const at = clock.now();
    tell({ type: "hook.begun", at, name, run: name });
    tell({ type: "hook.ended", at, name, code: 0, why: null });
  });
}
