import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { spawn } from "node:child_process";
import { userInfo } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { isThere, testHome, type TestHome } from "../support/home.ts";
import { program } from "../support/programs.ts";

/** A service manager that writes down what it is asked. */
function withManager(
  home: TestHome,
  answers = "exit 0",
): { env: NodeJS.ProcessEnv; asked: () => string[] } {
  const bin = join(home.folder, "bin");
  mkdirSync(bin, { recursive: true });
  for (const name of ["systemctl", "loginctl"]) {
    home.file(
      `bin/${name}`,
      `#!/bin/sh\necho "${name} $*" >> "${home.folder}/asked"\n${answers}\n`,
    );
  }
  const asked = join(home.folder, "asked");
  return {
    env: { PATH: `${bin}:${process.env["PATH"]}`, USER: userInfo().username },
    asked: () => (existsSync(asked) ? readFileSync(asked, "utf8").trim().split("\n") : []),
  };
}

test("--print shows the files and the commands, and does nothing", async () => {
  const home = testHome();
  const { env, asked } = withManager(home);
  const printed = await home.run(["startup", "systemd", "--user", "--print"], { env });
  expect([printed.code, printed.stderr]).toEqual([0, ""]);
  for (const text of ["ExecStart=/bin/sh ", "KillMode=process", "Delegate=yes"]) {
    expect(printed.stdout).toContain(text);
  }
  expect(printed.stdout).toContain("#   systemctl --user enable xm.service\n");
  expect(asked()).toEqual([]);
});

const isRoot = process.getuid?.() === 0;

test.runIf(!isRoot)("without root it prints the one line that has it", async () => {
  const home = testHome();
  const ran = await home.run(["startup", "systemd"], withManager(home));
  expect(ran.code).toBe(0);
  expect(ran.stdout).toMatch(
    /\nsudo env PATH="\$PATH" \S+ \S+xm\.cjs startup systemd -u \S+ --hp \S+\n/,
  );
});

test.runIf(isRoot)(
  "as root it writes, enables, starts and looks; --check and unstartup",
  async () => {
    const home = testHome();
    const manager = withManager(home);
    // Folders of its own over those of the machine, in a namespace that ends with the call.
    const inside = (words: string): Promise<{ code: number | null; out: string }> => {
      const covered = ["/etc/systemd/system", "/usr/local/lib"];
      const mounts = covered.map((folder) => {
        const own = join(home.folder, folder.replaceAll("/", "-"));
        mkdirSync(own, { recursive: true });
        return `mkdir -p ${folder} && mount --bind ${own} ${folder}`;
      });
      const child = spawn("unshare", ["-m", "sh", "-c", `${mounts.join(" && ")} && ${words}`], {
        env: { ...process.env, XM_HOME: home.paths.home, NO_COLOR: "1", ...manager.env },
      });
      let out = "";
      for (const stream of [child.stdout, child.stderr])
        stream.on("data", (text) => (out += String(text)));
      return new Promise((resolve) => child.on("close", (code) => resolve({ code, out })));
    };
    const xm = `${process.execPath} ${join(import.meta.dirname, "../../dist/bin/xm.cjs")}`;
    const name = "xm-test-of-startup";
    const unit = join(home.folder, "-etc-systemd-system", `${name}.service`);

    const before = await inside(`${xm} startup systemd -u root --service-name ${name} --check`);
    expect([before.code, before.out]).toEqual([
      1,
      expect.stringContaining("does not exist: run `xm startup`"),
    ]);

    const set = await inside(`${xm} startup systemd -u root --service-name ${name}`);
    expect(set.code, set.out).toBe(0);
    expect(readFileSync(unit, "utf8")).toContain(`Environment="XM_HOME=${home.paths.home}"`);
    expect(manager.asked()).toEqual([
      "systemctl daemon-reload",
      `systemctl enable ${name}.service`,
      `systemctl restart ${name}.service`,
      `systemctl is-enabled --quiet ${name}.service`,
      `systemctl is-active --quiet ${name}.service`,
    ]);
    const checked = await inside(`${xm} startup systemd -u root --service-name ${name} --check`);
    expect([checked.code, checked.out]).toEqual([
      0,
      `${name} (systemd) starts at boot and is running\n`,
    ]);

    const other = await inside(
      `${xm} startup systemd -u root --service-name ${name} --wait-ip --check`,
    );
    expect([other.code, other.out]).toEqual([
      1,
      expect.stringContaining("differs from what `xm startup` writes now"),
    ]);

    const gone = await inside(`${xm} unstartup systemd -u root --service-name ${name}`);
    expect([gone.code, existsSync(unit)], gone.out).toEqual([0, false]);
    const again = await inside(`${xm} unstartup systemd -u root --service-name ${name}`);
    expect([again.code, again.out]).toEqual([
      1,
      expect.stringContaining("there is no boot script"),
    ]);
  },
);

test("--user writes into one's own folders; a service manager that refuses is quoted", async () => {
  const home = testHome();
  const { env } = withManager(home, 'echo "Failed to connect to bus" >&2; exit 1');
  const ran = await home.run(["startup", "systemd", "--user"], {
    env: { ...env, HOME: home.folder },
  });
  expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining("Failed to connect to bus")]);
  const unit = readFileSync(join(home.folder, ".config/systemd/user/xm.service"), "utf8");
  expect(unit).toContain(`ExecStart=/bin/sh "${home.folder}/.local/share/exmachina/xm.sh"\n`);
});

test("SIGUSR2 makes a daemon hand over, and a service manager's takes the home from one that is not", async () => {
  const home = testHome();
  await home.ok("start", program("stays.js"), "--name", "s");
  const before = await home.process("s");
  const first = home.godPid();
  const god = join(import.meta.dirname, "../../dist/bin/god.cjs");
  const supervised = spawn(process.execPath, [god, home.paths.home], {
    env: { ...process.env, XM_HOME: home.paths.home, XM_SUPERVISED: "1", XM_WATCHDOG: "off" },
    stdio: "ignore",
  });
  await home.nextGod(first);
  expect([home.godPid(), isThere(first)]).toEqual([supervised.pid, false]);
  expect((await home.process("s")).pid).toBe(before.pid);

  supervised.kill("SIGUSR2");
  await until("its end", () => supervised.exitCode !== null);
  expect([supervised.exitCode, isThere(before.pid ?? 0)]).toEqual([0, true]);
  // Two of a service manager's do not take the home from one another.
  const [one, two] = [1, 2].map(() =>
    spawn(process.execPath, [god, home.paths.home], {
      env: { ...process.env, XM_HOME: home.paths.home, XM_SUPERVISED: "1", XM_WATCHDOG: "off" },
      stdio: "ignore",
    }),
  );
  await until("one to give way", () => [one?.exitCode, two?.exitCode].includes(75));
  expect((await home.process("s")).pid).toBe(before.pid);
});
