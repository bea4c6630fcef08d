import type { FSWatcher } from "chokidar";
import { lstatSync, statSync, type Stats } from "node:fs";
import { basename, join } from "node:path";
import type { WatchOptions } from "../../../../machines/spec.ts";
import type { Patterns } from "./patterns.ts";
import { identityOf, planOf, type Plan } from "./plan.ts";

export interface TreeEvents {
  /** A file or folder that counts came, went or has another content. */
  readonly changed: (path: string) => void;
  /** Something cannot be watched. */
  readonly failed: (error: unknown) => void;
  /** All that is there is watched, and nothing failed. */
  readonly settled: () => void;
}

type Chokidar = typeof import("chokidar");

/** How soon another try is made after a failure; ms. */
const retryMs = 10_000;

/** Several events come of one change of the tree; ms. */
const rebuildMs = 50;

/**
 * Watches the folders of some paths by chokidar, one inotify watch each: chokidar finds the folders and follows them
 * as they come and go, and does not enter those that are left out. Files are checked when the watch of their folder
 * tells of them (chokidar itself would take a watch for each), and count when their content has changed: the time of
 * modification or the size, so that `chmod` and reading do not.
 *
 * A folder that is removed and made again is another one to the kernel, and the watch stays with the first. Whenever
 * that may have happened, or a watched path comes or goes, the tree is built again, and what changed meanwhile is
 * found by comparing.
 */
export class WatchTree {
  readonly #chokidar: Chokidar;
  readonly #patterns: Patterns;
  readonly #options: WatchOptions;
  readonly #events: TreeEvents;
  /** Content of each file that counts, by path. */
  readonly #files = new Map<string, string>();
  readonly #folders = new Map<string, string>();
  /** Links to files, which have a watch of their own. */
  readonly #links = new Set<string>();
  /** What the current scan has found so far; `null` without a scan. */
  #seen: Set<string> | null = new Set();
  #isFirst = true;
  #plan: Plan;
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #hasFailed = false;
  #isClosed = false;

  constructor(
    chokidar: Chokidar,
    options: {
      readonly patterns: Patterns;
      readonly options: WatchOptions;
      readonly events: TreeEvents;
    },
  ) {
    this.#chokidar = chokidar;
    this.#patterns = options.patterns;
    this.#options = options.options;
    this.#events = options.events;
    this.#plan = planOf(this.#patterns);
    this.#build();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    void this.#watcher?.close();
  }

