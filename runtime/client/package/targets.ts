import { matchPlain } from "../targets/match.ts";
import type { Client, ProcessDetail } from "../connection/types.ts";
import { xmError } from "../../contract/errors.ts";
import { isConfiguration, isDeclaration, namesFrom, type Place } from "./apps.ts";
import type { Startable } from "./types.ts";

/**
 * The processes that a target names: an id, a name, a namespace, a script, `/regex/`, `all`, or the apps of an
 * ecosystem file or of an object.
 * @throws `ERR_PROCESS_NOT_FOUND` with the nearest name, `ERR_NO_PROCESSES` for `all` of none.
 */
export async function targetsOf(
  client: Client,
  target: Startable,
  place: Place,
): Promise<ProcessDetail[]> {
  const list = await client.details();
  const named = await matching(list, target, place);
  // Of what a file declares nothing may be there (PM2): `delete` comes before the first `start`.
  if (named.length > 0 || isDeclaration(target, place)) return named;
  if (target === "all") throw xmError("ERR_NO_PROCESSES", undefined);
  const { nearest } = await import("../targets/nearest.ts");
  const word = typeof target === "object" ? "" : String(target);
  const near = nearest(
    word,
    list.map(({ name }) => name),
  );
  throw xmError("ERR_PROCESS_NOT_FOUND", { target: word, near });
}

/** As PM2's `describe`: nothing for what is not there. */
export async function matching(
  list: readonly ProcessDetail[],
  target: Startable,
  place: Place,
): Promise<ProcessDetail[]> {
  if (typeof target === "number") return list.filter(({ id }) => id === target);
  if (typeof target === "string") {
    const plain = matchPlain(list, target, place.cwd);
    if (plain.length > 0 || !isConfiguration(target, place)) return plain;
  }
  const names = await namesFrom(target, {}, place);
  return list.filter(({ name }) => names.includes(name));
}
