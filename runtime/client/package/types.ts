/** What a callback gets: an error (`null` when there is none), then what the promise would have given. */
export type Callback<T> = (error: Error, result: T) => void;

/** With a callback as its last argument it calls that; without one it returns a promise. */
export interface Method<TArgs extends readonly unknown[], TResult> {
  (...args: TArgs): Promise<TResult>;
  (...args: [...TArgs, Callback<TResult>]): void;
}

/** That it was done. */
export type Done = { success: true };

/** An id, a name, a namespace, a script, `/regex/` or `all`. */
export type Target = string | number;

/** The fields of an ecosystem file (docs/reference/configuration.md), and PM2's other spellings of them. */
export interface StartOptions {
  name?: string;
  script?: string;
  args?: string | string[];
  cwd?: string;
  namespace?: string;
  interpreter?: string;
  interpreter_args?: string | string[];
  interpreterArgs?: string | string[];
  node_args?: string | string[];
  instances?: number | string;
  exec_mode?: string;
  /** Variables; of a file or an object the NAME of `env_NAME`. */
  env?: Record<string, unknown> | string;
  output?: string;
  error?: string;
  out_file?: string;
  error_file?: string;
  log_file?: string | boolean;
  pid?: string;
  pid_file?: string;
  merge_logs?: boolean;
  log_date_format?: string;
  log_type?: string;
  time?: boolean;
  disable_logs?: boolean;
  min_uptime?: number | string;
  max_restarts?: number;
  max_memory_restart?: number | string;
  autorestart?: boolean;
  autostart?: boolean;
  restart_delay?: number | string;
  exp_backoff_restart_delay?: number | string;
  stop_exit_codes?: number | number[];
  cron?: string;
  cron_restart?: string;
  watch?: boolean | string | string[];
  ignore_watch?: string | string[];
  watch_options?: Record<string, unknown>;
  kill_timeout?: number | string;
  listen_timeout?: number | string;
  wait_ready?: boolean;
  shutdown_with_message?: boolean;
  source_map_support?: boolean;
  instance_var?: string;
  increment_var?: string;
  filter_env?: boolean | string | string[];
  execute_command?: boolean;
  treekill?: boolean;
  vizion?: boolean;
  force?: boolean;
  uid?: number | string;
  gid?: number | string;
  /** Any other field of an ecosystem file. */
  [field: string]: unknown;
}

/** What to start: a script, a command, an ecosystem file, or something known; one app, several, or `{ apps }`. */
export type Startable =
  | string
  | number
  | StartOptions
  | StartOptions[]
  | { apps: StartOptions | StartOptions[] };

/** How to restart or reload. */
export interface UpdateOptions {
  /** Merge this program's environment over the apps'. */
  updateEnv?: boolean;
  /** Of an ecosystem file or an object the NAME of `env_NAME`; of what is known, variables over the app's own. */
  env?: string | Record<string, unknown>;
}

/** Memory and CPU. */
export interface Monit {
  /** Bytes. */
  readonly memory: number;
  /** Per cent of a core. */
  readonly cpu: number;
}

/** A process's configuration under PM2's names, its state, and its environment, in one object. */
export interface Pm2Env {
  readonly name: string;
  readonly namespace: string;
  readonly pm_id: number;
  readonly status: ProcessStatus;
  readonly pm_uptime: number;
  readonly created_at: number;
  readonly restart_time: number;
  readonly unstable_restarts: number;
  readonly unique_id: string;
  readonly exit_code: number;
  readonly pm_exec_path: string;
  readonly pm_cwd: string;
  readonly pm_out_log_path: string;
  readonly pm_err_log_path: string;
  readonly pm_pid_path: string;
  readonly exec_interpreter: string;
  readonly exec_mode: "fork_mode" | "cluster_mode";
  readonly instances: number;
  readonly args: readonly string[];
  readonly node_args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly axm_actions: readonly { readonly action_name: string }[];
  readonly axm_monitor: Readonly<Record<string, { readonly value: unknown }>>;
  // oxlint-disable-next-line typescript/no-explicit-any -- the app's environment stands at this level too, as in PM2
  readonly [name: string]: any;
}

/** PM2's word for where a process is. */
export type ProcessStatus =
  | "online"
  | "stopping"
  | "stopped"
  | "launching"
  | "errored"
  | "waiting restart";

/** A process as `list` and `describe` give it. */
export interface ProcessDescription {
  readonly pid: number;
  readonly name: string;
  readonly pm_id: number;
  readonly pm2_env: Pm2Env;
  readonly monit: Monit;
}

/** A process that a command was about. */
export interface Proc extends ProcessDescription {
  readonly namespace: string;
  readonly status: ProcessStatus;
  readonly restart_time: number;
  readonly process: { readonly pid: number };
}

/** What an app gets as a message; `type`, `data` and `topic` as PM2 wants them. */
export interface ProcessMessage {
  id?: number;
  type?: string;
  topic: string;
  data: unknown;
  [field: string]: unknown;
}

/** An action's answer. */
export interface TriggerAnswer {
  readonly at: number;
  readonly data: { readonly action_name: string; readonly return: unknown };
  readonly process: { readonly pm_id: number; readonly name: string; readonly namespace: string };
}

/** What of the daemon is profiled: what it does, or what it allocates. */
export type ProfileType = "cpu" | "mem";

export interface Profiled {
  /** The file that was written; Chrome's developer tools open it. */
  readonly file: string;
}

/** How a folder is served. */
export interface ServeOptions {
  /** What is not a file shows index.html. */
  spa?: boolean;
  /** A folder without index.html is listed. */
  ftp?: boolean;
  /** Who may read, with `basic_auth_password`; everybody otherwise. */
  basic_auth_username?: string;
  basic_auth_password?: string;
  /** Address to listen on; 127.0.0.1 by default. */
  host?: string;
  name?: string;
  /** Accepted; has no effect. */
  monitor?: string;
}

export interface Connected {
  /** Whether this call has started the daemon. */
  readonly new_pm2_instance: boolean;
  readonly pm2_home: string;
  /** The socket of the daemon's API. */
  readonly rpc_socket_file: string;
  readonly pub_socket_file: string;
}

export interface CustomOptions {
  /** Where relative paths begin; default: `process.cwd()`. */
  cwd?: string;
  /** Where the daemon lives; default: `XM_HOME`, `PM2_HOME`, `~/.xm`. */
  pm2_home?: string;
  /** `false`: a daemon that is started ends, with its apps, when this program does. Default true. */
  daemon_mode?: boolean;
  /** A home of its own, made for this instance in the folder for temporary files. */
  independent?: boolean;
  [other: string]: unknown;
}
