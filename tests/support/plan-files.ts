import type { Action } from "../../runtime/plan/index.ts";

/** A file whose plan is compared with what a real daemon does. */
export interface ComparedFile {
  readonly what: string;
  readonly action?: Action;
  /** `script` is added; environment variables say how a program lives (`programText`). */
  readonly apps: readonly Record<string, unknown>[];
  readonly groups?: unknown;
  /** `--assume` */
  readonly assume?: string;
  /** `--stop-time` */
  readonly stopTime?: string;
  /** What is true from the command on that the plan is about. */
  readonly breaks?: true;
}

/** Lives as its environment says: ready after BOOT, ends after END with CODE, and takes STOP to exit. Times in ms. */
export const programText = `
const { existsSync } = require("node:fs");
const { join } = require("node:path");
const ms = (name) => process.env[name] === undefined ? null : Number(process.env[name]);
const isBroken = existsSync(join(__dirname, "broken"));
if (ms("STOP") !== null) {
  process.on("SIGINT", () => { if (ms("STOP") >= 0) setTimeout(() => process.exit(0), ms("STOP")); });
}
const ready = () => {
  if (isBroken || process.env.MUTE !== undefined) return;
  if (process.env.LISTEN === undefined) process.send?.("ready");
  else require("node:http").createServer((_, answer) => answer.end("ok")).listen(Number(process.env.LISTEN));
};
setTimeout(ready, ms("BOOT") ?? 0);
if (ms("END") !== null) setTimeout(() => process.exit(ms("CODE") ?? 0), ms("END"));
setInterval(() => {}, 1e6);
`;

const soon = { min_uptime: 300 };
const ready = { wait_ready: true, listen_timeout: 20_000, ...soon };
/** No life of it is a stable one. */
const unstable = { min_uptime: 60_000 };

const db = { name: "db", ...ready, env: { BOOT: 300 } };
const api = { name: "api", ...ready, env: { BOOT: 200 }, depends_on: ["db"] };
const web = { name: "web", ...soon, depends_on: ["api"] };
const job = { name: "job", type: "oneshot", env: { END: 200 } };

/** Quick ones first: `xm plan` is compared with these in every run, and with all of them in the long one. */
export const comparedFiles: readonly ComparedFile[] = [
  { what: "a chain of three", apps: [web, api, db] },
  {
    what: "a job between two apps",
    apps: [{ ...api, depends_on: ["job"] }, { ...job, depends_on: ["db"] }, db],
  },
  {
    what: "a job that fails",
    apps: [
      { ...job, env: { END: 100, CODE: 3 } },
      { ...web, depends_on: ["job"] },
    ],
    assume: "job=exit:3",
  },
  {
    what: "a crash loop that is given up, and what waits for it",
    apps: [{ ...db, ...unstable, max_restarts: 3, env: { BOOT: 9_000, END: 0, CODE: 1 } }, api],
    assume: "db=crash",
  },
  { what: "a stop of a chain", action: "stop", apps: [web, api, db] },
  {
    what: "a reload of a cluster",
    action: "reload",
    apps: [{ name: "c", instances: 2, exec_mode: "cluster", ...soon, env: { LISTEN: 0 } }],
  },
  { what: "one app", apps: [{ name: "one", ...soon }] },
  {
    what: "two processes that say when they are ready",
    apps: [{ name: "two", ...ready, instances: 2, exec_mode: "fork", env: { BOOT: 200 } }],
  },
  {
    what: "an app that is late",
    apps: [
      { name: "late", wait_ready: true, listen_timeout: 500, ...soon, env: { MUTE: 1 } },
      { ...web, depends_on: { late: { condition: "service_started" } } },
    ],
    assume: "late=never-ready",
  },
  {
    what: "an end that is wanted",
    apps: [{ name: "done", restart: "on-failure", ...unstable, env: { END: 200, CODE: 0 } }],
    assume: "done=exit:0",
  },
  {
    what: "a stop exit code",
    apps: [{ name: "code", stop_exit_codes: [7], ...unstable, env: { END: 200, CODE: 7 } }],
    assume: "code=exit:7",
  },
  {
    what: "a delay between restarts",
    apps: [
      { name: "slow", restart_delay: 200, max_restarts: 3, ...unstable, env: { END: 50, CODE: 1 } },
    ],
    assume: "slow=exit:1",
  },
  {
    what: "growing waits",
    apps: [
      {
        name: "grows",
        exp_backoff_restart_delay: 50,
        max_restarts: 4,
        ...unstable,
        env: { END: 50, CODE: 1 },
      },
    ],
    assume: "grows=exit:1",
  },
  {
    what: "an app that is only declared",
    apps: [
      { name: "off", autostart: false },
      { name: "on", ...soon },
    ],
  },
  {
    what: "an optional dependency that fails",
    apps: [
      { ...job, env: { END: 100, CODE: 1 } },
      {
        ...web,
        depends_on: { job: { condition: "service_completed_successfully", required: false } },
      },
    ],
    assume: "job=exit:1",
  },
  {
    what: "a job that takes too long",
    apps: [{ ...job, run_timeout: 500, env: {} }],
    assume: "job=never-ready",
  },
  {
    what: "a startup probe",
    apps: [
      { name: "probed", ...soon, startup_probe: { exec: { command: "true" }, period: 200 } },
      { ...web, depends_on: ["probed"] },
    ],
  },
  {
    what: "a startup probe that runs out",
    apps: [
      {
        name: "probed",
        restart: "never",
        startup_probe: { exec: { command: "false" }, period: 200, failure_threshold: 2 },
      },
      { ...web, depends_on: ["probed"] },
    ],
    assume: "probed=never-ready",
  },
  {
    what: "a group that gives up",
    apps: [
      { name: "a", ...soon },
      { name: "b", max_restarts: 9, min_uptime: 1, env: { END: 400, CODE: 1 } },
    ],
    groups: {
      g: { apps: ["a", "b"], strategy: "one_for_all", max_restarts: 2, restart_window: "1m" },
    },
    assume: "b=exit:1",
  },
  {
    what: "a cluster",
    apps: [
      { name: "c", instances: 2, exec_mode: "cluster", ...soon, env: { LISTEN: 0, BOOT: 100 } },
    ],
  },
  {
    what: "a stop that its app ignores",
    action: "stop",
    apps: [{ name: "deaf", ...ready, kill_timeout: 300, env: { STOP: -1 } }],
    stopTime: "deaf=1h",
  },
  { what: "a reload of apps that are no clusters", action: "reload", apps: [api, db] },
  {
    what: "a reload whose replacement never listens",
    action: "reload",
    apps: [
      {
        name: "c",
        instances: 2,
        exec_mode: "cluster",
        listen_timeout: 1_500,
        ...soon,
        env: { LISTEN: 0 },
      },
    ],
    assume: "c=never-ready",
    breaks: true,
  },
];
