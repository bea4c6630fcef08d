import picomatch from "picomatch";
import { expect, test } from "vitest";
import type { PatternText } from "../../../../machines/spec.ts";
import { patternsOf } from "../../../../runtime/daemon/sensors/watch/patterns.ts";

const cwd = "/srv/app (1)";

/** The files of a project, as they lie in `cwd`. */
const files = [
  "app.js",
  "x.log",
  "a.tmp",
  "src/a.ts",
  "src/b.js",
  "src/deep/c.ts",
  "lib/l.js",
  "logs/x.log",
  "sub/logs/y.log",
  "catalogs/c.txt",
  "public/uploads/u.png",
  "public/p.css",
  "node_modules/m/index.js",
  "sub/node_modules/n.js",
  ".hidden",
  ".git/HEAD",
];

const all = files.join(" ");

/** The files that count. */
function counted(options: { watch?: readonly string[]; ignore?: readonly PatternText[] }): string {
  const { watch = [cwd], ignore = [] } = options;
  const { watched, isIgnored } = patternsOf({ paths: watch, ignore }, { cwd, picomatch });
  return files
    .filter((file) => {
      const path = `${cwd}/${file}`;
      return (
        !isIgnored(path) &&
        watched.some(
          ({ root, matches }) =>
            (path === root || path.startsWith(`${root}/`)) && (matches?.(path) ?? true),
        )
      );
    })
    .join(" ");
}

const without = (...left: string[]): string =>
  files
    .filter((file) => !left.some((each) => file === each || file.startsWith(`${each}/`)))
    .join(" ");

// As PM2 7.0.4 does, where its row in differences.md does not say otherwise.
test.each<[string, PatternText[], string]>([
  ["nothing", [], all],
  ["a folder", ["logs"], without("logs")],
  ["a folder, from here", ["./logs"], without("logs")],
  ["a folder with its slash", ["logs/"], without("logs")],
  ["a folder by its path", [`${cwd}/logs`], without("logs")],
  ["a folder in a folder", ["public/uploads"], without("public/uploads")],
  ["what is named elsewhere", ["uploads"], all],
  ["an ending, everywhere", ["**/*.log"], without("x.log", "logs/x.log", "sub/logs/y.log")],
  ["an ending", ["*.log"], without("x.log", "logs/x.log", "sub/logs/y.log")],
  ["endings", ["*.{log,tmp}"], without("x.log", "a.tmp", "logs/x.log", "sub/logs/y.log")],
  ["either", ["logs|public"], without("logs", "public")],
  ["an ending in a folder", ["src/**/*.ts"], without("src/a.ts", "src/deep/c.ts")],
  ["all of a folder", ["src/*"], without("src")],
  ["a folder, everywhere", ["**/logs/**"], without("logs", "sub/logs")],
  ["modules", ["node_modules"], without("node_modules", "sub/node_modules")],
  ["git and an escape", ["\\.git"], without(".git")],
  ["a negation", ["!src"], all],
  ["everything", ["*"], ""],
  [
    "a RegExp",
    [{ regexp: "\\.log$", flags: "" }],
    without("x.log", "logs/x.log", "sub/logs/y.log"),
  ],
  ["a RegExp of the start", [{ regexp: "^logs", flags: "g" }], without("logs")],
  ["a RegExp of dot files", [{ regexp: "[/\\\\]\\.", flags: "" }], without(".hidden", ".git")],
  ["a RegExp that the app's own path has", [{ regexp: "app", flags: "" }], without("app.js")],
  [
    "PM2's own",
    ["node_modules", ".*"],
    without("node_modules", "sub/node_modules", ".hidden", ".git"),
  ],
])("ignore_watch: %s", (_, ignore, expected) => {
  expect(counted({ ignore })).toBe(expected);
});

test.each<[string, string[], string]>([
  ["a folder", ["src"], "src/a.ts src/b.js src/deep/c.ts"],
  ["a folder, from here, with its slash", ["./src/"], "src/a.ts src/b.js src/deep/c.ts"],
  ["folders", ["src", "lib"], "src/a.ts src/b.js src/deep/c.ts lib/l.js"],
  ["a file", ["x.log"], "x.log"],
  ["a glob in a folder", ["src/*.ts"], "src/a.ts"],
  ["a glob at every depth", ["src/**/*.ts"], "src/a.ts src/deep/c.ts"],
  ["a glob here", ["*.js"], "app.js"],
  ["endings", ["**/*.{js,ts}"], "app.js src/a.ts src/b.js src/deep/c.ts lib/l.js"],
  ["what is left out of it", ["src", "!src/deep"], "src/a.ts src/b.js"],
  ["a named dot file", [".hidden"], ".hidden"],
])("watch: %s", (_, watch, expected) => {
  expect(counted({ watch, ignore: ["node_modules", ".*"] })).toBe(expected);
});
