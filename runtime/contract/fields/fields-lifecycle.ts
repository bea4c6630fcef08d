import { defaults } from "./defaults.ts";
import { field, type Field } from "./field.ts";

/** When it is started again, and how it starts, ends and is reloaded. */
export const lifecycleFields: readonly Field[] = [
  field(
    "Jobs",
    "type",
    "app type",
    "`oneshot` is a job, which does its work and ends: `completed` or `failed`; `simple` is any other app. See [jobs](../how-to/run-jobs.md).",
    { default: "simple" },
  ),
  field(
    "Jobs",
    "schedule",
    "schedule",
    "When a job is run: a cron pattern, or `{ cron | every, timezone, concurrency_policy, starting_deadline, catch_up, jitter }`; see [schedules](../how-to/run-jobs.md#run-it-by-the-clock).",
  ),
  field(
    "Jobs",
    "remain_after_exit",
    "boolean",
    "A job that has completed is not run again by a start, only by a restart; a stop forgets that it has completed.",
    { default: "false" },
  ),
  field(
    "Jobs",
    "run_timeout",
    "time",
    "A run of a job that takes longer is ended, and has failed: `kill_signal`, and SIGKILL after `kill_timeout`; 0 for no limit.",
    { default: "0" },
  ),
  field(
    "Restarts",
    "restart",
    "restart",
    "When to restart a process that has exited: `always`, `on-failure` (not after exit 0 or a stop signal), `on-abnormal` (only after a signal), `never`. A job is not run again once it has completed.",
    { default: "`always`; `never` for a job" },
  ),
  field("Restarts", "autorestart", "boolean", "`false` is `restart: never`.", { default: "true" }),
  field(
    "Restarts",
    "success_exit_codes",
    "numbers",
    "Exit codes that count as success, like 0: for `restart: on-failure` and for apps that wait for its success.",
  ),
  field("Restarts", "stop_exit_codes", "numbers", "Exit codes that do not trigger a restart."),
  field("Restarts", "min_uptime", "time", "An exit sooner than this counts as unstable.", {
    default: String(defaults.minUptimeMs),
  }),
  field("Restarts", "max_restarts", "number", "Gives up at this many unstable exits in a row.", {
    default: String(defaults.maxRestarts),
  }),
  field(
    "Restarts",
    "restart_window",
    "time",
    "Gives up after more than `max_restarts` restarts within this time, however long each life was; 0 disables the rule.",
    { default: "0" },
  ),
  field(
    "Restarts",
    "significant",
    "boolean",
    "The end of this app may shut its group down (`auto_shutdown`); needs `restart: on-failure`, `on-abnormal` or `never`. See [groups](../how-to/group-apps.md).",
    { default: "false" },
  ),
  field("Restarts", "restart_delay", "time", "Wait before each restart.", { default: "0" }),
  field(
    "Restarts",
    "exp_backoff_restart_delay",
    "time",
    "Initial delay of the exponential backoff; 0 for none.",
    { default: "0" },
  ),
  field("Restarts", "exp_backoff_restart_factor", "number", "Factor by which each wait grows.", {
    default: String(defaults.backoffFactor),
  }),
  field("Restarts", "exp_backoff_restart_max", "time", "Longest wait.", {
    default: String(defaults.backoffMaxMs),
  }),
  field(
    "Restarts",
    "exp_backoff_restart_jitter",
    "number",
    "Share of each wait that is random, from 0 to 1.",
    { default: "0" },
  ),
  field(
    "Restarts",
    "exp_backoff_reset",
    "time",
    "After this uptime, waits start from the initial delay again.",
    { default: String(defaults.backoffResetMs) },
  ),

  field("Start and stop", "autostart", "boolean", "Starts it when it is declared.", {
    default: "true",
  }),
  field(
    "Start and stop",
    "depends_on",
    "dependencies",
    "Apps that come first: names, or `{ NAME: { condition, required, restart, on_loss } }` with `condition` one of `service_started`, `service_healthy`, `service_completed`, `service_completed_successfully`; see [how to order apps](../how-to/order-apps.md).",
  ),
  field(
    "Start and stop",
    "hooks",
    "hooks",
    "Commands that run around each life: `{ pre_start, post_start, pre_stop, post_stop }`, each a command or `{ command, timeout, on_failure }`; see [hooks](../how-to/run-hooks.md).",
  ),
  field(
    "Start and stop",
    "wait_ready",
    "boolean",
    "It is online when it sends the message `ready`; the same as `ready: message`.",
    { default: "false" },
  ),
  field(
    "Start and stop",
    "ready",
    "readiness",
    "What makes it online: `spawned`, `listening` (it listens on a port or socket), `message` (it sends `ready`), or a probe: `{ http: URL }`, `{ tcp: PORT }` (or `HOST:PORT`), `{ command: TEXT }`.",
    { default: "`listening` for a cluster, else `spawned`" },
  ),
  ...(
    [
      ["startup_probe", "Runs until it succeeds once; if it does not, the start has failed"],
      ["readiness_probe", "Whether it can serve now; never restarts it"],
      ["liveness_probe", "Restarts it when it fails"],
    ] as const
  ).map(([name, what]) =>
    field(
      "Start and stop",
      name,
      "probe",
      `${what}: \`{ http_get | tcp_socket | unix_socket | exec | log | message | heartbeat | event_loop, initial_delay, period, timeout, success_threshold, failure_threshold, grace_period }\`; see [health](../how-to/check-health.md).`,
    ),
  ),
  field("Start and stop", "listen_timeout", "time", "How long to wait for readiness.", {
    default: String(defaults.listenTimeoutMs),
  }),
  field("Start and stop", "kill_signal", "string", "Signal that asks it to exit.", {
    default: `${defaults.killSignal}; SIGTERM for a job`,
  }),
  field(
    "Start and stop",
    "shutdown_with_message",
    "boolean",
    "Asks it to exit with the message `shutdown` instead of a signal (Node only).",
    { default: "false" },
  ),
  field(
    "Start and stop",
    "kill_timeout",
    "time",
    "Grace period from the signal to SIGKILL; 0 is the default.",
    { default: String(defaults.killTimeoutMs) },
  ),
  field(
    "Start and stop",
    "drain",
    "boolean",
    "A Node program without shutdown code of its own stops accepting connections, finishes requests in flight and then exits.",
    { default: "true" },
  ),
  field(
    "Start and stop",
    "drain_timeout",
    "time",
    "Maximum drain time of a process that a reload replaces, also for open WebSockets and other upgraded connections. In a stop or restart these get `kill_timeout`.",
    { default: String(defaults.drainTimeoutMs) },
  ),
  field(
    "Start and stop",
    "reload_concurrency",
    "positive",
    "How many processes a reload replaces at a time.",
    { default: "1" },
  ),
  field(
    "Start and stop",
    "reload_surge",
    "boolean",
    "A reload starts the replacement before it ends the old process; `false`: afterwards.",
    { default: "true" },
  ),
  field(
    "Start and stop",
    "treekill",
    "boolean",
    "Signals go to its whole process tree, and no descendant outlives it.",
    { default: "true" },
  ),
  field(
    "Start and stop",
    "force",
    "boolean",
    "Accepted; running apps of a file are restarted. `xm start SCRIPT -f` starts a second copy.",
    { default: "false" },
  ),
];
