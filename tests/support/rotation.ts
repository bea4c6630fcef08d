import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { errnoOf } from "../../runtime/contract/errors.ts";
import { onLines } from "../../runtime/host/lines.ts";
import type { Socket } from "node:net";
import type { RotationOutcome, RotatorNews } from "../../runtime/contract/rotation.ts";
import { ownFilesRule } from "../../machines/log-rotation.ts";

/** Programs that write lines `NAME NUMBER` to their standard output until they are ended. */
const node = (perSecond: number): string => `
const { writeSync } = require("node:fs");
let n = 0;
const name = "n" + process.pid;
const some = (count) => { for (let i = 0; i < count; i += 1) writeSync(1, name + " " + ++n + "\\n"); };
${
  perSecond === 0
    ? "const go = () => { some(100); setImmediate(go); }; go();"
    : `const began = Date.now(); setInterval(() => some(Math.min(2000, Math.floor((Date.now() - began) * ${perSecond / 1_000}) - n)), ${perSecond > 1_000 ? 1 : 10});`
}`;

const python = `
import os, sys
n = 0
while True:
    n += 1
    sys.stdout.write("p%d %d\\n" % (os.getpid(), n))
    sys.stdout.flush()
`;

/** A shell whose children write, new ones all the time. */
const shell = `
go() { i=0; while [ $i -lt 400 ]; do i=$((i+1)); echo "s$1 $i"; done; }
k=0
while :; do
  go $((k+1)) & go $((k+2)) & (go $((k+3)); go $((k+4))) &
  k=$((k+4)); wait
done`;

const cluster = (workers: number, perSecond: number): string => `
const cluster = require("node:cluster");
if (cluster.isPrimary) for (let i = 0; i < ${workers}; i += 1) cluster.fork();
else { ${node(perSecond)} }`;

type Writer = readonly [program: string, option: string, code: string];

export const writers: Readonly<Record<string, Writer>> = {
  "Node flat out": ["node", "-e", node(0)],
  "Node 20,000/s": ["node", "-e", node(20_000)],
  "Node 100/s": ["node", "-e", node(100)],
  "Python flat out": ["python3", "-c", python],
  "a shell with children": ["sh", "-c", shell],
  "a cluster of 4": ["node", "-e", cluster(4, 0)],
};

/** Two workers that write some hundred lines a second. */
export const calmCluster: Writer = ["node", "-e", cluster(2, 900)];

/** Starts one that appends to a file, in a session of its own. */
export function startWriter([program, option, code]: Writer, file: string): ChildProcess {
  const out = openSync(file, "a", 0o600);
  // A cluster's workers are started from a file.
  const script = join(dirname(file), "writer");
  writeFileSync(script, code);
  try {
    const isNode = program === "node";
    return spawn(isNode ? process.execPath : program, isNode ? [script] : [option, code], {
      stdio: ["ignore", out, "inherit"],
      detached: true,
    });
  } finally {
    closeSync(out);
  }
}

/** Ends it and all its children, where they have not ended. */
export async function endWriter(writer: ChildProcess): Promise<void> {
  const hasEnded = writer.exitCode !== null || writer.signalCode !== null;
  const isGone = hasEnded ? null : new Promise((resolve) => writer.once("exit", resolve));
  try {
    process.kill(-(writer.pid ?? 0), "SIGKILL");
  } catch (error) {
    if (errnoOf(error) !== "ESRCH") throw error;
  }
  await isGone;
}

export interface Counted {
  readonly files: number;
  readonly lines: number;
  readonly lost: number;
  readonly doubled: number;
  readonly torn: number;
}

