import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { acquireLock } from "../../../runtime/host/home/lock.ts";
import { testFolder } from "../../support/folder.ts";
import { nodeProgram, otherNodes } from "../../support/nodes.ts";

const lockModule = join(import.meta.dirname, "../../../dist/runtime/host/home/lock.js");

/** Says what became of it, and stays for as long as it has the lock. */
const contender = `
const { acquireLock } = await import(${JSON.stringify(lockModule)});
const lock = await acquireLock(process.argv[1], process.argv[2]);
process.send({ kind: lock.kind, pid: lock.pid, notes: lock.notes });
process.on("disconnect", () => process.exit());
`;

/** Binds a name of the abstract namespace, as a daemon before this lock did. */
const binder = `
require("node:net").createServer().listen("\\0" + process.argv[2], () => process.send({ kind: "bound" }));
process.on("disconnect", () => process.exit());
`;

interface Answer {
  readonly kind: string;
  readonly pid?: number;
  readonly notes?: string[];
}

function begin(
  node: string,
  args: readonly string[],
): { child: ChildProcess; answer: Promise<Answer> } {
  const child = spawn(node, args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const answer = new Promise<Answer>((resolve, reject) => {
    child.once("message", (message) => resolve(message as Answer));
    child.once("error", reject);
  });
  return { child, answer };
}

const contend = (home: string, node = process.execPath, part = "god") =>
  begin(node, ["--input-type=module", "-e", contender, home, part]);

const ended = (child: ChildProcess): Promise<unknown> =>
  new Promise((resolve) => {
    child.once("exit", resolve);
    child.kill("SIGKILL");
  });

test("of contenders under Node 20, 22, 24 and 26 one has the lock, and when it is killed one of the next", async () => {
  const { path } = testFolder();
  const nodes = [process.execPath, ...(await Promise.all(otherNodes.map(nodeProgram)))];

  for (let round = 0; round < 3; round += 1) {
    const all = [...nodes, ...nodes].map((node) => contend(path, node));
    const answers = await Promise.all(all.map(({ answer }) => answer));

    const holders = all.filter((_, index) => answers[index]?.kind === "held");
    expect(holders).toHaveLength(1);
    const pid = holders[0]?.child.pid;
    for (const { kind, pid: told } of answers) if (kind === "taken") expect(told).toBe(pid);
    await Promise.all(all.map(({ child }) => ended(child)));
  }
  expect(readdirSync(join(path, "locks"))).toEqual(["god.3"]);
}, 120_000);

test("the parts of a home are locked one by one, and a lock that is released is free", async () => {
  const { path } = testFolder();
  const god = await acquireLock(path, "god");
  const lane = await acquireLock(path, "lane");

  expect([god.kind, lane.kind]).toEqual(["held", "held"]);
  expect(await acquireLock(path, "god")).toEqual({ kind: "taken", pid: process.pid });
  if (god.kind === "held") await god.release();
  const again = await acquireLock(path, "god");
  expect(again.kind).toBe("held");
  if (again.kind === "held") await again.release();
  if (lane.kind === "held") await lane.release();
});

test("a holder that is stopped holds the lock", async () => {
  const { path } = testFolder();
  const { child, answer } = contend(path);
  await answer;
  child.kill("SIGSTOP");

  expect(await acquireLock(path, "god")).toEqual({ kind: "taken" });
});

test("a home whose path is long is locked like others", async () => {
  const home = join(testFolder().path, "a".repeat(120));
  mkdirSync(home);
  const { answer } = contend(home);
  expect((await answer).kind).toBe("held");

  expect((await acquireLock(home, "god")).kind).toBe("taken");
});

test("what is no socket in a lock's place holds nothing", async () => {
  const { path, put } = testFolder();
  put("locks/god.4", "");
  mkdirSync(join(path, "locks/lane.9"));

  for (const part of ["god", "lane"] as const) {
    const lock = await acquireLock(path, part);
    expect(lock.kind).toBe("held");
    if (lock.kind === "held") await lock.release();
  }
});

test("who occupies the former names of a home keeps no daemon out, and is named", async () => {
  const { path } = testFolder();
  const { dev, ino } = statSync(path);
  const node = await nodeProgram(22);
  const short = begin(node, ["-e", binder, "x", `exmachina/${dev}/${ino}`]);
  const long = begin(process.execPath, ["-e", binder, "x", `exmachina/${dev}/${ino}`]);
  await Promise.all([short.answer, long.answer]);

  const lock = await acquireLock(path, "god");

  expect(lock).toMatchObject({
    kind: "held",
    notes: [long, short].map(
      ({ child: { pid } }) =>
        `pid ${pid} (uid ${process.getuid?.()}) occupies a former lock name of this home; it is ignored`,
    ),
  });
  if (lock.kind === "held") await lock.release();
});

test.each([20, 22] as const)(
  "a daemon that locked by the name, under Node %i, keeps the next one out under each version",
  async (major) => {
    const { path } = testFolder();
    const { dev, ino } = statSync(path);
    const program = join(path, "god.cjs");
    writeFileSync(program, binder);
    const old = begin(major === 20 ? process.execPath : await nodeProgram(major), [
      program,
      `exmachina/${dev}/${ino}`,
    ]);
    await old.answer;

    for (const node of [process.execPath, await nodeProgram(24)]) {
      expect(await contend(path, node).answer).toEqual({ kind: "taken", pid: old.child.pid });
    }
  },
);
