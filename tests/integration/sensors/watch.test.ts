import {
  chmodSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { onTestFinished, expect, test } from "vitest";
import type { WatchSpec } from "../../../machines/spec.ts";
import { watchFiles } from "../../../runtime/daemon/sensors/watch/index.ts";
import { watchesInUse } from "../../../runtime/daemon/sensors/watch/trouble.ts";
import { until } from "../../support/condition.ts";
import { testFolder } from "../../support/folder.ts";

const options = { pollMs: null, depth: null, followSymlinks: true };

/** A watched folder, and what was told of it. */
async function watched(change: Partial<WatchSpec> & { folder?: string; own?: string } = {}) {
  const { folder = testFolder().path, own, ...spec } = change;
  const told: string[] = [];
  const failures: (string | null)[] = [];
  const before = await watchesInUse([process.pid]);
  const stop = watchFiles(
    { paths: [folder], ignore: ["node_modules", ".*"], delayMs: 0, options, ...spec },
    { cwd: folder },
    {
      trip: (by) => told.push(by),
      failed: (reason) => failures.push(reason),
      recovered: () => failures.push(null),
      isOwn: (path) => path === own,
    },
  );
  onTestFinished(stop);
  const file = (name: string, text = String(Math.random())): void =>
    writeFileSync(join(folder, name), text);
  const hears = (by: string): Promise<unknown> =>
    until(`"${by}"`, () => told.some((each) => each.includes(by)), { saw: () => told });
  /** A change is reported, by its name once it is not part of the report of what came before ("and 1 more"). */
  const changes = (name: string): Promise<unknown> =>
    until(`a change of ${name}`, async () => {
      told.length = 0;
      file(name);
      const isHeard = (): boolean => told.some((each) => each.includes(name));
      return until(name, isHeard, { withinMs: 1_000 }).catch(() => false);
    });
  /** A change that counts is told, and it is the first since; what was done before it is not. */
  const hearsOnly = async (name: string): Promise<void> => {
    told.length = 0;
    file(name);
    await hears(name);
    expect(told).toEqual([`a change of ${name}`]);
  };
  const watches = async (): Promise<number> => (await watchesInUse([process.pid])) - before;
  return { folder, told, failures, file, hears, changes, hearsOnly, watches };
}

const folders = (root: string, names: readonly string[]): void => {
  for (const name of names) mkdirSync(join(root, name), { recursive: true });
};

test("each folder that counts takes one inotify watch, and ignored ones are not entered", async () => {
  const folder = testFolder().path;
  folders(folder, ["src/deep", "lib"]);
  for (let index = 0; index < 300; index += 1) {
    folders(folder, [`node_modules/m${index}/lib`]);
    writeFileSync(join(folder, `src/f${index}.js`), "");
  }
  const { watches, hearsOnly } = await watched({ folder });
  await until("four folders", async () => (await watches()) === 4, { saw: watches });
  await hearsOnly("src/deep/a.js");
  expect(await watches()).toBe(4);
});

test("a new content counts, and a removal; chmod, own files and ignored ones do not", async () => {
  const folder = testFolder().path;
  folders(folder, ["node_modules"]);
  writeFileSync(join(folder, "a.js"), "1");
  const own = join(folder, "out.log");
  const { watches, file, hears, hearsOnly } = await watched({ folder, own });
  await until("the folder", async () => (await watches()) === 1);
  chmodSync(join(folder, "a.js"), 0o600);
  file("out.log");
  file(".hidden");
  file("node_modules/x.js");
  await hearsOnly("b.js");
  utimesSync(join(folder, "a.js"), new Date(), new Date(0));
  await hears("a.js");
  rmSync(join(folder, "b.js"));
  await hears("b.js");
});

test("a folder that is removed and made again is watched again, and a file that is saved by renaming too", async () => {
  const folder = testFolder().path;
  folders(folder, ["dist/sub"]);
  writeFileSync(join(folder, "dist/a.js"), "1");
  const { watches, told, file, hears, changes } = await watched({ folder });
  await until("the folders", async () => (await watches()) === 3);
  for (let round = 0; round < 3; round += 1) {
    rmSync(join(folder, "dist"), { recursive: true });
    folders(folder, ["dist/sub"]);
    file("dist/a.js");
    await hears("dist");
    await until("the folders again", async () => (await watches()) === 3, { saw: watches });
    await changes("dist/sub/b.js");
    told.length = 0;
    file("tmp~");
    renameSync(join(folder, "tmp~"), join(folder, "dist/a.js"));
    await hears("dist/a.js");
    told.length = 0;
  }
});

test("a path that is not there is watched when it comes, and when it comes back", async () => {
  const folder = testFolder().path;
  const paths = [join(folder, "later/src"), join(folder, "one.json")];
  const { watches, told, hears, changes } = await watched({ folder, paths });
  await until("what is there", async () => (await watches()) === 1);
  for (let round = 0; round < 2; round += 1) {
    folders(folder, ["later/src"]);
    await hears("later/src");
    await until("its folder", async () => (await watches()) >= 2);
    await changes("later/src/a.js");
    await changes("one.json");
    rmSync(join(folder, "later"), { recursive: true });
    await until("its end", async () => (await watches()) === 1, { saw: watches });
    told.length = 0;
  }
});

test("a link that is set to another folder is followed", async () => {
  const folder = testFolder().path;
  folders(folder, ["releases/1", "releases/2"]);
  symlinkSync("releases/1", join(folder, "current"));
  const { watches, told, file } = await watched({
    folder,
    paths: [join(folder, "current")],
  });
  await until("the link", async () => (await watches()) === 2, { saw: watches });
  symlinkSync("releases/2", join(folder, "next"));
  renameSync(join(folder, "next"), join(folder, "current"));
  await until("the other release", async () => {
    told.length = 0;
    file("releases/2/a.js");
    return until("the change", () => told.length > 0, { withinMs: 1_000 }).then(
      () => true,
      () => false,
    );
  });
});

test("watch_delay waits until nothing more changes", async () => {
  const { watches, told, file, hears } = await watched({ delayMs: 300 });
  await until("the folder", async () => (await watches()) === 1);
  for (const name of ["a", "b", "c"]) file(name);
  await hears("2 more");
  expect(told.length).toBe(1);
});

test("polling needs no inotify watch", async () => {
  const { watches, told, file } = await watched({ options: { ...options, pollMs: 20 } });
  await until("a change", () => {
    file("a.js");
    return told.length > 0;
  });
  expect(await watches()).toBe(0);
});
