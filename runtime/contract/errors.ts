import { define, type Entry, type ErrorClass } from "./error-entry.ts";
import { jobErrors } from "./job-errors.ts";
import { moduleErrors } from "./module-errors.ts";

export type { ErrorClass } from "./error-entry.ts";

/**
 * Every failure a user can meet: a stable code, a class (what a caller can do about it), what happened, why
 * when it is known, and how to fix it. Code, message and fix cross the socket; the client throws the same error.
 */
export const errors = {
  ERR_CONFIG_INVALID: define("invalid", (p: { file: string; faults: readonly string[] }) => ({
    what: `${p.file} cannot be used:\n${p.faults.map((fault) => `  - ${fault}`).join("\n")}`,
    fix: "correct the fields named above; docs/reference/configuration.md lists every field",
  })),
  ERR_APPS_LEFT_OUT: define("not-found", (p: { file: string; faults: readonly string[] }) => ({
    what: `not every app of ${p.file} can be started:\n${p.faults.map((each) => `  - ${each}`).join("\n")}`,
    fix: "add what is missing and start the file again; its other apps were started",
  })),
  ERR_CONFIG_UNREADABLE: define("invalid", (p: { file: string; why: string }) => ({
    what: `${p.file} cannot be read`,
    why: p.why,
    fix: "check the path and that the file is what its extension says",
  })),
  ERR_SCRIPT_NOT_FOUND: define("not-found", (p: { script: string }) => ({
    what: `script not found: ${p.script}`,
    fix: "check the path; a command with spaces must be quoted as one argument",
  })),
  ERR_INTERPRETER_NOT_FOUND: define("not-found", (p: { interpreter: string; script: string }) => ({
    what: `the interpreter "${p.interpreter}" for ${p.script} is not in PATH`,
    fix: "install it, or name another with --interpreter",
  })),
  ERR_NODE_NOT_INSTALLED: define("not-found", (p: { version: string; script: string }) => ({
    what: `no Node ${p.version} for ${p.script} is installed`,
    why: "searched nvm, fnm, Volta, asdf, mise and n",
    fix: `install it, for example with \`nvm install ${p.version}\`, or name another with --interpreter`,
  })),
  ERR_PROCESS_NOT_FOUND: define(
    "not-found",
    (p: { target: string; near?: string | undefined }) => ({
      what: `no process, name or namespace "${p.target}"`,
      fix: p.near === undefined ? "run `xm ls` to see the list" : `did you mean "${p.near}"?`,
    }),
  ),
  ERR_NO_PROCESSES: define("not-found", () => ({
    what: "there are no processes",
    fix: "start one with `xm start <script>`",
  })),
  ...jobErrors,
  ...moduleErrors,
  ERR_ALREADY_RUNNING: define("conflict", (p: { script: string; name: string }) => ({
    what: `${p.script} already runs as "${p.name}"`,
    fix: `\`xm restart ${p.name}\` to restart it, or \`xm start -f\` to run a second copy`,
  })),
  ERR_DEPENDENCY_CIRCLE: define("invalid", (p: { path: string }) => ({
    what: `these apps depend on each other in a circle: ${p.path}`,
    fix: "take one of these names out of its app's depends_on",
  })),
  ERR_DEPENDENCY_UNKNOWN: define("invalid", (p: { app: string; needs: string }) => ({
    what: `"${p.app}" depends on "${p.needs}", which is neither declared with it nor in the list`,
    fix: "declare it, start its file first, or write `required: false` beside its condition; `--no-deps` starts without it",
  })),
  ERR_RELOAD_UNDER_WAY: define("conflict", (p: { app: string; done: number; total: number }) => ({
    what: `${p.app} is being reloaded (${p.done} of ${p.total} processes are done)`,
    fix: "wait until it finishes (see `xm ls`) and try again",
  })),
  ERR_COMMAND_FAILED: define("failed", (p: { command: string; failures: readonly string[] }) => ({
    what: `${p.command} failed`,
    why: p.failures.join("; "),
    fix: "fix the problem above; see `xm why NAME` and `xm logs NAME`",
  })),
  ERR_DEPLOY_FAILED: define("failed", (p: { what: string; why: string; fix?: string }) => ({
    what: `the deployment failed: ${p.what}`,
    why: p.why,
    fix: p.fix ?? "fix the problem above and deploy again",
  })),
  ERR_REPOSITORY: define("conflict", (p: { root: string; why: string }) => ({
    what: `the repository ${p.root} is left unchanged`,
    why: p.why,
    fix: "see `git status` and `git log` there",
  })),
  ERR_ACTION_UNKNOWN: define(
    "not-found",
    (p: { name: string; action: string; actions: readonly string[] }) => ({
      what: `${p.name} offers no action "${p.action}"`,
      fix:
        p.actions.length === 0
          ? "an app offers actions with `io.action` of `exmachina/io` or of `@pm2/io`"
          : `it offers ${p.actions.join(", ")}`,
    }),
  ),
  ERR_CANNOT_INSPECT: define("conflict", (p: { name: string; why: string; fix: string }) => ({
    what: `the Node inspector of ${p.name} cannot be enabled`,
    why: p.why,
    fix: p.fix,
  })),
  ERR_COMMAND_ABSENT: define("invalid", (p: { what: string; fix: string }) => p),
  ERR_FILE_EXISTS: define("conflict", (p: { file: string; fix: string }) => ({
    what: `${p.file} already exists`,
    fix: p.fix,
  })),
  ERR_INPUT_INVALID: define("invalid", (p: { faults: readonly string[] }) => ({
    what: p.faults.join("\n"),
    fix: "correct the values named above",
  })),
  ERR_USAGE: define("invalid", (p: { what: string; fix: string }) => p),
  ERR_ANSWER_INVALID: define("failed", (p: { call: string; faults: readonly string[] }) => ({
    what: `the daemon's answer to ${p.call} is not what this version expects: ${p.faults.join("; ")}`,
    why: "the daemon may be of another version",
    fix: "`xm update` replaces the daemon with the installed version; apps keep running",
  })),
  ERR_ROUTE_NOT_FOUND: define("not-found", (p: { method: string; path: string }) => ({
    what: `the API has no ${p.method} ${p.path}`,
    fix: "docs/reference/openapi.json lists its routes; client and daemon may differ in version: `xm daemon restart`",
  })),
  ERR_CANNOT_SPAWN: define("failed", (p: { name: string; why: string; fix?: string }) => ({
    what: `${p.name} cannot be started`,
    why: p.why,
    fix: p.fix ?? `fix it and run \`xm restart ${p.name}\``,
  })),
  ERR_LIMIT_DENIED: define("denied", (p: { what: string; why: string; fix: string }) => ({
    what: `${p.what} cannot be set`,
    why: `${p.why}; ${p.fix}`,
    fix: p.fix,
  })),
  ERR_LOG_UNWRITABLE: define("failed", (p: { path: string; why: string }) => ({
    what: `the log file ${p.path} cannot be written`,
    why: p.why,
    fix: "make its folder writable, or choose another with `out_file`/`error_file` (`--output`, `--error`)",
  })),
  ERR_SIGNAL_UNKNOWN: define("invalid", (p: { signal: string }) => ({
    what: `no signal "${p.signal}"`,
    fix: "use a name such as SIGUSR2 or a number that `kill -l` lists",
  })),
  ERR_SIGNAL_DENIED: define("denied", (p: { pid: number }) => ({
    what: `the process ${p.pid} belongs to another user`,
    fix: "run the daemon as that user, or as root",
  })),
  ERR_STATE_NOT_WRITABLE: define("unavailable", (p: { path: string; why: string }) => ({
    what: `the state cannot be written to ${p.path}, so nothing was changed`,
    why: p.why,
    fix: "free disk space or make the folder writable; running apps are not affected",
  })),
  ERR_DUMP_UNREADABLE: define("invalid", (p: { file: string; why: string }) => ({
    what: `neither ${p.file} nor its backup can be used`,
    why: p.why,
    fix: "start the apps and run `xm save`",
  })),
  ERR_HOME_UNUSABLE: define("denied", (p: { home: string; why: string; fix?: string }) => ({
    what: `the home ${p.home} cannot be used`,
    why: p.why,
    fix: p.fix ?? "choose another with XM_HOME, or fix its permissions",
  })),
  ERR_HOME_TOO_LONG: define("invalid", (p: { home: string; maxBytes: number }) => ({
    what: `the home ${p.home} is too long for a socket: its path may have at most ${p.maxBytes} bytes`,
    fix: "choose a shorter XM_HOME",
  })),
  ERR_DAEMON_NOT_RUNNING: define("unavailable", (p: { home: string }) => ({
    what: `the daemon is not running (home ${p.home})`,
    fix: "any command that needs it starts it, for example `xm ls`",
  })),
  ERR_DAEMON_NOT_STARTED: define("unavailable", (p: { log: string; why: string }) => ({
    what: "the daemon failed to start",
    why: p.why,
    fix: `see ${p.log}`,
  })),
  ERR_DAEMON_DIED: define("unavailable", (p: { home: string }) => ({
    what: `the daemon of ${p.home} died before answering`,
    fix: "it restarts by itself or with the next command; acknowledged commands are kept: see `xm ls`",
  })),
  ERR_DAEMON_UNRESPONSIVE: define("unavailable", (p: { pid: number | null; afterMs: number }) => ({
    what: `the daemon${p.pid === null ? "" : ` (pid ${p.pid})`} did not answer within ${p.afterMs} ms`,
    why: "it may be stopped (SIGSTOP) or the machine overloaded",
    fix:
      p.pid === null
        ? "check `xm daemon status`"
        : `\`kill -CONT ${p.pid}\` wakes a stopped one; \`kill -KILL ${p.pid}\` ends it: the apps keep running, and the next call starts a new one`,
  })),
  ERR_DAEMON_LEAVING: define("unavailable", () => ({
    what: "the daemon is shutting down and stopping its processes",
    fix: "`xm ls` starts a new daemon and shows its list",
  })),
  ERR_DAEMON_REPLACED: define("unavailable", () => ({
    what: "the daemon was replaced before the command was done",
    fix: "the next daemon continues it: see `xm ls`",
  })),
  ERR_INSPECTOR_DENIED: define("denied", (p: { why: string }) => ({
    what: `the inspector requires a valid token: ${p.why}`,
    fix: "`xm inspect` gives an address that opens it, once; `xm inspect --json` a token for programs",
  })),
  ERR_API_DENIED: define("denied", (p: { why: string }) => ({
    what: `the API requires a valid token: ${p.why}`,
    fix: "`xm api --token read` or `--token control` prints one; send it as `Authorization: Bearer TOKEN`",
  })),
  ERR_INSPECTOR_FOREIGN: define("denied", (p: { header: string; value: string; port: number }) => ({
    what: `the inspector rejects ${p.header} ${p.value}`,
    why: "another site could act on your behalf",
    fix: `use http://127.0.0.1:${p.port}`,
  })),
  ERR_INSPECTOR_READ_ONLY: define("denied", (p: { what: string }) => ({
    what: p.what,
    fix: "`xm inspect --control` and `xm api --token control` may control processes; use the command line for the rest",
  })),
  ERR_INSPECTOR_PORT: define("conflict", (p: { port: number; why: string }) => ({
    what: `the inspector cannot listen on 127.0.0.1:${p.port}`,
    why: p.why,
    fix: "choose another port with `xm inspect --port N`, or 0 for a free one",
  })),
  ERR_INSPECTOR_FULL: define("unavailable", (p: { viewers: number }) => ({
    what: `${p.viewers} viewers are already connected`,
    fix: "close some of their pages",
  })),
  ERR_PAGE_NOT_BUILT: define("not-found", (p: { file: string }) => ({
    what: `there is no ${p.file}`,
    fix: "run `npm run build`; packages from the registry include it",
  })),
  ERR_INTERNAL: define("failed", (p: { what: string }) => ({
    what: p.what,
    fix: "this is a bug in Ex Machina: please report it with the daemon's log (`xm daemon status` names it)",
  })),
} as const;

