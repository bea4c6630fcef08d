import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { xmError } from "../../runtime/contract/errors.ts";
import { xmCommand } from "../call/command.ts";
import { say } from "../render/say.ts";

interface Template {
  readonly description: string;
  /** Path to content. */
  readonly files: Readonly<Record<string, string>>;
}

const templates: Readonly<Record<string, Template>> = {
  "http-server": {
    description: "an HTTP server as a cluster, reloaded without a failed request",
    files: {
      "server.cjs": `const http = require("node:http");

const server = http.createServer((request, response) => {
  response.end(\`hello from process \${process.env.pm_id}\\n\`);
});
server.listen(Number(process.env.PORT ?? 3000), "127.0.0.1");
`,
      "ecosystem.config.cjs": `module.exports = {
  apps: [{ name: "web", script: "server.cjs", instances: 2, env: { PORT: 3000 } }],
};
`,
    },
  },
  worker: {
    description: "a worker that finishes its job before it exits",
    files: {
      "worker.cjs": `let isEnding = false;
process.on("SIGINT", () => {
  isEnding = true;
});

async function work() {
  while (!isEnding) {
    console.log("one job done");
    await new Promise((done) => setTimeout(done, 1000));
  }
  process.exit(0);
}
work();
`,
      "ecosystem.config.cjs": `module.exports = {
  apps: [{ name: "worker", script: "worker.cjs", kill_timeout: "10s", restart: "on-failure" }],
};
`,
    },
  },
  python: {
    description: "a Python program",
    files: {
      "main.py": `import time

while True:
    print("tick")
    time.sleep(1)
`,
      "ecosystem.config.cjs": `module.exports = {
  apps: [{ name: "ticker", script: "main.py" }],
};
`,
    },
  },
};

export default xmCommand({
  name: "create",
  description: "Creates a small starter app in its own folder",
  args: {
    template: {
      type: "positional",
      description: Object.keys(templates)
        .map((name) => `\`${name}\``)
        .join(", "),
      required: false,
    },
    folder: { type: "positional", description: "default: the template's name", required: false },
  },
  run: ({ args }) => {
    const [name, folder] = args._;
    const template = name === undefined ? undefined : templates[name];
    if (name === undefined || template === undefined) {
      const list = Object.entries(templates).map(
        ([each, { description }]) => `${each} (${description})`,
      );
      throw xmError("ERR_USAGE", {
        what: name === undefined ? "no template named" : `no template "${name}"`,
        fix: `\`xm create TEMPLATE [FOLDER]\`; there are ${list.join(", ")}`,
      });
    }
    const target = resolve(folder ?? name);
    const files = Object.entries(template.files).map(([path, text]) => ({
      path: join(target, path),
      text,
    }));
    const taken = files.find(({ path }) => existsSync(path));
    if (taken !== undefined) {
      throw xmError("ERR_FILE_EXISTS", { file: taken.path, fix: "name another folder" });
    }
    for (const { path, text } of files) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
      say(`${path}\n`);
    }
    say(`  xm start ${relative(".", join(target, "ecosystem.config.cjs"))}\n`);
  },
});
