import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readSettings } from "../../runtime/client/config/settings-file.ts";
import { flatSettings } from "../../runtime/client/config/settings.ts";
import { specsFromDump } from "../../runtime/compat/dump.ts";
import { XmError } from "../../runtime/contract/errors.ts";
import { readRecord } from "../../runtime/daemon/balancers/record.ts";
import { takeException } from "../../runtime/daemon/children/exception.ts";
import { takeExitCode } from "../../runtime/daemon/children/exit-code.ts";
import { findRecords } from "../../runtime/daemon/records/read.ts";
import { planRestore } from "../../runtime/daemon/restore.ts";
import { readDump } from "../../runtime/daemon/state/dump.ts";
import { openClock } from "../../runtime/host/clock.ts";
import { homePaths } from "../../runtime/host/home/paths.ts";
import { readOrder } from "../../runtime/host/lane-folder.ts";
import { lineFormat } from "../../runtime/programs/log-lane/format.ts";
import { declared, changed, open } from "../unit/daemon/state/samples.ts";
import { damaged, runs, sampled } from "./generate.ts";

/*
 * What God and the command line read from files, with thousands of damaged ones. The tests of whole damaged homes are
 * in files.test.ts; here it is the readers alone, each of which may answer "nothing" or an error for people, and no more.
 */

const life = "AbCdEfGhIjK1";

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "xm-read-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

interface Reader {
  readonly what: string;
  readonly file: string;
  readonly text: string;
  /** Throws for what must not come out. */
  readonly read: (folder: string) => void | Promise<void>;
}

const exception = { at: 1_700_000_000_000, message: "m", stack: "s", error: "TypeError" };
const historyLine = (seq: number): string =>
  JSON.stringify({ seq, at: 1_700_000_000_000, kind: "process", event: "child.exited", id: 0, name: "api", status: "online" }); // prettier-ignore

const readers: readonly Reader[] = [
  {
    what: "an exit file",
    file: life,
    text: JSON.stringify({ at: 1_700_000_000_000, up: 5_000, code: 1, signal: null }),
    read: (folder) => {
      const end = takeExitCode(folder, life);
      if (end === undefined) return;
      expect(Number.isFinite(end.at)).toBe(true);
      expect(end.code === null || (end.code >= 0 && end.code <= 255)).toBe(true);
    },
  },
  {
    what: "an exception file",
    file: `${life}.error`,
    text: JSON.stringify(exception),
    read: (folder) => {
      const left = takeException(folder, life);
      if (left === undefined) return;
      expect(new Date(left.at).toJSON()).not.toBeNull();
      for (const each of [left.message, left.stack, left.error]) expect(each).toBeTypeOf("string");
    },
  },
  {
    what: "a balancer's record",
    file: "1.json",
    text: JSON.stringify({ v: 1, app: "api", madeOf: "node", pid: 5, startTicks: 5, secret: "x".repeat(32), uid: null }), // prettier-ignore
    read: (folder) => void readRecord(join(folder, "1.sock")),
  },
  {
    what: "a pipe's order",
    file: "1.json",
    text: JSON.stringify({ id: 0, name: "api", stream: "out", file: "/l", combined: null, type: "json", dateFormat: "YYYY", owner: null, umask: 18 }), // prettier-ignore
    read: (folder) => {
      const order = readOrder(folder, 1);
      if (order === undefined) return;
      for (const each of [order.file, order.combined])
        expect(each === null || isAbsolute(each)).toBe(true);
      lineFormat(order);
    },
  },
  {
    what: "the clock",
    file: "clock.json",
    text: JSON.stringify({ boot: "b", offset: 1_700_000_000_000, uptime: 1 }),
    read: (folder) => {
      const clock = openClock(join(folder, "clock.json"), { boot: "b" });
      expect(new Date(clock.now()).toJSON()).not.toBeNull();
    },
  },
  {
    what: "the settings",
    file: "settings.json",
    text: JSON.stringify({ api: { PORT: "80", deep: { a: [1, null] } }, plain: 1 }),
    read: (folder) => forPeople(() => flatSettings(readSettings(join(folder, "settings.json")))),
  },
  {
    what: "the saved list",
    file: "dump.pm2",
    text: JSON.stringify([
      { name: "api", pm_exec_path: "/a.js", pm_cwd: "/", env: { A: "1" }, instances: 1 },
    ]),
    read: (folder) => forPeople(() => specsFromDump(readDump(homePaths(folder)).list)),
  },
  {
    what: "the history",
    file: "000000000001.ndjson",
    text: `${historyLine(1)}\n${historyLine(2)}\n${historyLine(3)}\n`,
    read: async (folder) => {
      for (const query of [{}, { since: 1, limit: 2 }, { ids: [0] }, { afterSeq: 1 }])
        for (const { at } of await findRecords(folder, query))
          expect(new Date(at).toJSON()).not.toBeNull();
    },
  },
];

test.each(readers)(
  "however $what is damaged, it is read as nothing or refused in words",
  async ({ file, text, read }) => {
    const folder = temporaryFolder();
    const path = join(folder, file);
    for (const bytes of sampled(damaged(text), runs(300))) {
      writeFileSync(path, bytes);
      try {
        await read(folder);
      } catch (error) {
        throw new Error(`of ${JSON.stringify(bytes.toString("latin1").slice(0, 300))}`, { cause: error }); // prettier-ignore
      }
    }
  },
);

test.each(readers)(
  "$what that is a pipe, a folder or huge keeps nobody waiting",
  async ({ file, read }) => {
    const plants: readonly ((path: string) => void)[] = [
      (path) => spawnSync("mkfifo", [path]),
      (path) => mkdirSync(path),
      (path) => spawnSync("truncate", ["-s", "70M", path]),
    ];
    for (const plant of plants) {
      const folder = temporaryFolder();
      plant(join(folder, file));
      const begin = performance.now();
      await read(folder);
      expect(performance.now() - begin).toBeLessThan(5_000);
    }
  },
);

test("however a journal is damaged, a list comes out of it that can be gone on from", () => {
  const directory = join(temporaryFolder(), "state");
  const store = open(directory);
  store.append(declared("api"));
  store.append(changed(0));
  store.append(declared("other"));
  store.append(changed(7, { app: "other", status: "stopped", goal: "stop", child: null }));
  const lines = [declared("api"), changed(0), declared("other"), changed(7, { app: "other" })];
  const text = lines.map((entry, seq) => `${JSON.stringify({ v: 1, seq: seq + 1, ...entry })}\n`);
  for (const bytes of sampled(damaged(text.join("")), runs(300))) {
    const folder = join(temporaryFolder(), "state");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "journal.ndjson"), bytes);
    const { restored } = open(folder);
    planRestore({ restored, home: folder, wasRebooted: true, at: 5_000, endOf: () => undefined });
    rmSync(folder, { recursive: true, force: true });
  }
});

/** An error that people understand is an answer. */
function forPeople(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof XmError)) throw error;
  }
}
