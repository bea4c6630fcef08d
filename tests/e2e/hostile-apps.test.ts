import { chmodSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { testHome } from "../support/home.ts";

/** What an app writes into its line to God, in JavaScript. */
const payloads: Readonly<Record<string, string>> = {
  "no JSON": '"garbage\\n"',
  "NODE_XM without a message": `'{"cmd":"NODE_XM","message":null}\\n'`,
  "NODE_XM with a message of another shape": `'{"cmd":"NODE_XM","message":{"type":"hello"}}\\n'`,
  NODE_HANDLE_ACK: `'{"cmd":"NODE_HANDLE_ACK"}\\n'`,
  NODE_HANDLE_NACK: `'{"cmd":"NODE_HANDLE_NACK"}\\n'`,
  "300 MB without a newline": "null",
};

const hostile = (payload: string): string => `
const { writeSync } = require("node:fs");
const write = (data) => {
  for (let at = 0; at < data.length;) {
    try {
      at += writeSync(3, data.subarray(at));
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
};
const payload = ${payload};
try {
  if (payload !== null) write(Buffer.from(payload));
  else for (let block = Buffer.alloc(1024 * 1024, 120), count = 0; count < 300; count += 1) write(block);
} catch (error) {
  if (error.code !== "EPIPE" && error.code !== "ECONNRESET") throw error;
}
console.log("written");
setInterval(() => {}, 1000);
`;

function residentMegabytes(pid: number): number {
  const text = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+)/m.exec(text)?.[1]) / 1024;
}

const isRoot = process.getuid?.() === 0;

/** Another user's Node app inherits a line; what is not Node itself has a channel of Node's kind. */
const kinds: Readonly<Record<string, object>> = {
  ...(isRoot && { "another user's app": { uid: "nobody" } }),
  "an app behind a command": { script: "/usr/bin/env", args: "node app.cjs" },
};

test.each(Object.entries(kinds))(
  "nothing that %s writes into its line ends God",
  async (_, kind) => {
    const home = testHome();
    chmodSync(home.folder, 0o755);
    await home.ok("ping");
    const god = home.godPid();
    const before = residentMegabytes(god);
    for (const [index, [name, payload]] of Object.entries(payloads).entries()) {
      home.file("app.cjs", hostile(payload));
      const app = { name: `app-${index}`, script: "app.cjs", cwd: home.folder, ...kind };
      await home.ok("start", home.file("app.json", JSON.stringify({ apps: [app] })));
      await until(
        `${name} to be written`,
        () => home.log(`app-${index}-out.log`).includes("written"),
        {
          saw: () => home.log(`app-${index}-error.log`) + home.godLog(),
        },
      );
      await home.ok("ping");
      expect(home.godPid()).toBe(god);
    }
    const statuses = (await home.list()).map(({ status }) => status);
    expect(statuses).toEqual(Object.keys(payloads).map(() => "online"));
    await until("God's memory to be back", () => residentMegabytes(god) < before + 20, {
      saw: () => `${residentMegabytes(god)} MB, ${before} MB before`,
    });
  },
);
