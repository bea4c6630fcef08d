import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AppSpec } from "../../machines/spec.ts";
import { connect } from "../../runtime/client/connection/client.ts";
import { isEcosystemFile } from "../../runtime/client/config/load.ts";
import { readFields } from "../../runtime/client/config/read-fields.ts";
import type { Client } from "../../runtime/client/connection/types.ts";
import { messageOf, xmError } from "../../runtime/contract/errors.ts";
import type { RawApp } from "../../runtime/contract/fields/raw-app.ts";
import { isFile, readApps, readScript, usualFile } from "../apps/read-apps.ts";
import { rawAppFrom, startArgs } from "../apps/start-flags.ts";
import { fileArgs, programArgs, xmCommand } from "../call/command.ts";
import { supervise } from "../container/supervision.ts";
import { afterChanges } from "../dev/after-changes.ts";
import { tellOutcomes } from "../render/outcomes.ts";

/** A program under development fails again and again: it is tried once more within two seconds, indefinitely. */
const patience: RawApp = {
  exp_backoff_restart_delay: 100,
  exp_backoff_restart_max: 2_000,
  max_restarts: 1_000_000,
};

/** Ctrl-C waits for no longer; ms. */
const graceMs = 8_000;

/**
 * `pm2-dev`: apps that are watched and shown for as long as the call runs. They have a daemon and a home of their own,
 * which end with the call, by a kill too; the apps of `xm start` are not touched.
 */
export default xmCommand({
  name: "dev",
  description:
    "Runs apps in the foreground for development: restarted when a file changes, logs shown",
  args: {
    ...programArgs,
    ...startArgs,
    ...fileArgs,
    ignore: {
      type: "string",
      description: "Names and patterns to ignore (comma-separated)",
      valueHint: "NAMES",
    },
    raw: { type: "boolean", description: "Lines without a prefix" },
    timestamp: { type: "boolean", description: "Prefix each line with a timestamp" },
    "post-exec": {
      type: "string",
      description: "Command to run after each restart caused by a change",
      valueHint: "COMMAND",
    },
    "silent-exec": { type: "boolean", description: "Do not show its output" },
    "auto-exit": { type: "boolean", description: "Exit when no app runs any more" },
    "test-mode": {
      type: "boolean",
      description: "Exit as soon as every app runs, with 0, or with 1 if one does not",
    },
  },
  takesRest: true,
  run: async ({ args, data }) => {
    const given = args as Record<string, unknown> & { _: string[] };
    const home = mkdtempSync(join(tmpdir(), "xm-dev-"));
    process.env["XM_HOME"] = home;
    process.on("exit", () => rmSync(home, { recursive: true, force: true }));
    const [first, ...others] = given._;
    const words = first === "start" && others.length > 0 ? others : given._;
    const apps = await readDevApps(words, given, data.rest);
    const client = connect({ home, lifeline: true });
    const ids = await tellOutcomes({
      outcomes: client.declare({ apps, known: "copy", by: "`xm dev`" }),
      doing: "starting",
    });
    if (given["test-mode"] === true) return leaveAfterTest(client, ids);
    await untilEnd(client, given);
  },
});

async function readDevApps(
  given: readonly string[],
  flags: Readonly<Record<string, unknown>>,
  rest: readonly string[],
): Promise<AppSpec[]> {
  const usual = usualFile();
  const words = given.length === 0 && usual !== undefined ? [usual] : given;
  if (words.length === 0) {
    throw xmError("ERR_USAGE", { what: "nothing to start", fix: "for example `xm dev server.js`" });
  }
  const fields: RawApp = { ...rawAppFrom(flags), ...(rest.length > 0 ? { args: rest } : {}) };
  const environment = flags["env"] as string | undefined;
  const ignore = (flags["ignore"] as string | undefined)?.split(",").filter(Boolean);
  const complete = (raw: RawApp): RawApp => {
    const { app } = readFields(raw, "", environment);
    const isWatched = app["watch"] !== undefined && app["watch"] !== false;
    const ignored = app["ignore_watch"] as readonly string[] | undefined;
    return {
      ...patience,
      ...raw,
      ...(isWatched ? {} : { watch: true }),
      ...(ignore === undefined
        ? {}
        : { ignore_watch: [...(ignored ?? ["node_modules", ".*"]), ...ignore] }),
    };
  };
  const [only, profile] = [flags["only"], flags["profile"]] as (string | undefined)[];
  const reading = { environment, only, profile, complete };
  const specs: AppSpec[] = [];
  for (const word of words) {
    const isConfiguration = word === "-" || (isEcosystemFile(word) && isFile(word));
    specs.push(
      ...(isConfiguration
        ? await readApps(word, { ...reading, overrides: fields })
        : await readScript({ ...fields, script: word }, reading)),
    );
  }
  return specs;
}

async function leaveAfterTest(client: Client, ids: readonly number[]): Promise<void> {
  const processes = await client.list();
  for (const { name, id, status } of processes) {
    process.stdout.write(`${name} (${id}): ${status}\n`);
  }
  const isGood = processes.every(({ status }) =>
    ["online", "stopped", "completed"].includes(status),
  );
  if (!isGood || ids.length === 0) process.exitCode = 1;
  await client.shutDown("--test-mode");
  process.exit();
}

/** Shows every line until Ctrl-C, or until no app is left to run. */
async function untilEnd(client: Client, flags: Readonly<Record<string, unknown>>): Promise<void> {
  const say = (line: string): void => void process.stderr.write(`xm dev: ${line}\n`);
  const supervision = supervise({
    client,
    policy: flags["auto-exit"] === true ? "all-stopped" : undefined,
    significant: [],
    graceMs,
    say,
    finished: (code) => {
      if (flags["auto-exit"] === true) process.exitCode = code;
      void client
        .shutDown("`xm dev` ends")
        .catch(() => undefined)
        .then(() => process.exit());
    },
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      supervision.leave(signal).catch((error: unknown) => {
        say(messageOf(error));
        process.exit(1);
      });
    });
  }
  const command = flags["post-exec"] as string | undefined;
  if (command !== undefined) {
    void afterChanges({ client, command, isSilent: flags["silent-exec"] === true, say });
  }
  supervision.begin();
  const { followLogs } = await import("../logs/follow-logs.ts");
  const style = [
    ...(flags["raw"] === true ? ["--raw"] : []),
    ...(flags["timestamp"] === true ? ["--timestamp"] : []),
  ];
  await followLogs("all", { lines: 1_000, style }).catch((error: unknown) => {
    if (!supervision.isLeaving()) throw error;
  });
  // Its end is the daemon's.
  await new Promise(() => undefined);
}
