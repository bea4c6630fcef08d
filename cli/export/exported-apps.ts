import { basename, dirname } from "node:path";
import type { AppSpec } from "../../machines/spec.ts";
import { ownUserName, userVariables } from "../../runtime/host/users.ts";
import type { ExportedApp } from "./contract.ts";

/** Variables of a session and of a manager, which no service needs. */
const ofSession =
  /^(?:_|PATH|PWD|OLDPWD|HOME|USER|LOGNAME|SHELL|SHLVL|MAIL|TERM|COLORTERM|DISPLAY|EDITOR|VISUAL|PAGER|HISTFILE|LS_COLORS|WINDOWID|STY|TMUX\w*|SSH_\w+|SUDO_\w+|XDG_\w+|DBUS_\w+|GPG_\w+|npm_\w+|PM2_\w+|XM_\w+|NVM_\w+|VSCODE_\w+)$/;

const ofSecret =
  /secret|token|passw|passphrase|credential|private_?key|api_?key|access_?key|encryption_?key|signing_?key|(?:^|_)(?:pass|pwd|auth|dsn|key)$/i;

/** A password in an address, or a key itself. */
const secretValue =
  /^[a-z][\w+.-]*:\/\/[^/?#\s:@]*:[^/?#\s@]+@|-----BEGIN [A-Z ]*PRIVATE KEY-----/i;

export interface ExportSource {
  readonly specs: readonly AppSpec[];
  /** The variables of the caller, which an app of the list has besides its own; none for apps of a file. */
  readonly caller: Readonly<Record<string, string | undefined>>;
  readonly path: string | undefined;
  /** The folder of log files that the daemon names itself. */
  readonly logs: string;
}

/** The apps of an export, each with a name of its own. */
export function exportedApps(source: ExportSource): ExportedApp[] {
  const ids = new Set<string>();
  const apps = source.specs.map((spec) => {
    const id = freeId(spec, ids);
    ids.add(id);
    return exportedApp(spec, id, source);
  });
  return apps.map((app) => ({
    ...app,
    dependencies: app.spec.dependsOn.map((on) => ({ on, app: meant(apps, app.spec, on.app) })),
  }));
}

function exportedApp(spec: AppSpec, id: string, { caller, path, logs }: ExportSource): ExportedApp {
  const all = ownVariables(spec, caller);
  const isSecret = ([name, value]: [string, string]): boolean =>
    ofSecret.test(name) || secretValue.test(value);
  const file = (path: string | null): string | null | undefined =>
    path !== null && dirname(path) === logs ? undefined : path;
  return {
    spec,
    id,
    command: commandOf(spec),
    variables: Object.fromEntries(all.filter((each) => !isSecret(each))),
    secrets: Object.fromEntries(all.filter(isSecret)),
    path: spec.env["PATH"] ?? path,
    out: spec.logs.isOff ? null : file(spec.logs.out),
    error: spec.logs.isOff ? null : file(spec.logs.error),
    user: spec.uid === null && process.geteuid?.() !== 0 ? ownUserName() : undefined,
    dependencies: [],
  };
}

/** Of the same namespace if there is one, else of any. */
function meant(
  apps: readonly ExportedApp[],
  { namespace }: AppSpec,
  name: string,
): ExportedApp | undefined {
  const named = apps.filter(({ spec }) => spec.name === name);
  return named.find(({ spec }) => spec.namespace === namespace) ?? named[0];
}

function commandOf(spec: AppSpec): string[] {
  const { interpreter, interpreterArgs, script, args } = spec;
  const maps = spec.sourceMaps === true && interpreter !== null ? ["--enable-source-maps"] : [];
  return interpreter === null
    ? [script, ...args]
    : [interpreter, ...maps, ...interpreterArgs, script, ...args];
}

/** A list does not keep which variables are the app's own: those that the caller has with the same value are not. */
function ownVariables(spec: AppSpec, caller: ExportSource["caller"]): [string, string][] {
  const ofUser = userVariables(spec.uid);
  return Object.entries(spec.env)
    .filter(
      ([name, value]) => !ofSession.test(name) && value !== caller[name] && value !== ofUser[name],
    )
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** In every format a name may have these characters. */
function freeId({ name, namespace }: AppSpec, taken: ReadonlySet<string>): string {
  const clean = (text: string): string =>
    text.replaceAll(/[^A-Za-z0-9_.-]+/g, "-").replaceAll(/^[-.]+|[-.]+$/g, "") || "app";
  const usual = namespace === "default" ? clean(name) : `${clean(namespace)}-${clean(name)}`;
  let id = usual;
  for (let next = 2; taken.has(id); next++) id = `${usual}-${next}`;
  return id;
}

/** Whether the words are those of Node's, of whatever version. */
export function nodeOf({ command }: ExportedApp): boolean {
  return /^node(?:js)?(?:[-_]?v?\d[\d.]*)?$/.test(basename(command[0] ?? ""));
}