/** Reads a log with everything that was rotated of it, and counts what is not there exactly once. The last line may be half. */
export function countLines(file: string): Counted {
  const extension = extname(file);
  const stem = basename(file, extension);
  const rotated = readdirSync(dirname(file))
    .filter((name) => name.startsWith(`${stem}__`))
    .toSorted((a, b) => orderOf(a).localeCompare(orderOf(b)))
    .map((name) => join(dirname(file), name));
  const seen = new Map<string, Set<number>>();
  const last = new Map<string, number>();
  let lines = 0;
  let doubled = 0;
  let torn = 0;
  const all = [...rotated, file];
  for (const path of all) {
    const bytes = readFileSync(path);
    const text = (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("latin1");
    const rows = text.split("\n");
    if (rows.pop() !== "" && path !== file) torn += 1;
    for (const row of rows) {
      const match = /^([a-z]\d+) (\d+)$/.exec(row);
      if (match === null) {
        torn += 1;
        continue;
      }
      const [, name = "", number = ""] = match;
      const numbers = seen.get(name) ?? new Set();
      seen.set(name, numbers);
      lines += 1;
      if (numbers.has(Number(number))) doubled += 1;
      numbers.add(Number(number));
      last.set(name, Math.max(last.get(name) ?? 0, Number(number)));
    }
  }
  let lost = 0;
  for (const [name, numbers] of seen) lost += (last.get(name) ?? 0) - numbers.size;
  return { files: all.length, lines, lost, doubled, torn };
}

/** By time, then by number: `….log` before `….2.log`. */
function orderOf(name: string): string {
  const [, time = "", number = "1"] = /__(.{19})(?:\.(\d+))?\./.exec(name) ?? [];
  return `${time} ${number.padStart(9, "0")}`;
}

/** The built rotator, ordered about as God does it. */
export function startRotator(folder: string): {
  readonly child: ChildProcess;
  rotate(file: string, rule?: Partial<typeof ownFilesRule>): Promise<RotationOutcome>;
  end(): Promise<void>;
} {
  const program = join(import.meta.dirname, "../../dist/bin/rotator.cjs");
  const child = spawn(process.execPath, [program, folder], { stdio: ["pipe", "pipe", "inherit"] });
  const waiting = new Map<number, (outcome: RotationOutcome) => void>();
  let number = 0;
  child.stdin.on("error", () => {});
  onLines(child.stdout as unknown as Socket, (line) => {
    const news = JSON.parse(line) as RotatorNews;
    if (news.news === "rotated") waiting.get(news.number)?.(news.outcome);
  });
  const isGone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  void isGone.then(() => {
    for (const answer of waiting.values()) answer({ kind: "failed", why: "it was killed" });
  });
  return {
    child,
    rotate: (file, rule = {}) =>
      new Promise((resolve) => {
        number += 1;
        waiting.set(number, resolve);
        const log = {
          file,
          owner: null,
          rule: { ...ownFilesRule, retain: null, compress: false, ...rule },
        };
        child.stdin.write(`${JSON.stringify({ order: "rotate", number, log })}\n`);
      }),
    end: () => {
      child.stdin.end();
      return isGone;
    },
  };
}

/** Rotates in another process, which kills itself when a step is done. */
export function rotateAndDie(options: {
  file: string;
  intents: string;
  step: string;
}): Promise<void> {
  const { file, intents, step } = options;
  const built = join(import.meta.dirname, "../../dist/runtime/programs/rotator/rotate.js");
  const code = `
    import(${JSON.stringify(built)}).then(({ rotateFile }) => rotateFile({
      file: ${JSON.stringify(file)}, owner: null, folder: ${JSON.stringify(intents)},
      rule: ${JSON.stringify(ownFilesRule)}, never: [], now: Date.now, pauseMs: 10_000,
      onStep: (step) => { if (step === ${JSON.stringify(step)}) process.kill(process.pid, "SIGKILL"); },
    }));`;
  return new Promise((resolve, reject) => {
    spawn(process.execPath, ["-e", code], { stdio: "inherit" }).on("exit", (_, signal) =>
      signal === "SIGKILL" ? resolve() : reject(new Error(`${step} was not reached`)),
    );
  });
}
