import { expect, test } from "vitest";
import { toPm2Process } from "../../../runtime/compat/jlist.ts";
import { processDetail } from "./samples.ts";

/** What PM2 7 gives for a fork-mode process that runs, by key: seen in the output of the real one. */
const typesUnderPm2: Readonly<Record<string, string>> = {
  name: "string",
  filter_env: "array",
  namespace: "string",
  env: "object",
  merge_logs: "boolean",
  vizion: "boolean",
  autostart: "boolean",
  autorestart: "boolean",
  watch: "boolean",
  instance_var: "string",
  pmx: "boolean",
  automation: "boolean",
  treekill: "boolean",
  username: "string",
  windowsHide: "boolean",
  kill_retry_time: "number",
  node_args: "array",
  pm_exec_path: "string",
  pm_cwd: "string",
  exec_interpreter: "string",
  exec_mode: "string",
  instances: "number",
  pm_out_log_path: "string",
  pm_err_log_path: "string",
  pm_pid_path: "string",
  km_link: "boolean",
  vizion_running: "boolean",
  NODE_APP_INSTANCE: "number",
  unique_id: "string",
  status: "string",
  pm_uptime: "number",
  axm_actions: "array",
  axm_monitor: "object",
  axm_options: "object",
  axm_dynamic: "object",
  created_at: "number",
  pm_id: "number",
  restart_time: "number",
  unstable_restarts: "number",
  version: "string",
  node_version: "string",
};

const typeOf = (value: unknown): string => (Array.isArray(value) ? "array" : typeof value);

test.each([
  ["fork", "online"],
  ["fork", "stopped"],
  ["cluster", "online"],
  ["cluster", "stopped"],
] as const)("%s, %s: every field of PM2's is there, with a value of PM2's type", (mode, status) => {
  const isStopped = status === "stopped";
  const {
    pid,
    monit,
    pm2_env: env,
  } = toPm2Process(
    processDetail(
      isStopped
        ? {
            status,
            pid: null,
            startedAt: null,
            lifeId: null,
            memoryBytes: null,
            cpuPercent: null,
            lastExit: { at: 9_000, code: 0, signal: null, uptimeMs: 4_000, askedBy: "`xm stop`" },
          }
        : { status },
      { mode, instances: mode === "cluster" ? 2 : 1, mergeLogs: mode === "fork" },
    ),
  );
  const types = Object.keys(typesUnderPm2).map((key) => [key, typeOf(env[key])]);
  // PM2 says so only where it is so.
  const merged = mode === "fork" ? "boolean" : "undefined";
  expect(Object.fromEntries(types)).toEqual({ ...typesUnderPm2, merge_logs: merged });
  expect({ pid, monit }).toEqual(
    isStopped
      ? { pid: 0, monit: { memory: 0, cpu: 0 } }
      : { pid: 4_242, monit: { memory: 1_000, cpu: 0.5 } },
  );
  expect(env).toMatchObject({ exec_mode: `${mode}_mode`, status, pm_uptime: 5_000 });
  expect("exit_code" in env).toBe(isStopped);
});

test("an interpreter is called by the path of Node, as in PATH, or by its path when it is another", () => {
  const word = (interpreter: string | null, spec = {}): unknown =>
    toPm2Process(processDetail({}, { interpreter, ...spec })).pm2_env["exec_interpreter"];
  expect(word("/opt/node-22/bin/node")).toBe("/opt/node-22/bin/node");
  expect(word(process.execPath, { script: "/app/app.js" })).toBe("node");
  expect(word(process.execPath, { script: "/app/app.mjs" })).toBe("node");
  expect(word(process.execPath, { script: "/app/app.cjs" })).toBe(process.execPath);
  expect(word("/usr/bin/ruby")).toBe("ruby");
  expect(word("/opt/ruby")).toBe("/opt/ruby");
  expect(word(null)).toBe("none");
  expect(word("/usr/bin/node", { passthrough: { exec_interpreter: "node" } })).toBe("node");
});

test("variables have the types they were declared with, unless they have changed since", () => {
  const { pm2_env: shown } = toPm2Process(
    processDetail(
      { instance: 2 },
      {
        env: { COUNT: "3", IS_ON: "true", CHANGED: "5", PORT: "4000", TEXT: "7" },
        incrementVariable: "PORT",
        passthrough: { env: { COUNT: 3, IS_ON: true, CHANGED: 4, PORT: 4_000 } },
      },
    ),
  );
  const env = { COUNT: 3, IS_ON: true, CHANGED: "5", PORT: 4_002, TEXT: "7" };
  expect(shown["env"]).toEqual(env);
  expect(shown).toMatchObject(env);
});

test("an errored process shows no unstable restarts, as under PM2", () => {
  const count = (status: "errored" | "waiting"): unknown =>
    toPm2Process(processDetail({ status, unstableRestarts: 16 })).pm2_env["unstable_restarts"];
  expect([count("errored"), count("waiting")]).toEqual([0, 16]);
});

test("users and groups are numbers, whatever names them", () => {
  const ids = (uid: string | number, gid: string | number | null): unknown[] => {
    const { pm2_env: shown } = toPm2Process(processDetail({}, { uid, gid }));
    return [shown["uid"], shown["gid"]];
  };
  expect(ids("root", null)).toEqual([0, 0]);
  expect(ids("0", "root")).toEqual([0, 0]);
  expect(ids("no-such-user", null)).toEqual([undefined, undefined]);
});

test("the version of Node is the one its path names, and only Node has one", () => {
  const node = (interpreter: string | null): unknown =>
    toPm2Process(processDetail({}, { interpreter })).pm2_env["node_version"];
  expect(node("/home/me/.nvm/versions/node/v22.1.0/bin/node")).toBe("22.1.0");
  expect(node("/usr/bin/node")).toBe(process.versions.node);
  expect(node("/usr/bin/python3")).toBeUndefined();
});

test("numbers in arguments stay numbers while the arguments are those that were declared", () => {
  const shown = (args: string[]): unknown =>
    toPm2Process(processDetail({}, { args, passthrough: { args: ["-p", 3000] } })).pm2_env["args"];
  expect(shown(["-p", "3000"])).toEqual(["-p", 3000]);
  expect(shown(["-p", "4000"])).toEqual(["-p", "4000"]);
});

test("arguments are there when there are some, as under PM2", () => {
  expect("args" in toPm2Process(processDetail()).pm2_env).toBe(false);
  expect(toPm2Process(processDetail({}, { args: ["a b"] })).pm2_env["args"]).toEqual(["a b"]);
});
