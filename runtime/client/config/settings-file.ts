import { closeSync, lstatSync, mkdirSync, openSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { errnoOf, messageOf, xmError } from "../../contract/errors.ts";
import { writeFileAtomic } from "../../host/atomic.ts";
import { readPlain } from "../../host/files/read.ts";
import { parseJson } from "../../host/parse-json.ts";
import { isGroup, type Settings } from "./settings.ts";

/**
 * The settings of a home; none when the file is not there.
 * @throws `ERR_CONFIG_UNREADABLE`: a file that does not hold an object is not replaced by one that does.
 */
export function readSettings(file: string): Settings {
  let text: string;
  try {
    text = readPlain(file, largestBytes);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return {};
    throw unreadable(file, error);
  }
  try {
    const value: unknown = text.trim() === "" ? {} : parseJson(text);
    if (isGroup(value)) {
      checkDepth(value, 1);
      return value;
    }
  } catch (error) {
    throw unreadable(file, error);
  }
  throw unreadable(file, new Error("it contains no object"));
}

const largestBytes = 16 * 1024 * 1024;

/** Keys have a few steps; what reads settings calls itself once for each. */
const mostLevels = 100;

function checkDepth(value: unknown, level: number): void {
  if (level > mostLevels) throw new Error(`it is nested more than ${mostLevels} levels deep`);
  if (typeof value !== "object" || value === null) return;
  for (const each of Object.values(value)) checkDepth(each, level + 1);
}

/**
 * Changes the settings of a home; of several calls at once each sees what the one before it has written.
 * @returns the settings as they are now.
 * @throws `ERR_CONFIG_UNREADABLE`, `ERR_STATE_NOT_WRITABLE`; nothing was changed then.
 */
export function changeSettings(file: string, change: (settings: Settings) => Settings): Settings {
  const release = lock(file);
  try {
    const settings = change(readSettings(file));
    try {
      writeFileAtomic(file, `${JSON.stringify(settings, null, 4)}\n`);
    } catch (error) {
      throw unwritable(file, error);
    }
    return settings;
  } finally {
    release();
  }
}

/** A change takes a millisecond; a lock that is older was left by a call that was killed. */
const staleAfterMs = 2_000;

const pauseMs = 5;

function lock(file: string): () => void {
  const path = `${file}.lock`;
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    try {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      closeSync(openSync(path, "wx", 0o600));
      return () => rmSync(path, { force: true });
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw unwritable(file, error);
    }
    // Of the name itself, whatever it is; and a clock that was set back must not make it last.
    const since = lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Math.abs(Date.now() - since) > staleAfterMs) rmSync(path, { force: true, recursive: true });
    else Atomics.wait(pause, 0, 0, pauseMs);
  }
}

function unwritable(file: string, error: unknown): Error {
  return xmError("ERR_STATE_NOT_WRITABLE", { path: file, why: messageOf(error) }, { cause: error });
}

function unreadable(file: string, error: unknown): Error {
  return xmError("ERR_CONFIG_UNREADABLE", { file, why: messageOf(error) }, { cause: error });
}
