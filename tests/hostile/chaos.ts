import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { connect } from "../../runtime/client/connection/client.ts";
import { homePaths } from "../../runtime/host/home/paths.ts";
import { until } from "../support/condition.ts";
import { isThere, processesOf, xmFile } from "../support/home.ts";
import { nodeProgram } from "../support/nodes.ts";

/**
 * `npx tsx tests/hostile/chaos.ts [--kind KIND] [--rounds N] [--seed S]`: kills what can be killed at random instants
 * of a busy script and counts what must never happen: two children of one process, children nobody knows, commands that
 * were acknowledged and are forgotten, log lines lost or doubled. Exits with 1 when one of these is not 0.
 *
 * | kind | what is killed with SIGKILL | rounds |
 * |---|---|---|
 * | `god` | the daemon | 500 |
 * | `app` | the daemon and an app's main process together | 100 |
 * | `all` | the daemon, its watchdog and every balancer | 100 |
 * | `lane` | the log lane, the daemon, the watchdog, in turn, under an app that writes numbered lines | 60 |
 * | `nodes` | the daemon, with calls under Node 20 and 24 in turn | 40 |
 */
const usual = { god: 500, app: 100, all: 100, lane: 60, nodes: 40 };
type Kind = keyof typeof usual;
const { values } = parseArgs({
  options: {
    kind: { type: "string" },
    rounds: { type: "string" },
    seed: { type: "string", default: "1" },
  },
});
const kinds = values.kind === undefined ? (Object.keys(usual) as Kind[]) : [values.kind as Kind];
let state = Number(values.seed);

/** Repeatable, and good enough to choose instants (mulberry32). */
function random(): number {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}
const oneOf = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;

interface Counts {
  rounds: number;
  doubled: number;
  orphans: number;
  forgotten: number;
  cutOff: number;
  linesLost: number;
  linesDoubled: number;
  slowestMs: number;
}

const folder = mkdtempSync(join(tmpdir(), "xm-chaos-"));
const paths = homePaths(join(folder, "h"));
const client = connect({ home: paths.home });
const programs = new Map<string, string>();

async function xm(
  args: readonly string[],
  node = process.execPath,
): Promise<{ code: number | null; output: string }> {
  const child = spawn(node, [xmFile, ...args], {
    cwd: folder,
    env: { ...process.env, XM_HOME: paths.home, NO_COLOR: "1" },
  });
  let output = "";
  child.stdout.on("data", (data) => (output += String(data)));
  child.stderr.on("data", (data) => (output += String(data)));
  return new Promise((resolve) => {
    child.on("close", (code) => resolve({ code, output }));
  });
}

function put(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  programs.set(name, path);
  return path;
}

function godPid(): number {
  try {
    return Number(readFileSync(paths.pidFile, "utf8"));
  } catch {
    return 0;
  }
}

