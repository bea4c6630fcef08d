import { constants } from "node:os";
import { isTimeZone, nextRun, splitZone } from "../../contract/cron.ts";
import { messageOf } from "../../contract/errors.ts";
import { isPlain, plain } from "../../contract/plain.ts";
import { hasReusePort } from "../../host/reuse-port.ts";
import { longestName, nameOf } from "./app-names.ts";
import type { ReadApp } from "./read-fields.ts";
import { jobFaults } from "./_jobs.ts";
import { scheduleFaults } from "./_schedule.ts";
import { rotationFaults } from "./rotation.ts";
import { text } from "./values.ts";

/**
 * What is wrong with an app although each of its fields has the form it is to have: fields that contradict one another, and what this
 * machine lacks.
 * @param path how the app is named in a fault, such as `apps[2]`.
 */
export async function faultsOf(
  app: ReadApp,
  path: string,
  context: {
    readonly caller: Readonly<Record<string, string | undefined>>;
    readonly environment?: string | undefined;
  },
): Promise<string[]> {
  const found: string[] = [];
  if (app["script"] === undefined)
    found.push(`${path}.script: expected a file or a command, got nothing`);
  if (app["autorestart"] === true && app["restart"] === "never") {
    found.push(`${path}.autorestart: true contradicts restart: "never"`);
  }
  if (app["script"] !== undefined && nameOf(app, context).length > longestName) {
    found.push(`${path}.name: expected at most ${longestName} characters with its environment`);
  }
  // It may be that of the script's file.
  if (app["name"] === undefined && app["script"] !== undefined && !isPlain(nameOf(app, context))) {
    const shown = plain(nameOf(app, context));
    found.push(`${path}.name: expected a name without control characters, got "${shown}"`);
  }
  found.push(...jobFaults(app, path));
  found.push(...(await scheduleFaults(app, path)));
  found.push(...signalFaults(app, context.caller));
  found.push(...(await cronFaults(app, path)));
  found.push(...(await rotationFaults(app, path)));
  if (
    app["scheduling"] === "reuse-port" &&
    isThisNode(app) &&
    !hasReusePort(process.versions.node)
  ) {
    found.push(
      `${path}.scheduling: "reuse-port" needs Node 22.12, 23.1 or newer, and this is ${process.version}; "shared" is the next best`,
    );
  }
  return found;
}

function isThisNode(app: ReadApp): boolean {
  const wanted = text(app, "interpreter");
  return wanted === undefined || wanted === "node";
}

/** The caller may choose the signal by a variable; an invalid one is reported by the variable's name. */
function signalFaults(
  app: ReadApp,
  { PM2_KILL_SIGNAL: wanted }: Readonly<Record<string, string | undefined>>,
): string[] {
  if (!wanted || app["kill_signal"] !== undefined || wanted in constants.signals) return [];
  return [`the variable PM2_KILL_SIGNAL: expected a signal such as SIGTERM, got "${wanted}"`];
}

async function cronFaults(app: ReadApp, path: string): Promise<string[]> {
  const { cron_restart: text, cron_timezone: zone } = app;
  if (typeof text !== "string") return [];
  const { pattern, timezone } = splitZone(text);
  const wanted = timezone ?? (typeof zone === "string" ? zone : null);
  if (wanted !== null && !isTimeZone(wanted)) {
    const field = timezone === null ? "cron_timezone" : "cron_restart";
    return [`${path}.${field}: expected a time zone such as "Europe/Berlin", got "${wanted}"`];
  }
  try {
    await nextRun({ pattern, timezone: wanted }, new Date());
    return [];
  } catch (error) {
    return [
      `${path}.cron_restart: expected a cron pattern such as "0 3 * * *", got "${text}" (${messageOf(error)})`,
    ];
  }
}
