import { expect, test } from "vitest";
import { flatConfiguration, flatNames } from "../../../runtime/compat/flat-environment.ts";
import { childEnvironment } from "../../../runtime/daemon/children/environment.ts";
import { appSpec } from "../../support/machines/spec.ts";

const launchOf = (change: Parameters<typeof appSpec>[0]) => ({
  spec: appSpec(change),
  id: 4,
  generation: 0,
  app: "api",
  instance: 1,
  home: "/home/xm",
  lifeId: "life",
  uniqueId: "unique",
  logs: { out: "/logs/out", error: null, combined: null },
  pidFile: "/pids/api-4.pid",
  counts: { createdAt: 7, restarts: 2, unstableRestarts: 1 },
});

test("an app of a cluster sees its arguments, as one text; one in fork mode does not", () => {
  const seen = (mode: "cluster" | "fork"): string | undefined =>
    flatConfiguration(launchOf({ spec: { mode, args: ["-p", "3000"] } }), 9)["args"];
  expect(seen("cluster")).toBe("-p,3000");
  expect(seen("fork")).toBe(undefined);
});

test("an app sees its configuration as texts: what is always there, and what is not as usual", () => {
  const plain = launchOf({ spec: { interpreter: process.execPath } });
  const flat = flatConfiguration(plain, 9);
  expect(flat).toMatchObject({
    autorestart: "true",
    exec_interpreter: "node",
    vizion: "true",
    pm_uptime: "9",
    created_at: "7",
    restart_time: "2",
    unstable_restarts: "1",
  });
  const restart = { mode: "never", maxRestarts: 5, stopExitCodes: [0] } as const;
  const other = flatConfiguration(launchOf({ spec: { interpreter: null }, restart }), 9);
  expect(other).toMatchObject({
    autorestart: "false",
    max_restarts: "5",
    exec_interpreter: "none",
  });
  expect([other["stop_exit_codes"], other["increment_var"]]).toEqual([undefined, undefined]);
});

test("an app's own variables win over its configuration, and who it is wins over both", () => {
  const env = childEnvironment(
    launchOf({ spec: { env: { watch: "mine", status: "mine", NODE_APP_INSTANCE: "mine" } } }),
  );
  expect(env).toMatchObject({
    watch: "mine",
    status: "launching",
    NODE_APP_INSTANCE: "1",
    pm_id: "4",
  });
});

test("everything that is given is known by its name to who takes it out again", () => {
  const given = Object.keys(flatConfiguration(launchOf({}), 1));
  expect(given.filter((name) => !flatNames.includes(name))).toEqual([]);
});
