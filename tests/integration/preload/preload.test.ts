import { copyFileSync, readFileSync, symlinkSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { AppSpec } from "../../../machines/spec.ts";
import type { Up } from "../../../runtime/contract/app-link/protocol.ts";
import { spawnChild } from "../../../runtime/daemon/children/begin.ts";
import type { ChildHandle, Launch } from "../../../runtime/daemon/children/contract.ts";
import { signalProcess } from "../../../runtime/daemon/children/tree.ts";
import { until } from "../../support/condition.ts";
import { testFolder } from "../../support/folder.ts";
import { appSpec } from "../../support/machines/spec.ts";
import { childServices } from "../../support/services.ts";

/** A program in a folder of its own, as a child of this very process, and what it told. */
async function setUp(
  files: Readonly<Record<string, string>>,
  change: (folder: string) => Partial<AppSpec>,
) {
  const { path: folder, put } = testFolder();
  for (const [name, text] of Object.entries(files)) put(name, text, 0o755);
  const services = await childServices(folder);
  const told: Up[] = [];
  const ends: object[] = [];
  const launch: Launch = {
    spec: appSpec({
      spec: {
        cwd: folder,
        interpreter: process.execPath,
        env: { PATH: process.env["PATH"] ?? "" },
        ...change(folder),
      },
    }),
    id: 3,
    generation: 0,
    app: "app",
    instance: 0,
    home: folder,
    lifeId: "life",
    uniqueId: "unique",
    logs: {
      out: join(folder, "logs/app-out.log"),
      error: join(folder, "logs/app-error.log"),
      combined: null,
    },
    pidFile: null,
    counts: { createdAt: 1, restarts: 0, unstableRestarts: 0 },
  };
  const child = spawnChild(
    launch,
    {
      spawned: () => {},
      told: (message) => void told.push(message),
      lost: () => {},
      signalled: () => {},
      failed: (failure) => void ends.push(failure),
      exited: (end) => void ends.push(end),
    },
    services,
  ) as ChildHandle;
  onTestFinished(() => child.kill());
  onTestFinished(() => void signalProcess(child.fact, "SIGKILL"));
  const output = (): string => readFileSync(join(folder, "logs/app-out.log"), "utf8");
  const errors = (): string => readFileSync(join(folder, "logs/app-error.log"), "utf8");
  const line = (): Promise<Record<string, unknown>> =>
    until(
      "a line of JSON",
      () => {
        const found = /^\{.*\}$/m.exec(output())?.[0];
        return found === undefined ? undefined : (JSON.parse(found) as Record<string, unknown>);
      },
      { saw: () => output() + errors() },
    );
  // Node's watcher hears from the app which files it has loaded, and passes that on too.
  const messages = (): unknown[] =>
    told.flatMap((message) =>
      message.type === "message" && !JSON.stringify(message.data).startsWith('{"watch:')
        ? [message.data]
        : [],
    );
  return { folder, child, told, ends, output, errors, line, messages };
}

const sees = `
const { fork } = require("node:child_process");
const { Worker } = require("node:worker_threads");
const own = (it) => ({ argv: it.argv.slice(1), execArgv: it.execArgv, options: it.env.NODE_OPTIONS ?? null, preload: it.env.XM_PRELOAD ?? null });
if (process.argv[2] === "fork") process.send(own(process));
else {
  const child = fork(__filename, ["fork"]);
  child.on("message", (forked) => {
    const thread = new Worker('require("node:worker_threads").parentPort.postMessage({ execArgv: process.execArgv, preload: process.env.XM_PRELOAD ?? null })', { eval: true });
    thread.on("message", (threaded) => console.log(JSON.stringify({ ...own(process), forked, threaded, isMain: require.main === module })));
  });
  setInterval(() => {}, 1000);
}`;

test("what the preload adds is invisible to the app, to what it forks and to its threads", async () => {
  const { line, folder } = await setUp({ "app.js": sees }, (at) => ({
    script: join(at, "app.js"),
    args: ["--port", "1"],
    interpreterArgs: ["--no-warnings"],
    env: { PATH: process.env["PATH"] ?? "", NODE_OPTIONS: "--max-old-space-size=200" },
  }));
  const options = "--max-old-space-size=200";
  const script = join(folder, "app.js");
  expect(await line()).toEqual({
    argv: [script, "--port", "1"],
    execArgv: ["--no-warnings"],
    options,
    preload: null,
    isMain: true,
    forked: { argv: [script, "fork"], execArgv: ["--no-warnings"], options, preload: null },
    threaded: { execArgv: ["--no-warnings"], preload: null },
  });
});

test("an app sees no NODE_OPTIONS where it was given none", async () => {
  const { line } = await setUp(
    {
      "app.js": `console.log(JSON.stringify({ has: "NODE_OPTIONS" in process.env })); setInterval(() => {}, 1000);`,
    },
    (at) => ({ script: join(at, "app.js") }),
  );
  expect(await line()).toEqual({ has: false });
});

const speaks = `
process.on("message", (message) => {
  process.send({ type: "process:msg", data: { heard: message } });
  if (message === "shutdown") process.exit(0);
});
process.send("ready");
console.log(JSON.stringify({ connected: process.connected }));
`;

/** How people start Node under another name, or behind something else. */
const ways: Readonly<Record<string, (folder: string) => Partial<AppSpec>>> = {
  node: (at) => ({ script: join(at, "app.js") }),
  "a copy named node20": (at) => {
    copyFileSync(process.execPath, join(at, "node20"));
    return { script: join(at, "app.js"), interpreter: join(at, "node20") };
  },
  "a copy by another name": (at) => {
    copyFileSync(process.execPath, join(at, "runtime"));
    return { script: join(at, "app.js"), interpreter: join(at, "runtime") };
  },
  "a link by another name": (at) => {
    symlinkSync(process.execPath, join(at, "current"));
    return { script: join(at, "app.js"), interpreter: join(at, "current") };
  },
  "/usr/bin/env node": (at) => ({
    script: join(at, "app.js"),
    interpreter: "/usr/bin/env",
    interpreterArgs: ["node"],
  }),
  "a command line": (at) => ({
    script: "/bin/sh",
    args: ["-c", `node ${join(at, "app.js")}; true`],
    interpreter: null,
  }),
  "a script of the shell": (at) => ({ script: join(at, "start.sh"), interpreter: "/bin/sh" }),
  "node --watch": (at) => ({ script: join(at, "app.js"), interpreterArgs: ["--watch"] }),
  "a tool that starts it": (at) => ({
    script: join(at, "node_modules/tool/cli.js"),
    args: ["app.js"],
  }),
  "a tool that sets NODE_OPTIONS": (at) => ({
    script: join(at, "node_modules/tool/cli.js"),
    args: ["app.js", "--max-old-space-size=200"],
  }),
};

const tool = `
const { spawn } = require("node:child_process");
const [, , script, options] = process.argv;
const env = options === undefined ? process.env : { ...process.env, NODE_OPTIONS: options };
const child = spawn("node", [script], { stdio: "inherit", env });
child.on("exit", (code, signal) => (signal ? process.kill(process.pid, signal) : process.exit(code)));
for (const name of ["SIGINT", "SIGTERM"]) process.on(name, () => child.kill(name));
`;

test.each(Object.entries(ways))("%s: the app can send and hear messages", async (_, change) => {
  const { child, messages, line } = await setUp(
    {
      "app.js": speaks,
      "start.sh": "#!/bin/sh\nnode app.js\n",
      "node_modules/tool/cli.js": tool,
    },
    change,
  );
  expect(await line()).toEqual({ connected: true });
  await until("ready", () => messages().includes("ready"));
  expect(child.post({ topic: "t" })).toBe("sent");
  await until("its answer", () => messages().length === 2);
  expect(messages()[1]).toEqual({ type: "process:msg", data: { heard: { topic: "t" } } });
});

const serves = `
const server = require("node:http").createServer((_, response) => setTimeout(() => response.end("done"), 400));
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify(server.address())));
`;

test.each(Object.entries(ways))(
  "%s: a request in flight is answered before the app ends",
  async (_, change) => {
    const { child, line, ends, told } = await setUp(
      {
        "app.js": serves,
        "start.sh": "#!/bin/sh\nnode app.js\n",
        "node_modules/tool/cli.js": tool,
      },
      change,
    );
    const { port } = await line();
    await until("God to hear that it listens", () => told.some(({ type }) => type === "hello"));
    let isAsked = false;
    const answer = new Promise<string>((resolve, reject) => {
      const asked = request(`http://127.0.0.1:${String(port)}`, (response) => {
        response.setEncoding("utf8").on("data", resolve);
      });
      asked.on("error", reject);
      asked.on("finish", () => {
        isAsked = true;
      });
      asked.end();
    });
    await until("the request to be on its way", () => isAsked);
    child.stop(5_000);
    expect(await answer).toBe("done");
    await until("the end of the tree", () => ends.length === 1);
  },
);

const closes = `
const server = require("node:http").createServer();
process.on("SIGINT", () => {
  console.log("signalled");
  setTimeout(() => process.exit(0), 700);
});
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify(server.address())));
`;

test.each(Object.entries(ways))(
  "%s: an app with shutdown code of its own gets one signal, and its time",
  async (_, change) => {
    const { child, line, ends, told, output } = await setUp(
      {
        "app.js": closes,
        "start.sh": "#!/bin/sh\nnode app.js\n",
        "node_modules/tool/cli.js": tool,
      },
      change,
    );
    await line();
    await until("God to hear that it listens", () => told.some(({ type }) => type === "hello"));
    child.stop(5_000);
    await until("the end of the tree", () => ends.length === 1);
    expect(output().match(/signalled/g)).toEqual(["signalled"]);
  },
);

test("a program of another language gets PM2's channel, and can say that it is ready", async () => {
  const { child, messages, output, errors } = await setUp(
    {
      "app.py": `import os, sys
channel = int(os.environ["NODE_CHANNEL_FD"])
os.write(channel, b'"ready"\\n')
print("heard", os.read(channel, 100), flush=True)
`,
    },
    (at) => ({
      script: join(at, "app.py"),
      interpreter: "/usr/bin/env",
      interpreterArgs: ["python3"],
    }),
  );
  await until("ready", () => messages().includes("ready"), { saw: errors });
  expect(child.post("shutdown")).toBe("sent");
  await until("what it heard", () => output().includes("heard"));
  expect(output()).toBe(`heard b'"shutdown"\\n'\n`);
});

test("an ES module is started as Node starts it", async () => {
  const { line } = await setUp(
    {
      "app.mjs": `import { createRequire } from "node:module";
const value = await Promise.resolve(1);
console.log(JSON.stringify({ value, url: import.meta.url, argv: process.argv[1], main: createRequire(import.meta.url).main ?? null }));
setInterval(() => {}, 1000);
`,
    },
    (at) => ({ script: join(at, "app.mjs") }),
  );
  const { value, url, argv } = await line();
  expect(url).toBe(`file://${String(argv)}`);
  expect(value).toBe(1);
});