  #build(): void {
    const { pollMs, depth, followSymlinks } = this.#options;
    const plan = planOf(this.#patterns);
    const before = this.#plan;
    this.#plan = plan;
    // A watched folder that has come or gone; a file is found by its content.
    for (const root of new Set([...before.deep, ...plan.deep])) {
      if (before.deep.includes(root) !== plan.deep.includes(root)) this.#events.changed(root);
    }
    this.#seen = new Set();
    this.#folders.clear();
    this.#links.clear();
    this.#hasFailed = false;
    const watcher = this.#chokidar.watch([...new Set([...plan.deep, ...plan.shallow])], {
      ignored: (path, stats) => this.#isLeftOut(path, stats),
      ignoreInitial: true,
      followSymlinks,
      ...(depth === null ? {} : { depth }),
      ...(pollMs === null ? { usePolling: false } : { usePolling: true, interval: pollMs }),
    });
    this.#watcher = watcher;
    const isCurrent = (): boolean => this.#watcher === watcher && !this.#isClosed;
    watcher.on("raw", (_event, name, details) => {
      const { watchedPath } = details as { watchedPath?: string };
      if (isCurrent() && watchedPath !== undefined) this.#hear(watchedPath, name);
    });
    watcher.on("all", (event, path) => {
      if (!isCurrent() || this.#seen !== null) return;
      if (event === "addDir" || event === "unlinkDir") this.#folderMoved(path);
      else this.#look(path);
    });
    watcher.on("error", (error) => {
      if (!isCurrent()) return;
      this.#hasFailed = true;
      this.#events.failed(error);
      this.#buildAgain(retryMs);
    });
    watcher.on("ready", () => {
      if (isCurrent()) this.#compare();
    });
  }

  #buildAgain(afterMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      void this.#watcher?.close();
      this.#build();
    }, afterMs);
    this.#timer.unref();
  }

  /** What existed before the scan and no longer does. */
  #compare(): void {
    const seen = this.#seen ?? new Set();
    this.#seen = null;
    this.#isFirst = false;
    for (const path of this.#files.keys()) {
      if (seen.has(path)) continue;
      this.#files.delete(path);
      this.#events.changed(path);
    }
    if (!this.#hasFailed) this.#events.settled();
    if (planOf(this.#patterns).key !== this.#plan.key) this.#buildAgain(rebuildMs);
  }

  /** Asked by chokidar, with what it knows of a path; the only place that learns of every file. */
  #isLeftOut(path: string, stats: Stats | undefined): boolean {
    const { deep, shallow } = this.#plan;
    if (stats?.isSymbolicLink() === true) {
      if (this.#patterns.isIgnored(path)) return true;
      this.#links.add(path);
      return false;
    }
    if (stats !== undefined && !stats.isDirectory()) {
      this.#note(path, stats);
      const hasOwnWatch = this.#options.pollMs !== null || this.#links.has(path);
      return !hasOwnWatch || !this.#counts(path);
    }
    if (shallow.includes(path) || deep.includes(path)) {
      if (stats !== undefined) this.#folders.set(path, identityOf(stats));
      return false;
    }
    const isInside = deep.some((root) => path.startsWith(root === "/" ? "/" : `${root}/`));
    const isWanted = this.#patterns.watched.some(({ root }) => root === path);
    if ((!isInside && !isWanted) || this.#patterns.isIgnored(path)) return true;
    if (stats !== undefined) this.#folders.set(path, identityOf(stats));
    return false;
  }

  /** A folder's watch reports its entries, or the folder itself. */
  #hear(folder: string, name: string | null): void {
    if (name === null) return;
    this.#look(join(folder, name));
    if (name === basename(folder) && folderIsGone(folder)) this.#buildAgain(rebuildMs);
  }

  #look(path: string): void {
    const { watched } = this.#patterns;
    if (watched.some(({ root }) => root === path || root.startsWith(`${path}/`))) this.#replan();
    if (!this.#counts(path) && !this.#folders.has(path)) return;
    let stats: Stats | undefined;
    try {
      stats = statSync(path, { throwIfNoEntry: false });
    } catch (error) {
      this.#events.failed(error);
      return;
    }
    if (stats === undefined) {
      const wasLink = lstatSync(path, { throwIfNoEntry: false }) !== undefined;
      if (this.#files.delete(path) && !wasLink) this.#events.changed(path);
      // Its own watch ends with it, and chokidar tells of it.
      if (this.#folders.has(path)) this.#buildAgain(rebuildMs);
    } else if (stats.isDirectory()) {
      const known = this.#folders.get(path);
      if (known !== undefined && known !== identityOf(stats)) {
        this.#events.changed(path);
        this.#buildAgain(rebuildMs);
      }
    } else {
      this.#note(path, stats);
    }
  }

  #replan(): void {
    if (this.#seen === null && planOf(this.#patterns).key !== this.#plan.key) {
      this.#buildAgain(rebuildMs);
    }
  }

  #folderMoved(path: string): void {
    if (this.#patterns.isIgnored(path) || this.#plan.shallow.includes(path)) return;
    if (this.#patterns.watched.some(({ matches }) => matches === null)) this.#events.changed(path);
    this.#replan();
  }

  /** A file as it is now. */
  #note(path: string, { mtimeMs, size }: Stats): void {
    if (!this.#counts(path)) return;
    this.#seen?.add(path);
    const content = `${mtimeMs} ${size}`;
    if (this.#files.get(path) === content) return;
    this.#files.set(path, content);
    if (!this.#isFirst) this.#events.changed(path);
  }

  #counts(path: string): boolean {
    const { watched, isIgnored } = this.#patterns;
    const isWatched = watched.some(
      ({ root, matches }) =>
        (path === root || path.startsWith(root === "/" ? "/" : `${root}/`)) &&
        (matches === null || matches(path)),
    );
    return isWatched && !isIgnored(path);
  }
}

function folderIsGone(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) === undefined;
}
