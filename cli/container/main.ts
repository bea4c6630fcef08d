import { availableParallelism, constants } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { createRequire } from "node:module";
import { realpathSync } from "node:fs";
import { runCommand } from "citty";
import { connect } from "../../runtime/client/connection/client.ts";
import { openDaemonLog } from "../../runtime/client/connection/launch.ts";
import type { Client } from "../../runtime/client/connection/types.ts";
import type { AppSpec } from "../../machines/spec.ts";
import { messageOf, xmError } from "../../runtime/contract/errors.ts";
import { beForeground } from "../../runtime/contract/foreground.ts";
import { plainLines } from "../../runtime/contract/plain.ts";
import { version } from "../../runtime/contract/version.ts";
import { builtProgram } from "../../runtime/host/built-program.ts";
import { readCgroupLimits } from "../../runtime/host/cgroup.ts";
import { homePaths } from "../../runtime/host/home/paths.ts";
import { xmCommand } from "../call/command.ts";
import { reportError } from "../call/report-error.ts";
import { readCall } from "../call/run.ts";
import { usageOf } from "../call/usage.ts";
import { prepareWords } from "../call/words.ts";
import { rawAppFrom } from "../apps/start-flags.ts";
import { guardOutput } from "../render/terminal.ts";
import { readContainerApps } from "./apps.ts";
import { chooseHome, claimHome } from "./home.ts";
import { serveProbes } from "./probes.ts";
import { containerArgs, containerSettings, type ContainerSettings } from "./settings.ts";
import { hearSignals, type Signals, type SignalTarget } from "./signals.ts";
import { supervise, type Supervision } from "./supervision.ts";

/*
 * `xm-runtime`: the apps of a container, with God in the foreground and in this very process. The shell in front
 * of it (`first-process.sh`) is process 1, waits for orphans and passes signals on.
 */

/** A daemon in the same process answers at once, on a machine that is not overloaded; ms. */
const upWithinMs = 30_000;

/** What the shell that started this program reported. */
interface Shell {
  /** `null` without one. */
  readonly pid: number | null;
  /** How often the daemon has died before. */
  readonly life: number;
  /** The name that it was called by. */
  readonly name: string;
}

const shell = takeShell();

const command = xmCommand({
  name: "xm-runtime",
  description:
    "Runs apps as the main program of a container: shell as process 1, daemon in the foreground, logs on its output",
  args: containerArgs,
  takesRest: true,
  run: async ({ args, data }) => {
    const given = args as Record<string, unknown> & { _: string[] };
    await run(given, data.rest);
  },
});

async function main(words: readonly string[]): Promise<void> {
  const { name, rawArgs, rest } = readCall(words);
  const own = [...(name === undefined || name === "start" ? [] : [name]), ...rawArgs];
  if (own.includes("--help") || own.includes("-h")) {
    process.stdout.write(await usageOf(command));
    return;
  }
  if (["--version", "-v", "-V"].includes(own[0] ?? "")) {
    process.stdout.write(`${version}\n`);
    return;
  }
  const prepared = await prepareWords(own, containerArgs);
  await runCommand(command, { rawArgs: prepared, data: { rest } });
}

async function run(
  given: Record<string, unknown> & { _: string[] },
  rest: readonly string[],
): Promise<void> {
  const settings = containerSettings(given);
  if (given["exec"] === true) {
    throw xmError("ERR_USAGE", {
      what: "--exec must be the first argument",
      fix: "`xm-runtime --exec node server.js`",
    });
  }
  const signals = hearSignals((signal) => {
    exitCode = 128 + constants.signals[signal];
    process.exit();
  });
  // A daemon that died has left apps running.
  if (shell.life > 0) signals.hold();
  for (const note of settings.notes) say(note);
  if (process.pid === 1) say(withoutShell);
  const { home, isFallback } = chooseHome(process.env);
  process.env["XM_HOME"] = home;
  if (isFallback)
    say(`the daemon's files are in ${home}; XM_HOME=${home} for \`xm\` in this container`);
  const limits = readCgroupLimits();
  const apps = await readContainerApps({
    words: given._,
    fields: { ...rawAppFrom(given), ...(rest.length > 0 ? { args: rest } : {}) },
    environment: given["env"] as string | undefined,
    only: given["only"] as string | undefined,
    profile: given["profile"] as string | undefined,
    logType: settings.logType,
    stopSignal: stopSignalFor(shell.name),
    limits,
    processors: Math.min(
      availableParallelism(),
      Math.ceil(limits.cpus ?? Number.POSITIVE_INFINITY),
    ),
  });
  warnOfGrace(apps, settings.graceMs);
  if (shell.life === 0) {
    claimHome(home, shell.pid === 1 || process.pid === 1);
    if (settings.delayMs > 0) await pause(settings.delayMs);
  }
  signals.hold();
  const client = await becomeDaemon(home);
  await superviseApps({ client, apps, settings, signals });
}

