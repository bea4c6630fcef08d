import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { isThere, testHome, type TestHome } from "../support/home.ts";
import { recordStop } from "../support/journal.ts";

/*
 * A daemon that dies between the record of a stop and the stop itself. The next one knows that nothing was sent, because a
 * note is written before anything is: so the program gets exactly one signal, or one message.
 */

const tells = (home: TestHome): string => JSON.stringify(join(home.folder, "got"));

/** Writes down what it gets, and takes its time to end, so that a second signal would be seen. */
const node = (home: TestHome, more: string, on = 'process.on("SIGINT", got);'): string =>
  home.file(
    "app.cjs",
    `
const got = () => {
  require("node:fs").appendFileSync(${tells(home)}, "got\\n");
  setTimeout(() => process.exit(0), 1_500);
};
${on}
${more}
setInterval(() => {}, 1_000);
`,
  );

const shell = (home: TestHome): string =>
  home.file(
    "app.sh",
    `
left=1000
trap 'echo got >> ${join(home.folder, "got")}; left=10' INT
echo up
while [ $left -gt 0 ]; do sleep 0.1; left=$((left - 1)); done
`,
  );

const server = 'require("node:http").createServer(() => {}).listen(0);';

/** Its app runs, its daemon is dead, and the journal says that it is being stopped. */
async function leaveStopping(
  home: TestHome,
  app: object,
  { killInMs, signalled = false }: { killInMs: number; signalled?: boolean },
): Promise<number> {
  const file = home.file(
    "ecosystem.config.json",
    JSON.stringify({ apps: [{ name: "app", kill_timeout: 60_000, ...app }] }),
  );
  await home.ok("start", file);
  const pid = (await home.process("app")).pid ?? 0;
  await until("its first words", () => home.log("app-out.log").includes("up"), {
    withinMs: 60_000,
  });
  const god = home.godPid();
  process.kill(god, "SIGKILL");
  await until("God to be gone", () => !isThere(god));
  recordStop(home.paths.state, { killAt: Date.now() + killInMs, signalled });
  return pid;
}

const up = 'console.log("up");';
const own = { XM_WATCHDOG: "off" };

test.each<[string, (home: TestHome) => object]>([
  ["a server with shutdown code", (home) => ({ script: node(home, `${server} ${up}`) })],
  ["a Node program that does not listen", (home) => ({ script: node(home, up) })],
  [
    "one that waits for a message",
    (home) => ({
      script: node(
        home,
        `${server} ${up}`,
        'process.on("message", (said) => said === "shutdown" && got());',
      ),
      shutdown_with_message: true,
    }),
  ],
  [
    "a worker",
    (home) => ({
      script: node(home, `${server} ${up}`),
      instances: 1,
      exec_mode: "cluster",
      merge_logs: true,
    }),
  ],
  ["a program that is not Node", (home) => ({ script: shell(home), interpreter: "sh" })],
])("%s is asked once by the next daemon", async (_, app) => {
  const home = testHome({ env: own });
  const pid = await leaveStopping(home, app(home), { killInMs: 60_000 });
  await home.ok("ls");
  await until("the end", async () => (await home.process("app")).status === "stopped", {
    withinMs: 60_000,
  });
  expect(isThere(pid)).toBe(false);
  expect(readFileSync(join(home.folder, "got"), "utf8")).toBe("got\n");
  expect((await home.process("app")).lastExit?.signal).toBeNull();
});

test("a program that may have been signalled is not signalled again: it has the rest of its time", async () => {
  const home = testHome({ env: own });
  const app = { script: shell(home), interpreter: "sh" };
  const pid = await leaveStopping(home, app, { killInMs: 4_000, signalled: true });
  await home.ok("ls");
  await until("the end", async () => (await home.process("app")).status === "stopped", {
    withinMs: 60_000,
  });
  expect([isThere(pid), existsSync(join(home.folder, "got"))]).toEqual([false, false]);
});
