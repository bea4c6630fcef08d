import { existsSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Settings } from "../config/settings.ts";
import { readSettings } from "../config/settings-file.ts";
import { messageOf, xmError } from "../../contract/errors.ts";
import { readIfThere } from "../../host/files/read.ts";
import { otherOwner } from "../../host/home/trust.ts";
import { isLiving, readProcess } from "../../host/procfs.ts";

const lists = ["dump.pm2", "dump.pm2.bak"] as const;

/** What a home of PM2 holds that can be taken over. Nothing of it is ever changed. */
export interface Pm2Home {
  readonly folder: string;
  /** Its daemon, if it runs. */
  readonly daemonPid: number | null;
  /** The saved list: `pm2_env` of each process. */
  readonly entries: readonly unknown[];
  /** Where that came from, and when it was saved; `null` when there is no list. */
  readonly list: { readonly file: string; readonly savedAt: number } | null;
  readonly settings: Settings;
  /** Names of its modules, which are not taken over. */
  readonly modules: readonly string[];
  readonly notes: readonly string[];
}

/**
 * Reads a home of PM2.
 * @throws `ERR_USAGE` when there is none, or it is another user's.
 */
export function readPm2Home(wanted: string | undefined): Pm2Home {
  const folder = wanted ?? (process.env["PM2_HOME"] || join(homedir(), ".pm2"));
  if (!isFolder(folder)) {
    throw xmError("ERR_USAGE", {
      what: `${folder} is not a PM2 home`,
      fix: "name it: `xm migrate FOLDER`, or set PM2_HOME",
    });
  }
  // Its list is run: as root, by sudo with another user's HOME, that would be anything.
  for (const path of [folder, ...lists.map((name) => join(folder, name))]) {
    const other = otherOwner(path);
    if (other === undefined) continue;
    const fix = "copy the files to import into a folder of your own, and name that folder";
    throw xmError("ERR_USAGE", { what: `${folder} is not imported: ${other.why}`, fix });
  }
  const notes: string[] = [];
  const list = readList(folder, notes);
  const settings = readSettingsIn(folder, notes);
  return {
    folder,
    daemonPid: daemonOf(folder),
    entries: list?.entries ?? [],
    list: list === undefined ? null : { file: list.file, savedAt: list.savedAt },
    settings,
    modules: modulesIn(folder),
    notes,
  };
}

/** A home that both use has one pid file; the process's title shows whose it is. */
function daemonOf(folder: string): number | null {
  const pid = Number(readIfThere(join(folder, "pm2.pid"))?.trim());
  if (!Number.isInteger(pid) || pid < 2) return null;
  const stat = readProcess(pid);
  if (stat === undefined || !isLiving(stat)) return null;
  const title = readIfThere(`/proc/${pid}/cmdline`) ?? "";
  return /pm2/i.test(title) && !title.startsWith("xm v") ? pid : null;
}

function readList(
  folder: string,
  notes: string[],
): { file: string; savedAt: number; entries: unknown[] } | undefined {
  for (const name of lists) {
    const file = join(folder, name);
    const text = readIfThere(file);
    if (text === undefined) continue;
    try {
      const entries: unknown = JSON.parse(text);
      if (!Array.isArray(entries)) throw new Error("it contains no list");
      return { file, savedAt: statSync(file).mtimeMs, entries };
    } catch (error) {
      notes.push(`${file} cannot be used (${messageOf(error)})`);
    }
  }
  return undefined;
}

function readSettingsIn(folder: string, notes: string[]): Settings {
  try {
    return readSettings(join(folder, "module_conf.json"));
  } catch (error) {
    notes.push(messageOf(error));
    return {};
  }
}

function modulesIn(folder: string): string[] {
  const text = readIfThere(join(folder, "modules", "package.json"));
  if (text === undefined) return [];
  try {
    const { dependencies = {} } = JSON.parse(text) as { dependencies?: object };
    return Object.keys(dependencies);
  } catch {
    // Broken, and not taken over in any case.
    return [];
  }
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

/** PM2 gives its apps 1.6 s each unless they say otherwise; one with a long `kill_timeout` takes longer. */
const endsWithinMs = 60_000;

/**
 * Ends PM2's daemon, which stops its apps as it goes, and waits until it and they are gone.
 * @throws `ERR_USAGE` when it does not end.
 */
export async function endPm2({ daemonPid, entries, folder }: Pm2Home): Promise<void> {
  if (daemonPid === null) return;
  const pids = [daemonPid, ...entries.flatMap((entry) => pidsOf(entry))];
  process.kill(daemonPid, "SIGTERM");
  const deadline = Date.now() + endsWithinMs;
  for (;;) {
    const left = pids.filter((pid) => {
      const stat = readProcess(pid);
      return stat !== undefined && isLiving(stat);
    });
    if (left.length === 0) return;
    if (Date.now() > deadline) {
      throw xmError("ERR_USAGE", {
        what: `PM2 of ${folder} has not exited: ${left.join(", ")} still running`,
        fix: "end them, then run `xm migrate` again",
      });
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
}

/** The pid file of a process that PM2 runs; the list itself holds no pids. */
function pidsOf(entry: unknown): number[] {
  const { pm_pid_path: path } = (entry ?? {}) as { pm_pid_path?: unknown };
  const pid = typeof path === "string" ? Number(readIfThere(path)) : 0;
  return Number.isInteger(pid) && pid > 1 ? [pid] : [];
}
