import { field, type Field } from "./field.ts";

/**
 * The limits as prlimit(1) names them, without those that `nice` and `ionice` set: their row in /proc/PID/limits, and
 * whether they are in bytes, so that a size such as `"1G"` may be written.
 */
export const limits = {
  nofile: { row: "Max open files" },
  nproc: { row: "Max processes" },
  core: { row: "Max core file size", isBytes: true },
  as: { row: "Max address space", isBytes: true },
  data: { row: "Max data size", isBytes: true },
  stack: { row: "Max stack size", isBytes: true },
  rss: { row: "Max resident set", isBytes: true },
  fsize: { row: "Max file size", isBytes: true },
  memlock: { row: "Max locked memory", isBytes: true },
  cpu: { row: "Max cpu time" },
  sigpending: { row: "Max pending signals" },
  msgqueue: { row: "Max msgqueue size", isBytes: true },
  rtprio: { row: "Max realtime priority" },
  locks: { row: "Max file locks" },
} as const satisfies Readonly<Record<string, { row: string; isBytes?: true }>>;

export type LimitName = keyof typeof limits;

export const limitNames = Object.keys(limits) as LimitName[];

/** capabilities(7), in the order of their numbers. */
export const capabilityNames = [
  "chown",
  "dac_override",
  "dac_read_search",
  "fowner",
  "fsetid",
  "kill",
  "setgid",
  "setuid",
  "setpcap",
  "linux_immutable",
  "net_bind_service",
  "net_broadcast",
  "net_admin",
  "net_raw",
  "ipc_lock",
  "ipc_owner",
  "sys_module",
  "sys_rawio",
  "sys_chroot",
  "sys_ptrace",
  "sys_pacct",
  "sys_admin",
  "sys_boot",
  "sys_nice",
  "sys_resource",
  "sys_time",
  "sys_tty_config",
  "mknod",
  "lease",
  "audit_write",
  "audit_control",
  "setfcap",
  "mac_override",
  "mac_admin",
  "syslog",
  "wake_alarm",
  "block_suspend",
  "audit_read",
  "perfmon",
  "bpf",
  "checkpoint_restore",
] as const;

const inherited = { default: "the daemon's" };

const forGroup = "[Needs a cgroup](../how-to/limit-an-app.md#memory-cpu-and-processes).";

/** Limits of the app with all that it starts. */
const groupFields: readonly Field[] = [
  field(
    "Limits and rights",
    "memory_max",
    "size",
    `Most memory of the app with everything it starts, such as "512M"; beyond it the kernel kills. ${forGroup}`,
  ),
  field(
    "Limits and rights",
    "memory_high",
    "size",
    `Memory above which the kernel slows the app down and reclaims. ${forGroup}`,
  ),
  field("Limits and rights", "swap_max", "size", `Most swap; 0 for none. ${forGroup}`),
  field(
    "Limits and rights",
    "cpu_max",
    "cpus",
    `Most CPU time, in processors (\`1.5\`) or percent of one (\`"150%"\`). ${forGroup}`,
  ),
  field(
    "Limits and rights",
    "cpu_weight",
    "number",
    `Its share while the CPU is busy, from 1 to 10000. ${forGroup}`,
    { default: "100" },
  ),
  field(
    "Limits and rights",
    "io_weight",
    "number",
    `Its share while the disk is busy, from 1 to 10000; the disk's scheduler must support weights. ${forGroup}`,
    { default: "100" },
  ),
  field("Limits and rights", "pids_max", "positive", `Most processes and threads. ${forGroup}`),
  field(
    "Limits and rights",
    "oom_group",
    "boolean",
    `When it exceeds \`memory_max\`, all of its processes are killed, not one. ${forGroup}`,
    { default: "false" },
  ),
  field(
    "Limits and rights",
    "cgroup",
    "boolean",
    `A cgroup of its own without any limit: nothing that it starts can outlive it. Implied by the limits. ${forGroup}`,
    { default: "false" },
  ),
];

/** What the kernel lets an app have and do. */
export const confinementFields: readonly Field[] = [
  field(
    "Limits and rights",
    "limits",
    "limits",
    'Limits of setrlimit(2), such as `{ nofile: 65536, core: "unlimited", as: "2G" }`; `{ soft, hard }` sets the two limits separately.',
    inherited,
  ),
  field(
    "Limits and rights",
    "nice",
    "number",
    "CPU priority, from -20 (first) to 19 (last).",
    inherited,
  ),
  field(
    "Limits and rights",
    "ionice",
    "ionice",
    'Disk priority: a level from 0 (first) to 7, `"idle"`, `"best-effort:3"`, `"realtime:3"`.',
    inherited,
  ),
  field(
    "Limits and rights",
    "oom_score_adjust",
    "number",
    "The order in which the kernel kills when memory runs out: from -1000 (never) to 1000 (first).",
    inherited,
  ),
  field(
    "Limits and rights",
    "no_new_privileges",
    "boolean",
    "Programs that it starts get no additional rights: setuid has no effect on them.",
    { default: "false" },
  ),
  field(
    "Limits and rights",
    "capabilities",
    "capabilities",
    "All capabilities that it and its descendants may ever have; `[]` for none. With `uid` it has them without being root.",
    inherited,
  ),
  field(
    "Limits and rights",
    "supplementary_groups",
    "groups",
    "Groups besides its own; `[]` for none.",
    { default: "those of `uid`" },
  ),
  field(
    "Limits and rights",
    "node_permissions",
    "node permissions",
    "Node only: what it may do, by Node's permission model: `{ fs_read, fs_write, child_process, worker, addons, wasi }`. `fs_read` and `fs_write` are lists of paths, or `true` for all; the others are switches. Without `fs_read` it may read its `cwd`. See [how to limit an app](../how-to/limit-an-app.md#files-and-programs).",
  ),
  field(
    "Limits and rights",
    "private_tmp",
    "boolean",
    "It has a /tmp and a /var/tmp of its own, empty at each start; needs root or user namespaces.",
    { default: "false" },
  ),
  field(
    "Limits and rights",
    "read_only_paths",
    "strings",
    "Paths that it can only read; needs root or user namespaces.",
  ),
  ...groupFields,
];
