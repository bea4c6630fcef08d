import { messageOf } from "../errors.ts";
import { followFile } from "../logs/follow.ts";
import { sizeOf } from "../logs/last-lines.ts";
import { instanceLogPaths } from "../logs/paths.ts";
import type { Recorder } from "./recorder.ts";
import type { Managed, Registry } from "./registry.ts";

type Stream = "out" | "err";

interface Who {
  readonly id: number;
  readonly name: string;
  readonly namespace: string;
}

/** Follows the log files of all processes, those that come later too, until aborted. Files that several share count once. */
export function followLogs(options: {
  readonly registry: Registry;
  readonly recorder: Recorder;
  readonly onLine: (who: Who, stream: Stream, line: string) => void;
  readonly signal: AbortSignal;
}): void {
  const { registry, recorder, onLine, signal } = options;
  const followed = new Map<string, { ids: Set<number>; abort: AbortController }>();

  const follow = (managed: Managed, stream: Stream, path: string | null): void => {
    if (path === null) return;
    const { id } = managed.facts;
    const { name, namespace } = managed.spec;
    const who: Who = { id, name, namespace };
    const known = followed.get(path);
    if (known !== undefined) {
      known.ids.add(id);
      return;
    }
    const abort = new AbortController();
    followed.set(path, { ids: new Set([id]), abort });
    followFile({
      path,
      fromBytes: sizeOf(path),
      onLine: (line) => onLine(who, stream, line),
      signal: abort.signal,
    }).catch((error: unknown) => onLine(who, "err", `${path}: ${messageOf(error)}`));
  };
  const followProcess = (managed: Managed): void => {
    const { out, error } = instanceLogPaths(managed.spec, managed.facts.id);
    follow(managed, "out", out);
    follow(managed, "err", error);
  };
  const leave = (id: number): void => {
    for (const [path, { ids, abort }] of followed) {
      if (!ids.delete(id) || ids.size > 0) continue;
      followed.delete(path);
      // What it wrote last is read by then: its folder has changed, and that is told within a second.
      setTimeout(() => abort.abort(), 1_500).unref();
    }
  };

  for (const managed of registry.processes()) followProcess(managed);
  const end = recorder.subscribe(({ facts, before }) => {
    if (facts.status === "removed") {
      if (registry.processes().every((each) => each.facts.id !== facts.id)) leave(facts.id);
    } else if (before === undefined || before.child === null) {
      const managed = registry.processes().find((each) => each.facts.id === facts.id);
      if (managed !== undefined) followProcess(managed);
    }
  });
  signal.addEventListener("abort", () => {
    end();
    for (const { abort } of followed.values()) abort.abort();
  });
}
