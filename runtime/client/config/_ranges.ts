import { constants } from "node:os";
import type { Field } from "../../contract/fields/field.ts";
import {
  leastCpus,
  leastMemoryBytes,
  mostCpus,
  mostPids,
  mostWeight,
  shortestHeartbeatMs,
} from "../../contract/ranges.ts";
import { isPlain } from "../../contract/plain.ts";

/** What is wrong with a value of the right kind: what was expected, or `undefined`. */
export function rangeFault(field: Field, value: unknown): string | undefined {
  const range = ranges[field.name] ?? (field.kind === "time" ? timeRange : undefined);
  return range === undefined || range.holds(value) ? undefined : range.expected;
}

/** Longest wait a timer holds (2^31 - 1 ms, 24.8 days): a longer one would be over at once. */
const longestMs = 2 ** 31 - 1;

interface Range {
  readonly expected: string;
  readonly holds: (value: unknown) => boolean;
}

const timeRange: Range = {
  expected: "a time of at most 24 days",
  holds: (value) => (value as number) <= longestMs,
};

const name: Range = {
  expected: "1 to 200 characters on one line, without control characters",
  holds: (value) => /^.{1,200}$/u.test(value as string) && isPlain(value as string),
};

/** A name, or a number that a kernel takes (2^32 - 1 stands for "unchanged" there). */
const account: Range = {
  expected: "a name, or a whole number from 0 to 4294967294",
  holds: (value) =>
    typeof value === "string" ||
    (Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 32 - 1),
};

const memory: Range = {
  expected: 'a size of at least "1M"',
  holds: (value) => (value as number) >= leastMemoryBytes,
};

const weight: Range = {
  expected: `a whole number from 1 to ${mostWeight}`,
  holds: (value) =>
    Number.isInteger(value) && (value as number) >= 1 && (value as number) <= mostWeight,
};

/** What a value must be beyond its kind. */
const ranges: Readonly<Record<string, Range>> = {
  name,
  namespace: name,
  uid: account,
  gid: account,
  kill_signal: {
    expected: "a signal such as SIGTERM",
    holds: (value) => (value as string) in constants.signals,
  },
  umask: {
    expected: 'octal digits up to 777, such as "022"',
    holds: (value) => /^(0o)?0?[0-7]{1,3}$/.test(value as string),
  },
  nice: {
    expected: "a whole number from -20 to 19",
    holds: (value) =>
      Number.isInteger(value) && (value as number) >= -20 && (value as number) <= 19,
  },
  memory_max: memory,
  memory_high: memory,
  cpu_max: {
    expected: `at least ${leastCpus} and at most ${mostCpus} processors`,
    holds: (value) => (value as number) >= leastCpus && (value as number) <= mostCpus,
  },
  cpu_weight: weight,
  io_weight: weight,
  pids_max: {
    expected: `a whole number from 1 to ${mostPids}`,
    holds: (value) => (value as number) <= mostPids,
  },
  oom_score_adjust: {
    expected: "a whole number from -1000 to 1000",
    holds: (value) => Number.isInteger(value) && Math.abs(value as number) <= 1000,
  },
  exp_backoff_restart_jitter: {
    expected: "a number from 0 to 1",
    holds: (value) => (value as number) >= 0 && (value as number) <= 1,
  },
  exp_backoff_restart_factor: {
    expected: "a number of at least 1",
    holds: (value) => (value as number) >= 1,
  },
  max_restarts: {
    expected: "a whole number of at least 0",
    holds: (value) => Number.isInteger(value) && (value as number) >= 0,
  },
  exec_mode: {
    expected: '"fork" or "cluster"',
    holds: (value) => /^(fork|cluster)(_mode)?$/.test(value as string),
  },
  instances: {
    expected: "at most 10000 processes",
    holds: (value) => (value as number) <= 10_000,
  },
  port: {
    expected: "a port from 0 to 65535",
    holds: (value) =>
      Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 65_535,
  },
  max_cpu: {
    expected: "a number of percent of one core, 1 or more, or 0 for no limit",
    holds: (value) => value === 0 || (value as number) >= 1,
  },
  heartbeat_timeout: {
    expected: "a time from 100 ms to 24 days, or 0 for none",
    holds: (value) =>
      value === 0 || ((value as number) >= shortestHeartbeatMs && (value as number) <= longestMs),
  },
  script: { expected: "a file or a command", holds: (value) => (value as string).trim() !== "" },
};
