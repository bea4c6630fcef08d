import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { withHeapLimits } from "../../../cli/container/apps.ts";
import { codeAfterStop, endingOf } from "../../../cli/container/exit-policy.ts";
import { troublesOf } from "../../../cli/container/probes.ts";
import { containerSettings } from "../../../cli/container/settings.ts";
import { readCgroupLimits } from "../../../runtime/host/cgroup.ts";
import type { AppSpec } from "../../../machines/spec.ts";
import type { ProcessView } from "../../../runtime/client/connection/types.ts";

type Seen = Parameters<typeof endingOf>[1][number];

const seen = (id: number, given: Partial<ProcessView>): Seen => ({
  id,
  name: `app${id}`,
  status: "stopped",
  lastExit: null,
  failure: null,
  reload: null,
  ...given,
});

const exit = (at: number, code: number | null, signal: string | null = null) => ({
  at,
  code,
  signal,
  uptimeMs: 10,
  askedBy: null,
});

test("all-stopped: nothing is decided while one may still run", () => {
  for (const status of ["starting", "online", "stopping", "waiting"] as const) {
    const processes = [seen(0, { lastExit: exit(1, 3) }), seen(1, { status })];
    expect(endingOf("all-stopped", processes, [])).toBeUndefined();
  }
  const reload = { step: "launching", done: 0, total: 1, by: "" };
  expect(endingOf("all-stopped", [seen(0, { reload, lastExit: exit(1, 0) })], [])).toBeUndefined();
});

test("all-stopped: the last end decides, and no failure is hidden by it", () => {
  const code = (...ends: (readonly [number, number])[]) =>
    endingOf(
      "all-stopped",
      ends.map(([at, value], id) => seen(id, { lastExit: exit(at, value) })),
      [],
    )?.code;
  expect([code([1, 3], [2, 4]), code([2, 3], [1, 4]), code([1, 3], [2, 0]), code([1, 0])]).toEqual([
    4, 3, 3, 0,
  ]);
  expect(endingOf("all-stopped", [], [])).toEqual({ code: 0, why: "no app runs" });
});

test("any and significant: the first end decides; what never ran has not ended", () => {
  const processes = [
    seen(0, {}),
    seen(1, { lastExit: exit(5, 1) }),
    seen(2, { lastExit: exit(3, null, "SIGTERM") }),
    seen(3, { status: "online", lastExit: exit(1, 9) }),
  ];
  expect(endingOf("any", processes, [])?.code).toBe(143);
  expect(endingOf("significant", processes, ["app1"])?.code).toBe(1);
  expect(endingOf("significant", processes, ["app0", "app3"])).toBeUndefined();
});

test("an app that is given up is no success; one that cannot be run is 126", () => {
  const failure = { at: 2, code: "ERR_CANNOT_SPAWN", message: "permission denied" };
  expect(endingOf("any", [seen(0, { status: "errored", lastExit: exit(1, 0) })], [])?.code).toBe(1);
  expect(endingOf("any", [seen(0, { status: "errored", failure })], [])).toEqual({
    code: 126,
    why: "app0 (0) could not be run: permission denied",
  });
  expect(codeAfterStop([])).toBe(0);
});

test("probes: who starts is not ready, who has done its work is not waited for", () => {
  const one = (status: ProcessView["status"], readiness: ProcessView["readiness"] = "ready") => ({
    id: 0,
    name: "a",
    status,
    readiness,
  });
  expect(troublesOf("readyz", [one("online"), one("stopped")], false)).toEqual([]);
  expect(troublesOf("readyz", [one("online", "late")], true)).toEqual(["a (0) is online"]);
  expect(troublesOf("startupz", [one("errored")], true)).toEqual([]);
  expect(troublesOf("startupz", [], false)).toEqual(["no app is declared"]);
  expect(troublesOf("livez", [one("errored")], false)).toEqual([]);
});

test("settings: the forms of each flag, and what is refused by name", () => {
  const { notes, ...settings } = containerSettings({
    significant: "a,b",
    "stop-grace": "2s",
    forward: "usr1,SIGUSR2",
    delay: "1.5",
    format: true,
    web: "true",
    secret: "x",
  });
  expect(settings).toEqual({
    policy: "significant",
    significant: ["a", "b"],
    graceMs: 2_000,
    forwarded: ["SIGUSR1", "SIGUSR2"],
    probes: undefined,
    logType: "pairs",
    delayMs: 1_500,
    web: { host: "127.0.0.1", port: 9_615 },
  });
  expect(notes).toEqual(["--secret has no effect: there is no cloud service behind Ex Machina"]);
  expect(containerSettings({ "auto-exit": false }).policy).toBeUndefined();
  for (const wrong of [{ forward: "HUP" }, { delay: "-1" }, { "stop-grace": "x" }]) {
    expect(() => containerSettings(wrong)).toThrow(/^--(forward|delay|stop-grace): expected/);
  }
});

/** A root with some files of the kernel's. */
function rootWith(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), "xm-root-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return root;
}

test("limits of version 2 are the tightest up to the root", () => {
  const root = rootWith({
    "proc/self/cgroup": "0::/a/b\n",
    "sys/fs/cgroup/a/b/memory.max": "max\n",
    "sys/fs/cgroup/a/memory.max": "1048576\n",
    "sys/fs/cgroup/a/b/cpu.max": "150000 100000\n",
    "sys/fs/cgroup/a/cpu.max": "400000 100000\n",
  });
  expect(readCgroupLimits(root)).toEqual({ memoryBytes: 1_048_576, cpus: 1.5 });
});

test("limits of version 1; its number for none is none", () => {
  const files = {
    "proc/self/cgroup": "4:memory:/docker/x\n3:cpu,cpuacct:/docker/x\n1:name=systemd:/\n",
    "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
    "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "50000\n",
    "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
  };
  expect(readCgroupLimits(rootWith(files))).toEqual({ memoryBytes: null, cpus: 0.5 });
  expect(readCgroupLimits(rootWith({}))).toEqual({ memoryBytes: null, cpus: null });
});

const spec = (given: Partial<AppSpec>): AppSpec =>
  ({ interpreter: "node", interpreterArgs: [], env: {}, instances: 1, ...given }) as AppSpec;

test("three quarters of the memory are the heaps', shared by all processes of Node", () => {
  const mib = 1024 * 1024;
  const args = (...specs: AppSpec[]) =>
    withHeapLimits(specs, 400 * mib).map(({ interpreterArgs }) => interpreterArgs.join(" "));
  expect(args(spec({}))).toEqual(["--max-old-space-size=300"]);
  expect(args(spec({ instances: 2 }), spec({ interpreter: "python3" }))).toEqual([
    "--max-old-space-size=150",
    "",
  ]);
  expect(args(spec({ interpreterArgs: ["--max_old_space_size=64"] }))).toEqual([
    "--max_old_space_size=64",
  ]);
  expect(args(spec({ env: { NODE_OPTIONS: "--max-old-space-size=64" } }))).toEqual([""]);
  expect(withHeapLimits([spec({})], null)).toEqual([spec({})]);
  expect(withHeapLimits([spec({})], mib)).toEqual([spec({})]);
});
