import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { xmError } from "../../runtime/contract/errors.ts";
import { xmCommand } from "../call/command.ts";
import { say } from "../render/say.ts";

export default xmCommand({
  name: "init",
  description: "Writes a starter ecosystem file to this folder",
  args: {
    mode: {
      type: "positional",
      description: "`simple` for one app and no comments",
      required: false,
    },
    force: { type: "boolean", alias: "f", description: "Replace an existing file" },
  },
  run: ({ args }) => {
    const [mode] = args._;
    if (mode !== undefined && mode !== "simple") {
      throw xmError("ERR_USAGE", {
        what: `no kind of ecosystem file "${mode}"`,
        fix: "`xm init`, or `xm init simple`",
      });
    }
    const file = resolve(isModulePackage() ? "ecosystem.config.cjs" : "ecosystem.config.js");
    if (existsSync(file) && args.force !== true) {
      throw xmError("ERR_FILE_EXISTS", { file, fix: "`xm init --force` replaces it" });
    }
    const script = mainScript();
    writeFileSync(file, mode === "simple" ? simple(script) : full(script));
    say(`${file}\n  xm start ${relative(".", file)}\n`);
  },
});

/** Where files named `.js` are ES modules. */
function isModulePackage(): boolean {
  return packageField("type") === "module";
}

function mainScript(): string {
  const main = packageField("main");
  const candidates = [main, "server.js", "index.js", "app.js", "src/index.js"];
  return candidates.find((each) => each !== undefined && existsSync(each)) ?? main ?? "app.js";
}

function packageField(name: "type" | "main"): string | undefined {
  if (!existsSync("package.json")) return undefined;
  try {
    const value = (JSON.parse(readFileSync("package.json", "utf8")) as Record<string, unknown>)[
      name
    ];
    return typeof value === "string" ? value : undefined;
  } catch {
    // npm has words for a package.json that is broken; here it only means that nothing is known.
    return undefined;
  }
}

const simple = (script: string): string => `module.exports = {
  apps: [{ name: "app", script: ${JSON.stringify(script)} }],
};
`;

const full = (
  script: string,
): string => `// Start, or apply changes: xm start ecosystem.config.js --env production
// Every field: docs/reference/configuration.md
module.exports = {
  apps: [
    {
      name: "app",
      script: ${JSON.stringify(script)},
      // One process per processor, which share a port and are replaced one after the other by \`xm reload app\`:
      // instances: "max",

      // When it ends, and when to give up.
      restart: "on-failure",
      exp_backoff_restart_delay: 100,
      max_restarts: 16,
      max_memory_restart: "500M",

      // How long it may take to end before it is killed.
      kill_timeout: "5s",

      env: { NODE_ENV: "development" },
      env_production: { NODE_ENV: "production" },
    },
  ],
};
`;
