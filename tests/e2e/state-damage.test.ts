import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../support/condition.ts";
import { isThere, testHome, type TestHome } from "../support/home.ts";
import { program } from "../support/programs.ts";

/** Only root may mount; without it the same is tested on the store (tests/unit/state). */
const isRoot = process.getuid?.() === 0;

test("a journal cut at any byte of its last record loses at most that record, and God comes up", async () => {
  const home = await deadHome();
  const { journal, pid } = home;
  const text = readFileSync(journal);
  const lastStart = text.lastIndexOf("\n", text.length - 2) + 1;
  const saved = join(home.folder, "saved");
  cpSync(home.paths.state, saved, { recursive: true });
  // Every offset is tried against the store itself (tests/unit/state); here every 24th byte, with a real daemon.
  const offsets = [lastStart, lastStart + 1, text.length - 1];
  for (let offset = lastStart + 24; offset < text.length; offset += 24) offsets.push(offset);
  for (const offset of offsets) {
    rmSync(home.paths.state, { recursive: true });
    cpSync(saved, home.paths.state, { recursive: true });
    truncateSync(journal, offset);
    const found = await home.process("a");
    expect([found.status, found.pid], `cut at ${offset}`).toEqual(["online", pid]);
    await killGod(home);
  }
  expect(isThere(pid)).toBe(true);
});

test.each(["journal.ndjson", "snapshot.json"])(
  "a %s filled with garbage is set aside and named, and nothing is lost",
  async (name) => {
    const home = await deadHome();
    const file = join(home.paths.state, name);
    // Two daemons have come and gone: what the damaged file held is in the others.
    await home.ok("ping");
    await home.ok("daemon", "restart");
    await killGod(home);
    writeFileSync(file, Buffer.from(Array.from({ length: 4_096 }, (_, n) => (n * 31) % 256)));

    const found = await home.process("a");

    expect([found.status, found.pid]).toEqual(["online", home.pid]);
    expect(await home.ok("daemon", "status")).toContain(name);
    expect(readdirSync(home.paths.state).some((each) => each.startsWith(`${name}.invalid-`))).toBe(
      true,
    );
  },
);

test.runIf(isRoot)(
  "on a full disk God comes up, apps run on, and what cannot be remembered is refused",
  async () => {
    const home = await mountedHome("size=512k");
    await home.ok("start", program("stays.js"), "--name", "a");
    const { pid } = await home.process("a");
    fill(join(home.paths.home, "filler"));

    const refused = await home.xm("start", program("stays.js"), "--name", "b");
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain("the state cannot be written");
    await killGod(home);

    const after = await until("a to be listed", () => home.process("a"));
    expect([after.status, after.pid, isThere(pid ?? 0)]).toEqual(["online", pid, true]);
    rmSync(join(home.paths.home, "filler"));
    await until("the disk to be taken into use again", async () => {
      const ran = await home.xm("start", program("stays.js"), "--name", "b");
      return ran.code === 0;
    });
  },
);

test.runIf(isRoot)(
  "with a read-only state God comes up, says so, and adopts what runs",
  async () => {
    const home = await mountedHome("size=8m");
    await home.ok("start", program("stays.js"), "--name", "a");
    const { pid } = await home.process("a");
    await killGod(home);
    rmSync(home.paths.socket, { force: true });
    // The socket must be made somewhere: only the state is read-only.
    execFileSync("mount", ["--bind", home.paths.state, home.paths.state]);
    onTestFinished(() => void execFileSync("umount", ["-l", home.paths.state]));
    execFileSync("mount", ["-o", "remount,ro,bind", home.paths.state]);

    const found = await home.process("a");

    expect([found.status, found.pid]).toEqual(["online", pid]);
    expect(await home.ok("daemon", "status")).toContain("IN MEMORY ONLY");
    // A start that could not be remembered is refused; a stop is always possible, and says what it could not save.
    const refused = await home.xm("restart", "a");
    expect([refused.code, isThere(pid ?? 0)]).toEqual([1, true]);
    const stopped = await home.xm("stop", "a");
    expect([stopped.code, isThere(pid ?? 0)]).toEqual([0, false]);
    expect(stopped.stderr).toContain("could not be saved");
    execFileSync("mount", ["-o", "remount,rw,bind", home.paths.state]);
    await until(
      "it to be taken into use again",
      async () => (await home.xm("restart", "a")).code === 0,
    );
  },
);

interface DeadHome extends TestHome {
  readonly pid: number;
  readonly journal: string;
}

/** A home whose daemon was killed while one process keeps running. */
async function deadHome(): Promise<DeadHome> {
  const home = testHome({ env: { XM_WATCHDOG: "off" } });
  process.env["XM_WATCHDOG"] = "off";
  onTestFinished(() => {
    delete process.env["XM_WATCHDOG"];
  });
  await home.ok("start", program("stays.js"), "--name", "a");
  await home.ok("reset", "a");
  const { pid } = await home.process("a");
  await killGod(home);
  return { ...home, pid: pid ?? 0, journal: join(home.paths.state, "journal.ndjson") };
}

async function killGod(home: TestHome): Promise<void> {
  const god = home.godPid();
  process.kill(god, "SIGKILL");
  await until("God to be gone", () => !isThere(god));
}

/** A home on a small file system of its own. */
async function mountedHome(options: string): Promise<TestHome> {
  const folder = join(tmpdir(), `xm-m${process.pid}-${Math.floor(performance.now())}`);
  mkdirSync(folder, { mode: 0o700 });
  execFileSync("mount", ["-t", "tmpfs", "-o", `${options},mode=700`, "none", folder]);
  onTestFinished(() => {
    execFileSync("umount", ["-l", folder]);
    rmSync(folder, { recursive: true, force: true });
  });
  process.env["XM_WATCHDOG"] = "off";
  onTestFinished(() => {
    delete process.env["XM_WATCHDOG"];
  });
  return Promise.resolve(testHome({ home: folder, env: { XM_WATCHDOG: "off" } }));
}

function fill(file: string): void {
  const block = Buffer.alloc(4_096);
  try {
    for (;;) writeFileSync(file, block, { flag: "a" });
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe("ENOSPC");
  }
}
