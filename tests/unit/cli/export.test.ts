import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { calendarOf, cronOfEvery } from "../../../cli/export/calendar.ts";
import type { Exported } from "../../../cli/export/contract.ts";
import { exportApps, type ExportFormat } from "../../../cli/export/index.ts";
import { environmentLine, unitCommand, unitWord } from "../../../cli/export/systemd-words.ts";
import type { AppSpec, RestartPolicy } from "../../../machines/spec.ts";
import { cronJob } from "../../../runtime/contract/cron.ts";
import { plainSpec } from "../../../runtime/contract/fields/plain-spec.ts";

type Given = Partial<Omit<AppSpec, "policy">> & {
  policy?: Partial<Omit<AppSpec["policy"], "restart">>;
  restart?: Partial<RestartPolicy>;
};

const app = ({ policy, restart, ...given }: Given): AppSpec => ({
  ...plainSpec,
  cwd: "/srv/app",
  script: "/srv/app/api.js",
  interpreter: "/bin/sh",
  logs: { ...plainSpec.logs, out: "/home/.xm/logs/out.log", error: "/home/.xm/logs/error.log" },
  umask: 0o022,
  uid: "root",
  ...given,
  policy: {
    ...plainSpec.policy,
    ...policy,
    restart: { ...plainSpec.policy.restart, ...restart },
  },
});

const every = {
  initialDelayMs: 0,
  periodMs: 10_000,
  timeoutMs: 1_000,
  successThreshold: 1,
  failureThreshold: 3,
};
const http = {
  kind: "http",
  isTls: false,
  host: "127.0.0.1",
  port: "$PORT",
  path: "/health?a=$b",
  headers: { Host: "a.example" },
  least: 200,
  most: 399,
} as const;
const depends = { isRequired: true } as const;
const job = { remainsAfterExit: false, runTimeoutMs: null };

const specs: readonly AppSpec[] = [
  app({
    name: "api",
    interpreter: "/usr/bin/node",
    interpreterArgs: ["--max-old-space-size=200"],
    args: ["--say", 'a "b" $HOME 100% it\'s; ;', ";", "$(x)"],
    env: {
      PATH: "/opt/node/bin:/usr/bin",
      PORT: "3000",
      DATABASE_URL: "postgres://u:p%40ss$1@127.0.0.1/db",
      API_TOKEN: 't`ok"en',
      GREETING: 'line 1\nline "2" 50% $X',
      FLAG: "no",
    },
    instances: 3,
    mode: "cluster",
    incrementVariable: "PORT",
    uid: 0,
    gid: 0,
    umask: 0o027,
    confinement: {
      limits: { nofile: { soft: 1_024, hard: 65_536 }, core: { soft: null, hard: null } },
      nice: 5,
      ionice: { class: "best-effort", level: 3 },
      oomScoreAdjust: 500,
      noNewPrivileges: true,
      capabilities: ["net_bind_service"],
      groups: ["0"],
    },
    dependsOn: [
      { app: "db", condition: "healthy", followsRestarts: true, ...depends },
      { app: "migrate", condition: "succeeded", ...depends, isRequired: false },
      { app: "elsewhere", condition: "usual", ...depends },
    ],
    policy: {
      killTimeoutMs: 8_500,
      probes: {
        startup: { ...every, check: http, periodMs: 500, failureThreshold: 60 },
        readiness: { ...every, check: http, successThreshold: 2 },
        liveness: { ...every, check: { kind: "exec", command: "test -e $HOME" }, graceMs: 500 },
      },
    },
    restart: { restartDelayMs: 2_000, restartWindowMs: 60_000, maxRestarts: 5 },
    sensors: {
      ...plainSpec.sensors,
      maxMemoryBytes: 300 * 2 ** 20,
      cron: "0 3 * * 1-5",
      cronTimezone: "Europe/Berlin",
      watch: {
        paths: ["/srv/app"],
        ignore: [],
        delayMs: 0,
        options: { pollMs: null, depth: null, followSymlinks: true },
      },
    },
  }),
  app({
    name: "db",
    env: { PORT: "5001" },
    policy: { probe: { kind: "tcp", host: "127.0.0.1", port: 5_001 }, readiness: "probe" },
  }),
  app({
    name: "migrate",
    interpreter: "/usr/bin/python3",
    script: "/srv/tools/migrate.py",
    dependsOn: [{ app: "db", condition: "usual", ...depends, onLoss: "stop" }],
    policy: { killTimeoutMs: 1_600 },
    restart: {
      mode: "on-failure",
      successExitCodes: [3],
      job: { remainsAfterExit: true, runTimeoutMs: 300_000 },
    },
    stopSignal: "SIGTERM",
  }),
  app({
    name: "odd one",
    namespace: "back office",
    logs: {
      ...plainSpec.logs,
      out: "/var/log/odd 1.log",
      error: null,
      type: "json",
      combined: "/var/log/all.log",
    },
    killsTree: false,
    confinement: {
      cgroup: {
        memoryMax: 2 ** 29,
        memoryHigh: 2 ** 28,
        swapMax: 0,
        cpuMax: 1.5,
        cpuWeight: 50,
        ioWeight: 200,
        pidsMax: 64,
        oomGroup: true,
      },
    },
    stopWithMessage: true,
    autostart: false,
    restart: {
      stopExitCodes: [78],
      backoff: { initialMs: 100, factor: 1.5, maxMs: 15_000, jitter: 0.1, resetAfterMs: 30_000 },
    },
    sensors: {
      ...plainSpec.sensors,
      limits: {
        memoryScope: "main",
        memoryForMs: 0,
        maxCpuPercent: 90,
        cpuForMs: 1_000,
        maxAgeMs: 3_600_000,
        ageJitterMs: 300_000,
      },
    },
  }),
  app({
    name: "odd-one",
    namespace: "back-office",
    interpreter: null,
    script: "/srv/a $b/run",
    args: ["x=1"],
  }),
  app({
    name: "nightly",
    restart: { mode: "never", job },
    sensors: {
      ...plainSpec.sensors,
      schedule: {
        cron: "*/15 2-4 1,15 JAN-MAR *",
        timezone: "Europe/Berlin",
        everyMs: null,
        concurrency: "replace",
        startingDeadlineMs: 60_000,
        catchesUp: true,
        jitterMs: 60_000,
      },
    },
  }),
  app({
    name: "often",
    restart: { mode: "never", job },
    sensors: {
      ...plainSpec.sensors,
      schedule: {
        cron: null,
        timezone: null,
        everyMs: 7_000,
        concurrency: "forbid",
        startingDeadlineMs: 60_000,
        catchesUp: false,
        jitterMs: 0,
      },
    },
  }),
];

