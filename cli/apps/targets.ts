import { matchNamed, matchPlain } from "../../runtime/client/targets/match.ts";
import type { Client, ProcessView } from "../../runtime/client/connection/types.ts";
import { XmError, xmError } from "../../runtime/contract/errors.ts";
import { globals } from "../call/globals.ts";
import { reportError } from "../call/report-error.ts";

export { matchNamed, matchPlain };

/**
 * The processes that targets name: id, name (a numeric name wins over an id), namespace, script path, `/regex/`,
 * an ecosystem file (its apps), `-` (the same on stdin) or `all`. Regular expressions run here, where a slow one
 * affects only itself.
 * @throws `ERR_PROCESS_NOT_FOUND` with the nearest name, `ERR_NO_PROCESSES`, `ERR_USAGE` when nothing is named.
 */
export async function resolveTargets(
  client: Client,
  targets: readonly string[],
  options: FileOptions = {},
): Promise<ProcessView[]> {
  if (targets.length === 0) {
    throw xmError("ERR_USAGE", {
      what: "no process named",
      fix: "name an id, a name, a namespace, /regex/, a file or `all`",
    });
  }
  const list = await client.list();
  const chosen = new Map<number, ProcessView>();
  const missing: XmError[] = [];
  for (const target of targets) {
    try {
      for (const process of await match(list, target, options)) chosen.set(process.id, process);
    } catch (error) {
      // One of several that is not there keeps no other from it (PM2): `xm delete old new`.
      if (!(error instanceof XmError)) throw error;
      missing.push(error);
    }
  }
  const last = chosen.size === 0 ? missing.pop() : undefined;
  for (const error of missing) reportError(error);
  if (last !== undefined) throw last;
  return [...chosen.values()].sort((a, b) => a.id - b.id);
}

/** What is taken of a file that is a target. */
export interface FileOptions {
  /** `--only NAME,NAME` */
  readonly only?: string | undefined;
  /** `--profile NAME,NAME`; every app of the file without it. */
  readonly profile?: string | undefined;
  /** `--env NAME`, for names that have it appended. */
  readonly environment?: string | undefined;
  /** Having nothing of a file in the list is not a failure: `xm delete FILE` comes before the first `start`. */
  readonly mayBeNone?: boolean;
}

async function match(
  list: readonly ProcessView[],
  target: string,
  options: FileOptions,
): Promise<ProcessView[]> {
  const plain = matchPlain(list, target);
  if (plain.length > 0) return plain;
  if (target === "all") throw xmError("ERR_NO_PROCESSES", undefined);
  const names = await namesInFile(target, options);
  const named = list.filter(({ name }) => names.includes(name));
  if (named.length > 0) return named;
  if (names.length > 0 && options.mayBeNone === true) {
    if (!globals.isSilent) process.stderr.write(`xm: no app of ${target} is in the list\n`);
    return [];
  }
  const { nearest } = await import("../../runtime/client/targets/nearest.ts");
  const near = nearest(
    target,
    list.flatMap(({ name, namespace }) => [name, namespace]),
  );
  throw xmError("ERR_PROCESS_NOT_FOUND", { target, near });
}

async function namesInFile(target: string, options: FileOptions): Promise<string[]> {
  const { isEcosystemFile } = await import("../../runtime/client/config/load.ts");
  if (target !== "-" && !isEcosystemFile(target)) return [];
  const { readNames } = await import("./read-apps.ts");
  return readNames(target, options);
}
