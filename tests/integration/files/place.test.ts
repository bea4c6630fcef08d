import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  linkSync,
  mkdirSync,
  readFileSync,
  openSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openPlace } from "../../../runtime/host/files/open.ts";
import { readFact, readJsonFact } from "../../../runtime/host/files/read.ts";
import { testFolder } from "../../support/folder.ts";

const { O_WRONLY, O_APPEND, O_CREAT, O_TRUNC } = constants;
const appending = O_WRONLY | O_APPEND | O_CREAT;

/** A folder that another user can write to: files of other users need root to be made. */
const other = 54_321;
const isRoot = process.geteuid?.() === 0;

function setUp() {
  const folder = testFolder();
  const secret = folder.put("secret.conf", "secret\n");
  const theirs = join(folder.path, "theirs");
  mkdirSync(theirs);
  chownSync(theirs, other, other);
  return { ...folder, secret, theirs, owner: { uid: other, gid: other } };
}

function append(path: string, text: string, owner?: { uid: number; gid: number }): void {
  const { descriptor } = openPlace(path, { flags: appending, folderMode: 0o755, owner });
  writeSync(descriptor, text);
  closeSync(descriptor);
}

test.skipIf(!isRoot)(
  "what is made where the app's user can write is that user's, folders too",
  () => {
    const { theirs, owner } = setUp();
    append(join(theirs, "log/deep/out.log"), "line\n", owner);
    for (const made of ["log", "log/deep", "log/deep/out.log"]) {
      expect(statSync(join(theirs, made)).uid).toBe(other);
    }
  },
);

test.skipIf(!isRoot).each([
  [
    "a symbolic link",
    "is a symbolic link",
    (path: string, secret: string) => symlinkSync(secret, path),
  ],
  [
    "a dangling link",
    "is a symbolic link",
    (path: string, secret: string) => symlinkSync(`${secret}.new`, path),
  ],
  [
    "a hard link",
    "a file with 2 names (hard links)",
    (path: string, secret: string) => linkSync(secret, path),
  ],
  ["a pipe", "is a pipe", (path: string) => void execFileSync("mkfifo", [path])],
  ["a folder", "is a folder", (path: string) => mkdirSync(path)],
  ["a device", "is a device", (path: string) => void execFileSync("mknod", [path, "c", "1", "3"])],
  [
    "a link into /proc",
    "is a symbolic link",
    (path: string) => symlinkSync("/proc/self/fd/1", path),
  ],
])(
  "%s in a folder of another user is refused by name, and what it leads to is as it was",
  (_, why, plant) => {
    const { theirs, secret, owner } = setUp();
    const path = join(theirs, "out.log");
    plant(path, secret);
    expect(() => append(path, "line\n", owner)).toThrow(why);
    expect(() => append(path, "line\n", owner)).toThrow(path);
    expect(() => openPlace(path, { flags: O_WRONLY | O_TRUNC, owner })).toThrow(why);
    expect(readFileSync(secret, "utf8")).toBe("secret\n");
  },
);

test.skipIf(!isRoot)("a linked folder on the way is refused as a linked file is", () => {
  const { theirs, path, owner } = setUp();
  mkdirSync(join(path, "etc"));
  symlinkSync(join(path, "etc"), join(theirs, "log"));
  expect(() => append(join(theirs, "log/out.log"), "line\n", owner)).toThrow("is a symbolic link");
  // Neither by a link of ours that leads to theirs.
  symlinkSync(join(theirs, "log"), join(path, "linked"));
  expect(() => append(join(path, "linked/out.log"), "line\n")).toThrow("is a symbolic link");
  expect(() => statSync(join(path, "etc/out.log"))).toThrow("ENOENT");
});

