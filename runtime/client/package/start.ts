import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { xmError } from "../../contract/errors.ts";
import { matchPlain } from "../targets/match.ts";
import type { AppSettings, Client, Outcome, ProcessDetail, Progress } from "../connection/types.ts";
import { callerVariables } from "../config/environment.ts";
import type { RawApp } from "../config/index.ts";
import { appsFrom, contextAt, isDeclaration, listOf, rawFrom, type Place } from "./apps.ts";
import { procsOf } from "./outcomes.ts";
import { targetsOf } from "./targets.ts";
import type { Proc, Startable, UpdateOptions } from "./types.ts";

/** Who did it, as `xm why` shows it. */
export const by = (name: string): string => `\`${name}()\` of a program`;

/**
 * Starts apps. A known app of an object or a file is restarted with its current declaration; a script
 * that already runs is refused without `force`; a name, an id or a namespace starts what is known.
 */
export async function start(
  client: Client,
  what: Startable,
  options: RawApp,
  place: Place,
): Promise<Proc[]> {
  if (typeof what !== "object" && Object.keys(options).length === 0) {
    const word = String(what);
    if (typeof what === "number" || !existsSync(resolve(place.cwd, word))) {
      const known = matchPlain(await client.list(), word, place.cwd);
      if (known.length > 0 || typeof what === "number") {
        const ids = (known.length > 0 ? known : await targetsOf(client, what, place)).map(
          ({ id }) => id,
        );
        return procsOf(client, "start", client.act({ action: "restart", ids, by: by("start") }));
      }
    }
  }
  const changes = typeof what === "object" ? changesIn(what) : [];
  if (changes.length > 0)
    return change(client, "start", { changes, options: options as UpdateOptions }, place);
  const apps = await appsFrom(what, options, place);
  const isForced = options["force"] === true || isForcedIn(what);
  const known = isForced ? "copy" : isDeclaration(what, place) ? "restart" : "refuse";
  return procsOf(client, "start", client.declare({ apps, known, by: by("start") }));
}

/**
 * Restarts or reloads what a target names; a file or an object gives what it is restarted with. An object that names
 * what is known, and no script, changes the fields that it has.
 * @throws `ERR_USAGE` for the name of an environment without the file that declares it.
 */
export async function renew(
  client: Client,
  how: "restart" | "reload" | "gracefulReload",
  target: Startable,
  options: UpdateOptions,
  place: Place,
): Promise<Proc[]> {
  const { env } = options;
  if (isDeclaration(target, place)) {
    const changes = typeof target === "object" ? changesIn(target) : [];
    if (changes.length > 0) return change(client, how, { changes, options }, place);
    const apps = await appsFrom(target, env === undefined ? {} : { env }, place);
    const known = how === "restart" ? "restart" : "reload";
    return procsOf(client, how, client.declare({ apps, known, by: by(how), ...kindOf(how) }));
  }
  if (typeof env === "string") {
    throw xmError("ERR_USAGE", {
      what: `the environment "${env}" needs the file that declares env_${env}`,
      fix: `for example ${how}("ecosystem.config.js", { env: "${env}" })`,
    });
  }
  const chosen = await targetsOf(client, target, place);
  const settings = env === undefined ? [] : await settingsOf(chosen, { env }, {}, place);
  return procsOf(client, how, renewed(client, how, { chosen, settings, options }));
}

/** The apps of an object that has no script for any of them: each changes one that is known. */
export function changesIn(what: object): RawApp[] {
  const apps = listOf(what);
  return apps.some(({ script, exec, cmd, command }) => script ?? exec ?? cmd ?? command)
    ? []
    : apps;
}

/** Gives apps that are known the fields of a call, and restarts or reloads them. */
export async function change(
  client: Client,
  how: "start" | "restart" | "reload" | "gracefulReload",
  { changes, options }: { changes: readonly RawApp[]; options: UpdateOptions },
  place: Place,
): Promise<Proc[]> {
  const environment = typeof options.env === "string" ? options.env : undefined;
  const chosen: ProcessDetail[] = [];
  const settings: AppSettings[] = [];
  for (const app of changes) {
    const { name } = app;
    if (typeof name !== "string" && typeof name !== "number") {
      const faults = ["script: expected a file or a command, or the name of a known app"];
      throw xmError("ERR_CONFIG_INVALID", { file: `the call of ${how}()`, faults });
    }
    const found = await targetsOf(client, String(name), place);
    chosen.push(...found);
    settings.push(...(await settingsOf(found, rawFrom(app), { environment }, place)));
  }
  return procsOf(client, how, renewed(client, how, { chosen, settings, options }));
}

function renewed(
  client: Client,
  how: "start" | "restart" | "reload" | "gracefulReload",
  what: {
    readonly chosen: readonly ProcessDetail[];
    readonly settings: readonly AppSettings[];
    readonly options: UpdateOptions;
  },
): AsyncIterable<Outcome | Progress> {
  const { chosen, settings, options } = what;
  const request = {
    ids: chosen.map(({ id }) => id),
    by: by(how),
    ...(options.updateEnv === true ? { env: callerVariables(process.env) } : {}),
    ...(settings.length === 0 ? {} : { settings }),
  };
  return how === "start" || how === "restart"
    ? client.act({ action: "restart", ...request })
    : client.reload({ ...request, ...kindOf(how) });
}

/** The specifications of known apps with some fields over them. */
async function settingsOf(
  chosen: readonly ProcessDetail[],
  fields: RawApp,
  options: { readonly environment?: string | undefined },
  place: Place,
): Promise<AppSettings[]> {
  const { patchSpec } = await import("../config/patch.ts");
  const context = { ...contextAt(place), ...options, caller: process.env, source: "the call" };
  const apps = new Map(chosen.map(({ app, spec }) => [app, spec]));
  return Promise.all(
    [...apps].map(async ([key, spec]) => ({ key, spec: await patchSpec(spec, fields, context) })),
  );
}

function kindOf(how: "restart" | "reload" | "gracefulReload"): { kind?: "graceful" } {
  return how === "gracefulReload" ? { kind: "graceful" } : {};
}

function isForcedIn(what: Startable): boolean {
  return typeof what === "object" && listOf(what).some(({ force }) => Boolean(force));
}
