import type { FollowRequest, LogLine, ProcessView } from "../runtime/client/types.ts";
import { xmError } from "../runtime/errors.ts";
import { matchPlain } from "./targets.ts";

/** The daemon's own log goes by PM2's name for it. */
const ownLog = "PM2";

/** What targets of `logs` mean: what is followed, and which lines of it are shown. */
export interface LogQuery {
  readonly request: Pick<FollowRequest, "ids" | "later" | "daemon">;
  readonly isShown: (line: LogLine) => boolean;
}

/**
 * Names, namespaces, `/regex/` and `all` also mean processes that come later; an id does not. Regular expressions run
 * here, where a slow one hurts nobody else.
 * @throws `ERR_PROCESS_NOT_FOUND` with the nearest name for a target that is nothing now.
 */
export async function logQuery(
  list: readonly ProcessView[],
  targets: readonly string[],
): Promise<LogQuery> {
  const wanted = targets.length === 0 ? ["all"] : targets;
  const ids = new Set<number>();
  const names = new Set<string>();
  const namespaces = new Set<string>();
  const patterns: RegExp[] = [];
  let isAll = false;
  let daemon = false;
  for (const target of wanted) {
    const regex = /^\/(.+)\/([a-z]*)$/.exec(target);
    const found = matchPlain(list, target);
    for (const { id, name, namespace } of found) {
      ids.add(id);
      if (name === target) names.add(target);
      else if (namespace === target && !/^\d+$/.test(target)) namespaces.add(target);
    }
    if (target === "all") isAll = true;
    else if (regex?.[1] !== undefined) patterns.push(new RegExp(regex[1], regex[2]));
    else if (found.length === 0 && target === ownLog) daemon = true;
    else if (found.length === 0) throw await notFound(list, target);
  }
  const hasLater = isAll || patterns.length > 0 || names.size + namespaces.size > 0;
  const followsAll = isAll || patterns.length > 0;
  const later = hasLater
    ? { names: followsAll ? null : [...names], namespaces: [...namespaces] }
    : null;
  // A process of a namespace that comes later is known by the daemon's choice of it, unless all are followed.
  const isShown = ({ id, name }: LogLine): boolean =>
    isAll ||
    patterns.length === 0 ||
    ids.has(id) ||
    names.has(name) ||
    patterns.some((each) => each.test(name));
  return { request: { ids: [...ids], later, daemon }, isShown };
}

async function notFound(list: readonly ProcessView[], target: string): Promise<Error> {
  const { closest } = await import("fastest-levenshtein");
  const known = list.flatMap(({ name, namespace }) => [name, namespace]);
  const near = known.length === 0 ? "" : closest(target, [...new Set(known)]);
  return xmError("ERR_PROCESS_NOT_FOUND", { target, near: near === "" ? undefined : near });
}
