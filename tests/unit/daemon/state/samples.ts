import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { ProcessFacts } from "../../../../machines/facts.ts";
import { plainSpec } from "../../../../runtime/contract/fields/plain-spec.ts";
import type { DeclaredApp, JournalEntry } from "../../../../runtime/daemon/state/entries.ts";
import {
  openStore,
  type StateStore,
  type StoreOptions,
} from "../../../../runtime/daemon/state/store.ts";
import { appSpec } from "../../../support/machines/spec.ts";

/** A folder of its own for the test that asks. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "xm-state-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The state as a daemon killed at this instant would leave it. */
export function copyOf(directory: string): string {
  const copy = join(temporaryFolder(), "state");
  cpSync(directory, copy, { recursive: true });
  return copy;
}

export function open(directory: string, options: Partial<StoreOptions> = {}): StateStore {
  return openStore(directory, { now: () => 1000, log: () => {}, ...options });
}

/** What a fresh daemon finds in a folder, in an order of its own. The folder is left as it was. */
export function restoredFrom(directory: string): Facts & { notes: readonly string[] } {
  const { apps, processes, notes } = open(copyOf(directory)).restored;
  return { ...inOrder({ apps, processes }), notes };
}

export interface Facts {
  readonly apps: readonly DeclaredApp[];
  readonly processes: readonly ProcessFacts[];
}

export function inOrder({ apps, processes }: Facts): Facts {
  return {
    apps: [...apps].sort((a, b) => (a.key < b.key ? -1 : 1)),
    processes: [...processes].sort((a, b) => a.id - b.id),
  };
}

export function app(key: string, env: Record<string, string> = { A: "1" }): DeclaredApp {
  const spec = appSpec({
    spec: {
      name: key,
      script: `/srv/${key}.js`,
      args: ["--port", "0"],
      cwd: "/srv",
      env,
      logs: { ...plainSpec.logs, out: `/logs/${key}-out.log` },
      pidFile: `/pids/${key}.pid`,
      passthrough: { vizion: true },
    },
    restart: {
      backoff: { initialMs: 100, factor: 1.5, maxMs: 15_000, jitter: 0, resetAfterMs: 30_000 },
      stopExitCodes: [0],
    },
    sensors: {
      watch: {
        paths: ["/srv"],
        ignore: ["node_modules", { regexp: "\\.log$", flags: "" }],
        delayMs: 0,
        options: { pollMs: null, depth: null, followSymlinks: true },
      },
    },
  });
  return { key, spec };
}

export function facts(id: number, changes: Partial<ProcessFacts> = {}): ProcessFacts {
  const exit = { at: 40, code: null, signal: "SIGKILL", uptimeMs: 7, askedBy: null };
  return {
    id,
    generation: 0,
    app: "api",
    instance: 0,
    status: "online",
    goal: "run",
    child: { pid: 4000 + id, startTicks: 77, lifeId: `life-${id}`, at: 50 },
    readiness: "ready",
    createdAt: 10,
    restarts: 1,
    unstableRestarts: 1,
    restartTimes: [40],
    backoffMs: 0,
    restartAt: null,
    killAt: null,
    lastExit: exit,
    failure: null,
    decisions: [
      {
        at: 40,
        rule: "restartsAtOnce",
        next: "start",
        exit,
        saw: { mode: "always", uptimeMs: 7, code: null },
        delayMs: 0,
        sentence: "ended with SIGKILL — é — and is started again",
      },
    ],
    ...changes,
  };
}

export function declared(key: string, env?: Record<string, string>): JournalEntry {
  return { type: "app.declared", at: 1, app: app(key, env) };
}

export function changed(id: number, changes: Partial<ProcessFacts> = {}): JournalEntry {
  return { type: "process.changed", at: 2, event: "child.spawned", facts: facts(id, changes) };
}

/** Every file of a state with something in it: two snapshots, two segments, two apps, two processes. */
export function fullState(): { directory: string; facts: Facts } {
  const directory = join(temporaryFolder(), "state");
  const store = open(directory, { maxJournalBytes: 1 });
  store.append(declared("api"));
  store.append(changed(0));
  store.snapshot();
  store.append(declared("worker"));
  store.append(changed(1, { app: "worker" }));
  store.snapshot();
  store.append(changed(0, { status: "stopped", goal: "stop", child: null }));
  return {
    // The store that wrote it may yet compact its own folder.
    directory: copyOf(directory),
    facts: {
      apps: [app("api"), app("worker")],
      processes: [
        facts(0, { status: "stopped", goal: "stop", child: null }),
        facts(1, { app: "worker" }),
      ],
    },
  };
}
