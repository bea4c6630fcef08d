import { expect, test } from "vitest";
import { GroupCommit } from "../../../../runtime/daemon/state/group-commit.ts";

/** A disk that syncs when told to. */
function slowDisk() {
  const waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  let count = 0;
  const sync = (): Promise<void> =>
    new Promise((resolve, reject) => {
      count += 1;
      waiting.push({ resolve, reject });
    });
  return { sync, count: () => count, next: () => waiting.shift() };
}

/** Lets everything that is ready happen. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("those who ask in one turn share one sync", async () => {
  const disk = slowDisk();
  const commits = new GroupCommit(disk.sync);
  const all = Promise.all(Array.from({ length: 50 }, () => commits.commit()));
  await settle();
  expect(disk.count()).toBe(1);
  disk.next()?.resolve();
  await all;
});

test("those who ask while one runs wait for one that began after they asked", async () => {
  const disk = slowDisk();
  const commits = new GroupCommit(disk.sync);
  const done: string[] = [];
  const first = commits.commit().then(() => done.push("first"));
  await settle();
  const second = commits.commit().then(() => done.push("second"));
  const third = commits.commit().then(() => done.push("third"));
  await settle();
  expect(disk.count()).toBe(1);
  disk.next()?.resolve();
  await first;
  await settle();
  expect([done, disk.count()]).toEqual([["first"], 2]);
  disk.next()?.resolve();
  await Promise.all([second, third]);
});

test("a sync that fails fails for those who shared it and for nobody else", async () => {
  const disk = slowDisk();
  const commits = new GroupCommit(disk.sync);
  const first = commits.commit();
  await settle();
  const second = commits.commit();
  disk.next()?.reject(new Error("EIO"));
  await expect(first).rejects.toThrow("EIO");
  await settle();
  disk.next()?.resolve();
  await second;
});
