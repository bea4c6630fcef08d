import { messageOf } from "../../contract/errors.ts";
import { followFile } from "../../host/log-files/follow.ts";
import { sizeOf } from "../../host/log-files/last-lines.ts";
import type { AppSpec } from "../../../machines/spec.ts";
import { instanceLogPaths } from "../../host/log-files/paths.ts";
import type { Recorder } from "../records/recorder.ts";
import type { Registry } from "../registry/registry.ts";

type Stream = "out" | "err";

interface Who {
  readonly id: number;
  readonly name: string;
  readonly namespace: string;
}

export interface FollowedLogs {
  /** A process is about to have its next life: whatever is written from now on is published. */
  expect(id: number, spec: AppSpec): void;
  end(): void;
}

/** Follows the log files of all processes, those that come later too. Files that several share count once. */
export function followLogs(options: {
  readonly registry: Registry;
  readonly recorder: Recorder;
  readonly onLine: (who: Who, stream: Stream, line: string) => void;
}): FollowedLogs {
  const { registry, recorder, onLine } = options;
  const followed = new Map<string, { ids: Set<number>; abort: AbortController }>();

  const follow = (who: Who, stream: Stream, path: string | null): void => {
    if (path === null) return;
    const known = followed.get(path);
    if (known !== undefined) {
      known.ids.add(who.id);
      return;
    }
    const abort = new AbortController();
    followed.set(path, { ids: new Set([who.id]), abort });
    followFile({
      path,
      fromBytes: sizeOf(path),
      onLine: (line) => onLine(who, stream, line),
      signal: abort.signal,
    }).catch((error: unknown) => onLine(who, "err", `${path}: ${messageOf(error)}`));
  };
  const expect: FollowedLogs["expect"] = (id, spec) => {
    const { out, error, combined } = instanceLogPaths(spec, id);
    const who: Who = { id, name: spec.name, namespace: spec.namespace };
    follow(who, "out", out === null && error === null ? combined : out);
    follow(who, "err", error);
  };
  const leave = (id: number): void => {
    for (const [path, { ids, abort }] of followed) {
      if (!ids.delete(id) || ids.size > 0) continue;
      followed.delete(path);
      // Its last output has been read by then: the change of its folder is noticed within a second.
      setTimeout(() => abort.abort(), 1_500).unref();
    }
  };

  for (const { facts, spec } of registry.processes()) expect(facts.id, spec);
  const endChanges = recorder.subscribe(({ facts }) => {
    if (facts.status !== "removed") return;
    if (registry.processes().every((each) => each.facts.id !== facts.id)) leave(facts.id);
  });
  return {
    expect,
    end: () => {
      endChanges();
      for (const { abort } of followed.values()) abort.abort();
    },
  };
}