export type ErrorCode = keyof typeof errors;

/** The place of a code in the error reference. */
export function referenceOf(code: ErrorCode): string {
  return `docs/reference/errors.md#${code.toLowerCase()}`;
}

/** A failure from the catalog. `message` says what and why; `fix` how to fix it. */
export class XmError extends Error {
  readonly code: ErrorCode;
  readonly class: ErrorClass;
  readonly fix: string;
  override readonly name = "XmError";

  constructor(
    told: { code: ErrorCode; class: ErrorClass; message: string; fix: string },
    options?: ErrorOptions,
  ) {
    super(told.message, options);
    this.code = told.code;
    this.class = told.class;
    this.fix = told.fix;
  }

  /** By name: a program may hold this class twice, from two bundles, or as an ES module and as CommonJS. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof Error && value.name === "XmError";
  }
}

/** No daemon runs: an answer, where none is to be started. */
export function isDaemonAbsent(error: unknown): error is XmError {
  return error instanceof XmError && error.code === "ERR_DAEMON_NOT_RUNNING";
}

/** No daemon answers now: it was killed, handed over, or has cut this reader off. */
export function isDaemonAway(error: unknown): error is XmError {
  return error instanceof XmError && error.class === "unavailable";
}

/** Makes the error of a catalog entry. */
export function xmError<TCode extends ErrorCode>(
  code: TCode,
  params: Parameters<(typeof errors)[TCode]["tell"]>[0],
  options?: ErrorOptions,
): XmError {
  const entry = errors[code] as Entry<typeof params>;
  const { what, why, fix } = entry.tell(params);
  const message = why === undefined ? what : `${what}: ${why}`;
  return new XmError({ code, class: entry.class, message, fix }, options);
}

/** The HTTP status of each class. */
export const httpStatus: Readonly<Record<ErrorClass, number>> = {
  invalid: 400,
  denied: 403,
  "not-found": 404,
  conflict: 409,
  failed: 500,
  unavailable: 503,
};

/** The errno of a failed system call (`ENOENT`), or `undefined` for any other error. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined;
}

/** The message of an unknown thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
