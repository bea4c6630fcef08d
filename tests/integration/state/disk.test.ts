import { spawnSync } from "node:child_process";
import { appendFileSync, cpSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  app,
  changed,
  declared,
  facts,
  fullState,
  inOrder,
  open,
  restoredFrom,
  temporaryFolder,
} from "../../unit/daemon/state/samples.ts";

/** Runs one of the system's programs. */
function run(program: string, ...args: string[]): { status: number | null; stderr: string } {
  return spawnSync(program, args, { encoding: "utf8" });
}

/** Mounts a file system of its own in the folder. @returns false where that is not allowed. */
function mount(folder: string, options: string): boolean {
  const isMounted = run("mount", "-t", "tmpfs", "-o", options, "tmpfs", folder).status === 0;
  // Lazily: a store that a test leaves as a killed daemon would still holds its journal.
  if (isMounted) onTestFinished(() => void run("umount", "--lazy", folder));
  return isMounted;
}

/** The state of `source` on a disk that refuses every write, and how to make it a good one again. */
function readOnlyState(source: string): {
  directory: string;
  isReadable: boolean;
  mend: () => void;
} {
  const folder = temporaryFolder();
  const directory = join(folder, "state");
  if (mount(folder, "size=1m")) {
    cpSync(source, directory, { recursive: true });
    const remount = (how: string): void => {
      const ran = run("mount", "-o", `remount,${how}`, folder);
      if (ran.status !== 0) throw new Error(ran.stderr);
    };
    remount("ro");
    return { directory, isReadable: true, mend: () => remount("rw") };
  }
  // Without the right to mount: a file where the folder belongs refuses as well, if without anything to read.
  writeFileSync(directory, "");
  return { directory, isReadable: false, mend: () => rmSync(directory) };
}

test("on a read-only disk the daemon comes up with all facts and refuses commands until it is mended", async () => {
  const { directory: source, facts: all } = fullState();
  const { directory, isReadable, mend } = readOnlyState(source);
  const logged: string[] = [];
  const store = open(directory, { log: (line) => logged.push(line) });
  const restored = isReadable ? all : { apps: [], processes: [] };
  expect(inOrder(store.restored)).toEqual(restored);
  expect(store.restored.notes).toEqual([
    expect.stringMatching(/^the state cannot be written to .*and is kept in memory only/),
  ]);
  expect(store.isWritable).toBe(false);
  expect(() => store.assertWritable()).toThrow(
    expect.objectContaining({ code: "ERR_STATE_NOT_WRITABLE", class: "unavailable" }),
  );
  store.append(changed(9));
  await expect(store.flush()).rejects.toMatchObject({ code: "ERR_STATE_NOT_WRITABLE" });
  mend();
  store.assertWritable();
  await store.flush();
  const { notes, ...again } = restoredFrom(directory);
  expect(again).toEqual({ apps: restored.apps, processes: [...restored.processes, facts(9)] });
  expect(notes).toEqual([]);
  expect(logged).toEqual([
    expect.stringContaining("cannot be written"),
    expect.stringContaining("can be written again"),
  ]);
});

test("a torn record on a read-only disk is cut off before anything is written after it", async () => {
  const { directory: source, facts: all } = fullState();
  appendFileSync(join(source, "journal.ndjson"), '{"v":1,"seq":6,"ty');
  const { directory, isReadable, mend } = readOnlyState(source);
  const store = open(directory);
  store.append(changed(9));
  mend();
  await store.flush();
  const { notes, ...again } = restoredFrom(directory);
  expect(again).toEqual({
    apps: isReadable ? all.apps : [],
    processes: [...(isReadable ? all.processes : []), facts(9)],
  });
  expect(notes).toEqual([]);
});

/** A state on a disk with no room for what is to come. */
function smallDisk(): { directory: string; ballast: string; isSmall: boolean } {
  const folder = temporaryFolder();
  const isSmall = mount(folder, "size=64k");
  return { directory: join(folder, "state"), ballast: join(folder, "ballast"), isSmall };
}

test("on a full disk what was acknowledged survives, the rest is refused and written when there is room", async () => {
  const { directory, isSmall } = smallDisk();
  const logged: string[] = [];
  const store = open(directory, { log: (line) => logged.push(line) });
  store.append(declared("api"));
  const acknowledged: number[] = [];
  let refused = 0;
  for (let i = 0; i < 200; i++) {
    store.append(changed(i));
    try {
      await store.flush();
      acknowledged.push(i);
    } catch (error) {
      expect(error).toMatchObject({ code: "ERR_STATE_NOT_WRITABLE" });
      refused += 1;
    }
  }
  const survivors = restoredFrom(directory);
  expect(survivors.apps).toEqual([app("api")]);
  expect(survivors.processes).toEqual(acknowledged.map((id) => facts(id)));
  expect(survivors.notes).toEqual([]);
  expect(refused > 0).toBe(isSmall);
  expect(store.isWritable).toBe(!isSmall);
  if (isSmall) {
    expect(() => store.assertWritable()).toThrow(/ENOSPC/);
    run("mount", "-o", "remount,size=2m", join(directory, ".."));
  }
  store.assertWritable();
  await store.flush();
  expect(restoredFrom(directory).processes).toHaveLength(200);
});

test("a daemon that starts on a full disk has every fact, and a command is refused before it is begun", async () => {
  const { directory, ballast, isSmall } = smallDisk();
  const { directory: source, facts: all } = fullState();
  cpSync(source, directory, { recursive: true });
  if (isSmall) {
    // Fills the disk to the last page: the write that fails is the point.
    try {
      writeFileSync(ballast, Buffer.alloc(1024 * 1024));
    } catch (error) {
      expect(error).toMatchObject({ code: "ENOSPC" });
    }
    expect(existsSync(ballast)).toBe(true);
  }
  const store = open(directory);
  expect(inOrder(store.restored)).toEqual(all);
  store.snapshot();
  if (isSmall) expect(() => store.assertWritable()).toThrow(/ENOSPC/);
  rmSync(ballast, { force: true });
  store.assertWritable();
  store.append(changed(9));
  await store.close();
  expect(restoredFrom(directory)).toEqual({
    apps: all.apps,
    processes: [...all.processes, facts(9)],
    notes: [],
  });
});
