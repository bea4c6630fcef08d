import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { matchPlain } from "../targets/match.ts";
import type { Client } from "../connection/types.ts";
import { callerVariables } from "../config/environment.ts";
import type { RawApp } from "../config/index.ts";
import { appsFrom, isConfiguration, type Place } from "./apps.ts";
import { procsOf } from "./outcomes.ts";
import { targetsOf } from "./targets.ts";
import type { Proc, Startable, UpdateOptions } from "./types.ts";

/** Who did it, as `xm why` tells it. */
export const by = (name: string): string => `\`${name}()\` of a program`;

/**
 * Starts apps. What an object or a file declares and is known already is restarted with what is declared now; a script
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
  const apps = await appsFrom(what, options, place);
  const isForced = options["force"] === true || isForcedIn(what);
  const isScript = typeof what !== "object" && !isConfiguration(String(what), place);
  const known = isForced ? "copy" : isScript ? "refuse" : "restart";
  return procsOf(client, "start", client.declare({ apps, known, by: by("start") }));
}

/** Restarts or reloads what a target names; a file or an object gives what it is restarted with. */
export async function renew(
  client: Client,
  how: "restart" | "reload" | "gracefulReload",
  target: Startable,
  options: UpdateOptions,
  place: Place,
): Promise<Proc[]> {
  const isDeclared = typeof target === "object" || isConfiguration(String(target), place);
  if (isDeclared) {
    const apps = await appsFrom(
      target,
      options.env === undefined ? {} : { env: options.env },
      place,
    );
    const known = how === "restart" ? "restart" : "reload";
    return procsOf(client, how, client.declare({ apps, known, by: by(how), ...kindOf(how) }));
  }
  const ids = (await targetsOf(client, target, place)).map(({ id }) => id);
  const request = {
    ids,
    by: by(how),
    ...(options.updateEnv === true ? { env: callerVariables(process.env) } : {}),
  };
  const lines =
    how === "restart"
      ? client.act({ action: "restart", ...request })
      : client.reload({ ...request, ...kindOf(how) });
  return procsOf(client, how, lines);
}

function kindOf(how: "restart" | "reload" | "gracefulReload"): { kind?: "graceful" } {
  return how === "gracefulReload" ? { kind: "graceful" } : {};
}

function isForcedIn(what: Startable): boolean {
  const list = typeof what !== "object" ? [] : Array.isArray(what) ? what : [what];
  return list.some((app) => "force" in app && app.force);
}
