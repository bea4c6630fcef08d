import { fromCallback } from "xstate";
import type { VirtualClock } from "../../machines/lib/virtual-clock.ts";
import type {
  Fact,
  LaunchInput,
  SensorInput,
  ToChild,
  ToSensors,
} from "../../machines/process-events.ts";
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
  const { clock, behaviourOf } = options;
  const time = probeTime(clock);
  /** When the program of each life can serve, by its mark; absent for never. */
  const upFrom = new Map<string, number>();
  const asker =
    (lifeId: string): Ask =>
    () =>
      Promise.resolve(
        clock.now() >= (upFrom.get(lifeId) ?? Number.POSITIVE_INFINITY)
          ? { isGood: true }
          : { isGood: false, why: "no answer" },
      );
  let pids = 0;

  const childProcess = fromCallback<ToChild, LaunchInput>(({ sendBack, receive, input }) => {
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
    const spawned: Fact = {
      type: "child.spawned",
      at,
      child: { pid, startTicks: pid, lifeId, at },
    };
    // A worker is started by its balancer, which answers.
    if (mode === "cluster") later(0, () => spawned);
    else tell(spawned);
    const startup = policy.probes?.startup ?? null;
    let stopProbe = (): void => {};
    if (startup !== null) {
      stopProbe = askUntilGood(startup, asker(lifeId), { time, tell, now: () => clock.now() });
    } else if (policy.readiness !== "spawned") {
      later(bootMs, (at) => ({ type: "child.ready", at }));
    }
    if (end !== null)
      later(end.afterMs, (at) => ({
        type: "child.exited",
        at,
        code: end.code,
        signal: end.signal,
      }));
    let isAsked = false;
    const release = (): void => {
      stopProbe();
      for (const timer of timers) clock.clearTimeout(timer);
    };
    receive(({ type }) => {
      if (type === "traffic" || (type === "stop" && isAsked)) return;
      isAsked = true;
      const isKilled = type === "kill";
      // A worker that serves finishes what is in flight and exits; any other program gets its signal.
      const drains = mode === "cluster" && clock.now() >= (upFrom.get(lifeId) ?? Infinity);
      if (!isKilled && !drains) tell({ type: "child.signalled", at: clock.now() });
      const ms = isKilled ? 0 : stopMs;
      release();
      const signal = isKilled ? "SIGKILL" : stopSignal;
      later(ms, (at) => ({ type: "child.exited", at, code: null, signal }));
    });
    return () => {
      release();
      upFrom.delete(lifeId);
    };
  });

  const sensors = fromCallback<{ type: "none" }, SensorInput>(({ sendBack, input }) =>
    startProbes(input, {
      asker: () => asker(input.child?.lifeId ?? ""),
      now: () => clock.now(),
      report: (fact) => sendBack(fact),
      time,
    }),
  );

  // No schedule fires and no file changes in a plan.
  const appSensors = fromCallback<ToSensors, { readonly key: string }>(() => undefined);
  return { childProcess, sensors, appSensors };
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
