import { statSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import type { RotatedFile } from "../../../machines/log-rotation.ts";
import { errnoOf } from "../../contract/errors.ts";
import { namesIn } from "../files.ts";

/*
 * Names of rotated files: `api-out.log` becomes `api-out__2026-11-29_10-20-03.log` (pm2-logrotate's), then `….2.log` within
 * the same second, and `….log.gz` when it is compressed. What is removed is what such a name says exactly: the file's own name,
 * and a time with a digit wherever the format has one. So `api` never touches the files of an app named `api__old`.
 */

/** The parts of a name that stay: `api-out` and `.log`. */
function partsOf(file: string): { stem: string; extension: string } {
  const name = basename(file);
  const extension = extname(name);
  return { stem: name.slice(0, name.length - extension.length), extension };
}

/** A rotated file's name; the second of one moment has a number. */
export function rotatedName(file: string, time: string, number: number): string {
  const { stem, extension } = partsOf(file);
  return `${stem}__${time}${number > 1 ? `.${number}` : ""}${extension}`;
}

/** While it is being copied or compressed, its name is not that of a rotated file. */
export function copyName(file: string): string {
  return `.${basename(file)}.rotating`;
}

/** The names that rotated files of a file have, with a time in one of these formats. */
export function rotatedPattern(file: string, formats: readonly string[]): RegExp {
  const { stem, extension } = partsOf(file);
  const times = [...new Set(formats)].map(timePattern).join("|");
  return new RegExp(
    `^${escape(stem)}__(?:${times})(?:\\.\\d{1,9})?${escape(extension)}(?:\\.gz)?$`,
    "u",
  );
}

/** Whether a format is valid in a file name and distinguishes days. */
export function isTimeFormat(format: string): boolean {
  return (
    /^[A-Za-z0-9_.+ -]{1,64}$/.test(format) &&
    /YYYY|YY/.test(format) &&
    /M/.test(format) &&
    /D/.test(format)
  );
}

/** Tokens of dayjs that give digits, and how many. */
const tokens: readonly (readonly [token: string, pattern: string])[] = [
  ["YYYY", "\\d{4}"],
  ["SSS", "\\d{3}"],
  ["YY", "\\d{2}"],
  ["MM", "\\d{2}"],
  ["DD", "\\d{2}"],
  ["HH", "\\d{2}"],
  ["hh", "\\d{2}"],
  ["mm", "\\d{2}"],
  ["ss", "\\d{2}"],
  ["M", "\\d{1,2}"],
  ["D", "\\d{1,2}"],
  ["H", "\\d{1,2}"],
  ["h", "\\d{1,2}"],
  ["m", "\\d{1,2}"],
  ["s", "\\d{1,2}"],
  ["A", "[AP]M"],
  ["a", "[ap]m"],
];

function timePattern(format: string): string {
  let pattern = "";
  for (let at = 0; at < format.length;) {
    const found = tokens.find(([token]) => format.startsWith(token, at));
    pattern += found === undefined ? escape(format[at] ?? "") : found[1];
    at += found === undefined ? 1 : found[0].length;
  }
  return pattern;
}

function escape(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

/**
 * The rotated files of a file.
 * @param options.folder how its folder is reached: its path, or a descriptor that holds it.
 * @param options.live files that are written to, whatever they are called.
 * @param options.names the names in the folder that may be rotated files; those of many files are read once by {@link namesOfMany}.
 */
export function rotatedFiles(options: {
  readonly file: string;
  readonly folder?: string;
  readonly formats: readonly string[];
  readonly live?: ReadonlySet<string>;
  readonly names?: (folder: string, file: string) => readonly string[];
}): RotatedFile[] {
  const { file, formats, live = new Set(), names = namesIn } = options;
  const folder = options.folder ?? dirname(file);
  const pattern = rotatedPattern(file, formats);
  const found: RotatedFile[] = [];
  for (const name of names(folder, file)) {
    if (!pattern.test(name) || live.has(join(dirname(file), name))) continue;
    try {
      const stat = statSync(join(folder, name));
      if (stat.isFile()) found.push({ name, bytes: stat.size, at: Math.floor(stat.mtimeMs) });
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
    }
  }
  return found;
}

/**
 * For one look at many files: each folder is read once, and of its names only those are given that begin like the file's
 * rotated ones.
 */
export function namesOfMany(): (folder: string, file: string) => readonly string[] {
  const folders = new Map<string, Map<string, string[]>>();
  return (folder, file) => {
    let groups = folders.get(folder);
    if (groups === undefined) {
      groups = new Map();
      folders.set(folder, groups);
      for (const name of namesIn(folder)) {
        const key = beginningOf(name);
        if (key === undefined) continue;
        const group = groups.get(key);
        if (group === undefined) groups.set(key, [name]);
        else group.push(name);
      }
    }
    return groups.get(beginningOf(`${partsOf(file).stem}__`) ?? "") ?? [];
  };
}

/** What comes before the first `__`, which every rotated file's name has. */
function beginningOf(name: string): string | undefined {
  const end = name.indexOf("__");
  return end < 0 ? undefined : name.slice(0, end);
}
