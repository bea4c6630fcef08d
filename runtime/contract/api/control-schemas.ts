import * as v from "valibot";
import { count, text } from "./schema-words.ts";

/*
 * What a request over TCP may hold (`xm inspect --control`): which processes, and what becomes of them. Nothing here
 * carries a specification, an environment or a path, so that a caller that may restart a process cannot choose what runs.
 */

const by = v.pipe(text(), v.maxLength(200));

const ids = v.pipe(v.array(count()), v.minLength(1), v.maxLength(10_000));

export const controlActionSchema = v.strictObject({
  action: v.picklist(["start", "stop", "restart", "delete", "reset"]),
  ids,
  by,
});

export const controlReloadSchema = v.strictObject({ ids, by, force: v.optional(v.boolean()) });

export const controlScaleSchema = v.strictObject({
  instances: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1_000)),
  by,
});

/** Not SIGUSR1: it opens the debugger of a Node app, which has no login and runs any code. */
export const controlSignalSchema = v.strictObject({
  ids,
  signal: v.picklist([
    "SIGTERM",
    "SIGINT",
    "SIGHUP",
    "SIGQUIT",
    "SIGKILL",
    "SIGUSR2",
    "SIGSTOP",
    "SIGCONT",
    "SIGWINCH",
  ]),
});

/** By name, as a route has it. */
export const controlSchemas = {
  controlActionSchema,
  controlReloadSchema,
  controlScaleSchema,
  controlSignalSchema,
} as const;
