import { dirname } from "node:path";
import { ownFilesRule, ruleFor, type RotationSpec } from "../../../machines/log-rotation.ts";
import type { LogToRotate } from "../../contract/rotation.ts";
import { instanceLogPaths, logFilesOf } from "../../host/log-files/paths.ts";
import { ownerOf } from "../../host/users.ts";
import { ownFile, pipeOrder } from "../log-lane/launch-order.ts";
import type { Managed } from "../registry/registry.ts";

/** A log file of one or more processes. */
export interface LogInUse {
  readonly log: LogToRotate;
  /** `false`: it is rotated only on request. */
  readonly isRotated: boolean;
  /** Only the log lane writes to it. */
  readonly isOfLane: boolean;
}

/** The log files of processes, each once. */
export function logsInUse(
  processes: readonly Managed[],
  { home, logsFolder }: { home: RotationSpec | null; logsFolder: string },
): LogInUse[] {
  const found = new Map<string, LogInUse>();
  const direct = new Set<string>();
  const piped = new Set<string>();
  for (const { spec, facts } of processes) {
    const launched = { spec, id: facts.id, logs: instanceLogPaths(spec, facts.id) };
    for (const stream of ["out", "err"] as const) {
      const order = pipeOrder(launched, stream);
      const own = ownFile(launched, stream);
      if (order === undefined && own !== null) direct.add(own);
      for (const path of [order?.file, order?.combined]) if (path) piped.add(path);
    }
    const { rotation } = spec.logs;
    const owner = ownerOf(spec) ?? null;
    for (const file of logFilesOf(spec, facts.id)) {
      const isOwn = dirname(file) === logsFolder;
      const rule = ruleFor({ declared: rotation, home, isOwn });
      if (found.get(file)?.isRotated === true || (found.has(file) && rule === null)) continue;
      const log = { file, owner, rule: rule ?? { ...ownFilesRule, maxBytes: null } };
      found.set(file, { log, isRotated: rule !== null, isOfLane: false });
    }
  }
  return [...found.values()].map((each) => ({
    ...each,
    isOfLane: piped.has(each.log.file) && !direct.has(each.log.file),
  }));
}
