import type { AppSpec } from "../../../machines/spec.ts";
import type { InstanceLogs } from "../../host/log-files/paths.ts";
import { ownerOf } from "../../host/users.ts";
import type { PipeOrder } from "../../contract/log-lane.ts";

/**
 * What a lane has to do for one stream of a process.
 * @returns `undefined` when the program can write to its file by itself, or the stream is discarded.
 */
export function pipeOrder(
  { spec, id, logs }: { spec: AppSpec; id: number; logs: InstanceLogs },
  stream: "out" | "err",
): PipeOrder | undefined {
  const { type, dateFormat, isOff } = spec.logs;
  if (isOff) return undefined;
  const file = stream === "out" ? logs.out : logs.error;
  const { combined } = logs;
  const isPlain = type === "plain" && dateFormat === null;
  if (file === null && combined === null) return undefined;
  if (isPlain && (combined === null || combined === file)) return undefined;
  // Both streams go only to one file: they append to it themselves.
  if (isPlain && logs.out === null && logs.error === null) return undefined;
  const owner = ownerOf(spec) ?? null;
  return {
    id,
    name: spec.name,
    stream,
    file,
    combined,
    type,
    dateFormat,
    owner,
    umask: spec.umask,
  };
}

/** The file that a program writes to by itself where no lane does; `null` when what it writes is discarded. */
export function ownFile(
  { spec, logs }: { readonly spec: AppSpec; readonly logs: InstanceLogs },
  stream: "out" | "err",
): string | null {
  return spec.logs.isOff ? null : ((stream === "out" ? logs.out : logs.error) ?? logs.combined);
}
