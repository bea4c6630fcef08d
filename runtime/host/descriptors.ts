import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";
import { errnoOf } from "../contract/errors.ts";

/*
 * A process without free descriptors can no longer check its children, and a process that does not see a child must not take it
 * for gone. So some are held back for what has to work: short synchronous reads, which give them back at once.
 */
const reserve: number[] = [];

/** A walk holds two, and a file that is found two more. */
const heldBack = 6;

/** Between two looks whether there are descriptors again; ms. */
const looksEveryMs = 1_000;

let tell: ((line: string) => void) | undefined;
let watch: NodeJS.Timeout | undefined;

/** Whether something has failed for want of one since the last look. */
let isFresh = false;

/**
 * Holds descriptors back.
 * @param log told when they were needed, and when it is over; once each.
 */
export function reserveDescriptors(log: (line: string) => void): void {
  tell = log;
  refill();
}

/** Does something short with the descriptors that are held back, if there are no others. */
export function withReserve<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!isShortage(error)) throw error;
    noteShortage(error);
    if (reserve.length === 0) throw error;
  }
  for (const descriptor of reserve.splice(0)) closeSync(descriptor);
  try {
    return work();
  } finally {
    refill();
  }
}

/** Whether there are no descriptors left, for this process or on the machine. */
export function isShortage(error: unknown): boolean {
  return ["EMFILE", "ENFILE"].includes(errnoOf(error) ?? "");
}

/** Tells of a shortage, and of its end. */
export function noteShortage(error: unknown): void {
  isFresh = true;
  if (watch !== undefined || tell === undefined) return;
  const whose = errnoOf(error) === "ENFILE" ? "the machine has" : "this process has";
  tell(
    `${whose} no file descriptors left (${errnoOf(error)}): raise the limit (ulimit -n, LimitNOFILE), or run fewer apps here`,
  );
  watch = setInterval(() => {
    const isOver = refill() === heldBack && !isFresh;
    isFresh = false;
    if (!isOver) return;
    clearInterval(watch);
    watch = undefined;
    tell?.("there are file descriptors again");
  }, looksEveryMs);
  watch.unref();
}

function refill(): number {
  try {
    while (reserve.length < heldBack) reserve.push(openSync("/dev/null", "r"));
  } catch (error) {
    if (!isShortage(error)) throw error;
  }
  return reserve.length;
}

/** Of open(2), as `/proc/PID/fdinfo` shows it. */
const O_CLOEXEC = 0o2000000;

/**
 * Closes what this process has been handed besides its standard streams: a lock of the script that started it
 * (`flock … 200>lock`), a pipe whose end a process waits for. What Node opens itself closes at exec(2), which is how one recognizes it
 * from what came through one.
 */
export function closeInherited(): void {
  for (const name of readdirSync("/proc/self/fd")) {
    const descriptor = Number(name);
    if (descriptor <= 2) continue;
    try {
      const [, flags = ""] =
        /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${name}`, "latin1")) ?? [];
      if ((Number.parseInt(flags, 8) & O_CLOEXEC) === 0) closeSync(descriptor);
    } catch (error) {
      // The folder's own descriptor, closed by now.
      if (errnoOf(error) === undefined) throw error;
    }
  }
}
