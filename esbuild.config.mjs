// Bundles the two programs. A CLI call pays for every file it loads (measured: 46 ms for `node -e 0`,
// 73 ms for the same work from separate ES modules, 56 ms from one CommonJS file), so each is one file.
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { build } from "esbuild";
import { helpText } from "./dist/cli/call/help.js";

const { version } = JSON.parse(readFileSync("package.json", "utf8"));

const shared = {
  bundle: true,
  platform: "node",
  target: "node20.19",
  format: "cjs",
  minify: true,
  legalComments: "none",
  logLevel: "warning",
  define: {
    "process.env.NODE_ENV": '"production"',
    XM_VERSION: JSON.stringify(version),
    "import.meta.dirname": "__dirname",
  },
};

/** Read only by `xm start FILE` and the like: they stay out of the files that every call parses. */
const packagesApart = [
  "@resvg/resvg-js",
  "chokidar",
  "croner",
  "dayjs",
  "json5",
  "picomatch",
  "pidusage",
  "ws",
  "yaml",
];

/** Bundles of their own: `xm simulate` alone plays a statechart, only the API class checks answers, and most calls are of a few commands. */
const bundlesApart = [
  [/\/machines\/simulation\.js$/, "./simulation.cjs"],
  [/\/runtime\/plan\/index\.js$/, "./plan.cjs"],
  [/\/client\/metrics\/index\.js$/, "./metrics.cjs"],
  [/\/client\/otel\/index\.js$/, "./otel.cjs"],
  [/\/monit\/index\.js$/, "./monit.cjs"],
  [/\/export\/index\.js$/, "./export.cjs"],
  [/\/client\/api-server\/index\.js$/, "./api-server.cjs"],
  [/\/check-answer\.js$/, "./check-answer.cjs"],
  [/^\.\/all\.js$/, "./all.cjs"],
  [/^\.\/front\.js$/, "./front.cjs"],
];

/**
 * What a bundle does not hold is `require`d when it is asked for. `import()` would do, but the first one of a process
 * brings up Node's loader of ES modules, which takes 25 ms (measured on Node 20) of the 60 that a call has.
 */
const requireApart = {
  name: "require-apart",
  setup: ({ onResolve, onLoad }) => {
    for (const [filter, path] of bundlesApart) {
      onResolve({ filter }, ({ kind }) =>
        kind === "dynamic-import" ? { path, namespace: "apart" } : undefined,
      );
    }
    const outside = new RegExp(`^(node:.+|${packagesApart.join("|")})$`);
    onResolve({ filter: outside }, ({ kind, path }) =>
      kind === "dynamic-import" ? { path, namespace: "apart" } : undefined,
    );
    onResolve({ filter: /.*/, namespace: "apart" }, ({ path }) => ({ path, external: true }));
    onLoad({ filter: /.*/, namespace: "apart" }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
    }));
  },
};

/** Of terminal-kit only the terminal itself, for `xm monit`: it finds its parts by names that no bundler sees. */
const terminalKit = {
  name: "terminal-kit",
  setup: ({ onLoad }) => {
    onLoad({ filter: /termconfig\/README$/ }, () => ({ contents: "" }));
    onLoad({ filter: /terminal-kit\/lib\/termkit\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8")
        .replace(
          /lazy\.requireProperty\( (\w+) , '(\w+)' , ('[^']+') \)/,
          "lazy.properties( $1 , { $2: () => require($3) } )",
        )
        .replace("lazy.requireProperties(", "lazy.properties(")
        .replace("chroma: 'chroma-js'", "chroma: () => require('chroma-js')")
        .replace(/^\t(\w+): '(\.\/[\w/]+\.js)' ?,?$/gm, (_, name, file) =>
          name === "Palette" ? `\t${name}: () => require('${file}') ,` : "",
        ),
    }));
  },
};

await build({
  ...shared,
  plugins: [requireApart, terminalKit],
  entryPoints: { monit: "dist/cli/monit/index.js" },
  outdir: "dist/bin",
  outExtension: { ".js": ".cjs" },
});

await build({
  ...shared,
  plugins: [requireApart],
  entryPoints: {
    export: "dist/cli/export/index.js",
    plan: "dist/runtime/plan/index.js",
  },
  outdir: "dist/bin",
  outExtension: { ".js": ".cjs" },
});

await build({
  ...shared,
  entryPoints: {
    simulation: "dist/machines/simulation.js",
    "check-answer": "dist/runtime/client/connection/check-answer.js",
    metrics: "dist/runtime/client/metrics/index.js",
    otel: "dist/runtime/client/otel/index.js",
    "api-server": "dist/runtime/client/api-server/index.js",
  },
  outdir: "dist/bin",
  outExtension: { ".js": ".cjs" },
});

