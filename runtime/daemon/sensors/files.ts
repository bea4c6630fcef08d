import { watch, type FSWatcher } from "node:fs";
import { basename, join, relative, sep } from "node:path";
import type { WatchSpec } from "../../../machines/spec.ts";

/** Trips when a file under the watched paths changes, once the changes have ceased for `delayMs`. */
export function watchFiles(spec: WatchSpec, trip: (by: string) => void): () => void {
  const { paths, ignore, delayMs } = spec;
  let timer: NodeJS.Timeout | undefined;
  const isIgnored = ignoreTest(ignore);
  const watchers = paths.map((path): FSWatcher => {
    const watcher = watch(path, { recursive: true, persistent: false }, (_, name) => {
      const file = name ?? basename(path);
      if (isIgnored(relative(path, join(path, file)))) return;
      clearTimeout(timer);
      timer = setTimeout(() => trip(`a change of ${file}`), delayMs);
    });
    // A watched folder that is removed ends its watch; the process runs on.
    watcher.on("error", () => watcher.close());
    return watcher;
  });
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
}

/** A pattern matches a path or any part of it; `*` stands for anything within a part. */
function ignoreTest(patterns: readonly string[]): (path: string) => boolean {
  const names = patterns.map((pattern) => ({ pattern, parts: pattern.split("*") }));
  return (path) => {
    const candidates = [path, ...path.split(sep)];
    return candidates.some((each) =>
      names.some(({ pattern, parts }) => each === pattern || matches(each, parts)),
    );
  };
}

/** Without backtracking: each part is looked for after the one before. */
function matches(text: string, parts: readonly string[]): boolean {
  const [first = "", ...others] = parts;
  if (others.length === 0 || !text.startsWith(first)) return false;
  let position = first.length;
  for (const [index, part] of others.entries()) {
    if (index === others.length - 1)
      return text.length - position >= part.length && text.endsWith(part);
    const found = text.indexOf(part, position);
    if (found < 0) return false;
    position = found + part.length;
  }
  return true;
}
