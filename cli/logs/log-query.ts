import type { FollowRequest, LogLine, ProcessView } from "../../runtime/client/connection/types.ts";
import { xmError } from "../../runtime/contract/errors.ts";
import { matcherOf, type Matcher } from "../../runtime/client/targets/pattern.ts";
import { matchPlain } from "../apps/targets.ts";

/** The daemon's own log goes by PM2's name for it. */
const ownLog = "PM2";

/** What targets of `logs` mean: what is followed, and which lines of it are shown. */
export interface LogQuery {
  readonly request: Pick<FollowRequest, "ids" | "later" | "daemon">;
  readonly isShown: (line: LogLine) => boolean;
}

/**
 * Names, namespaces, `/regex/` and `all` also mean processes that come later; an id does not. Regular expressions run
 * here, where a slow one affects only itself.
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
  const patterns: ((name: string) => boolean)[] = [];
  let isAll = false;
  let daemon = false;
  for (const target of wanted) {
    const matcher = matcherOf(target);
    const found = matchPlain(list, target);
    for (const { id, name, namespace } of found) {
      ids.add(id);
      if (name === target) names.add(target);
      else if (namespace === target && !/^\d+$/.test(target)) namespaces.add(target);
    }
    if (target === "all") isAll = true;
    else if (matcher !== undefined) patterns.push(remembering(matcher));
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
    patterns.some((matches) => matches(name));
  return { request: { ids: [...ids], later, daemon }, isShown };
}

/** Asks a matcher once for each name: a log has many lines of one. */
function remembering(matcher: Matcher): (name: string) => boolean {
  const known = new Map<string, boolean>();
  return (name) => {
    const matches = known.get(name) ?? matcher([name])[0] === true;
    known.set(name, matches);
    return matches;
  };
}

async function notFound(list: readonly ProcessView[], target: string): Promise<Error> {
  const { nearest } = await import("../../runtime/client/targets/nearest.ts");
  const known = list.flatMap(({ name, namespace }) => [name, namespace]);
  return xmError("ERR_PROCESS_NOT_FOUND", { target, near: nearest(target, known) });
}
