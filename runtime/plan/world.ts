import { createActor } from "xstate";
import type { GodActor } from "../../machines/god.ts";
import { VirtualClock } from "../../machines/lib/virtual-clock.ts";
import type { ExitFact, ProcessFacts } from "../../machines/facts.ts";
import type { Bus } from "../daemon/bus/bus.ts";
import type { DeclareDependencies } from "../daemon/daemon.ts";
import { observe } from "../daemon/observe.ts";
import { createGuardLog } from "../daemon/records/guard-log.ts";
import { createMachineHistory } from "../daemon/records/machine-history.ts";
import { createRecorder, type Change } from "../daemon/records/recorder.ts";
import { createReloadGuards } from "../daemon/records/reload-guards.ts";
import { createRegistry } from "../daemon/registry/registry.ts";
import type { StateStore } from "../daemon/state/store.ts";
import { wireGod } from "../daemon/wire.ts";
import type { HistoryEntry } from "../contract/history.ts";
import type { Behaviour } from "./behaviour.ts";
import { createSources } from "./children.ts";

/** A change of a process, a reload or a group, as the history would keep it. Times in ms since the plan's beginning. */
export interface Moment {
  readonly at: number;
  readonly kind: "process" | "reload" | "group";
  readonly name: string;
  /** What caused it, in the words of the charts: `child.spawned`. */
  readonly event: string;
  readonly states: string;
  /** Of a process. */
  readonly facts?: ProcessFacts;
  /** The sentence of a decision that is new. */
  readonly sentence?: string;
  readonly rule?: string;
  /** An exit that is new. */
  readonly exit?: ExitFact;
}

/** God and all machines under it on a virtual clock, over programs that only exist in the plan. */
export interface World {
  readonly clock: VirtualClock;
  readonly god: GodActor;
  /** What the daemon's own commands work with. */
  readonly dependencies: DeclareDependencies;
  readonly moments: readonly Moment[];
  /** Lets everything happen that waits for no time, until nothing has for `turns` turns of the event loop. */
  readonly quiet: (turns: number) => Promise<void>;
  readonly end: () => void;
}

/** A world in which God runs and nothing is declared. */
export async function createWorld(behaviourOf: (key: string) => Behaviour): Promise<World> {
  const clock = new CountingClock();
  const now = (): number => clock.now();
  const moments: Moment[] = [];
  const recorder = createRecorder({ store: noStore, now, log: () => {} });
  recorder.subscribe((change) => moments.push(momentOf(change)));
  const reloadGuards = createReloadGuards();
  const machines = createMachineHistory({
    history: {
      append: (entry) => {
        const moment = momentOfEntry(entry);
        if (moment !== null) moments.push(moment);
      },
    },
    reloadGuards,
    now,
    isFrozen: () => false,
  });
  const machine = wireGod({
    sources: createSources({ clock, behaviourOf }),
    now,
    restore: () => Promise.resolve({ at: 0, apps: [] }),
    god: (): GodActor => god,
    guardLog: createGuardLog(now),
    reloadGuards,
    onMoved: {
      process: (actor, given) => recorder.moved(actor, given),
      reload: (actor, given) => machines.noteStep(actor, given),
      app: (actor, given) => machines.noteApp(actor, given),
      group: (actor, given) => machines.noteGroup(actor, given),
      god: () => {},
    },
  });
  const god: GodActor = createActor(machine, { clock });
  const registry = createRegistry(god);
  observe({ god, recorder, store: noStore, machines, now, log: () => {} });
  let seeds = 0;
  const dependencies: DeclareDependencies = {
    god,
    registry,
    recorder,
    store: noStore,
    bus: noBus,
    now,
    newSeed: () => (seeds += 1),
    exclusive: (work) => work(),
  };
  const quiet = async (turns: number): Promise<void> => {
    for (let still = 0; still < turns;) {
      const before = clock.changes + moments.length;
      await new Promise((go) => {
        setImmediate(go);
      });
      still = clock.changes + moments.length === before ? still + 1 : 0;
    }
  };
  const end = (): void => {
    god.stop();
  };
  god.start();
  await quiet(1);
  return { clock, god, dependencies, moments, quiet, end };
}

/** Counts what is done with it, by which a world knows that something has happened. */
class CountingClock extends VirtualClock {
  changes = 0;

  override setTimeout(run: (...args: unknown[]) => void, timeout: number): number {
    this.changes += 1;
    return super.setTimeout(run, timeout);
  }

  override clearTimeout(id: number): void {
    this.changes += 1;
    super.clearTimeout(id);
  }
}

function momentOf({ at, event, before, facts, states, name }: Change): Moment {
  const decision = facts.decisions.at(-1);
  // A replacement inherits the decisions of what it replaces.
  const isKnown = before === undefined && facts.generation > 0;
  const isNew = decision !== undefined && decision !== before?.decisions.at(-1) && !isKnown;
  const { lastExit } = facts;
  return {
    at,
    kind: "process",
    name,
    event,
    states,
    facts,
    ...(isNew ? { sentence: decision.sentence, rule: decision.rule } : {}),
    ...(lastExit !== null && lastExit !== before?.lastExit ? { exit: lastExit } : {}),
  };
}

function momentOfEntry({ at, kind, name, event, states, by, reload }: HistoryEntry): Moment | null {
  if (kind !== "reload" && kind !== "group") return null;
  const why = reload?.failure?.reason ?? by;
  return { at, kind, name, event, states, ...(why === null ? {} : { sentence: why }) };
}

/** Nothing of a plan is kept. */
const noStore: StateStore = {
  restored: { apps: [], processes: [], reloads: [], groups: [], notes: [] },
  append: () => {},
  flush: () => Promise.resolve(),
  isWritable: true,
  assertWritable: () => {},
  appKeys: () => [],
  snapshot: () => {},
  close: () => Promise.resolve(),
};

/** Nobody listens. */
const noBus: Bus = {
  subscribe: () => () => {},
  expect: () => {},
  command: () => {},
  heard: () => {},
  failed: () => {},
  logged: () => {},
  killed: () => {},
};