test("links in folders that nobody else can write to are followed, as an administrator has set them up", () => {
  const { path } = testFolder();
  mkdirSync(join(path, "disk"));
  symlinkSync("disk", join(path, "logs"));
  symlinkSync(join(path, "logs/real.log"), join(path, "out.log"));
  append(join(path, "out.log"), "one\n");
  append(join(path, "logs/../out.log"), "two\n");
  expect(readFileSync(join(path, "disk/real.log"), "utf8")).toBe("one\ntwo\n");
  // What `/dev/stdout` is, under a program whose output goes into a file without a name.
  const output = openSync(join(path, "gone"), "a+");
  rmSync(join(path, "gone"));
  symlinkSync(`/proc/self/fd/${output}`, join(path, "stdout.log"));
  append(join(path, "stdout.log"), "three\n");
  expect(readFileSync(output, "utf8")).toBe("three\n");
  closeSync(output);
  symlinkSync("loop", join(path, "loop"));
  expect(() => append(join(path, "loop"), "")).toThrow("ELOOP");
});

test("a folder that all can write to is another's, unless its sticky bit keeps what is ours", () => {
  const { path, put } = testFolder();
  const secret = put("secret.conf", "secret\n");
  const shared = join(path, "shared");
  mkdirSync(join(shared, "ours"), { recursive: true });
  symlinkSync(secret, join(shared, "ours/out.log"));
  symlinkSync(secret, join(shared, "out.log"));
  chmodSync(shared, 0o777);
  expect(() => append(join(shared, "ours/out.log"), "one\n")).toThrow("is a symbolic link");
  chmodSync(shared, 0o1777);
  append(join(shared, "ours/out.log"), "two\n");
  expect(() => append(join(shared, "out.log"), "three\n")).toThrow("is a symbolic link");
  expect(readFileSync(secret, "utf8")).toBe("secret\ntwo\n");
});

test.skipIf(!isRoot)("a file is opened once and for all, whatever takes its name meanwhile", () => {
  const { theirs, secret, owner } = setUp();
  const path = join(theirs, "out.log");
  const swap = `while :; do rm -f ${path}; ln -s ${secret} ${path}; rm -f ${path}; ln ${secret} ${path}; rm -f ${path}; : > ${path}; done`;
  const swapper = spawn("sh", ["-c", swap], { stdio: "ignore" });
  try {
    let opened = 0;
    for (let n = 0; n < 500; n += 1) {
      try {
        append(path, "line\n", owner);
        opened += 1;
      } catch {
        // Refused, or gone in between.
      }
    }
    expect(opened).toBeGreaterThan(0);
    expect(readFileSync(secret, "utf8")).toBe("secret\n");
  } finally {
    swapper.kill("SIGKILL");
  }
});

test("a fact is read from a plain file of its size alone, and never waited for", () => {
  const { path, put } = testFolder();
  put("fact", '{"a":1}');
  expect(readJsonFact(join(path, "fact"), 100)).toEqual({ a: 1 });
  expect(readFact(join(path, "fact"), 6)).toBeUndefined();
  execFileSync("mkfifo", [join(path, "pipe")]);
  execFileSync("truncate", ["-s", "3G", join(path, "sparse")]);
  symlinkSync("fact", join(path, "link"));
  put("half", '{"a":');
  put("nested", "[".repeat(100_000));
  const absent = [
    "pipe",
    "sparse",
    ".",
    "none",
    "fact/below",
    "n".repeat(300),
    "a\0b",
    "half",
    "nested",
  ];
  expect(absent.map((name) => readJsonFact(`${path}/${name}`, 1_000_000))).toEqual(
    absent.map(() => undefined),
  );
  expect(readJsonFact(join(path, "link"), 100)).toEqual({ a: 1 });
  expect(readFact("/dev/zero", 100)).toBeUndefined();
  if (!isRoot) return;
  const { theirs, secret } = setUp();
  symlinkSync(secret, join(theirs, "link"));
  expect(readFact(join(theirs, "link"), 100)).toBeUndefined();
  writeFileSync(join(theirs, "own"), "x");
  expect(readFact(join(theirs, "own"), 100)).toBe("x");
});
