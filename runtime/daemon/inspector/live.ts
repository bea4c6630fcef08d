import type { IncomingMessage, ServerResponse } from "node:http";
import { viewOf } from "../registry/views.ts";
import type { ProcessView } from "../../contract/api/schemas.ts";
import { messageOf } from "../../contract/errors.ts";
import { version } from "../../contract/version.ts";
import type { HelloMessage, LiveMessage } from "../../contract/inspector.ts";
import { createViewer, type Message, type Viewer } from "./viewer.ts";
import { createWatch } from "./watch.ts";
import type { Daemon } from "../daemon.ts";
import { shownTime } from "../../host/clock.ts";

/** How often memory and CPU are sent; ms. */
const metricsEveryMs = 2_000;

/** How long changes of processes are collected; ms. */
const changesEveryMs = 100;

/** More viewers than this are refused: none of them is of a person. */
export const mostViewers = 50;

/** Tells viewers what happens. Nothing is subscribed to and nothing computed while there are none. */
export interface Live {
  readonly viewers: number;
  /** @param process the process whose machines are shown; `null` for God's alone. */
  serve(options: {
    request: IncomingMessage;
    response: ServerResponse;
    process: number | null;
    mayControl: boolean;
  }): void;
  close(): void;
}

export function createLive(daemon: Daemon, log: (line: string) => void): Live {
  const { history, recorder, registry, sampler, wall: now } = daemon;
  const watch = createWatch(daemon, log);
  const viewers = new Map<Viewer, ServerResponse>();
  /** The last sent view of each process, as JSON. */
  const told = new Map<number, string>();
  const changed = new Set<number>();
  /** Processes of which viewers that were behind have missed something. */
  const missed = new Map<Viewer, Set<number>>();
  let stops: (() => void)[] = [];
  let changes: NodeJS.Timeout | undefined;

  const tellAll = (message: LiveMessage, replaces: string | null = null): void => {
    const json = JSON.stringify(message);
    for (const viewer of viewers.keys()) viewer.tell({ json, replaces });
  };
  const views = (ids: Iterable<number>): ProcessView[] => {
    const wanted = new Set(ids);
    const all = registry.processes().filter(({ facts }) => wanted.has(facts.id));
    return all.map((managed) => viewOf(managed, undefined));
  };
  const processesMessage = (processes: readonly ProcessView[], removed: number[]): Message => {
    const message: LiveMessage = { type: "processes", at: now(), processes, removed };
    return { json: JSON.stringify(message), replaces: null };
  };
  /** Sends the processes whose view has changed since it was sent. */
  const tellChanges = (ids: Iterable<number>): void => {
    const asked = new Set(ids);
    const there = views(asked);
    for (const { id } of there) asked.delete(id);
    const removed = [...asked].filter((id) => told.delete(id));
    const processes = there.filter((view) => {
      const json = JSON.stringify(view);
      if (told.get(view.id) === json) return false;
      told.set(view.id, json);
      return true;
    });
    if (processes.length === 0 && removed.length === 0) return;
    const message = processesMessage(processes, removed);
    for (const viewer of viewers.keys()) {
      if (viewer.isBehind || missed.has(viewer)) {
        const late = missed.get(viewer) ?? new Set();
        for (const id of [...processes.map((view) => view.id), ...removed]) late.add(id);
        missed.set(viewer, late);
      } else {
        viewer.tell(message);
      }
    }
  };
  const catchUp = (): void => {
    for (const [viewer, ids] of missed) {
      if (viewer.isBehind) continue;
      missed.delete(viewer);
      const there = views(ids);
      for (const { id } of there) ids.delete(id);
      viewer.tell(processesMessage(there, [...ids]));
    }
  };
  const noteChange = (ids: Iterable<number>): void => {
    for (const id of ids) changed.add(id);
    changes ??= setTimeout(() => {
      changes = undefined;
      const ids = [...changed];
      changed.clear();
      tellChanges(ids);
    }, changesEveryMs);
  };
  const tellMetrics = async (): Promise<void> => {
    catchUp();
    const running = registry.processes();
    // A new declaration changes what a process looks like and no fact of it.
    tellChanges([...told.keys(), ...running.map(({ facts }) => facts.id)]);
    const pids = running.flatMap(({ facts }) => facts.child?.pid ?? []);
    const metrics = await sampler.sample(pids, {});
    const samples = running.flatMap(({ facts }) => {
      const sample = metrics.get(facts.child?.pid ?? -1);
      if (sample === undefined) return [];
      const { cpuPercent, memoryBytes } = sample;
      return [[facts.id, Math.round(cpuPercent * 10) / 10, memoryBytes] as const];
    });
    tellAll({ type: "metrics", at: now(), samples }, "metrics");
  };

  const start = (): void => {
    const timer = setInterval(() => {
      tellMetrics().catch((error: unknown) => log(`the inspector: ${messageOf(error)}`));
    }, metricsEveryMs);
    stops = [
      () => clearInterval(timer),
      history.subscribe((record) => {
        tellAll({ type: "record", record });
        if (record.reload !== null) noteChange(record.reload.ids);
      }),
      recorder.subscribe(({ facts }) => {
        noteChange([facts.id]);
        watch.noteProcess(facts.id);
      }),
      () => {
        clearTimeout(changes);
        changes = undefined;
      },
    ];
    for (const view of views(registry.processes().map(({ facts }) => facts.id))) {
      told.set(view.id, JSON.stringify(view));
    }
  };
  const stop = (): void => {
    for (const each of stops.splice(0)) each();
    told.clear();
    changed.clear();
    missed.clear();
  };
  const hello = (mayControl: boolean): HelloMessage => ({
    type: "hello",
    at: now(),
    lastSeq: history.lastSeq,
    daemon: {
      pid: process.pid,
      version,
      startedAt: shownTime(daemon.startedAt),
      home: daemon.paths.home,
    },
    mayControl,
  });

  return {
    get viewers() {
      return viewers.size;
    },
    serve: ({ response, process: id, mayControl }) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      // The page reconnects by itself, soon enough to see the next God start.
      response.write("retry: 500\n\n");
      const viewer = createViewer(response);
      viewers.set(viewer, response);
      if (viewers.size === 1) start();
      viewer.tell({ json: JSON.stringify(hello(mayControl)), replaces: null });
      viewer.tell(processesMessage(views(told.keys()), []));
      const leave = watch.around(id, ({ machine, generation }, json) =>
        viewer.tell({ json, replaces: `machine ${machine} ${generation}` }),
      );
      void tellMetrics().catch((error: unknown) => log(`the inspector: ${messageOf(error)}`));
      response.on("close", () => {
        leave();
        viewer.close();
        missed.delete(viewer);
        if (viewers.delete(viewer) && viewers.size === 0) stop();
      });
    },
    close: () => {
      for (const response of viewers.values()) response.destroy();
    },
  };
}
