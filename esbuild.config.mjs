// Bundles the two programs. A CLI call pays for every file it loads (measured: 46 ms for `node -e 0`,
// 73 ms for the same work from separate ES modules, 56 ms from one CommonJS file), so each is one file.
import { readFileSync } from "node:fs";
import { build } from "esbuild";

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

/** `xm simulate` alone plays a statechart: no other call shall parse one. */
const simulationApart = {
  name: "simulation-apart",
  setup: ({ onResolve }) =>
    onResolve({ filter: /\/machines\/simulation\.js$/ }, () => ({
      path: "./simulation.cjs",
      external: true,
    })),
};

await build({
  ...shared,
  entryPoints: { simulation: "dist/machines/simulation.js" },
  outdir: "dist/bin",
  outExtension: { ".js": ".cjs" },
});

await build({
  ...shared,
  plugins: [simulationApart],
  entryPoints: { xm: "dist/cli/main.js", god: "dist/runtime/daemon/main.js" },
  outdir: "dist/bin",
  outExtension: { ".js": ".cjs" },
  banner: { js: "#!/usr/bin/env node" },
  // Read only by `xm start FILE` and the like: they stay out of the file every call parses. valibot is inside: each
  // `import * as v` of a package outside copies all it exports, a loop so hot that V8 loads its optimizing compiler
  // for it (4 MB of the daemon's memory).
  external: ["@resvg/resvg-js", "croner", "dayjs", "json5", "pidusage", "yaml"],
});

// Under the daemon's own Node, with what it needs inside.
await build({
  ...shared,
  entryPoints: { lane: "dist/runtime/lane/main.js" },
  outdir: "dist/bin",
  outExtension: { ".js": ".cjs" },
});

// They run in and beside apps, under whatever Node the app has chosen: no dependencies, and no new syntax.
await build({
  ...shared,
  target: "node16",
  entryPoints: {
    preload: "dist/runtime/preload/main.js",
    balancer: "dist/runtime/balancer/main.js",
    // For apps that `require` it; ES modules import the file it is made from.
    io: "dist/runtime/io/index.js",
  },
  outdir: "dist/bin",
  outExtension: { ".js": ".cjs" },
});
