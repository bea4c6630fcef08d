import type { ArgsDef } from "citty";
import { parseDuration } from "../../runtime/contract/fields/units.ts";
import { xmError } from "../../runtime/contract/errors.ts";
import { readAddress } from "../call/listening.ts";
import { fileArgs, programArgs } from "../call/command.ts";
import { startArgs } from "../apps/start-flags.ts";
import { exitPolicies, type ExitPolicy } from "./exit-policy.ts";

/** Docker waits for ten seconds before it kills. */
const defaultGraceMs = 8_000;

/** What `xm-runtime` takes: what `xm start` does, and what is of the container. */
export const containerArgs = {
  ...programArgs,
  ...startArgs,
  ...fileArgs,
  "exit-policy": {
    type: "string",
    description:
      "When to exit: once no app runs any more (all-stopped), or at the end of any app (any) or of one that --significant names",
    valueHint: exitPolicies.join("|"),
  },
  significant: {
    type: "string",
    description: "Apps whose end ends the container (comma-separated)",
    valueHint: "NAMES",
  },
  "auto-exit": {
    type: "boolean",
    description: "Exit by the exit policy (--no-auto-exit: only by a signal)",
    default: true,
  },
  "stop-grace": {
    type: "string",
    description: "Maximum time to stop before everything is killed",
    valueHint: "TIME",
  },
  forward: {
    type: "string",
    description: "Signals to pass on to the apps, such as USR1,USR2",
    valueHint: "SIGNALS",
  },
  probes: {
    type: "string",
    description: "Answer /startupz, /readyz and /livez there",
    valueHint: "[HOST]:PORT",
  },
  raw: { type: "boolean", description: "Print lines unchanged (the default)" },
  json: { type: "boolean", description: "Each line as a JSON record" },
  format: { type: "boolean", description: "Each line as timestamp=… app=… id=… type=… message=…" },
  formatted: { type: "boolean", description: "Each line with id and name in front" },
  delay: { type: "string", description: "Wait before the start", valueHint: "SECONDS" },
  web: {
    type: "string",
    description: "Serve the list as JSON in PM2's format (127.0.0.1:9615), as `xm web` does",
    valueHint: "[HOST:]PORT",
  },
  exec: {
    type: "boolean",
    description:
      "As the first flag: replace itself with the command that follows, and supervise nothing",
  },
  secret: {
    type: "string",
    description: "Accepted for compatibility; no effect",
    valueHint: "KEY",
  },
  public: {
    type: "string",
    description: "Accepted for compatibility; no effect",
    valueHint: "KEY",
  },
  "machine-name": {
    type: "string",
    description: "Accepted for compatibility; no effect",
    valueHint: "NAME",
  },
} as const satisfies ArgsDef;

/** The container's own settings. */
export interface ContainerSettings {
  /** `undefined`: only a signal ends it. */
  readonly policy: ExitPolicy | undefined;
  /** Empty: the first app. */
  readonly significant: readonly string[];
  readonly graceMs: number;
  readonly forwarded: readonly NodeJS.Signals[];
  readonly probes: string | undefined;
  readonly logType: string | undefined;
  readonly delayMs: number;
  /** Where PM2's JSON is served. */
  readonly web: { readonly host: string; readonly port: number } | undefined;
  /** Flags of PM2's that do nothing here, with the reason. */
  readonly notes: readonly string[];
}

/**
 * Reads the container's own flags.
 * @throws `ERR_USAGE`
 */
export function containerSettings(args: Readonly<Record<string, unknown>>): ContainerSettings {
  const text = (name: string): string | undefined => args[name] as string | undefined;
  const names = text("significant")?.split(",").filter(Boolean) ?? [];
  const given = text("exit-policy") ?? (names.length > 0 ? "significant" : "all-stopped");
  const policy = exitPolicies.find((each) => each === given);
  if (policy === undefined) throw wrong("exit-policy", exitPolicies.join(", "), given);
  const grace = parseDuration(text("stop-grace") ?? defaultGraceMs);
  if (grace === undefined) throw wrong("stop-grace", 'a time such as "8s"', text("stop-grace"));
  const seconds = Number(text("delay") ?? 0);
  if (!(seconds >= 0 && seconds < 86_400)) throw wrong("delay", "seconds", text("delay"));
  const web = text("web") === "true" ? "9615" : text("web");
  return {
    policy: args["auto-exit"] === false ? undefined : policy,
    significant: names,
    graceMs: grace,
    forwarded: (text("forward") ?? "").split(",").filter(Boolean).map(forwardedSignal),
    probes: text("probes"),
    logType: logTypes.find(([flag]) => args[flag] === true)?.[1],
    delayMs: seconds * 1_000,
    web: web === undefined ? undefined : readAddress(web, "9615"),
    notes: ["secret", "public", "machine-name"]
      .filter((name) => args[name] !== undefined)
      .map((name) => `--${name} has no effect: there is no cloud service behind Ex Machina`),
  };
}

const logTypes: readonly (readonly [flag: string, type: string])[] = [
  ["raw", "plain"],
  ["json", "json"],
  ["format", "pairs"],
  ["formatted", "labelled"],
];

function forwardedSignal(word: string): NodeJS.Signals {
  const name = word.trim().toUpperCase().replace(/^SIG/, "");
  if (name === "USR1" || name === "USR2") return `SIG${name}`;
  throw wrong("forward", "USR1 and USR2; the others have a meaning of their own", word);
}

function wrong(flag: string, expected: string, got: string | undefined): Error {
  return xmError("ERR_USAGE", {
    what: `--${flag}: expected ${expected}, got "${got ?? ""}"`,
    fix: "`xm-runtime --help` lists the flags and their values",
  });
}
