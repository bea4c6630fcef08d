import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { testHome, xmFile } from "../support/home.ts";
import { isRoot, otherUser } from "../support/other-user.ts";
import { program } from "../support/programs.ts";
import { rmSync } from "node:fs";

test("a home that others may read is one, as `mkdir` has made it", async () => {
  const home = testHome();
  mkdirSync(home.paths.home);
  chmodSync(home.paths.home, 0o755);

  await home.ok("ping");
});

test.each([
  ["the home", 0o777, (home: string) => home],
  ["the home, by its group", 0o770, (home: string) => home],
  ["its state", 0o707, (home: string) => join(home, "state")],
])("when others may write %s it is refused with what helps", async (_, mode, pathOf) => {
  const home = testHome();
  const path = pathOf(home.paths.home);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  chmodSync(path, mode);

  const { code, stderr } = await home.xm("ls");

  expect(code).not.toBe(0);
  expect(stderr).toContain(`other users can write ${path} (mode ${mode.toString(8)})`);
  expect(stderr).toContain(`chmod go-w ${path}`);
  expect(home.godLog()).toBe("");
  chmodSync(path, 0o700);
});

test.runIf(isRoot)(
  "a home, a state or a socket of another user is refused by the client and by God",
  async () => {
    const home = testHome();
    for (const path of [home.paths.home, home.paths.state, home.paths.socket]) {
      mkdirSync(path, { recursive: true, mode: 0o700 });
      chownSync(path, otherUser.uid, otherUser.gid);

      const { code, stderr } = await home.xm("ls");
      expect(code).not.toBe(0);
      expect(stderr).toContain(
        `${path} belongs to nobody (uid 65534), and this runs as root (uid 0)`,
      );
      expect(stderr).toContain(
        "run it as nobody (uid 65534), or choose a home of your own with XM_HOME",
      );
      const god = spawnSync(
        process.execPath,
        [xmFile.replace("xm.cjs", "god.cjs"), home.paths.home],
        {
          encoding: "utf8",
        },
      );
      expect(god.status).toBe(1);
      expect(god.stdout).toContain(`${path} belongs to nobody (uid 65534)`);
      chownSync(path, 0, 0);
    }
    rmSync(home.paths.socket, { recursive: true });
  },
);

test.each([88, 94, 100])(
  "a home whose path is %i bytes long works, forks and clusters",
  async (bytes) => {
    const parent = mkdtempSync(join(tmpdir(), "xm-"));
    onTestFinished(() => rmSync(parent, { recursive: true, force: true }));
    const path = join(parent, "h".repeat(bytes - parent.length - 1));
    const home = testHome({ home: path });
    expect(Buffer.byteLength(home.paths.home)).toBe(bytes);

    await home.ok("start", program("stays.js"), "--name", "a", "--time");
    await home.ok("start", program("stays.js"), "--name", "b", "-i", "1");
    const god = home.godPid();
    process.kill(god, "SIGKILL");
    await home.nextGod(god);
    await home.ok("restart", "all");

    expect((await home.list()).map(({ status }) => status)).toEqual(["online", "online"]);
    expect(statSync(home.paths.socket).isSocket()).toBe(true);
  },
);

test("a longer one is refused in one sentence", async () => {
  const path = join(tmpdir(), "h".repeat(101 - tmpdir().length - 1));
  const { code, stderr } = await testHome({ home: path }).xm("ls");

  expect(code).not.toBe(0);
  expect(stderr).toContain(`${path} is too long for a socket: its path may have at most 100 bytes`);
});

/** A mount namespace without the kernel's name for the boot. */
const hides = "mount -t tmpfs none /proc/sys/kernel/random";
const mayMount = isRoot && spawnSync("unshare", ["-m", "sh", "-c", hides]).status === 0;

test.runIf(mayMount)("without a boot_id the daemon starts", async () => {
  const home = testHome();
  const env = { ...process.env, XM_HOME: home.paths.home };
  const call = `${hides} && exec ${process.execPath} ${xmFile} start ${program("stays.js")} --name a`;
  const { status, stderr } = spawnSync("unshare", ["-m", "sh", "-c", call], {
    env,
    encoding: "utf8",
  });

  expect([status, stderr]).toEqual([0, ""]);
  expect((await home.process("a")).status).toBe("online");
});