/** From the daemon's start on, until the exit code is decided. */
async function superviseApps({
  client,
  apps,
  settings,
  signals,
}: {
  readonly client: Client;
  readonly apps: readonly AppSpec[];
  readonly settings: ContainerSettings;
  readonly signals: Signals;
}): Promise<void> {
  const { policy, graceMs, probes, web } = settings;
  const significant =
    settings.significant.length > 0
      ? settings.significant
      : apps.slice(0, 1).map(({ name }) => name);
  const supervision = supervise({
    client,
    policy,
    significant,
    graceMs,
    say,
    finished: (code, why) => {
      exitCode = code;
      say(`${why}; exit code ${code}`);
      client.shutDown(why).catch(() => process.exit());
    },
  });
  signals.hand(targetOf(client, supervision, settings));
  if (probes !== undefined) (await serveProbes(probes, client)).unref();
  if (web !== undefined) await serveList(web, client);
  try {
    if (shell.life === 0) await declareApps(client, apps);
  } catch (error) {
    if (supervision.isLeaving()) return;
    reportError(error);
    return supervision.leave("not every app could be started", 1);
  }
  supervision.begin();
}

/** PM2's `--web`. */
async function serveList(web: { host: string; port: number }, client: Client): Promise<void> {
  const [{ servePages }, { webReport }] = await Promise.all([
    import("../../runtime/client/metrics/serve.ts"),
    import("../../runtime/client/metrics/web.ts"),
  ]);
  const server = await servePages({
    ...web,
    paths: ["/"],
    page: async () => ({
      type: "application/json",
      text: JSON.stringify(webReport(await client.details({ metrics: true }))),
    }),
  });
  server.unref();
}

/** Leftovers of an earlier run are not what this run was asked for. */
async function declareApps(client: Client, apps: readonly AppSpec[]): Promise<void> {
  const by = "xm-runtime";
  const ids = (await client.list()).map(({ id }) => id);
  if (ids.length > 0) for await (const _ of client.act({ action: "delete", ids, by }));
  for await (const outcome of client.declare({ apps, known: "copy", by })) {
    const who = `${outcome.name} (${outcome.id})`;
    if (!outcome.ok) say([`${who}: ${outcome.message}`, ...outcome.lastWords].join("\n    "));
    else if (outcome.warning) say(`${who}: ${outcome.warning}`);
  }
}

function targetOf(
  client: Client,
  supervision: Supervision,
  { forwarded }: ContainerSettings,
): SignalTarget {
  const complain = (error: unknown): void => say(messageOf(error));
  return {
    end: (signal) => void supervision.leave(signal).catch(fail),
    reload: () => {
      if (!supervision.isLeaving()) supervision.reload("SIGHUP").catch(complain);
    },
    user: (signal) => {
      if (forwarded.includes(signal)) passOn(client, signal).catch(complain);
    },
  };
}

async function passOn(client: Client, signal: NodeJS.Signals): Promise<void> {
  const ids = (await client.list()).filter(({ pid }) => pid !== null).map(({ id }) => id);
  if (ids.length > 0) await client.signal(ids, signal);
}

/** God, in this process. */
async function becomeDaemon(home: string): Promise<Client> {
  const god = realpathSync(builtProgram("god.cjs"));
  beForeground({ log: openDaemonLog(home, homePaths(home).log), failed: say });
  process.argv = [process.execPath, god, home];
  createRequire(god)(god);
  const client = connect({ home, autostart: false });
  const deadline = Date.now() + upWithinMs;
  for (;;) {
    try {
      await client.ping();
      isUp = true;
      return client;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await pause(5);
    }
  }
}

/** PM2's sends SIGINT whatever the container got, and the apps of its users wait for that one. */
function stopSignalFor(name: string): string | undefined {
  if (name.startsWith("pm2-") || process.env["PM2_KILL_SIGNAL"]) return undefined;
  return "SIGTERM";
}

function warnOfGrace(apps: readonly AppSpec[], graceMs: number): void {
  for (const { name, policy } of apps) {
    if (policy.killTimeoutMs <= graceMs) continue;
    say(
      `${name}: its kill_timeout of ${policy.killTimeoutMs} ms is longer than --stop-grace (${graceMs} ms), which takes precedence`,
    );
  }
}

const withoutShell =
  "Node is process 1 here and cannot wait for orphans: run the container with --init, or start `xm-runtime` itself in an image that has /bin/sh";

/** Which variables the shell has set is nothing for the apps. */
function takeShell(): Shell {
  const {
    XM_RUNTIME_SHELL: pid,
    XM_RUNTIME_LIFE: life,
    XM_RUNTIME_NAME: name,
    XM_RUNTIME_NODE_OPTIONS: options,
  } = process.env;
  for (const each of Object.keys(process.env))
    if (each.startsWith("XM_RUNTIME_")) delete process.env[each];
  if (pid === undefined) return { pid: null, life: 0, name: "xm-runtime" };
  delete process.env["NODE_OPTIONS"];
  if (options) process.env["NODE_OPTIONS"] = options;
  return { pid: Number(pid), life: Number(life) || 0, name: name ?? "xm-runtime" };
}

function say(line: string): void {
  process.stderr.write(`xm-runtime: ${plainLines(line)}\n`);
}

/** `undefined` until it is decided. */
let exitCode: number | undefined;

function fail(error: unknown): void {
  reportError(error);
  exitCode = 1;
  process.exit();
}

/** The daemon is up: unless it was decided, its end is a fault, after which the shell starts it again. */
let isUp = false;

// The daemon ends this process in its own way, and with its own code.
process.on("exit", (code) => {
  process.exitCode = exitCode ?? code;
  const isDecided = exitCode !== undefined || !isUp;
  if (isDecided && shell.pid === process.ppid) process.kill(shell.pid, "SIGVTALRM");
});

guardOutput(process.stdout);
guardOutput(process.stderr);
main(process.argv.slice(2)).catch(fail);