const exported = (format: ExportFormat, folder: string | undefined): Promise<Exported> =>
  exportApps(
    format,
    { specs, caller: { FLAG: "yes" }, path: "/usr/bin", logs: "/home/.xm/logs" },
    { folder, image: undefined },
  );

const shown = ({ files, notes }: Exported): string =>
  [
    ...files.map(({ name, text, mode }) => `=== ${name} ${mode.toString(8)}\n${text}`),
    ...notes.map(({ app: name, field, why }) => `! ${name}: ${field}: ${why}`),
  ]
    .join("\n")
    .replaceAll(/node:\d+/g, "node:NN");

test.each(["systemd", "compose", "k8s"] as const)("what is written for %s", async (format) => {
  const golden = join(import.meta.dirname, "../../fixtures/export", `${format}.txt`);
  await expect(shown(await exported(format, "/srv/out 100%"))).toMatchFileSnapshot(golden);
});

test.each(["systemd", "compose", "k8s"] as const)(
  "no value of a secret is printed for %s, and its name is told",
  async (format) => {
    const { files, notes } = await exported(format, undefined);
    const all = JSON.stringify(files);
    expect(all).not.toMatch(/postgres|t`ok/);
    expect(files.every(({ mode }) => mode === 0o644)).toBe(true);
    expect(
      notes.some(({ app: name, why }) => name === "api" && /API_TOKEN, DATABASE_URL/.test(why)),
    ).toBe(true);
  },
);

test("a field that came later is named, not left out in silence", async () => {
  const source = {
    specs: [{ ...app({}), someNewField: 1 } as AppSpec],
    caller: {},
    path: "/bin",
    logs: "",
  };
  for (const format of ["systemd", "compose", "k8s"] as const) {
    const { notes } = await exportApps(format, source, { folder: undefined, image: "a:1" });
    expect(notes).toContainEqual({
      app: "app",
      field: "some_new_field",
      why: "it is not exported",
    });
  }
});

const hasSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0;

test.runIf(hasSystemd)("systemd takes every unit", async () => {
  const folder = mkdtempSync(join(tmpdir(), "xm-units-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { files } = await exported("systemd", folder);
  for (const { name, text } of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    // It looks for the programs.
    writeFileSync(join(folder, name), text.replaceAll(/ExecStart=\S+/g, "ExecStart=/bin/sh"));
  }
  const units = files
    .map(({ name }) => join(folder, name))
    .filter((name) => /\.(service|timer|target)$/.test(name));
  const { status, stdout, stderr } = spawnSync("systemd-analyze", ["verify", ...units], {
    encoding: "utf8",
  });
  const said = `${stdout}${stderr}`.split("\n").filter((line) => line.includes(folder));
  // Of systemd 254.
  expect(said.filter((line) => !/RestartSteps|RestartMaxDelaySec/.test(line))).toEqual([]);
  expect(status).toBe(0);
  expect(units.length).toBeGreaterThan(9);
});

test("YAML is read back as it was meant, also by readers of version 1.1", async () => {
  for (const version of ["1.1", "1.2"] as const) {
    const read = (text: string): any[] =>
      parseAllDocuments(text, { version }).map((document) => {
        expect((document as { errors: unknown[] }).errors).toEqual([]);
        return (document as { toJS(): unknown }).toJS();
      });
    const [compose] = (await exported("compose", undefined)).files.flatMap(({ text }) =>
      read(text),
    );
    const { api, nightly } = compose.services;
    expect(nightly.restart).toBe("no");
    expect(api.environment.FLAG).toBe("no");
    expect(api.command.slice(2)).toEqual([
      "/srv/app/api.js",
      "--say",
      'a "b" $$HOME 100% it\'s; ;',
      ";",
      "$$(x)",
    ]);
    const { files } = await exported("k8s", undefined);
    const manifests = files.flatMap(({ text }) => read(text));
    expect(manifests.map(({ kind }) => kind)).toEqual(
      "Deployment Service Deployment Service Job Deployment Deployment CronJob CronJob".split(" "),
    );
    const [{ env, command }] = manifests[0].spec.template.spec.containers;
    expect(env).toContainEqual({ name: "FLAG", value: "no" });
    expect(command.at(-1)).toBe("$$(x)");
  }
});

test("words of units", () => {
  expect(unitCommand(["/bin/a", "b c", "$d", "e%f", 'g"h\\', "i\nj", ";"])).toBe(
    String.raw`/bin/a "b c" "$$d" "e%%f" "g\"h\\" "i\nj" ";"`,
  );
  expect(unitCommand(["/a$b/c", "$d"])).toBe(
    String.raw`/bin/sh -c "exec \"$$0\" \"$$@\"" "/a$$b/c" "$$d"`,
  );
  expect(unitWord("A=b c%$")).toBe('"A=b c%%$"');
  expect(environmentLine("A", 'b"$`\\%\nc')).toBe('A="b\\"\\$\\`\\\\%\nc"\n');
});

const patterns = [
  "0 3 * * *",
  "*/15 * * * *",
  "5-50/10 8-18 * * 1-5",
  "0 0 1 */3 *",
  "0 12 * JAN,JUL Sun,Wed",
  "0 0 13 * 5",
  "30 */10 * * * *",
  "15 4 * * 5-7",
  "0/20 0 29 2 *",
  "@weekly",
  "@hourly",
];

test.runIf(hasSystemd).each(patterns)("%s is due when the cron pattern is", async (pattern) => {
  const calendar = calendarOf(pattern, "UTC");
  const { stdout, stderr } = spawnSync(
    "systemd-analyze",
    ["calendar", "--base-time=2027-01-05 10:11:12 UTC", "--iterations=6", calendar ?? "?"],
    { encoding: "utf8", env: { ...process.env, TZ: "UTC", LC_ALL: "C" } },
  );
  const times = [...stdout.matchAll(/(?:Next elapse|Iter\. #\d+): \w+ (\S+ \S+) UTC/g)].map(
    ([, time]) => `${time?.replace(" ", "T")}.000Z`,
  );
  const job = await cronJob({ pattern, timezone: "UTC" }, { paused: true });
  const due = job.nextRuns(6, new Date("2027-01-05T10:11:12Z")).map((time) => time.toISOString());
  expect([times, stderr]).toEqual([due, ""]);
});

test("patterns that systemd does not have", () => {
  for (const pattern of ["0 0 L * *", "0 0 15W * *", "0 0 * * 5#2", "0 0 * * 5L", "* *"])
    expect(calendarOf(pattern, null)).toBeUndefined();
});

test("times that are counted from the epoch", () => {
  const found = [
    5_000, 60_000, 600_000, 3_600_000, 7_200_000, 86_400_000, 7_000, 420_000, 1_500,
  ].map(cronOfEvery);
  expect(found).toEqual([
    "*/5 * * * * *",
    "* * * * *",
    "*/10 * * * *",
    "0 * * * *",
    "0 */2 * * *",
    "0 0 * * *",
    undefined,
    undefined,
    undefined,
  ]);
});

test("hooks become the commands of a unit, and are named where nothing runs them", async () => {
  const hooked = app({
    name: "api",
    script: "/bin/true",
    interpreter: null,
    hooks: {
      pre_start: { command: "echo $HOME 100%", timeoutMs: 1_000, mayFail: false },
      post_stop: { command: ["/bin/rm", "-rf", "a b"], timeoutMs: 1_000, mayFail: true },
    },
  });
  const written = (format: ExportFormat): Promise<Exported> =>
    exportApps(
      format,
      { specs: [hooked], caller: {}, path: "/usr/bin", logs: "/home/.xm/logs" },
      { folder: undefined, image: undefined },
    );
  const unit = (await written("systemd")).files.map(({ text }) => text).join("\n");
  expect(unit).toContain('ExecStartPre=/bin/sh -c "echo $$HOME 100%%"\n');
  expect(unit).toContain('ExecStopPost=-/bin/rm -rf "a b"\n');
  for (const format of ["compose", "k8s"] as const) {
    const { notes } = await written(format);
    expect(notes.some(({ field }) => field === "hooks")).toBe(true);
  }
});
