import { expect, test } from "vitest";
import { confinementOf } from "../../../../runtime/client/config/app-confinement.ts";
import { readFields } from "../../../../runtime/client/config/read-fields.ts";

const read = (fields: Record<string, unknown>): unknown => {
  const { app, faults } = readFields({ script: "a.js", ...fields }, "app");
  return faults.length > 0 ? faults : confinementOf(app, "/srv");
};

test.each([
  [{ nofile: 10 }, { nofile: { soft: 10, hard: 10 } }],
  [{ nofile: "1024" }, { nofile: { soft: 1024, hard: 1024 } }],
  [
    { core: "unlimited", as: "1G" },
    { core: { soft: null, hard: null }, as: { soft: 2 ** 30, hard: 2 ** 30 } },
  ],
  [{ nproc: { soft: 5, hard: 9 } }, { nproc: { soft: 5, hard: 9 } }],
  [{ nproc: { soft: 5 } }, { nproc: { soft: 5, hard: 5 } }],
  [{ nproc: { soft: 5, hard: "infinity" } }, { nproc: { soft: 5, hard: null } }],
])("limits %j", (limits, expected) => {
  expect(read({ limits })).toEqual({ confinement: { limits: expected } });
});

test.each([
  [3, { class: "best-effort", level: 3 }],
  ["0", { class: "best-effort", level: 0 }],
  ["idle", { class: "idle", level: null }],
  ["best-effort", { class: "best-effort", level: 4 }],
  ["best-effort:7", { class: "best-effort", level: 7 }],
  ["realtime:1", { class: "realtime", level: 1 }],
])("ionice %j", (ionice, expected) => {
  expect(read({ ionice })).toEqual({ confinement: { ionice: expected } });
});

test.each([
  ["CAP_NET_RAW,kill", ["net_raw", "kill"]],
  [["net_bind_service"], ["net_bind_service"]],
  [[], []],
])("capabilities %j", (capabilities, expected) => {
  expect(read({ capabilities })).toEqual({ confinement: { capabilities: expected } });
});

test("an app that says nothing has nothing", () => {
  expect(read({ nice: null, no_new_privileges: false })).toEqual({});
});

test.each([
  { limits: { nofiles: 1 } },
  { limits: { nofile: -1 } },
  { limits: { nofile: "1G" } },
  { limits: { nofile: 1.5 } },
  { limits: { nofile: { soft: 2, hard: 1 } } },
  { limits: { nofile: { soft: "unlimited", hard: 1 } } },
  { limits: [1] },
  { ionice: 8 },
  { ionice: "idle:1" },
  { ionice: "best-effort:" },
  { ionice: "--help" },
  { nice: 20 },
  { nice: 1.5 },
  { oom_score_adjust: 1001 },
  { memory_max: "much" },
  { memory_max: "1K" },
  { memory_high: 100 },
  { swap_max: -1 },
  { cpu_max: "2 cores" },
  { cpu_max: 0 },
  { cpu_max: "0.1%" },
  { cpu_weight: 0 },
  { io_weight: 10_001 },
  { pids_max: 0 },
  { pids_max: 1.5 },
  { pids_max: 5_000_000 },
  { oom_group: "all" },
  { capabilities: ["everything"] },
  { capabilities: "--bounding-set=+all" },
  { supplementary_groups: [{}] },
])("%j is refused", (fields) => {
  const [name = ""] = Object.keys(fields);
  expect(read(fields)).toEqual([expect.stringContaining(`app.${name}: expected `)]);
});

test.each([
  [{ memory_max: "512M" }, { memoryMax: 512 * 2 ** 20 }],
  [
    { memory_max: 10_000_000, memory_high: "8M" },
    { memoryMax: 10_000_000, memoryHigh: 2 ** 23 },
  ],
  [{ swap_max: 0 }, { swapMax: 0 }],
  [{ cpu_max: 1.5 }, { cpuMax: 1.5 }],
  [{ cpu_max: "1.5" }, { cpuMax: 1.5 }],
  [{ cpu_max: "150%" }, { cpuMax: 1.5 }],
  [
    { cpu_weight: 1, io_weight: "10000", pids_max: 64 },
    { cpuWeight: 1, ioWeight: 10_000, pidsMax: 64 },
  ],
  [{ oom_group: true }, { oomGroup: true }],
  [{ cgroup: true }, {}],
  [{ cgroup: false, pids_max: 5 }, { pidsMax: 5 }],
])("a cgroup of %j", (fields, expected) => {
  expect(read(fields)).toEqual({ confinement: { cgroup: expected } });
});

test("no cgroup is made for nothing", () => {
  expect(read({ cgroup: false, oom_group: false, memory_max: null })).toEqual({});
});

const none = { childProcess: false, worker: false, addons: false, wasi: false };

test.each([
  [{}, { ...none, read: ["/srv"], write: [] }],
  [
    { fs_read: true, fs_write: "data/" },
    { ...none, read: ["*"], write: ["/srv/data", "/srv/data/*"] },
  ],
  [
    { fs_read: ["lib", "/etc/ssl*"], fs_write: false, child_process: true, worker: true },
    { ...none, read: ["/srv/lib", "/etc/ssl*"], write: [], childProcess: true, worker: true },
  ],
  [
    { fs_read: [], addons: true, wasi: true },
    { ...none, read: [], write: [], addons: true, wasi: true },
  ],
])("node_permissions %j", (permissions, expected) => {
  expect(read({ node_permissions: permissions })).toEqual({
    confinement: { nodePermissions: expected },
  });
});

test.each([
  [true],
  [[]],
  [{ net: true }],
  [{ worker: "yes" }],
  [{ fs_read: [1] }],
  [{ fs_read: [""] }],
])("node_permissions %j is refused", (permissions) => {
  expect(read({ node_permissions: permissions })).toEqual([
    expect.stringMatching(/^app.node_permissions: expected an object of fs_read, fs_write/),
  ]);
});

test("paths of the namespace of an app", () => {
  expect(read({ private_tmp: true, read_only_paths: ["lib", "/etc"] })).toEqual({
    confinement: { privateTmp: true, readOnlyPaths: ["/srv/lib", "/etc"] },
  });
  expect(read({ private_tmp: false })).toEqual({});
});
