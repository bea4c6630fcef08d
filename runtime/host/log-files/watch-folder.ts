import { watch, type FSWatcher } from "node:fs";
import { basename, dirname } from "node:path";
import { errnoOf } from "../../contract/errors.ts";

/** Told of what happens to a name in a folder: it was written to, or it may be another file now. */
export type OnChange = (what: "written" | "replaced") => void;

interface Watched {
  readonly listeners: Map<string, Set<OnChange>>;
  readonly watcher: FSWatcher;
}

/** One watcher for all files of a folder: with one for each, every write would wake all of them. */
const folders = new Map<string, Watched>();

/**
 * Watches a path, which need not exist; its folder must.
 * @returns how to end it; `undefined` when the folder is not there.
 */
export function watchPath(path: string, onChange: OnChange): (() => void) | undefined {
  const folder = dirname(path);
  const name = basename(path);
  const watched = folders.get(folder) ?? watchFolder(folder);
  if (watched === undefined) return undefined;
  const { listeners } = watched;
  const own = listeners.get(name) ?? new Set();
  listeners.set(name, own.add(onChange));
  return () => {
    own.delete(onChange);
    if (own.size > 0) return;
    listeners.delete(name);
    if (listeners.size > 0) return;
    watched.watcher.close();
    if (folders.get(folder) === watched) folders.delete(folder);
  };
}

function watchFolder(folder: string): Watched | undefined {
  const listeners: Watched["listeners"] = new Map();
  const tellAll = (): void => {
    for (const own of listeners.values()) for (const each of own) each("replaced");
  };
  try {
    const watcher = watch(folder, { persistent: false }, (event, name) => {
      // Without a name it may be any; under the folder's own name the folder is meant.
      if (name === null || !listeners.has(name)) {
        if (name === null || name === basename(folder)) tellAll();
        return;
      }
      for (const each of listeners.get(name) ?? [])
        each(event === "change" ? "written" : "replaced");
    });
    watcher.on("error", tellAll);
    const watched = { listeners, watcher };
    folders.set(folder, watched);
    return watched;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
