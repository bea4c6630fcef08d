import * as v from "valibot";
import { capabilityNames, limitNames } from "../fields/confinement.ts";
import { leastCpus, leastMemoryBytes, mostCpus, mostPids, mostWeight } from "../ranges.ts";
import { nullable, path, text } from "./schema-words.ts";

const rlimit = nullable(v.pipe(v.number(), v.integer(), v.minValue(0)));
const between = (least: number, most: number) =>
  v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(most));

/** `*` is every path. */
const permittedPath = v.union([path(), v.literal("*")]);

/** What the kernel lets an app have and do. */
export const confinement = v.strictObject({
  limits: v.exactOptional(
    v.record(v.picklist(limitNames), v.strictObject({ soft: rlimit, hard: rlimit })),
  ),
  nice: v.exactOptional(between(-20, 19)),
  ionice: v.exactOptional(
    v.strictObject({
      class: v.picklist(["realtime", "best-effort", "idle"]),
      level: nullable(between(0, 7)),
    }),
  ),
  oomScoreAdjust: v.exactOptional(between(-1000, 1000)),
  noNewPrivileges: v.exactOptional(v.literal(true)),
  capabilities: v.exactOptional(v.array(v.picklist<readonly string[]>(capabilityNames))),
  groups: v.exactOptional(v.array(text())),
  nodePermissions: v.exactOptional(
    v.strictObject({
      read: v.pipe(v.array(permittedPath), v.maxLength(1_000)),
      write: v.pipe(v.array(permittedPath), v.maxLength(1_000)),
      childProcess: v.boolean(),
      worker: v.boolean(),
      addons: v.boolean(),
      wasi: v.boolean(),
    }),
  ),
  privateTmp: v.exactOptional(v.literal(true)),
  readOnlyPaths: v.exactOptional(v.pipe(v.array(path()), v.maxLength(1_000))),
  cgroup: v.exactOptional(
    v.strictObject({
      memoryMax: v.exactOptional(between(leastMemoryBytes, Number.MAX_SAFE_INTEGER)),
      memoryHigh: v.exactOptional(between(leastMemoryBytes, Number.MAX_SAFE_INTEGER)),
      swapMax: v.exactOptional(between(0, Number.MAX_SAFE_INTEGER)),
      cpuMax: v.exactOptional(v.pipe(v.number(), v.minValue(leastCpus), v.maxValue(mostCpus))),
      cpuWeight: v.exactOptional(between(1, mostWeight)),
      ioWeight: v.exactOptional(between(1, mostWeight)),
      pidsMax: v.exactOptional(between(1, mostPids)),
      oomGroup: v.exactOptional(v.literal(true)),
    }),
  ),
});
