import type { ChildProcess } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import { ownFilesRule } from "../../../machines/log-rotation.ts";
import { readProcess, scanProcesses } from "../../../runtime/host/procfs.ts";
import { followFile } from "../../../runtime/host/log-files/follow.ts";
import { recoverRotation } from "../../../runtime/host/rotation/recover.ts";
import { rotateFile } from "../../../runtime/programs/rotator/rotate.ts";
import { until } from "../../support/condition.ts";
import {
  calmCluster,
  countLines,
  endWriter,
  startRotator,
  rotateAndDie,
  startWriter,
  writers,
} from "../../support/rotation.ts";

const exact = { lost: 0, doubled: 0, torn: 0 };

function place(): { folder: string; intents: string; file: string } {
  const folder = mkdtempSync(join(tmpdir(), "xm-rotation-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const intents = join(folder, "rotation");
  mkdirSync(intents);
  return { folder, intents, file: join(folder, "app-out.log") };
}

/** Starts one that ends with the test, however that ends. */
function writes(...[command, file]: Parameters<typeof startWriter>): ChildProcess {
  const writer = startWriter(command, file);
  onTestFinished(() => endWriter(writer));
  return writer;
}

const grows = async (file: string): Promise<void> => {
  const before = statSync(file).size;
  await until("more lines", () => statSync(file).size > before || statSync(file).size < before);
};

test.each(Object.entries(writers))(
  "no line of %s is lost, doubled or torn while its file is rotated",
  async (_, command) => {
    const { intents, file } = place();
    const writer = writes(command, file);
    await until("lines", () => statSync(file).size > 0);
    const rotator = startRotator(intents);
    for (let rotated = 0; rotated < 2;) {
      await grows(file);
      const { kind } = await rotator.rotate(file);
      if (kind === "rotated") rotated += 1;
    }
    await rotator.end();
    // They go on.
    await grows(file);
    await endWriter(writer);
    expect(countLines(file)).toMatchObject({ ...exact, files: 3 });
    expect(readdirSync(intents)).toEqual([]);
  },
);

const steps = ["declared", "stopped", "still", "cut", "renamed", "emptied", "rest", "running"];

test.each(steps)(
  "a rotator that is killed after `%s` costs no line and nobody's life",
  async (step) => {
    const { intents, file } = place();
    const writer = writes(calmCluster, file);
    await until("lines", () => statSync(file).size > 5_000);
    await rotateAndDie({ file, intents, step });
    expect(recoverRotation(intents).length).toBeLessThan(2);
    expect(readdirSync(intents)).toEqual([]);
    const stopped = scanProcesses().filter(
      (each) => each.session === writer.pid && each.state === "T",
    );
    expect(stopped).toEqual([]);
    await grows(file);
    await endWriter(writer);
    expect(countLines(file)).toMatchObject(exact);
    expect(readdirSync(join(file, "..")).filter((name) => name.startsWith("."))).toEqual([]);
  },
);

test("a line that is not finished stays in the file", () => {
  const { intents, file } = place();
  writeFileSync(file, "one\ntwo\nthr");
  const outcome = rotateFile({
    file,
    owner: null,
    folder: intents,
    rule: ownFilesRule,
    never: [],
    now: Date.now,
  });
  expect(outcome).toMatchObject({ kind: "rotated", bytes: 8 });
  expect(readFileSync(file, "utf8")).toBe("thr");
  expect(readFileSync(outcome.to ?? "", "utf8")).toBe("one\ntwo\n");
});

test("who was stopped by somebody else stays stopped", async () => {
  const { intents, file } = place();
  const writer = writes(writers["Node 100/s"] as never, file);
  await until("lines", () => statSync(file).size > 0);
  const pid = writer.pid ?? 0;
  process.kill(pid, "SIGSTOP");
  await until("a stop", () => readProcess(pid)?.state === "T");
  const rotator = startRotator(intents);
  expect(await rotator.rotate(file)).toMatchObject({ kind: "rotated" });
  expect(readProcess(pid)?.state).toBe("T");
  await rotator.end();
  process.kill(pid, "SIGCONT");
  await grows(file);
  await endWriter(writer);
  expect(countLines(file)).toMatchObject(exact);
});

test("while the daemon has the file open to write, it is left for later", () => {
  const { intents, file } = place();
  const writer = writes(writers["Node 100/s"] as never, file);
  writeFileSync(file, "one\n", { flag: "a" });
  const never = [writer.pid ?? 0];
  const outcome = rotateFile({
    file,
    owner: null,
    folder: intents,
    rule: ownFilesRule,
    never,
    now: Date.now,
  });
  expect(outcome).toMatchObject({ kind: "later" });
  expect(readdirSync(join(file, "..")).toSorted()).toEqual(["app-out.log", "rotation", "writer"]);
});

test("rotated files are compressed, too many are removed, and nobody else's are touched", async () => {
  const { folder, intents, file } = place();
  const others = [
    "app-out__old-out.log",
    "xapp-out__2020-01-01_00-00-00.log",
    "app-out__2020-01-01_00-00-00.log.txt",
    "app-out-1__2020-01-01_00-00-00.log",
  ];
  for (const name of others) writeFileSync(join(folder, name), "theirs\n");
  for (const day of ["01", "02", "03", "04"]) {
    const name = join(folder, `app-out__2020-01-${day}_00-00-00.log`);
    writeFileSync(name, `day ${day}\n`);
    utimesSync(name, new Date(`2020-01-${day}`), new Date(`2020-01-${day}`));
  }
  // What one that was killed has left.
  writeFileSync(join(folder, ".app-out__2020-01-04_00-00-00.log.gz.part"), "half");
  writeFileSync(file, "now\n");
  const rotator = startRotator(intents);
  const { to = "" } = await rotator.rotate(file, { retain: 3, compress: true });
  await until("compression", () => existsSync(`${to}.gz`) && !existsSync(to));
  await rotator.end();
  const kept = readdirSync(folder).filter((name) => /^\.?app-out__/.test(name));
  expect(kept.toSorted()).toEqual(
    [
      "app-out__2020-01-01_00-00-00.log.txt",
      "app-out__2020-01-03_00-00-00.log.gz",
      "app-out__2020-01-04_00-00-00.log.gz",
      `${to.slice(folder.length + 1)}.gz`,
      "app-out__old-out.log",
    ].toSorted(),
  );
  for (const name of others) expect(readFileSync(join(folder, name), "utf8")).toBe("theirs\n");
  const old = join(folder, "app-out__2020-01-03_00-00-00.log.gz");
  expect(gunzipSync(readFileSync(old)).toString()).toBe("day 03\n");
  expect(statSync(old).mtime).toEqual(new Date("2020-01-03"));
});

test("a link that others could have put there is not followed", () => {
  const { folder, intents } = place();
  const open = join(folder, "open");
  mkdirSync(open);
  writeFileSync(join(folder, "secret"), "secret\n");
  symlinkSync(join(folder, "secret"), join(open, "app.log"));
  // Everybody may write there.
  chmodSync(open, 0o777);
  const outcome = rotateFile({
    file: join(open, "app.log"),
    owner: null,
    folder: intents,
    rule: ownFilesRule,
    never: [],
    now: Date.now,
  });
  expect(outcome.kind).toBe("failed");
  expect(readFileSync(join(folder, "secret"), "utf8")).toBe("secret\n");
  expect(readdirSync(open)).toEqual(["app.log"]);
});

test("who follows a file gets every line once while it is rotated", async () => {
  const { intents, file } = place();
  const writer = writes(writers["Node 20,000/s"] as never, file);
  await until("lines", () => statSync(file).size > 0);
  const lines: string[] = [];
  const abort = new AbortController();
  const following = followFile({
    path: file,
    fromBytes: 0,
    onLine: (line) => void lines.push(line),
    signal: abort.signal,
  });
  const rotator = startRotator(intents);
  for (let rotated = 0; rotated < 3;) {
    const before = lines.length;
    await until("followed lines", () => lines.length > before);
    await grows(file);
    const { kind } = await rotator.rotate(file);
    if (kind === "rotated") rotated += 1;
  }
  await rotator.end();
  await endWriter(writer);
  const { lines: written } = countLines(file);
  await until("all lines", () => lines.length >= written, { saw: () => [lines.length, written] });
  abort.abort();
  await following;
  expect(lines.map((line) => Number(line.split(" ")[1]))).toEqual(
    Array.from({ length: written }, (_, index) => index + 1),
  );
});