await build({
  ...shared,
  plugins: [requireApart],
  entryPoints: {
    xm: "dist/cli/main.js",
    all: "dist/cli/all.js",
    front: "dist/cli/front.js",
    god: "dist/runtime/daemon/main.js",
  },
  outdir: "dist/bin",
  outExtension: { ".js": ".cjs" },
  banner: { js: "#!/usr/bin/env node" },
  // The text of `xm --help`.
  define: { ...shared.define, XM_HELP: JSON.stringify(await helpText()) },
  // valibot is inside: each `import * as v` of a package outside copies all it exports, a loop so hot that V8 loads
  // its optimizing compiler for it (4 MB of the daemon's memory).
  // An ES module alone: it is imported.
  external: [...packagesApart, "tinypool"],
});

// Process 1 of a container is a shell, and the file is a script of both: the shell reads it to its `exit`, and what
// it has read is a comment to Node. One file, since a link to it (npm's) names no folder.
const firstProcess = readFileSync("cli/container/first-process.sh", "utf8");
if (firstProcess.includes("*/")) throw new Error("first-process.sh would end the comment it is in");
await build({
  ...shared,
  plugins: [requireApart],
  entryPoints: { "xm-runtime": "dist/cli/container/main.js" },
  outdir: "dist/bin",
  outExtension: { ".js": ".cjs" },
  banner: { js: `#!/usr/bin/env sh\n':' /*\n${firstProcess}*/;` },
  external: packagesApart,
});
chmodSync("dist/bin/xm-runtime.cjs", 0o755);

// The log lane, the file server and the rotator, with what they need inside.
await build({
  ...shared,
  entryPoints: {
    lane: "dist/runtime/programs/log-lane/main.js",
    serve: "dist/runtime/programs/file-server/main.js",
    "log-search": "dist/runtime/client/log-search/worker.js",
    rotator: "dist/runtime/programs/rotator/main.js",
    notifier: "dist/runtime/programs/notifier/main.js",
    "rotator-worker": "dist/runtime/programs/rotator/worker.js",
  },
  outdir: "dist/bin",
  outExtension: { ".js": ".cjs" },
  // It starts its threads from a file of its own.
  external: ["tinypool"],
});

// The package for programs: one file, which `import` and `require` share. An ES module around a CommonJS one, so that a
// program that has both has one instance.
await build({
  ...shared,
  plugins: [requireApart],
  entryPoints: { exmachina: "dist/runtime/client/package/index.js" },
  outdir: "dist/bin",
  outExtension: { ".js": ".cjs" },
  external: ["croner", "json5", "yaml"],
  footer: { js: "module.exports = module.exports.default;" },
});
for (const file of ["exmachina.mjs", "exmachina.d.mts", "exmachina.d.cts"]) {
  copyFileSync(`runtime/client/package/entry/${file}`, `dist/bin/${file}`);
}

// They run in and beside apps, under whatever Node the app has chosen: no dependencies, and no new syntax.
await build({
  ...shared,
  target: "node16",
  entryPoints: {
    preload: "dist/runtime/programs/preload/main.js",
    balancer: "dist/runtime/programs/balancer/main.js",
    // For apps that `require` it; ES modules import the file it is made from.
    io: "dist/runtime/programs/io/index.js",
  },
  outdir: "dist/bin",
  outExtension: { ".js": ".cjs" },
});

// TypeScript takes the types of a CommonJS file from a CommonJS file.
mkdirSync("dist/bin/io", { recursive: true });
for (const file of readdirSync("dist/runtime/programs/io").filter((name) =>
  name.endsWith(".d.ts"),
)) {
  const types = readFileSync(`dist/runtime/programs/io/${file}`, "utf8").replaceAll(
    /(from "\.\/[^"]+)\.[jt]s"/g,
    '$1.cjs"',
  );
  writeFileSync(`dist/bin/io/${file.replace(/\.d\.ts$/, ".d.cts")}`, types);
}

// What is not ASCII (esbuild leaves it in regular expressions) makes V8 keep two bytes of every character of the file.
for (const file of readdirSync("dist/bin").filter((name) => name.endsWith(".cjs"))) {
  const code = readFileSync(`dist/bin/${file}`, "utf8");
  const escape = (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  const ascii = code.replaceAll(/[^\0-\x7f]/g, escape);
  if (ascii !== code) writeFileSync(`dist/bin/${file}`, ascii);
}