function kill(pid: number): void {
  if (pid <= 1) return;
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Names of ours by what their command line says. */
function ours(pattern: RegExp): number[] {
  return processesOf(paths.home)
    .filter(({ command }) => pattern.test(command))
    .map(({ pid }) => pid);
}

/** Main processes of apps: those that run one of our scripts. */
function children(): { pid: number; script: string }[] {
  return processesOf(paths.home).flatMap(({ pid, command }) => {
    const script = [...programs].find(
      ([name, path]) =>
        name.startsWith("app-") && command.includes(path) && !command.includes("xm.cjs"),
    );
    return script === undefined || !isThere(pid) ? [] : [{ pid, script: script[0] }];
  });
}

/** What the last acknowledged command wants of each app: 0 is stopped, `undefined` deleted or never started. */
const wanted = new Map<string, number>();

async function busy(counts: Counts, node: string): Promise<void> {
  const name = oneOf(["app-a", "app-b", "app-c", "app-d"]);
  const isCluster = name === "app-d";
  const is = wanted.get(name);
  const [what, args, after] = oneOf<readonly [string, readonly string[], number | undefined]>(
    is === undefined
      ? [
          [
            "start",
            [
              "start",
              programs.get(`${name}.cjs`) as string,
              "--name",
              name,
              ...(isCluster ? ["-i", "2"] : []),
            ],
            isCluster ? 2 : 1,
          ],
        ]
      : [
          ["restart", ["restart", name], isCluster ? Math.max(1, is) : 1],
          ["stop", ["stop", name], 0],
          ["delete", ["delete", name], undefined],
          ...(is > 0 ? [["reload", ["reload", name], is] as const] : []),
        ],
  );
  const { code } = await xm(args, node);
  if (code === 0) {
    if (after === undefined) wanted.delete(name);
    else if (what === "restart" && isCluster) wanted.set(name, 2);
    else wanted.set(name, after);
  } else {
    counts.cutOff += 1;
    // It may or may not have been done: the list says.
    await learn(name);
  }
}

async function learn(name: string): Promise<void> {
  const list = await until("an answer", () => client.list(), { withinMs: 30_000 });
  const of = list.filter((each) => each.name === name);
  if (of.length === 0) wanted.delete(name);
  else wanted.set(name, of.filter(({ status }) => status !== "stopped").length);
}

async function check(counts: Counts): Promise<void> {
  const begin = performance.now();
  const list = await until("the daemon to answer", () => client.list(), { withinMs: 60_000 });
  counts.slowestMs = Math.max(counts.slowestMs, performance.now() - begin);
  await until(
    "every process to have come to rest",
    async () =>
      (await client.list()).every(({ status }) =>
        ["online", "stopped", "errored"].includes(status),
      ),
    { withinMs: 60_000 },
  );
  const known = new Set((await client.list()).map(({ pid }) => pid));
  for (const [name, count] of wanted) {
    const of = list.filter((each) => each.name === name);
    if (of.length === 0 || (count === 0) !== of.every(({ status }) => status === "stopped")) {
      counts.forgotten += 1;
      console.log(
        `forgotten: ${name} is wanted ${count}, and is ${of.map(({ status }) => status).join(", ") || "gone"}`,
      );
    }
  }
  const extra = await until(
    "no child beside those in the list",
    () => {
      const others = children().filter(({ pid }) => !known.has(pid));
      return others.length === 0 ? others : undefined;
    },
    { withinMs: 10_000 },
  ).catch(() => children().filter(({ pid }) => !known.has(pid)));
  for (const { pid, script } of extra) {
    const isDouble = list.some(
      ({ name, pid: own }) => script.startsWith(name) && own !== null && own !== pid,
    );
    if (isDouble) counts.doubled += 1;
    else counts.orphans += 1;
    console.log(`${isDouble ? "doubled" : "orphan"}: ${script} (${pid})`);
  }
}

const lineApp = "app-lines.cjs";

async function play(kind: Kind): Promise<Counts> {
  const rounds = Number(values.rounds ?? usual[kind]);
  const counts: Counts = {
    rounds,
    doubled: 0,
    orphans: 0,
    forgotten: 0,
    cutOff: 0,
    linesLost: 0,
    linesDoubled: 0,
    slowestMs: 0,
  };
  const other = kind === "nodes" ? await nodeProgram(24) : process.execPath;
  if (kind === "lane")
    await xm([
      "start",
      put(
        lineApp,
        "let n = 0; setInterval(() => { for (let i = 0; i < 5; i += 1) console.log('line ' + (n += 1)); }, 10); process.on('SIGINT', () => { console.log('last ' + n); process.exit(); });",
      ),
      "--name",
      "app-lines",
      "--time",
    ]);
  for (let round = 0; round < rounds; round += 1) {
    const work =
      kind === "lane"
        ? Promise.resolve()
        : busy(counts, round % 2 === 0 ? process.execPath : other);
    await new Promise((resolve) => {
      setTimeout(resolve, random() * 400);
    });
    const god = godPid();
    if (kind === "app") {
      const [victim] = children();
      if (victim !== undefined) kill(victim.pid);
    }
    if (kind === "all") for (const pid of ours(/watchdog|balancer|sh -c/i)) kill(pid);
    if (kind === "lane" && round % 3 !== 0)
      for (const pid of ours(round % 3 === 1 ? /log lane|lane\.cjs/ : /watchdog|sh -c/)) kill(pid);
    if (kind !== "lane" || round % 3 !== 1) kill(god);
    await work;
    await check(counts);
    if (round % 20 === 19) console.log(`${kind}: ${round + 1} of ${rounds}`);
  }
  if (kind === "lane") await countLines(counts);
  return counts;
}

async function countLines(counts: Counts): Promise<void> {
  const file = join(paths.logs, "app-lines-out.log");
  await xm(["stop", "app-lines"]);
  await until("the last line", () => /last \d+\n$/.test(readFileSync(file, "utf8")), {
    withinMs: 30_000,
  });
  const numbers = [...readFileSync(file, "utf8").matchAll(/: line (\d+)$/gm)].map(([, number]) =>
    Number(number),
  );
  const last = Number(/last (\d+)\n$/.exec(readFileSync(file, "utf8"))?.[1]);
  const seen = new Set(numbers);
  counts.linesLost = last - seen.size;
  counts.linesDoubled = numbers.length - seen.size;
}

const idle = "process.on('message', () => {}); setInterval(() => {}, 1e6);";
for (const name of ["app-a", "app-b", "app-c"]) put(`${name}.cjs`, idle);
put(
  "app-d.cjs",
  "require('node:http').createServer((_, response) => response.end()).listen(0, '127.0.0.1');",
);
let failed = false;
try {
  for (const kind of kinds) {
    const counts = await play(kind);
    console.log(`${kind}: ${JSON.stringify(counts)}`);
    const { doubled, orphans, forgotten, linesLost, linesDoubled } = counts;
    failed ||= doubled + orphans + forgotten + linesLost + linesDoubled > 0;
  }
} finally {
  await xm(["kill"]);
  await until("everything to be gone", () => processesOf(paths.home).length === 0, {
    withinMs: 10_000,
  }).catch(() => {
    failed = true;
    for (const { pid, command } of processesOf(paths.home)) {
      console.log(`left after kill: ${pid} ${command}`);
      kill(pid);
    }
  });
  if (!failed) rmSync(folder, { recursive: true, force: true });
  else console.log(`kept: ${folder} (${readdirSync(paths.home).join(" ")})`);
}
process.exitCode = failed ? 1 : 0;
