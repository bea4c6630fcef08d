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
      { mode, instances: mode === "cluster" ? 2 : 1 },
    ),
  );
  const types = Object.keys(typesUnderPm2).map((key) => [key, typeOf(env[key])]);
  expect(Object.fromEntries(types)).toEqual(typesUnderPm2);
  expect({ pid, monit }).toEqual(
    isStopped
      ? { pid: 0, monit: { memory: 0, cpu: 0 } }
      : { pid: 4_242, monit: { memory: 1_000, cpu: 0.5 } },
  );
  expect(env).toMatchObject({ exec_mode: `${mode}_mode`, status, pm_uptime: 5_000 });
  expect("exit_code" in env).toBe(isStopped);
});

test("an interpreter is called as in PATH, or by its path when it is another", () => {
  const word = (interpreter: string | null): unknown =>
    toPm2Process(processDetail({}, { interpreter })).pm2_env["exec_interpreter"];
  expect(word("/usr/bin/node")).toBe("node");
  expect(word("/opt/node-22/bin/node")).toBe("/opt/node-22/bin/node");
  expect(word(null)).toBe("none");
});

test("the version of Node is the one its path names, and only Node has one", () => {
  const node = (interpreter: string | null): unknown =>
    toPm2Process(processDetail({}, { interpreter })).pm2_env["node_version"];
  expect(node("/home/me/.nvm/versions/node/v22.1.0/bin/node")).toBe("22.1.0");
  expect(node("/usr/bin/node")).toBe(process.versions.node);
  expect(node("/usr/bin/python3")).toBeUndefined();
});

test("arguments are there when there are some, as under PM2", () => {
  expect("args" in toPm2Process(processDetail()).pm2_env).toBe(false);
  expect(toPm2Process(processDetail({}, { args: ["a b"] })).pm2_env["args"]).toEqual(["a b"]);
});
