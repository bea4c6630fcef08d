/** A limit of setrlimit(2): the current one, and how far the program may raise it; `null` means unlimited. */
export interface RlimitSpec {
  readonly soft: number | null;
  readonly hard: number | null;
}

/** Limits of a cgroup (version 2): they hold for all processes of a life together, and for a cluster as a whole. */
export interface CgroupSpec {
  /** More is not given: the kernel kills. Bytes. */
  readonly memoryMax?: number;
  /** Above it the kernel slows the app down and takes memory back. Bytes. */
  readonly memoryHigh?: number;
  /** Bytes. */
  readonly swapMax?: number;
  /** Processors, for example 1.5. */
  readonly cpuMax?: number;
  /** Share when the CPU is busy, from 1 to 10000; 100 is usual. */
  readonly cpuWeight?: number;
  readonly ioWeight?: number;
  /** Processes and threads. */
  readonly pidsMax?: number;
  /** When memory runs out, all of it is killed. */
  readonly oomGroup?: true;
}

/** What the kernel lets an app have and do; what is not there is as the daemon has it. */
export interface Confinement {
  /** By prlimit(1)'s names: `nofile`, `core`. */
  readonly limits?: Readonly<Record<string, RlimitSpec>>;
  /** From -20, first, to 19, last. */
  readonly nice?: number;
  /** Level from 0, first, to 7; `idle` has none. */
  readonly ionice?: {
    readonly class: "realtime" | "best-effort" | "idle";
    readonly level: number | null;
  };
  /** From -1000, never, to 1000, first. */
  readonly oomScoreAdjust?: number;
  /** No program that it starts has more rights than it has. */
  readonly noNewPrivileges?: true;
  /** All that it and its descendants may ever have, without `cap_`. */
  readonly capabilities?: readonly string[];
  /** In place of those of its user; names or numbers. */
  readonly groups?: readonly string[];
  /** By Node's permission model. Paths are absolute; one may end in `*`. */
  readonly nodePermissions?: {
    readonly read: readonly string[];
    readonly write: readonly string[];
    readonly childProcess: boolean;
    readonly worker: boolean;
    readonly addons: boolean;
    readonly wasi: boolean;
  };
  /** It has a `/tmp` and a `/var/tmp` of its own, which go with it. */
  readonly privateTmp?: true;
  /** Absolute paths that it can only read, whatever its user may. */
  readonly readOnlyPaths?: readonly string[];
  /** It has a cgroup of its own, with these limits if any. */
  readonly cgroup?: CgroupSpec;
}
