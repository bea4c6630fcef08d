import { fork } from "node:child_process";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../../support/condition.ts";
import { testFolder } from "../../support/folder.ts";

const source = join(import.meta.dirname, "../../../runtime/programs/preload/link.ts");

/** Two connections are given away, and before the parent can acknowledge the first the worker says more. */
const worker = `
const { createServer, connect } = require("node:net");
const { createLink } = require("./link.cjs");
const link = createLink({ isWorker: true });
const handles = [];
const server = createServer((socket) => {
  handles.push(socket._handle);
  if (handles.length < 2) return;
  for (const handle of handles) link.send({ type: "give", server: "s" }, handle);
  const sent = link.send({ type: "parting" });
  const told = link.tellNow({ type: "beat" });
  process.stdout.write(JSON.stringify({ sent, told }) + "\\n");
}).listen(0, "127.0.0.1", () => {
  const { port } = server.address();
  connect(port, "127.0.0.1");
  connect(port, "127.0.0.1");
});
`;

test("what a worker says behind connections that are not acknowledged yet will go out, and has not gone out", async () => {
  const { path: folder, put } = testFolder();
  const built = buildSync({
    entryPoints: [source],
    bundle: true,
    platform: "node",
    format: "cjs",
    write: false,
  });
  put("link.cjs", built.outputFiles[0]?.text ?? "");
  put("worker.cjs", worker);
  const child = fork(join(folder, "worker.cjs"), { stdio: ["ignore", "pipe", "inherit", "ipc"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let output = "";
  child.stdout?.on("data", (text: Buffer) => (output += text.toString()));
  const line = await until("its line", () => (output.endsWith("\n") ? output : undefined));
  expect(JSON.parse(line)).toEqual({ sent: true, told: false });
});
