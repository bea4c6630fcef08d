import {
  closeSync,
  constants,
  createReadStream,
  fstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
} from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import * as v from "valibot";
import { errnoOf, messageOf } from "../../contract/errors.ts";
import { parseJson } from "../../host/parse-json.ts";
import type { Complain } from "../../host/complaints.ts";
import { openPlain } from "../../host/files/read.ts";
import { writeWhole } from "../../host/atomic.ts";
import type { Bucket } from "./usage-summary.ts";

export interface UsageFiles {
  /** Keeps a bucket for the next `write`. */
  add(key: string, bucket: Bucket): void;
  write(): void;
  /** The buckets of some processes from a time on, in order; ms since the epoch. A file that cannot be read is left out. */
  read(
    keys: ReadonlySet<string>,
    span: { from: number; until: number },
  ): Promise<Map<string, Bucket[]>>;
}

const keptDays = 14;
const mostBytesOfDay = 16 * 1024 * 1024;
const dayMs = 24 * 3_600_000;
const { O_WRONLY, O_RDONLY, O_APPEND, O_CREAT } = constants;

const figure = v.pipe(v.number(), v.minValue(0), v.finite());
/** A line: when, whose, mean and peak of the memory (bytes) and of the CPU (percent of a core). */
const lineSchema = v.strictTuple([figure, v.string(), figure, figure, figure, figure]);

/** A file for each day (UTC), a line for five minutes of a process; what is older than two weeks goes. */
export function createUsageFiles(folder: string, complain: Complain): UsageFiles {
  let waiting: { day: string; line: string }[] = [];
  let lastDay = "";
  const append = (day: string, text: string): void => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (day !== lastDay) removeOld(folder, day);
    lastDay = day;
    const descriptor = openPlain(join(folder, nameOf(day)), O_WRONLY | O_APPEND | O_CREAT);
    try {
      // A full day has had more processes than anyone will view.
      if (fstatSync(descriptor).size < mostBytesOfDay) writeWhole(descriptor, Buffer.from(text));
    } finally {
      closeSync(descriptor);
    }
  };
  return {
    add: (key, { at, memory, memoryPeak, cpu, cpuPeak }) => {
      const numbers = [memory, memoryPeak].map(Math.round);
      const percents = [cpu, cpuPeak].map((percent) => Math.round(percent * 10) / 10);
      const line = `${JSON.stringify([at, key, ...numbers, ...percents])}\n`;
      waiting.push({ day: dayOf(at), line });
    },
    write: () => {
      const lines = waiting;
      waiting = [];
      try {
        for (const day of new Set(lines.map((each) => each.day))) {
          const own = lines.filter((each) => each.day === day);
          append(day, own.map(({ line }) => line).join(""));
        }
      } catch (error) {
        complain(
          "usage files",
          `memory and CPU cannot be written to ${folder}: ${messageOf(error)}`,
        );
      }
    },
    read: async (keys, { from, until }) => {
      const found = new Map<string, Bucket[]>();
      for (
        let at = from;
        dayOf(at) <= dayOf(Math.min(until, from + keptDays * dayMs));
        at += dayMs
      ) {
        const path = join(folder, nameOf(dayOf(at)));
        try {
          for await (const { key, bucket } of bucketsIn(path, keys)) {
            if (bucket.at < from || bucket.at >= until) continue;
            const own = found.get(key) ?? [];
            if (own.length === 0) found.set(key, own);
            own.push(bucket);
          }
        } catch (error) {
          complain("usage files", `${path} cannot be read: ${messageOf(error)}`);
        }
      }
      return found;
    },
  };
}

/** Lines that are damaged are passed over. */
async function* bucketsIn(
  path: string,
  keys: ReadonlySet<string>,
): AsyncGenerator<{ key: string; bucket: Bucket }> {
  let fd: number;
  try {
    fd = openPlain(path, O_RDONLY);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return;
    throw error;
  }
  const input = createReadStream("", { fd, end: mostBytesOfDay });
  for await (const line of createInterface({ input })) {
    // Most lines are of other processes.
    const begin = line.indexOf('"') + 1;
    if (!keys.has(line.slice(begin, line.indexOf('"', begin)))) continue;
    const read = v.safeParse(lineSchema, jsonOf(line));
    if (!read.success || !keys.has(read.output[1])) continue;
    const [at, key, memory, memoryPeak, cpu, cpuPeak] = read.output;
    yield { key, bucket: { at, memory, memoryPeak, cpu, cpuPeak } };
  }
}

function jsonOf(line: string): unknown {
  try {
    return parseJson(line);
  } catch {
    return undefined;
  }
}

function removeOld(folder: string, today: string): void {
  const oldest = nameOf(dayOf(Date.parse(today) - keptDays * dayMs));
  for (const name of readdirSync(folder)) {
    if (/^\d{4}-\d\d-\d\d\.ndjson$/.test(name) && name < oldest) rmSync(join(folder, name));
  }
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

function nameOf(day: string): string {
  return `${day}.ndjson`;
}
