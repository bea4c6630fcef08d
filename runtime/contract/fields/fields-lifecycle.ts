import { defaults } from "./defaults.ts";
import { field, type Field } from "./field.ts";

/** When it is started again, and how it starts, ends and is reloaded. */
export const lifecycleFields: readonly Field[] = [
  field(
    "Restarts",
    "restart",
    "restart",
    "When an ended process is started again: `always`, `on-failure` (not after exit 0 or a stop signal), `on-abnormal` (only after a signal), `never`.",
    { default: "always" },
  ),
  field("Restarts", "autorestart", "boolean", "`false` is `restart: never`.", { default: "true" }),
  field(
    "Restarts",
    "success_exit_codes",
    "numbers",
    "Exit codes that count as success, like 0: for `restart: on-failure` and for what waits for its success.",
  ),
  field("Restarts", "stop_exit_codes", "numbers", "Exit codes after which it stays stopped."),
  field("Restarts", "min_uptime", "time", "A life shorter than this is an unstable one.", {
    default: String(defaults.minUptimeMs),
  }),
  field(
    "Restarts",
    "max_restarts",
    "number",
    "The exit that makes it this many unstable ones in a row is the last.",
    { default: String(defaults.maxRestarts) },
  ),
  field(
    "Restarts",
    "restart_window",
    "time",
    "More than `max_restarts` restarts within this time is the end, however long each life was; 0 leaves the rule out.",
    { default: "0" },
  ),
  field("Restarts", "restart_delay", "time", "Wait before each restart.", { default: "0" }),
  field(
    "Restarts",
    "exp_backoff_restart_delay",
    "time",
    "First of the waits that grow from one restart to the next; 0 for none.",
    { default: "0" },
  ),
  field("Restarts", "exp_backoff_restart_factor", "number", "What each wait is multiplied by.", {
    default: String(defaults.backoffFactor),
  }),
  field("Restarts", "exp_backoff_restart_max", "time", "Longest wait.", {
    default: String(defaults.backoffMaxMs),
  }),
  field(
    "Restarts",
    "exp_backoff_restart_jitter",
    "number",
    "0 to 1: the share of each wait that is drawn at random.",
    { default: "0" },
  ),
  field(
    "Restarts",
    "exp_backoff_reset",
    "time",
    "An uptime of this brings the wait back to the first.",
    { default: String(defaults.backoffResetMs) },
  ),

  field("Start and stop", "autostart", "boolean", "Started when declared.", { default: "true" }),
  field(
    "Start and stop",
    "depends_on",
    "dependencies",
    "Apps that come first: names, or `{ NAME: { condition, required, restart, on_loss } }` with `condition` one of `service_started`, `service_healthy`, `service_completed`, `service_completed_successfully`; see [how to order apps](../how-to/order-apps.md).",
  ),
  field(
    "Start and stop",
    "wait_ready",
    "boolean",
    "Online when it sends the message `ready`; the same as `ready: message`.",
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
      ["startup_probe", "Asked until it can serve; when it runs out, the start has failed"],
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
  field("Start and stop", "kill_signal", "string", "Signal that asks it to end.", {
    default: defaults.killSignal,
  }),
  field(
    "Start and stop",
    "shutdown_with_message",
    "boolean",
    "Asks it to end by the message `shutdown` instead (Node only).",
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
    "A Node program without shutdown code of its own stops accepting, finishes what is in flight and then ends.",
    { default: "true" },
  ),
  field(
    "Start and stop",
    "drain_timeout",
    "time",
    "How long a process that a reload replaces may take to drain; open WebSockets and other upgraded connections get as long. A stop or restart gives them `kill_timeout`.",
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
    "A reload starts the replacement before it ends the old process; `false`: after it.",
    { default: "true" },
  ),
  field(
    "Start and stop",
    "treekill",
    "boolean",
    "Signals reach its whole tree, and nothing of it outlives it.",
    { default: "true" },
  ),
  field(
    "Start and stop",
    "force",
    "boolean",
    "Accepted; the apps of a file that run are restarted. `xm start SCRIPT -f` starts a second copy.",
    { default: "false" },
  ),
];
