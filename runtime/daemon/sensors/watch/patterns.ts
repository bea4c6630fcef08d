import { isAbsolute, join, relative, sep } from "node:path";
import type picomatchOf from "picomatch";
import type { PatternText, WatchSpec } from "../../../../machines/spec.ts";

/** One of the watched paths: what is under `root`, and of that what matches. */
export interface WatchedPath {
  readonly root: string;
  /** Takes an absolute path; `null` for everything. */
  readonly matches: ((path: string) => boolean) | null;
}

/** The watched paths of a declaration. */
export interface Patterns {
  readonly watched: readonly WatchedPath[];
  /** Whether an absolute path, or a folder above it, is left out. Watched paths themselves never are. */
  readonly isIgnored: (path: string) => boolean;
}

/** Written without a slash, these mean the folder wherever it is. */
const everywhere: readonly string[] = ["node_modules", ".git"];

const isGlob = (text: string): boolean => /[*?[\]{}()!+@]/.test(text);

/**
 * Reads `watch` and `ignore_watch` as PM2 does, with picomatch, the matcher of the library that PM2's users know:
 * paths and globs from `cwd`, a folder with all that is in it. Two things are wider: a glob without a slash (`*.log`)
 * counts at every depth, and so does `node_modules`.
 */
export function patternsOf(
  { paths, ignore }: Pick<WatchSpec, "paths" | "ignore">,
  { cwd, picomatch }: { readonly cwd: string; readonly picomatch: typeof picomatchOf },
): Patterns {
  const relativeTo = (path: string): string => relative(cwd, path).split(sep).join("/");
  const compile = (pattern: string): ((text: string) => boolean) =>
    picomatch(pattern, { dot: true });
  const fromCwd = (text: string): string => {
    const clean = text.replace(/(?<=.)\/+$/, "");
    return isAbsolute(clean) ? relativeTo(clean) : clean.replace(/^(?:\.\/)+/, "");
  };
  const negated = paths.filter((path) => path.startsWith("!")).map((path) => path.slice(1));
  const watched = paths
    .filter((path) => !path.startsWith("!"))
    .map((path): WatchedPath => {
      const absolute = isAbsolute(path) ? path : join(cwd, path);
      if (!isGlob(fromCwd(path)))
        return { root: absolute.replace(/(?<=.)\/+$/, ""), matches: null };
      const pattern = fromCwd(path);
      const { base } = picomatch.scan(pattern);
      const matches = compile(pattern);
      return { root: join(cwd, base), matches: (file) => matches(relativeTo(file)) };
    });

  const tests = [...ignore, ...negated]
    .flatMap(alternatives)
    .flatMap((pattern): ((path: string) => boolean)[] => {
      if (typeof pattern !== "string") return [regExpTest(pattern, { cwd, relativeTo })];
      if (pattern === "" || pattern.startsWith("!")) return [];
      const text = fromCwd(pattern);
      if (!text.includes("/") && (isGlob(text) || everywhere.includes(text))) {
        const matches = compile(text);
        return [
          (path) =>
            relativeTo(path)
              .split("/")
              .some((part) => part !== ".." && matches(part)),
        ];
      }
      const matches = compile(text);
      return [(path) => foldersOf(relativeTo(path)).some((folder) => matches(folder))];
    });
  const roots = new Set(watched.map(({ root }) => root));
  const isIgnored = (path: string): boolean => {
    // A path that is named is watched even if a pattern would ignore it.
    const root = [...roots].findLast((each) => path === each || path.startsWith(`${each}/`));
    if (root === undefined || path === root) return false;
    const inside = path.slice(root === "/" ? 1 : root.length + 1);
    const isNamed = tests.some((test) => test(root));
    return tests.some((test) => test(isNamed ? join(cwd, inside) : path));
  };
  return { watched, isIgnored };
}

/** `logs|public`, as people write it, is two names. */
function alternatives(pattern: PatternText): PatternText[] {
  const isText = typeof pattern === "string" && !pattern.includes("(");
  return isText ? pattern.split("|") : [pattern];
}

/** `a/b/c` → `a`, `a/b`, `a/b/c`: what leaves a folder out leaves out all that is in it. */
function foldersOf(path: string): string[] {
  const parts = path.split("/");
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}

/** A RegExp is asked about the path from `cwd`, with and without a slash before it; about the whole path unless `cwd` itself matches. */
function regExpTest(
  { regexp, flags }: Exclude<PatternText, string>,
  { cwd, relativeTo }: { cwd: string; relativeTo: (path: string) => string },
): (path: string) => boolean {
  // A global or sticky one remembers where it was.
  const test = new RegExp(regexp, flags.replaceAll(/[gy]/g, ""));
  const isOfCwd = test.test(cwd);
  return (path) => {
    const name = relativeTo(path);
    return test.test(name) || test.test(`/${name}`) || (!isOfCwd && test.test(path));
  };
}
