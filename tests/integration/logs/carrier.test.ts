import { spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { expect, onTestFinished, test } from "vitest";
import { createCarrier, type Carrier } from "../../../runtime/daemon/log-carrier/carrier.ts";
import { reopenLogs } from "../../../runtime/host/log-files/reopen.ts";
import { until } from "../../support/condition.ts";
import { testFolder } from "../../support/folder.ts";

/** A program that writes each line that it is told to its log file. */
function setUp() {
  const { path: folder } = testFolder();
  const out = join(folder, "out.log");
  const records = join(folder, "carried");
  const descriptor = openSync(out, "a");
  const child = spawn("cat", { stdio: ["pipe", descriptor, "ignore"] });
  const input = child.stdin as Writable;
  closeSync(descriptor);
  onTestFinished(() => void child.kill("SIGKILL"));
  const complaints: string[] = [];
  const carrier = (): Carrier => {
    const one = createCarrier({
      folder: records,
      log: () => {},
      complain: (_, line) => void complaints.push(line),
    });
    onTestFinished(() => one.release());
    return one;
  };
  const writer = {
    name: "app (0)",
    pid: child.pid ?? 0,
    descriptor: 1,
    path: out,
    rights: {},
    given: null,
  };
  const text = (file = out): string => (existsSync(file) ? readFileSync(file, "utf8") : "");
  const say = async (line: string, file?: string): Promise<void> => {
    input.write(line);
    await until(line, () => text(file).endsWith(line), { saw: () => text(file) });
  };
  const reopen = (carry: Carrier): Promise<unknown> =>
    reopenLogs([writer], [{ path: out, rights: {} }], carry);
  const recordFile = (): string => join(records, readdirSync(records)[0] ?? "");
  return { folder, out, records, child, input, carrier, text, say, reopen, recordFile, complaints };
}

test("a removed file's next lines come into one of its name, until its program ends", async () => {
  const { out, records, input, carrier, text, say, reopen } = setUp();
  await say("one\n");
  rmSync(out);
  const first = carrier();
  expect(await reopen(first)).toEqual({ files: [out], notes: [] });
  await say("two\n");
  expect(text()).toBe("two\n");
  // Rotated and removed again: it is opened for each look.
  renameSync(out, `${out}.1`);
  await say("three\n");
  rmSync(out);
  await reopen(first);
  await say("four\n");
  expect([text(), text(`${out}.1`)]).toEqual(["four\n", "two\n"]);
  input.end("last words");
  await until("the end", () => readdirSync(records).length === 0);
  expect(text()).toBe("four\nlast words");
});

test("a line that is not finished when its file is gone is whole", async () => {
  const { out, carrier, text, say, reopen } = setUp();
  await say("one\nha");
  rmSync(out);
  await reopen(carrier());
  await say("lf\n");
  expect(text()).toBe("half\n");
});

test("a renamed file keeps its lines, and what comes goes into the new one, which is not empty", async () => {
  const { out, carrier, text, say, reopen } = setUp();
  await say("one\n");
  renameSync(out, `${out}.1`);
  await say("two\n", `${out}.1`);
  writeFileSync(out, "rotated\n");
  await reopen(carrier());
  await say("three\n");
  expect([text(), text(`${out}.1`)]).toEqual(["rotated\nthree\n", "one\ntwo\n"]);
});

test("the same of a file that was moved to another folder", async () => {
  const { folder, out, carrier, text, say, reopen } = setUp();
  await say("one\n");
  const moved = join(folder, "carried.old");
  renameSync(out, moved);
  await reopen(carrier());
  await say("two\n");
  expect([text(), text(moved)]).toEqual(["two\n", "one\n"]);
});

test("the next daemon goes on where the last one was, wherever that was killed", async () => {
  const { out, carrier, text, say, reopen, recordFile } = setUp();
  await say("one\n");
  rmSync(out);
  const first = carrier();
  await reopen(first);
  await say("two\n");
  const noted = JSON.parse(readFileSync(recordFile(), "utf8")) as { position: number };
  expect(noted).toMatchObject({ position: 8, pending: 0 });
  first.release();
  // Killed between the append and its note, of all or of a part of it.
  for (const [left, pending] of [
    ["two\n", 4],
    ["tw", 4],
    ["", 4],
  ] as const) {
    writeFileSync(out, left);
    writeFileSync(recordFile(), JSON.stringify({ ...noted, position: 4, sizeBefore: 0, pending }));
    const next = carrier();
    next.find();
    next.settle();
    expect(text()).toBe("two\n");
    next.release();
  }
  const last = carrier();
  last.find();
  await say("three\n");
  expect(text()).toBe("two\nthree\n");
});

test("a record that is no such thing, or of a program that is gone, is removed", async () => {
  const { out, records, child, carrier, say, reopen } = setUp();
  await say("one\n");
  rmSync(out);
  const first = carrier();
  await reopen(first);
  first.release();
  writeFileSync(join(records, "1-2.json"), "{");
  child.kill("SIGKILL");
  await until("its end", () => child.signalCode !== null);
  carrier().find();
  expect(readdirSync(records)).toEqual([]);
});

test("what cannot be written waits, which is told, and comes when it can be", async () => {
  const { out, carrier, text, say, reopen, input, complaints } = setUp();
  await say("one\n");
  rmSync(out);
  const one = carrier();
  await reopen(one);
  rmSync(out);
  // Root opens anything; a folder is nothing to write to.
  mkdirSync(out);
  input.write("two\n");
  await until("a complaint", () => complaints.length > 0);
  expect(complaints[0]).toContain(out);
  rmSync(out, { recursive: true });
  await until("the line", () => text() === "two\n");
});
