import type {
  AppSpec,
  LifecyclePolicy,
  RestartPolicy,
  SensorSpec,
} from "../../../machines/spec.ts";

/** An app with PM2's defaults, and what a test changes of its policy. */
export function appSpec(
  change: {
    restart?: Partial<RestartPolicy>;
    policy?: Partial<Omit<LifecyclePolicy, "restart">>;
    sensors?: Partial<SensorSpec>;
    spec?: Partial<AppSpec>;
  } = {},
): AppSpec {
  return {
    name: "app",
    namespace: "default",
    script: "/app.js",
    args: [],
    cwd: "/",
    interpreter: "node",
    interpreterArgs: [],
    env: {},
    instances: 1,
    mode: "fork",
    scheduling: "shared",
    mergeLogs: false,
    logs: {
      out: null,
      error: null,
      combined: null,
      numbered: [],
      isOff: false,
      type: "plain",
      dateFormat: null,
    },
    pidFile: "/app.pid",
    instanceVariable: "NODE_APP_INSTANCE",
    incrementVariable: null,
    sourceMaps: null,
    stopSignal: "SIGINT",
    stopWithMessage: false,
    killsTree: true,
    uid: null,
    gid: null,
    umask: null,
    autostart: true,
    dependsOn: [],
    passthrough: {},
    ...change.spec,
    policy: {
      readiness: "spawned",
      probe: null,
      probes: null,
      listenTimeoutMs: 3_000,
      killTimeoutMs: 1_600,
      drain: true,
      drainTimeoutMs: 10_000,
      reload: { concurrency: 1, surge: true },
      ...change.policy,
      restart: {
        mode: "always",
        minUptimeMs: 1_000,
        maxRestarts: 16,
        restartWindowMs: 0,
        restartDelayMs: 0,
        backoff: null,
        stopExitCodes: [],
        ...change.restart,
      },
    },
    sensors: {
      maxMemoryBytes: null,
      cron: null,
      cronTimezone: null,
      watch: null,
      heartbeatMs: null,
      ...change.sensors,
    },
  };
}
