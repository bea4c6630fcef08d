import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { bootFiles } from "../../../cli/startup/apply.ts";
import { initSystems, isInitSystem, planBoot, type BootPlan } from "../../../cli/startup/plan.ts";
import { disableSteps, enableSteps } from "../../../cli/startup/steps.ts";

const plan = (given: Partial<BootPlan>): BootPlan => ({
  system: "systemd",
  isUser: false,
  service: "xm-deploy",
  user: "deploy",
  userHome: "/home/deploy",
  home: "/home/deploy/.xm",
  waitsForNetwork: false,
  node: "/opt/node/bin/node",
  god: "/opt/node/lib/node_modules/exmachina/dist/bin/god.cjs",
  launcher: "/usr/local/lib/exmachina/xm-deploy.sh",
  unit: "/etc/systemd/system/xm-deploy.service",
  ...given,
});

const textOf = (given: Partial<BootPlan>): string =>
  bootFiles(plan(given))
    .map(({ path, text, mode }) => `# ${path} ${mode.toString(8)}\n${text}`)
    .join("\n");

const golden = (name: string): string => join(import.meta.dirname, "../../fixtures/startup", name);

test.each(initSystems)("what is written for %s", async (system) => {
  await expect(textOf({ system })).toMatchFileSnapshot(golden(`${system}.txt`));
});

test("what is written for oneself, when the network is waited for, with odd characters in paths", async () => {
  const text = textOf({
    isUser: true,
    service: "xm",
    waitsForNetwork: true,
    home: "/home/d e/100%/$x'y",
    launcher: "/home/d e/.local/share/exmachina/xm.sh",
    unit: "/home/d e/.config/systemd/user/xm.service",
  });
  await expect(text).toMatchFileSnapshot(golden("systemd-user.txt"));
});

test.each(initSystems)("the commands of %s", (system) => {
  const steps = [...enableSteps(plan({ system })), ...disableSteps(plan({ system }))];
  expect(steps.every((step) => step.length > 1 && step.every((word) => word !== ""))).toBe(true);
});

const hasTool = (name: string): boolean =>
  spawnSync("sh", ["-c", `command -v ${name}`]).status === 0;

/** The files of a plan in a folder of their own. */
function written(given: Partial<BootPlan>): { folder: string; launcher: string; unit: string } {
  const folder = mkdtempSync(join(tmpdir(), "xm-boot-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const launcher = join(folder, "launcher.sh");
  const unit = join(folder, "xm-deploy.service");
  for (const { path, text, mode } of bootFiles(plan({ launcher, unit, ...given }))) {
    writeFileSync(path, text, { mode });
  }
  return { folder, launcher, unit };
}

test.runIf(hasTool("systemd-analyze"))("systemd takes the unit without a word", () => {
  const { unit } = written({ user: "root", waitsForNetwork: true });
  const { status, stdout, stderr } = spawnSync("systemd-analyze", ["verify", unit], {
    encoding: "utf8",
  });
  const said = `${stdout}${stderr}`
    .split("\n")
    .filter((line) => line.includes("xm-deploy"))
    // Before version 254 it names the one key that it does not know, and ignores it.
    .filter((line) => !/Unknown key(?: name)? 'DelegateSubgroup'/.test(line));
  expect([said, status]).toEqual([[], 0]);
});

test.runIf(hasTool("shellcheck"))("shellcheck finds nothing in the scripts", () => {
  const systems = ["openrc", "runit", "s6"] as const;
  const scripts = systems.flatMap((system) => {
    const { launcher, unit } = written({ system });
    return [launcher, unit];
  });
  const first = join(import.meta.dirname, "../../../cli/container/first-process.sh");
  const { stdout } = spawnSync("shellcheck", ["-s", "sh", "-S", "warning", ...scripts, first], {
    encoding: "utf8",
  });
  expect(stdout).toBe("");
});

test.each(["sh", "bash"])(
  "the launcher starts the daemon with the first Node that is there: %s",
  (shell) => {
    const folder = mkdtempSync(join(tmpdir(), "xm-boot-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const god = join(folder, "god.cjs");
    writeFileSync(god, `console.log(process.argv[2], process.execPath)`);
    const run = (
      node: string,
      path = process.env["PATH"],
    ): { status: number | null; stdout: string; stderr: string } => {
      const { launcher } = written({ node, god, home: "/h o'me", userHome: folder });
      return spawnSync(`/bin/${shell}`, [launcher], { encoding: "utf8", env: { PATH: path } });
    };
    expect(run(process.execPath).stdout).toBe(`/h o'me ${process.execPath}\n`);
    // That Node is gone: the one in PATH does as well.
    const gone = join(folder, "gone/node");
    expect(run(gone).stdout).toMatch(/^\/h o'me \/.+node\n$/);
    if (!hasNodeAt("/usr/local/bin/node")) {
      const none = run(gone, "/nonexistent");
      expect([none.status, none.stderr]).toEqual([
        78,
        expect.stringContaining("no Node 20 or newer"),
      ]);
    }
  },
);

function hasNodeAt(path: string): boolean {
  return spawnSync(path, ["-e", "0"]).status === 0;
}

test("PM2's words for init systems, and what is refused", () => {
  expect(["systemd", "ubuntu", "darwin", "OpenRC"].map(isInitSystem)).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect(isInitSystem("upstart")).toBe(false);
  const options = {
    system: "systemd",
    user: undefined,
    service: undefined,
    isUser: false,
    waitsForNetwork: false,
    home: undefined,
    node: "/usr/bin/node",
    god: "/god.cjs",
  };
  expect(() => planBoot({ ...options, system: "upstart" })).toThrow(/expected systemd/);
  expect(() => planBoot({ ...options, service: "a b" })).toThrow(/--service-name/);
  expect(() => planBoot({ ...options, user: "nobody-of-that-name" })).toThrow(/no user/);
  expect(() => planBoot({ ...options, system: "runit", isUser: true })).toThrow(/no user services/);
  expect(() => planBoot({ ...options, home: '/a"b' })).toThrow(/cannot be written/);
});

test("PM2's --hp names the user's home, ours the daemon's: both mean the same", () => {
  const of = (home: string | undefined): string =>
    planBoot({
      system: "systemd",
      user: "root",
      service: undefined,
      isUser: false,
      waitsForNetwork: false,
      home,
      node: "/usr/bin/node",
      god: "/god.cjs",
    }).home;
  const { userHome } = { userHome: of(undefined).replace(/\/\.xm$/, "") };
  expect([of(userHome), of(`${userHome}/`), of("/srv/xm")]).toEqual([
    of(undefined),
    of(undefined),
    "/srv/xm",
  ]);
});
