import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { isThere, testHome, type TestHome } from "../support/home.ts";
import { program } from "../support/programs.ts";

/* What stands in the place of a file of the home, by a slip or by somebody's will. */
const kinds: Readonly<Record<string, (path: string) => void>> = {
  "a pipe": (path) => void execFileSync("mkfifo", [path]),
  "a folder": (path) => mkdirSync(path),
  "a link to /dev/zero": (path) => symlinkSync("/dev/zero", path),
  "a link to itself": (path) => symlinkSync(path, path),
  "a sparse file of 1 GB": (path) => {
    writeFileSync(path, "");
    truncateSync(path, 1024 ** 3);
  },
};

const filesOf = ({ paths, folder }: TestHome): string[] => [
  paths.settings,
  paths.dump,
  paths.dumpBackup,
  paths.inspector,
  paths.pidFile,
  paths.log,
  join(paths.state, "journal.ndjson"),
  join(paths.state, "snapshot.json"),
  join(paths.state, "boot-id"),
  join(paths.state, "clock.json"),
  join(paths.history, "000000000001.ndjson"),
  join(paths.logs, "api-out.log"),
  join(paths.logs, "api-error.log"),
  join(paths.pids, "api-0.pid"),
  join(folder, "package.json"),
];

test.each(Object.keys(kinds))(
  "with %s in the place of every file of a home God comes up, answers, and every command ends",
  async (kind) => {
    const home = testHome({ env: { XM_WATCHDOG: "off" } });
    await home.ok("start", program("stays.js"), "--name", "api");
    const { pid } = await home.process("api");
    process.kill(home.godPid(), "SIGKILL");
    await until("God's end", () => !isThere(home.godPid()));

    for (const file of filesOf(home)) {
      rmSync(file, { force: true });
      mkdirSync(dirname(file), { recursive: true });
      kinds[kind]?.(file);
    }

    const answers = [
      ["ls"],
      ["ping"],
      ["logs", "--nostream"],
      ["report"],
      ["daemon", "status"],
      ["save"],
      ["reloadLogs"],
    ];
    // These say what is wrong with the file that they need.
    const maySay = [
      ["start", program("stays.js"), "--name", "worker"],
      ["set", "key", "value"],
      ["get", "key"],
      ["resurrect"],
      ["history"],
      ["flush"],
    ];
    for (const call of [...answers, ...maySay]) {
      const { code, stderr } = await within(20_000, call, home.xm(...call));
      expect([0, 1], `${call.join(" ")}: ${stderr}`).toContain(code);
      expect(stderr).not.toMatch(/\n\s+at /);
      if (answers.includes(call)) expect(code, `${call.join(" ")}: ${stderr}`).toBe(0);
    }
    expect(await home.ok("daemon", "status")).toContain("journal.ndjson cannot be used");
    // The list that it was in is gone, so it is left alone.
    process.kill(pid ?? 0, "SIGKILL");
  },
);

async function within<T>(ms: number, call: readonly string[], ran: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`xm ${call.join(" ")} did not end`)), ms);
  });
  return Promise.race([ran, late]).finally(() => clearTimeout(timer));
}
